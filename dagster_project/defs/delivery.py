"""Delivery of alerts: a sensor that only looks, a run that sends."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

import dagster as dg

from dagster_project.defs.models import model_key
from dagster_project.defs.runs import in_flight
from dagster_project.settings import PROJECT, SENSOR_STATUS, monitoring_now, warehouse
from ml_monitor.alerts import Channel, ChannelSettings, DeliveryPolicy, deliver
from ml_monitor.alerts.dead_letters import dead_letter_channels
from ml_monitor.alerts.incidents import Upstream
from ml_monitor.alerts.ledger import Ledger
from ml_monitor.alerts.policy import decide, delivery_of
from ml_monitor.settings import wall_clock
from ml_monitor.warehouse import MissingTable, WarehouseLocked

# A pass takes seconds: one that is older was lost with its worker.
LEASE = timedelta(minutes=10)
CHANNEL = itemgetter("channel")


@dg.asset(
    group_name="alerts",
    kinds={"python"},
    deps=[
        model_key(f"ml_monitor__{name}")
        for name in ("alert_events", "alert_actions", "alert_deliveries", "alert_delivery_attempts")
    ],
)
def alert_deliveries(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Send every alert event that is due. A failed send is a row of the ledger, not a failed run."""
    settings = ChannelSettings.from_environment()
    report = deliver(
        warehouse(),
        settings.channels(),
        settings.policy(max_age=PROJECT.alert_max_age()),
        monitoring_now(context.run.tags),
        worker_id=context.run.run_id,
        progress=context.log.info,
        report_url=str(settings.report_url) if settings.report_url else None,
        answers=settings.answer_links(),
        upstream=lambda: Upstream(warehouse(), PROJECT),
    )
    return dg.MaterializeResult(metadata=report.to_dict())


# The ledger decides about another attempt; a run that is retried by Dagster would only ask it again.
delivery_job = dg.define_asset_job(
    "deliver_alerts", selection=[alert_deliveries], tags={"dagster/max_retries": "0"}
)


def count_due(channels: Sequence[Channel], policy: DeliveryPolicy, now: datetime) -> int:
    """Return how many deliveries a pass would act on now; nothing is claimed."""
    ledger = Ledger(warehouse(lock_timeout=2.0), worker_id="")
    due = len(ledger.unseeded([channel.name for channel in channels], policy))
    names = [channel.name for channel in [*channels, *dead_letter_channels(channels)]]
    for name, rows in groupby(sorted(ledger.unfinished(names), key=CHANNEL), key=CHANNEL):
        deliveries = [delivery_of(row) for row in rows]
        told = ledger.openings((one.incident_id for one in deliveries), name)
        for one in deliveries:
            openings = [opening.status for opening in told.get(one.incident_id, [])]
            due += decide(one, openings, policy, now, wall_clock()).action != "wait"
    return due


@dg.sensor(job=delivery_job, minimum_interval_seconds=30, default_status=SENSOR_STATUS)
def alert_outbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Request a delivery run when something is due, also after a dbt run that Dagster knows nothing of."""
    if in_flight(context.instance, delivery_job.name, LEASE):
        return dg.SkipReason("a delivery run is in flight")
    settings = ChannelSettings.from_environment()
    policy = settings.policy(max_age=PROJECT.alert_max_age())
    try:
        due = count_due(settings.channels(), policy, monitoring_now({}))
    except (MissingTable, WarehouseLocked) as reason:
        return dg.SkipReason(str(reason))
    if not due:
        return dg.SkipReason("nothing is due")
    return dg.RunRequest(tags={"ml_monitor/due": str(due)})


defs = dg.Definitions(assets=[alert_deliveries], jobs=[delivery_job], sensors=[alert_outbox_sensor])
