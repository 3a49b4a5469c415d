"""What `status` shows, as plain data."""

# ruff: noqa: S608 - only quoted relation names are put into SQL

import math
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
        select monitors.monitor, monitors.owner, windows.last_window_end, champions.champion
        from {warehouse.table("monitors")} as monitors
        left join (
            select monitor, max(window_end) as last_window_end from {warehouse.table("verdicts")}
            group by monitor
        ) as windows on windows.monitor = monitors.monitor
        left join (
            select monitor, max(model_version) as champion from {warehouse.table("model_versions")}
            where stage = 'champion' group by monitor
        ) as champions on champions.monitor = monitors.monitor
        order by monitors.monitor
    """)
    alerts = warehouse.query(f"""
        select monitor, state, metric, feature, segment, segment_value, model_version, span, incident_id,
            opened_at, last_window_end, metric_value, threshold_value, reason, owner
        from {warehouse.table("alert_states")}
        where is_open
        order by case state when 'alert' then 0 else 1 end, opened_at desc, monitor, metric, feature
    """)
    detectable = warehouse.query(f"""
        select verdicts.monitor, max(verdicts.minimum_detectable) as detectable_psi
        from {warehouse.table("verdicts")} as verdicts
        inner join (
            select monitor, span, max(window_start) as window_start from {warehouse.table("verdicts")}
            where minimum_detectable is not null and segment = '__all__' group by monitor, span
        ) as newest on newest.monitor = verdicts.monitor and newest.span = verdicts.span
            and newest.window_start = verdicts.window_start
        where verdicts.metric = 'psi' and verdicts.segment = '__all__'
        group by verdicts.monitor
    """)
    psi = {row["monitor"]: row["detectable_psi"] for row in detectable}
    deliveries = warehouse.query(f"""
        select channel, status, count(*) as n from {warehouse.table("alert_deliveries")}
        group by channel, status order by channel, status
    """)
    return {
        "monitors": [
            {**row, **_alerts_of(row["monitor"], alerts), **_detectable(psi.get(row["monitor"]))} for row in monitors
        ],
        "alerts": [{**row, "what": subject(row)} for row in alerts],
        "deliveries": deliveries,
        "precision": precision(warehouse),
    }


def _alerts_of(monitor: str, alerts: list[Row]) -> dict[str, Any]:
    own = [alert for alert in alerts if alert["monitor"] == monitor]
    states = {alert["state"] for alert in own}
    return {"open_alerts": len(own), "state": next((s for s in ("alert", "warning") if s in states), "ok")}


def _detectable(psi: float | None) -> dict[str, float | None]:
    return {"detectable_psi": psi, "detectable_sigma": None if psi is None else math.sqrt(psi)}
