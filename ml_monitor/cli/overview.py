"""What `status` shows, as plain data."""

# ruff: noqa: S608 - only quoted relation names are put into SQL

from typing import Any

from ml_monitor.alerts.actions import precision
from ml_monitor.alerts.message import subject
from ml_monitor.warehouse import Row, Warehouse


def overview(warehouse: Warehouse) -> dict[str, list[Row]]:
    """Monitors, open alerts (worst first), deliveries by channel and status, and what people said of alerts.

    Of a monitor `detectable_psi` is the least PSI of its least certain feature that its newest window lets one find four times
    in five, and `detectable_sigma` the same as a shift of the mean of a normal feature, in standard deviations; None if no PSI is
    judged for materiality.

    Raises:
        WarehouseError: The tables cannot be read.
    """
    monitors = warehouse.query(f"""
        select monitor, owner, last_window_end, champion_version as champion, detectable_psi, detectable_sigma
        from {warehouse.table("rpt_headline")}
        order by monitor
    """)
    alerts = warehouse.query(f"""
        select monitor, state, metric, feature, segment, segment_value, model_version, span, incident_id,
            opened_at, last_window_end, metric_value, threshold_value, reason, owner
        from {warehouse.table("alert_states")}
        where is_open
        order by case state when 'alert' then 0 else 1 end, opened_at desc, monitor, metric, feature
    """)
    deliveries = warehouse.query(f"""
        select channel, status, count(*) as n from {warehouse.table("alert_deliveries")}
        group by channel, status order by channel, status
    """)
    return {
        "monitors": [{**row, **_alerts_of(row["monitor"], alerts)} for row in monitors],
        "alerts": [{**row, "what": subject(row)} for row in alerts],
        "deliveries": deliveries,
        "precision": precision(warehouse),
    }


def _alerts_of(monitor: str, alerts: list[Row]) -> dict[str, Any]:
    own = [alert for alert in alerts if alert["monitor"] == monitor]
    states = {alert["state"] for alert in own}
    return {"open_alerts": len(own), "state": next((s for s in ("alert", "warning") if s in states), "ok")}
