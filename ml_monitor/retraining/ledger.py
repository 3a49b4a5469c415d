"""Rows of the retraining tables, read and written in one place."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal

from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.errors import RegistryUnreachable, RetrainingError, RunInFlight
from ml_monitor.retraining.events import raise_failure, raise_interruption
from ml_monitor.retraining.policy import LEASE, Decision, Run, Trigger
from ml_monitor.warehouse import Session, Warehouse, WarehouseLocked, WarehouseUnreachable

Stage = Literal["champion", "challenger", "previous", "retired", "rejected"]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A row of `model_versions`. A version released from outside may have no artefact."""

    monitor: str
    model_version: str
    stage: Stage
    artifact_uri: str | None
    artifact_sha256: str | None
    training_run_id: str | None
    trainer: str | None
    validation_metrics: str | None
    created_at: datetime
    updated_at: datetime
    validation_metric: str | None = None
    validation_value: float | None = None
    hyperparameters: str | None = None
    registry_version: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A row of `dataset_snapshots`: the rows a run trained on and was judged on, frozen in one Parquet
    file."""

    dataset_snapshot_id: str
    training_run_id: str
    monitor: str
    location: str
    query: str
    row_count: int
    content_sha256: str
    label_cutoff: datetime
    feature_list: str
    created_at: datetime
    environment: str | None = None
    config: str | None = None


def short_hash(*parts: str) -> str:
    """A stable id of 16 hexadecimal digits."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def triggers_of(warehouse: Warehouse, monitor: str) -> list[Trigger]:
    """The open reasons to retrain a monitor."""
    rows = warehouse.query(
        f"select trigger_key, monitor, trigger_kind as kind, reason, raised_at "
        f"from {warehouse.table('retraining_triggers')} where monitor = :monitor",
        {"monitor": monitor},
    )
    return [Trigger(**row) for row in rows]


def runs_of(warehouse: Warehouse, monitor: str) -> list[Run]:
    """All training runs of a monitor, oldest first."""
    rows = warehouse.query(
        f"select {_columns(Run)} from {warehouse.table('training_runs')} where monitor = :monitor "
        f"order by started_at, training_run_id",
        {"monitor": monitor},
    )
    return [Run(**row) for row in rows]


def load_run(warehouse: Warehouse, training_run_id: str) -> Run:
    """One training run.

    Raises:
        RetrainingError: It does not exist.
    """
    rows = warehouse.query(
        f"select {_columns(Run)} from {warehouse.table('training_runs')} where training_run_id = :id",
        {"id": training_run_id},
    )
    if not rows:
        raise RetrainingError(f"no training run '{training_run_id}' in {warehouse.table('training_runs')}")
    return Run(**rows[0])


def versions_of(
    warehouse: Warehouse, monitor: str, session: Session | None = None
) -> dict[str, ModelVersion]:
    """All versions of a monitor by name, read in the session's transaction if one is given."""
    rows = (session or warehouse).query(
        f"select {_columns(ModelVersion)} from {warehouse.table('model_versions')} where monitor = :monitor "
        f"order by created_at, model_version",
        {"monitor": monitor},
    )
    return {row["model_version"]: ModelVersion(**row) for row in rows}


def snapshot_of(warehouse: Warehouse, training_run_id: str) -> Snapshot | None:
    """The dataset of a run, if it was taken."""
    rows = warehouse.query(
        f"select {_columns(Snapshot)} from {warehouse.table('dataset_snapshots')} "
        f"where training_run_id = :id",
        {"id": training_run_id},
    )
    return Snapshot(**rows[0]) if rows else None


def start_run(
    warehouse: Warehouse, decision: Decision, champion_version: str, *, now: datetime, again: bool = True
) -> Run:
    """Record a run as `running`, with the champion it sets out to beat. Called again with the same key: the
    same run.

    Runs of the monitor that outlived their lease are recorded as failed.

    Args:
        warehouse: Where the package tables are.
        decision: To launch a run.
        champion_version: The version that serves.
        now: UTC.
        again: Whether the caller may be one that has started this run before. If not, who has is another process.

    Raises:
        RunInFlight: Another run is in flight.
        RetrainingError: The decision launches nothing.
    """
    trigger, run_key = decision.trigger, decision.run_key
    if trigger is None or run_key is None:
        raise RetrainingError(f"nothing to start: {decision.reason}")
    runs = warehouse.table("training_runs")
    with warehouse.transaction(exclusive="training_runs") as session:
        known = [
            Run(**row)
            for row in session.query(
                f"select {_columns(Run)} from {runs} where monitor = :monitor", {"monitor": trigger.monitor}
            )
        ]
        for run in known:
            if run.training_run_id == run_key and again:
                return run
            if run.training_run_id == run_key or run.in_flight(now):
                raise RunInFlight(
                    f"run {run.training_run_id} of monitor '{trigger.monitor}' is in flight"
                )
        _record_dead(session, warehouse, known, now)
        taken = {run.candidate_version for run in known} | set(
            versions_of(warehouse, trigger.monitor, session)
        )
        run = Run(
            training_run_id=run_key,
            monitor=trigger.monitor,
            trigger_key=trigger.trigger_key,
            trigger_kind=trigger.kind,
            trigger_reason=trigger.reason,
            status="running",
            step="start",
            reason=None,
            dataset_snapshot_id=None,
            champion_version=champion_version,
            candidate_version=_free_version(now, taken),
            started_at=now,
            finished_at=None,
            error=None,
        )
        session.insert("training_runs", [asdict(run)])
    return run


def record_dead(warehouse: Warehouse, monitor: str, *, now: datetime) -> None:
    """Record runs that outlived their lease as failed, so that people are told of the last one too, which no other follows."""
    dead = [run for run in runs_of(warehouse, monitor) if run.dead(now)]
    if dead:
        with warehouse.transaction(exclusive="training_runs") as session:
            _record_dead(session, warehouse, dead, now)


def record_decision(warehouse: Warehouse, monitor: str, decision: Decision, *, now: datetime) -> None:
    """Keep what was decided and why. The same answer again only counts up."""
    decisions = warehouse.table("retraining_decisions")
    with warehouse.transaction(exclusive="retraining_decisions") as session:
        last = session.query(
            f"select decision_id, action, reason, times from {decisions} where monitor = :monitor "
            f"order by last_decided_at desc, decided_at desc limit 1",
            {"monitor": monitor},
        )
        if last and (last[0]["action"], last[0]["reason"]) == (decision.action, decision.reason):
            again = {"last_decided_at": now, "times": last[0]["times"] + 1}
            update(warehouse, "retraining_decisions", {"decision_id": last[0]["decision_id"]}, again, session)
            return
        number = session.query(f"select count(*) as n from {decisions} where monitor = :monitor", {"monitor": monitor})[0]["n"]
        row = {
            "decision_id": f"dc-{short_hash(monitor, str(number), decision.action, decision.reason)}",
            "monitor": monitor,
            "action": decision.action,
            "reason": decision.reason,
            "trigger_key": decision.trigger.trigger_key if decision.trigger else None,
            "trigger_kind": decision.trigger.kind if decision.trigger else None,
            "training_run_id": decision.run_key or decision.in_flight,
            "decided_at": now,
            "last_decided_at": now,
            "times": 1,
        }
        session.insert("retraining_decisions", [row])


def take_up(warehouse: Warehouse, training_run_id: str) -> Run:
    """Clear the mark of an interrupted run, so that only one process goes on with it.

    Raises:
        RunInFlight: Another process has taken it up already, or it has ended.
    """
    with warehouse.transaction(exclusive="training_runs") as session:
        rows = session.query(
            f"select status, error from {warehouse.table('training_runs')} where training_run_id = :id", {"id": training_run_id}
        )
        if not rows or rows[0]["status"] != "running" or rows[0]["error"] is None:
            raise RunInFlight(f"run {training_run_id} is not interrupted: somebody has taken it up, or it has ended")
        update(warehouse, "training_runs", {"training_run_id": training_run_id}, {"error": None}, session)
    return load_run(warehouse, training_run_id)


@contextmanager
def recorded_step(warehouse: Warehouse, run: Run, step: str, *, now: datetime) -> Iterator[None]:
    """Name the step a run is in, and record the run as failed if the block raises.

    A warehouse that cannot be reached says nothing about the run: it stays `running`, to be resumed. So it does where
    the registry cannot be reached, and then the run says so and people are told.

    Raises:
        RetrainingError: The run has ended, or, with the original as cause, any failure of the block.
    """
    if run.status != "running":
        raise RetrainingError(
            f"run {run.training_run_id} has ended ({run.status}): step '{step}' needs a new run"
        )
    update(warehouse, "training_runs", {"training_run_id": run.training_run_id}, {"step": step, "error": None})
    try:
        yield
    except (WarehouseLocked, WarehouseUnreachable):
        raise
    except RegistryUnreachable as error:
        with warehouse.transaction() as session:
            update(warehouse, "training_runs", {"training_run_id": run.training_run_id}, {"error": str(error)}, session)
            raise_interruption(session, warehouse, run, str(error), as_utc(now))
        raise
    except Exception as error:
        message = str(error) if isinstance(error, RetrainingError) else f"{type(error).__name__}: {error}"
        with warehouse.transaction(exclusive="model_versions") as session:
            _record_failure(session, warehouse, run, message, as_utc(now))
        if isinstance(error, RetrainingError):
            raise
        raise RetrainingError(f"{step} of run {run.training_run_id}: {message}") from error


def update(
    warehouse: Warehouse,
    table: str,
    keys: Mapping[str, Any],
    values: Mapping[str, Any],
    session: Session | None = None,
) -> None:
    """Set columns of the rows of a package table with these keys."""
    changes = ", ".join(f"{name} = :new_{name}" for name in values)
    where = " and ".join(f"{name} = :{name}" for name in keys)
    parameters = dict(keys) | {f"new_{name}": value for name, value in values.items()}
    (session or warehouse).execute(f"update {warehouse.table(table)} set {changes} where {where}", parameters)


def _record_dead(session: Session, warehouse: Warehouse, runs: Iterable[Run], now: datetime) -> None:
    for run in runs:
        if run.dead(now):
            _record_failure(session, warehouse, run, f"never ended within {LEASE.total_seconds() / 3600:g} hours", now)


def _record_failure(session: Session, warehouse: Warehouse, run: Run, message: str, now: datetime) -> None:
    keys = {"training_run_id": run.training_run_id}
    state = f"select status from {warehouse.table('training_runs')} where training_run_id = :training_run_id"
    if session.query(state, keys)[0]["status"] != "running":
        # A process that was taken for dead fails in a run that another one has ended.
        return
    ended = {"status": "failed", "error": message, "reason": message, "finished_at": now}
    update(warehouse, "training_runs", keys, ended, session)
    candidate = keys | {"monitor": run.monitor, "stage": "challenger"}
    update(warehouse, "model_versions", candidate, {"stage": "rejected", "updated_at": now}, session)
    raise_failure(session, warehouse, run, message, now)


def _free_version(now: datetime, taken: set[str]) -> str:
    name = f"r{now:%Y%m%d}"
    number = 1
    while (version := name if number == 1 else f"{name}.{number}") in taken:
        number += 1
    return version


def _columns(row: type[Any]) -> str:
    return ", ".join(field.name for field in fields(row))
