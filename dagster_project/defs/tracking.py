"""Metric values as runs in MLflow or Weights & Biases, for projects that ask for it with `ml_monitor__log_metrics`."""

from dataclasses import asdict

import dagster as dg

from dagster_project.defs.models import model_key
from dagster_project.defs.runs import in_flight
from dagster_project.settings import PROJECT, PROJECT_DIR, SCHEDULE_STATUS, monitoring_now, warehouse
from ml_monitor.tracking import destination, log_metrics

_declared = PROJECT.variables.get("ml_monitor__log_metrics") or []
DESTINATIONS: list[str] = [_declared] if isinstance(_declared, str) else list(_declared)


def definitions() -> dg.Definitions:
    """Return the asset with its job and schedule; nothing where no destination is declared."""
    if not DESTINATIONS:
        return dg.Definitions()

    @dg.asset(
        group_name="tracking",
        kinds={"python", *DESTINATIONS},
        deps=[model_key(f"ml_monitor__{name}") for name in ("metric_values", "verdicts", "logged_values")],
    )
    def logged_metrics(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """Log what is new or restated; each destination knows what it has, so a run more does no harm."""
        now = monitoring_now(context.run.tags)
        done = [
            log_metrics(warehouse(), destination(name, PROJECT_DIR), now, say=context.log.info)
            for name in DESTINATIONS
        ]
        return dg.MaterializeResult(metadata={one.destination: asdict(one) for one in done})

    job = dg.define_asset_job("log_metrics", selection=[logged_metrics])

    @dg.schedule(job=job, cron_schedule="35 * * * *", default_status=SCHEDULE_STATUS)
    def log_metrics_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Log half an hour after the regular pass."""
        if in_flight(context.instance, job.name):
            return dg.SkipReason("the previous run is still logging")
        return dg.RunRequest()

    return dg.Definitions(assets=[logged_metrics], jobs=[job], schedules=[log_metrics_schedule])


defs = definitions()
