"""Retraining of each monitor with a `retraining` block: sensor, six thin assets, guard, approval and rollback."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import dagster as dg

from dagster_project.defs.models import MANIFEST, model_key
from dagster_project.defs.runs import in_flight
from dagster_project.settings import (
    MONITOR_TAG,
    PROJECT_DIR,
    SCHEDULE_STATUS,
    SENSOR_STATUS,
    monitoring_now,
    warehouse,
)
from ml_monitor.retraining import (
    RegistryUnreachable,
    RetrainingError,
    Run,
    RunInFlight,
    approve,
    champion,
    check_gate,
    check_guards,
    evaluate_candidate,
    plan,
    promote_candidate,
    publish_candidate,
    record_decision,
    reject,
    rollback,
    start_run,
    take_snapshot,
    take_up,
    train_candidate,
)
from ml_monitor.retraining.ledger import load_run, runs_of
from ml_monitor.warehouse import MissingTable, Warehouse, WarehouseLocked

RETRAINING_TAG = "ml_monitor/retraining"
TRAINING_RUN_TAG = "ml_monitor/training_run"
TRIGGER_TAG = "ml_monitor/trigger"
MOST_REQUESTS = 3


class ApprovalConfig(dg.Config):
    """Which challenger serves, or is refused, by whom, and why."""

    version: str
    approved: bool = True
    reason: str
    actor: str


class RollbackConfig(dg.Config):
    """Who goes back to which version, and why."""

    to_version: str | None = None
    reason: str
    actor: str


@contextmanager
def recorded_failure() -> Iterator[None]:
    """Fail at once with what the training run has on record; all else, such as a lock, is tried again."""
    try:
        yield
    except RegistryUnreachable:
        raise
    except RetrainingError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def started_before(house: Warehouse, monitor: str, wanted: str | None, retry: int) -> Run | None:
    """Return the unfinished training run that this run, or the one it repeats, has already started."""
    return next(
        (
            run
            for run in runs_of(house, monitor)
            if run.status == "running" and (retry or run.training_run_id == wanted)
        ),
        None,
    )


def build_retraining(monitor: str) -> dg.Definitions:
    """Return the definitions of one monitor. The steps hand on the id of the training run, nothing else."""
    asset = partial(
        dg.asset,
        key_prefix=monitor,
        group_name=f"{monitor}_retraining",
        kinds={"python"},
        tags={MONITOR_TAG: monitor},
        retry_policy=dg.RetryPolicy(max_retries=2, delay=20),
    )

    @asset(output_required=False, deps=[model_key("ml_monitor__retraining_triggers")])
    def training_snapshot(context: dg.AssetExecutionContext) -> Iterator[dg.Output[str]]:
        """Start a training run, unless there is no reason any more, and freeze the rows that it works on."""
        house, now = warehouse(), monitoring_now(context.run.tags)
        wanted = context.run.tags.get(TRAINING_RUN_TAG)
        with recorded_failure():
            run = started_before(house, monitor, wanted, context.retry_number)
            try:
                if run and run.interrupted and not context.retry_number:
                    run = take_up(house, run.training_run_id)
                if run is None:
                    # Without the tag it is a person's wish from the UI, which no cool-down delays.
                    trigger: Literal["auto", "manual"] = "auto" if wanted else "manual"
                    decision = plan(house, monitor, now=now, trigger=trigger, reason="asked for in Dagster")
                    if decision.action == "skip" or wanted not in (None, decision.run_key):
                        context.log.info(f"{wanted} has lost its reason: {decision.reason}")
                        return
                    run = start_run(house, monitor, decision, now=now, again=False)
            except RunInFlight as error:
                context.log.info(f"somebody was faster: {error}")
                return
            snapshot = take_snapshot(house, run.training_run_id, now=now, project_dir=PROJECT_DIR)
        yield dg.Output(
            run.training_run_id,
            metadata={
                "reason": run.trigger_reason,
                "champion": run.champion_version,
                "rows": snapshot.row_count,
                "sha256": snapshot.content_sha256,
            },
        )

    @asset(ins={"training_run_id": dg.AssetIn([monitor, "training_snapshot"])})
    def training_gate(context: dg.AssetExecutionContext, training_run_id: str) -> dg.Output[str]:
        """Validate the frozen rows, if the monitor has a gate. Broken rows end the training run here."""
        now = monitoring_now(context.run.tags)
        with recorded_failure():
            gate = check_gate(warehouse(), training_run_id, now=now, project_dir=PROJECT_DIR)
        if gate is None:
            return dg.Output(training_run_id, metadata={"verdict": "no gate is configured"})
        docs = dg.MetadataValue.path(gate.docs_location)
        return dg.Output(training_run_id, metadata={"verdict": gate.reason, "expectations": gate.expectations, "docs": docs})

    @asset(ins={"training_run_id": dg.AssetIn([monitor, "training_gate"])})
    def candidate(context: dg.AssetExecutionContext, training_run_id: str) -> dg.Output[str]:
        """Train the challenger."""
        now = monitoring_now(context.run.tags)
        with recorded_failure():
            version = train_candidate(
                warehouse(), training_run_id, now=now, project_dir=PROJECT_DIR, progress=context.log.info
            )
        return dg.Output(
            training_run_id, metadata={"version": version.model_version, "trainer": version.trainer}
        )

    @asset(ins={"training_run_id": dg.AssetIn([monitor, "candidate"])})
    def evaluation(context: dg.AssetExecutionContext, training_run_id: str) -> dg.Output[str]:
        """Compare challenger and champion on rows that neither was trained on."""
        now = monitoring_now(context.run.tags)
        with recorded_failure():
            result = evaluate_candidate(warehouse(), training_run_id, now=now, project_dir=PROJECT_DIR)
            report = load_run(warehouse(), training_run_id).report_location
        shown = {"overall": result.summary(), "report": dg.MetadataValue.path(report or "")}
        return dg.Output(training_run_id, metadata=shown)

    @asset(ins={"training_run_id": dg.AssetIn([monitor, "evaluation"])})
    def publication(context: dg.AssetExecutionContext, training_run_id: str) -> dg.Output[str]:
        """Put the run, and a challenger that has won, into the model registry, if the monitor has one."""
        now = monitoring_now(context.run.tags)
        with recorded_failure():
            version = publish_candidate(warehouse(), training_run_id, now=now, project_dir=PROJECT_DIR)
        return dg.Output(training_run_id, metadata={"registry version": version or "none"})

    @asset(ins={"training_run_id": dg.AssetIn([monitor, "publication"])})
    def promotion(context: dg.AssetExecutionContext, training_run_id: str) -> dg.Output[str]:
        """Promote or keep. A challenger that lost is a verdict on record, not a failure."""
        with recorded_failure():
            run = promote_candidate(warehouse(), training_run_id, now=monitoring_now(context.run.tags))
        return dg.Output(training_run_id, metadata={"verdict": run.status, "reason": run.reason or ""})

    job = dg.define_asset_job(
        f"retrain_{monitor}",
        selection=[training_snapshot, training_gate, candidate, evaluation, publication, promotion],
        tags={RETRAINING_TAG: monitor, MONITOR_TAG: monitor},
    )

    @dg.sensor(
        name=f"{monitor}_retraining_sensor",
        job=job,
        minimum_interval_seconds=300,
        default_status=SENSOR_STATUS,
    )
    def retraining_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Request a training run when the policy of the monitor says so."""
        if in_flight(context.instance, job.name):
            return dg.SkipReason("a training run is in flight")
        house = warehouse(lock_timeout=2.0)
        try:
            decision = plan(house, monitor, now=monitoring_now({}))
            record_decision(house, monitor, decision, now=monitoring_now({}))
            if decision.run_key is None:
                return dg.SkipReason(decision.reason)
            if champion(house, monitor) is None:
                return dg.SkipReason("no champion is registered to compare a challenger with")
        except (MissingTable, WarehouseLocked) as error:
            return dg.SkipReason(str(error))
        tags = {TRAINING_RUN_TAG: decision.run_key}
        if decision.trigger:
            tags[TRIGGER_TAG] = decision.trigger.trigger_key
        # A run that ended without a row in `training_runs` has used up its key but answered nothing.
        requested = context.instance.get_runs_count(
            dg.RunsFilter(job_name=job.name, tags={TRAINING_RUN_TAG: decision.run_key})
        )
        if requested >= MOST_REQUESTS:
            return dg.SkipReason(f"{decision.run_key} was requested {requested} times and never started")
        return dg.RunRequest(decision.run_key + f".{requested + 1}" * bool(requested), tags=tags)

    @dg.op(name=f"guard_{monitor}_champion")
    def guard_champion(context: dg.OpExecutionContext) -> None:
        """Compare a new champion with the one before it; by policy it is rolled back."""
        with recorded_failure():
            guards = check_guards(warehouse(), monitor, now=monitoring_now(context.run.tags), project_dir=PROJECT_DIR)
        for guard in guards:
            context.log.info(f"{guard.kind} {guard.model_version} {guard.status}: {guard.reason}")

    @dg.job(name=f"guard_{monitor}", tags={MONITOR_TAG: monitor})
    def guard_job() -> None:
        guard_champion()

    @dg.schedule(
        name=f"{monitor}_guard_schedule", job=guard_job, cron_schedule="35 * * * *", default_status=SCHEDULE_STATUS
    )
    def guard_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Look after the champion, unless a look or a training run is on its way."""
        if in_flight(context.instance, guard_job.name) or in_flight(context.instance, job.name):
            return dg.SkipReason("a training run or the last look is in flight")
        return dg.RunRequest()

    @dg.op(name=f"approve_{monitor}_challenger")
    def approve_challenger(context: dg.OpExecutionContext, config: ApprovalConfig) -> None:
        """Let a challenger serve that waits for a person, or refuse it."""
        decide = approve if config.approved else reject
        with recorded_failure():
            version = decide(
                warehouse(),
                monitor,
                config.version,
                now=monitoring_now(context.run.tags),
                reason=config.reason,
                actor=config.actor,
            )
        context.log.info(f"{version.model_version} is {version.stage}")

    @dg.job(name=f"approve_{monitor}", tags={MONITOR_TAG: monitor})
    def approve_job() -> None:
        approve_challenger()

    @dg.op(name=f"rollback_{monitor}_champion")
    def rollback_champion(context: dg.OpExecutionContext, config: RollbackConfig) -> None:
        """Let an earlier version serve again."""
        with recorded_failure():
            result = rollback(
                warehouse(), monitor, now=monitoring_now(context.run.tags), **config.model_dump()
            )
        context.log.info(f"{result.champion_version} serves again instead of {result.previous_version}")

    @dg.job(name=f"rollback_{monitor}", tags={MONITOR_TAG: monitor})
    def rollback_job() -> None:
        rollback_champion()

    return dg.Definitions(
        assets=[training_snapshot, training_gate, candidate, evaluation, publication, promotion],
        jobs=[job, guard_job, approve_job, rollback_job],
        schedules=[guard_schedule],
        sensors=[retraining_sensor],
    )


def retrained_monitors(manifest: Mapping[str, Any]) -> list[str]:
    """Return the monitors with a `retraining` block."""
    specs = [node["config"].get("meta", {}).get("ml_monitor") for node in manifest["nodes"].values()]
    return sorted({spec["name"] for spec in specs if spec and spec.get("retraining")})


defs = dg.Definitions.merge(*(build_retraining(monitor) for monitor in retrained_monitors(MANIFEST)))
