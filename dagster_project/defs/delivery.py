"""Delivery of alerts: a sensor that only looks, a run that sends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dagster as dg

from dagster_project.defs.models import model_key
from dagster_project.defs.runs import in_flight
from dagster_project.settings import SENSOR_STATUS, monitoring_now, warehouse
from ml_monitor.alerts import Channel, ChannelSettings, DeliveryPolicy, deliver
from ml_monitor.alerts.dead_letters import dead_letter_channels
from ml_monitor.alerts.ledger import Ledger
from ml_monitor.alerts.policy import Delivery, decide
from ml_monitor.settings import wall_clock
from ml_monitor.warehouse import MissingTable, WarehouseLocked

# A pass takes seconds: one that is older was lost with its worker.
LEASE = timedelta(minutes=10)


@dg.asset(
    group_name="alerts",
    kinds={"python"},
    deps=[
        model_key(f"ml_monitor__{name}")
        for name in ("alert_events", "alert_deliveries", "alert_delivery_attempts")
    ],
)
def alert_deliveries(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Send every alert event that is due. A failed send is a row of the ledger, not a failed run."""
    settings = ChannelSettings.from_environment()
    report = deliver(
        warehouse(),
        settings.channels(),
        DeliveryPolicy(minimum_severity=settings.minimum_severity),
        monitoring_now(context.run.tags),
        worker_id=context.run.run_id,
        progress=context.log.info,
        report_url=str(settings.report_url) if settings.report_url else None,
    )
    return dg.MaterializeResult(metadata=report.to_dict())


# The ledger decides about another attempt; a run that is retried by Dagster would only ask it again.
delivery_job = dg.define_asset_job(
    "deliver_alerts", selection=[alert_deliveries], tags={"dagster/max_retries": "0"}
)


def count_due(channels: Sequence[Channel], policy: DeliveryPolicy, now: datetime) -> int:
    """Return how many deliveries a pass would act on now; nothing is claimed."""
    house = warehouse(lock_timeout=2.0)
    unknown_to_the_ledger = f"""
        select events.event_type, events.severity
        from {house.table("alert_events")} as events
        left join {house.table("alert_deliveries")} as deliveries
            on deliveries.event_id = events.event_id and deliveries.channel = :channel
        where deliveries.event_id is null
    """  # noqa: S608 - only quoted relation names are put into the SQL
    due: int = sum(
        row["event_type"] == "resolved" or row["severity"] in policy.severities(channel.name)
        for channel in channels
        for row in house.query(unknown_to_the_ledger, {"channel": channel.name})
    )
    ledger = Ledger(house, worker_id="")
    for row in ledger.unfinished([channel.name for channel in [*channels, *dead_letter_channels(channels)]]):
        delivery = Delivery(**{name: row[name] for name in Delivery.__slots__ if name in row})
        openings = (
            ledger.openings(delivery.incident_id, delivery.channel)
            if delivery.event_type == "resolved"
            else []
        )
        due += decide(delivery, openings, policy, now, wall_clock()).action != "wait"
    return due


@dg.sensor(job=delivery_job, minimum_interval_seconds=30, default_status=SENSOR_STATUS)
def alert_outbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Request a delivery run when something is due, also after a dbt run that Dagster knows nothing of."""
    if in_flight(context.instance, delivery_job.name, LEASE):
        return dg.SkipReason("a delivery run is in flight")
    settings = ChannelSettings.from_environment()
    policy = DeliveryPolicy(minimum_severity=settings.minimum_severity)
    try:
        due = count_due(settings.channels(), policy, monitoring_now({}))
    except (MissingTable, WarehouseLocked) as reason:
        return dg.SkipReason(str(reason))
    if not due:
        return dg.SkipReason("nothing is due")
    return dg.RunRequest(tags={"ml_monitor/due": str(due)})


defs = dg.Definitions(assets=[alert_deliveries], jobs=[delivery_job], sensors=[alert_outbox_sensor])
