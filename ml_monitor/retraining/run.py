"""A whole retraining: decide, then the steps one by one."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ml_monitor.retraining import ledger
from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.errors import RetrainingError, RunInFlight
from ml_monitor.retraining.evaluation import evaluate_candidate, load_evaluation
from ml_monitor.retraining.gate import check_gate
from ml_monitor.retraining.policy import Decision, Run, Trigger, decide
from ml_monitor.retraining.promotion import champion, promote_candidate
from ml_monitor.retraining.registry import mirror, publish_candidate
from ml_monitor.retraining.snapshots import take_snapshot
from ml_monitor.retraining.spec import load_spec
from ml_monitor.retraining.training import train_candidate
from ml_monitor.warehouse import Warehouse

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RetrainResult:
    """How a retraining ended. A skipped one has no run."""

    monitor: str
    status: Literal["promoted", "kept", "failed", "skipped"]
    reason: str
    training_run_id: str | None = None
    candidate_version: str | None = None
    champion_version: str | None = None
    """The version that serves afterwards."""
    evaluation: dict[str, dict[str, float | int | None]] | None = None
    """Overall figures by metric."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def plan(
    warehouse: Warehouse,
    monitor: str,
    *,
    now: datetime,
    trigger: Literal["auto", "manual"] = "auto",
    reason: str | None = None,
) -> Decision:
    """Whether `retrain` would launch a run now, and why. Changes nothing; `record_decision` keeps the answer.

    Args:
        warehouse: Where the package tables are.
        monitor: Name of the monitor.
        now: UTC.
        trigger: `auto` answers the open rows of `retraining_triggers`; `manual` is a wish, which no
            cool-down delays.
        reason: Why it is asked for by hand.
    """
    now = as_utc(now)
    policy = load_spec(warehouse, monitor).policy
    if trigger == "manual":
        triggers = [Trigger(f"manual-{now:%Y%m%dT%H%M%S}", monitor, "manual", reason or "asked for by hand", now)]
    else:
        triggers = ledger.triggers_of(warehouse, monitor)
    return decide(triggers, ledger.runs_of(warehouse, monitor), policy, now)


def record_decision(warehouse: Warehouse, monitor: str, decision: Decision, *, now: datetime) -> None:
    """Keep a decision and its reason in `retraining_decisions`; the same one again only counts up."""
    ledger.record_dead(warehouse, monitor, now=as_utc(now))
    ledger.record_decision(warehouse, monitor, decision, now=as_utc(now))


def start_run(warehouse: Warehouse, monitor: str, decision: Decision, *, now: datetime, again: bool = True) -> Run:
    """Record the start of the run that was decided, with the champion it sets out to beat. Called again: the
    same run; with `again=False`, whoever called first has it.

    Raises:
        RunInFlight: Another run is in flight.
        RetrainingError: The decision launches nothing, or no champion is registered.
    """
    serving = champion(warehouse, monitor)
    if serving is None:
        raise RetrainingError(
            f"monitor '{monitor}' has no champion to compare with: "
            f"register the version that serves (register_version)"
        )
    return ledger.start_run(warehouse, decision, serving.model_version, now=as_utc(now), again=again)


def retrain(
    warehouse: Warehouse,
    monitor: str,
    *,
    now: datetime,
    trigger: Literal["auto", "manual"] = "auto",
    reason: str | None = None,
    resume: bool = False,
    project_dir: Path,
    artifacts_dir: Path | None = None,
    progress: Progress | None = None,
) -> RetrainResult:
    """Decide and, if there is a reason, snapshot, train, evaluate and promote. The decision is kept, also to do nothing.

    Args:
        warehouse: Where the logs and the package tables are.
        monitor: Name of the monitor.
        now: UTC; labels that came later are not seen.
        trigger: See `plan`.
        reason: See `plan`.
        resume: Take up a run in flight, whose process is known to be dead. Interrupted runs are taken up in any case.
        project_dir: The dbt project; the trainer is imported from it.
        artifacts_dir: See `take_snapshot`.
        progress: Told in words what happens.

    Raises:
        RetrainingError: The monitor cannot be retrained at all (unknown, no policy, no champion). A run that
            fails is a result, not an error.
    """
    decision = plan(warehouse, monitor, now=now, trigger=trigger, reason=reason)
    # What was out of reach after the last promotion.
    mirror(warehouse, load_spec(warehouse, monitor), now=as_utc(now))
    record_decision(warehouse, monitor, decision, now=now)
    if decision.in_flight and resume:
        return resume_run(
            warehouse,
            decision.in_flight,
            now=now,
            project_dir=project_dir,
            artifacts_dir=artifacts_dir,
            progress=progress,
        )
    if decision.action == "skip":
        return RetrainResult(
            monitor, "skipped", decision.reason, champion_version=_serving(warehouse, monitor)
        )
    try:
        if decision.action == "resume" and decision.run_key:
            run = ledger.take_up(warehouse, decision.run_key)
        else:
            run = start_run(warehouse, monitor, decision, now=now, again=False)
    except RunInFlight as error:
        # Two processes have decided at once; the other one was faster.
        return RetrainResult(monitor, "skipped", str(error), champion_version=_serving(warehouse, monitor))
    return resume_run(
        warehouse,
        run.training_run_id,
        now=now,
        project_dir=project_dir,
        artifacts_dir=artifacts_dir,
        progress=progress,
    )


def resume_run(
    warehouse: Warehouse,
    training_run_id: str,
    *,
    now: datetime,
    project_dir: Path,
    artifacts_dir: Path | None = None,
    progress: Progress | None = None,
) -> RetrainResult:
    """Do the remaining steps of a run, e.g. of one whose process died. A run that has ended is only
    reported."""
    tell = progress or _say_nothing
    run = ledger.load_run(warehouse, training_run_id)
    if run.status == "running":
        tell(f"{training_run_id}: candidate {run.candidate_version} against champion {run.champion_version}")
        try:
            snapshot = take_snapshot(
                warehouse, training_run_id, now=now, project_dir=project_dir, artifacts_dir=artifacts_dir
            )
            tell(f"{snapshot.row_count} labelled predictions known at {snapshot.label_cutoff:%Y-%m-%d %H:%M}")
            gate = check_gate(
                warehouse, training_run_id, now=now, project_dir=project_dir, artifacts_dir=artifacts_dir
            )
            if gate:
                tell(f"gate: {gate.expectations} expectations met")
            train_candidate(
                warehouse,
                training_run_id,
                now=now,
                project_dir=project_dir,
                artifacts_dir=artifacts_dir,
                progress=tell,
            )
            tell(f"trained {run.candidate_version}")
            compared = evaluate_candidate(
                warehouse, training_run_id, now=now, project_dir=project_dir, artifacts_dir=artifacts_dir
            )
            rows = compared.comparisons[0].sample_size
            tell(f"compared with {run.champion_version} on {rows} held-out rows")
            published = publish_candidate(warehouse, training_run_id, now=now, project_dir=project_dir)
            if published:
                tell(f"version {published} in the registry")
            promote_candidate(warehouse, training_run_id, now=now)
        except RetrainingError as error:
            tell(str(error))
        run = ledger.load_run(warehouse, training_run_id)
    evaluation = load_evaluation(warehouse, run)
    if run.status == "running":
        waits = f": {run.error}" if run.error else ""
        raise RetrainingError(f"run {training_run_id} did not end, it is in step '{run.step}' and can be resumed{waits}")
    tell(f"{run.status}: {run.reason}")
    return RetrainResult(
        run.monitor,
        run.status,
        run.reason or "",
        training_run_id,
        run.candidate_version,
        _serving(warehouse, run.monitor),
        evaluation.summary() if evaluation else None,
    )


def _serving(warehouse: Warehouse, monitor: str) -> str | None:
    version = champion(warehouse, monitor)
    return version.model_version if version else None


def _say_nothing(words: str) -> None:
    pass
