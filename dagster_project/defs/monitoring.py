"""The regular pass: profiles, state and deliveries in one run."""

import dagster as dg

from dagster_project.defs.delivery import alert_deliveries
from dagster_project.defs.models import DAILY, ledger_models, log_models, profile_models, state_models
from dagster_project.defs.runs import in_flight
from dagster_project.settings import SCHEDULE_STATUS

monitoring_job = dg.define_asset_job(
    "monitor",
    selection=dg.AssetSelection.assets(
        ledger_models, log_models, profile_models, state_models, alert_deliveries
    ),
    description="Bring profiles, metrics, verdicts and alerts up to date, then send what is due.",
)


@dg.schedule(job=monitoring_job, cron_schedule="5 * * * *", default_status=SCHEDULE_STATUS)
def monitoring_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Request the last closed day; the models find late rows and late labels of other days themselves."""
    if in_flight(context.instance, monitoring_job.name):
        return dg.SkipReason("the previous pass is still running")
    with dg.partition_loading_context(effective_dt=context.scheduled_execution_time):
        day = DAILY.get_last_partition_key()
    return dg.RunRequest(partition_key=day) if day else dg.SkipReason("no day has closed yet")


defs = dg.Definitions(jobs=[monitoring_job], schedules=[monitoring_schedule])
