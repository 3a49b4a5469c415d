"""After the promotion: is the new champion at least what the old one was? And: does a challenger in shadow win again?"""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.comparison import ALPHA, METRICS, Comparison, is_better, is_worse, primary, unpaired
from ml_monitor.retraining.errors import ArtifactError, RetrainingError, TrainerError
from ml_monitor.retraining.events import raise_event
from ml_monitor.retraining.ledger import ModelVersion, short_hash, update, versions_of
from ml_monitor.retraining.promotion import GUARD, end_shadow, rollback
from ml_monitor.retraining.registry import mirror
from ml_monitor.retraining.snapshots import labelled_rows
from ml_monitor.retraining.spec import MonitorSpec, load_spec
from ml_monitor.retraining.training import scores_of
from ml_monitor.warehouse import Warehouse

Status = Literal["watching", "passed", "worse", "rolled_back", "promoted", "rejected", "superseded"]


@dataclass(frozen=True, slots=True)
class Guard:
    """A row of `champion_guards`: what is known of a new champion, or of a challenger in shadow."""

    guard_id: str
    monitor: str
    kind: Literal["champion", "shadow"]
    deployment_id: str | None
    model_version: str
    against_version: str
    basis: str | None
    metric: str
    sample_size: int
    metric_value: float | None
    against_value: float | None
    difference: float | None
    lower_bound: float | None
    upper_bound: float | None
    status: Status
    reason: str
    started_at: datetime
    ends_at: datetime
    checked_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def check_guards(warehouse: Warehouse, monitor: str, *, now: datetime, project_dir: Path) -> list[Guard]:
    """Look after the newest champion, the challengers in shadow and the aliases of the registry; act by the monitor's policy.

    The champion is compared with its predecessor on the rows that it has served: with the predecessor's model on the same
    rows if that can be opened, else with what the predecessor achieved on its own last rows. So that it may look every day
    of the window, each look is at `0.05 / days`. A challenger in shadow is compared once, at the end.

    Args:
        warehouse: Where the logs and the package tables are.
        monitor: Name of the monitor.
        now: UTC; labels that came later are not seen.
        project_dir: The dbt project, for the user's own classes.

    Returns:
        The guards that were open, as they are now. Nothing to watch: none.

    Raises:
        RetrainingError: The monitor is unknown or not retrained.
        ArtifactError: The rollback that the policy asks for is not possible. The guard is `worse` then, and people are told.
    """
    spec, now = load_spec(warehouse, monitor), as_utc(now)
    # What was out of reach, or cut short, when the champion changed.
    mirror(warehouse, spec, now=now)
    if spec.policy.guard.action != "off":
        _begin_watch(warehouse, spec, now)
    check = {"champion": _check_champion, "shadow": _check_shadow}
    watching = [guard for guard in guards_of(warehouse, monitor) if guard.status == "watching"]
    return [check[guard.kind](warehouse, spec, guard, now, project_dir) for guard in watching]


def guards_of(warehouse: Warehouse, monitor: str) -> list[Guard]:
    """All guards of a monitor, oldest first."""
    names = ", ".join(field.name for field in fields(Guard))
    rows = warehouse.query(
        f"select {names} from {warehouse.table('champion_guards')} where monitor = :monitor order by started_at, guard_id",
        {"monitor": monitor},
    )
    return [Guard(**row) for row in rows]


def _begin_watch(warehouse: Warehouse, spec: MonitorSpec, now: datetime) -> None:
    """Begin a guard for the champion, once for each deployment that replaced another version, except by a rollback."""
    with warehouse.transaction(exclusive="model_versions") as session:
        serving = next((v for v in versions_of(warehouse, spec.name, session).values() if v.stage == "champion"), None)
        deployments = session.query(
            f"select deployment_id, previous_version, action, effective_at from {warehouse.table('deployments')} "
            "where monitor = :monitor and model_version = :version order by effective_at desc, deployment_id",
            {"monitor": spec.name, "version": serving.model_version if serving else None},
        )
        newest = deployments[0] if deployments else None
        if serving is None or newest is None or newest["action"] == "rollback" or newest["previous_version"] is None:
            return
        guard = Guard(
            guard_id=f"gd-{short_hash(newest['deployment_id'])}",
            monitor=spec.name,
            kind="champion",
            deployment_id=newest["deployment_id"],
            model_version=serving.model_version,
            against_version=newest["previous_version"],
            basis=None,
            metric=METRICS[spec.task][0].name,
            sample_size=0,
            metric_value=None,
            against_value=None,
            difference=None,
            lower_bound=None,
            upper_bound=None,
            status="watching",
            reason="begun",
            started_at=newest["effective_at"],
            ends_at=newest["effective_at"] + timedelta(days=spec.policy.guard.days),
            checked_at=now,
        )
        found = f"select 1 as found from {warehouse.table('champion_guards')} where guard_id = :id"
        if not session.query(found, {"id": guard.guard_id}):
            session.insert("champion_guards", [asdict(guard)])


def _check_champion(warehouse: Warehouse, spec: MonitorSpec, guard: Guard, now: datetime, project_dir: Path) -> Guard:
    policy, metric = spec.policy.guard, METRICS[spec.task][0]
    frame = labelled_rows(warehouse, spec, now, since=guard.started_at - timedelta(days=policy.days))
    own = _served(frame, guard.model_version, guard.started_at, guard.ends_at)
    if len(own) < policy.min_rows:
        words = f"{len(own)} labelled rows since {guard.started_at:%Y-%m-%d %H:%M}, {policy.min_rows} are needed"
        return _go_on(warehouse, replace(guard, sample_size=len(own), reason=words, checked_at=now), now)
    basis, found = _compare(warehouse, spec, guard, frame, own, project_dir, ALPHA / policy.days)
    if found is None:
        words = f"{guard.against_version} cannot score these rows, and had fewer than {policy.min_rows} labelled ones of its own"
        return _go_on(warehouse, replace(guard, sample_size=len(own), reason=words, checked_at=now), now)
    measured = _with(guard, basis, found, now)
    if not is_worse(metric, found):
        return _go_on(warehouse, measured, now)
    words = f"{measured.reason}: worse than the champion before it"
    if policy.action != "rollback":
        ended = replace(measured, status="worse", reason=f"{words}; `ml-monitor rollback {spec.name}` brings it back")
        _keep(warehouse, ended, tell=True)
        return ended
    # Still watched, so that whoever comes after a process that dies here looks again.
    _keep(warehouse, replace(measured, reason=words))
    try:
        rollback(
            warehouse,
            spec.name,
            now=now,
            to_version=guard.against_version,
            expected_champion=guard.model_version,
            reason=f"guard: {words}",
            actor=GUARD,
        )
    except RetrainingError as error:
        kept = replace(measured, status="worse", reason=f"{words}; it could not be rolled back: {error}")
        _keep(warehouse, kept, tell=True)
        raise
    return next(one for one in guards_of(warehouse, spec.name) if one.guard_id == guard.guard_id)


def _check_shadow(warehouse: Warehouse, spec: MonitorSpec, guard: Guard, now: datetime, project_dir: Path) -> Guard:
    version = versions_of(warehouse, spec.name).get(guard.model_version)
    if version is None or version.stage != "challenger":
        ended = replace(guard, status="superseded", reason="somebody has decided about it", checked_at=now)
        _keep(warehouse, ended)
        return ended
    least = spec.policy.guard.min_rows
    frame = labelled_rows(warehouse, spec, now, since=guard.started_at)
    rows = _served(frame, guard.against_version, guard.started_at, guard.ends_at)
    measured = replace(guard, sample_size=len(rows), reason=f"{len(rows)} labelled rows in shadow", checked_at=now)
    if now < guard.ends_at:
        _keep(warehouse, measured)
        return measured
    won, broken, words = False, False, f"only {len(rows)} labelled rows in shadow, {least} are needed"
    if len(rows) >= least:
        label, served = _arrays(spec, rows)
        try:
            scores = scores_of(version, spec, rows, project_dir)
        except (ArtifactError, TrainerError) as error:
            broken, words = True, f"it cannot be compared: {error}"
        else:
            found = primary(spec.task, label, served, scores)
            measured = _with(guard, "paired", found, now)
            won = is_better(METRICS[spec.task][0], found)
            words = f"in shadow, {measured.reason}" + ("" if won else ": not better beyond chance")
    if end_shadow(warehouse, spec.name, guard.model_version, won=won, reason=words, now=now):
        ended = replace(measured, status="promoted" if won else "rejected", reason=words)
    else:
        ended = replace(measured, status="superseded", reason=f"{words}; '{guard.against_version}' no longer serves")
    _keep(warehouse, ended, tell=broken or (won and ended.status == "superseded"))
    return ended


def _compare(
    warehouse: Warehouse,
    spec: MonitorSpec,
    guard: Guard,
    frame: pd.DataFrame,
    own: pd.DataFrame,
    project_dir: Path,
    alpha: float,
) -> tuple[str, Comparison | None]:
    """The champion with its predecessor: how they were compared, and the result; None where too little is known of that one."""
    label, served = _arrays(spec, own)
    before: ModelVersion | None = versions_of(warehouse, spec.name).get(guard.against_version)
    if before is not None and before.artifact_uri is not None:
        try:
            earlier = scores_of(before, spec, own, project_dir)
        except (ArtifactError, TrainerError):
            # The next best: what is on record of it.
            pass
        else:
            return "paired", primary(spec.task, label, earlier, served, alpha=alpha)
    logged = frame[(frame["model_version"] == guard.against_version) & (frame["predicted_at"] < guard.started_at)]
    logged = logged[logged["logged_output"].notna()]
    if len(logged) < spec.policy.guard.min_rows:
        return "expectation", None
    return "expectation", unpaired(spec.task, _arrays(spec, logged), (label, served), alpha=alpha)


def _served(frame: pd.DataFrame, version: str, start: datetime, end: datetime) -> pd.DataFrame:
    inside = (frame["predicted_at"] >= start) & (frame["predicted_at"] < end)
    rows = frame[inside & (frame["model_version"] == version) & frame["logged_output"].notna()]
    return rows.reset_index(drop=True)


def _arrays(spec: MonitorSpec, rows: pd.DataFrame) -> tuple[Any, Any]:
    return rows[spec.label].to_numpy(dtype="float64"), rows["logged_output"].to_numpy(dtype="float64")


def _with(guard: Guard, basis: str, found: Comparison, now: datetime) -> Guard:
    """The guard with these figures; `difference` is the watched version minus the other."""
    if found.difference is None or found.lower_bound is None or found.upper_bound is None:
        words = f"{found.metric} cannot be compared on {found.sample_size} rows"
    else:
        rows = "the same rows" if basis == "paired" else "its own rows before"
        words = (
            f"{guard.model_version}: {found.metric} {found.challenger_value:.4g} on {found.sample_size} rows since "
            f"{guard.started_at:%Y-%m-%d}, {guard.against_version} {found.champion_value:.4g} on {rows}, difference "
            f"{found.difference:+.4g} [{found.lower_bound:+.4g}, {found.upper_bound:+.4g}]"
        )
    return replace(
        guard,
        basis=basis,
        sample_size=found.sample_size,
        metric_value=found.challenger_value,
        against_value=found.champion_value,
        difference=found.difference,
        lower_bound=found.lower_bound,
        upper_bound=found.upper_bound,
        reason=words,
        checked_at=now,
    )


def _go_on(warehouse: Warehouse, guard: Guard, now: datetime) -> Guard:
    """Nothing speaks against it: it is watched until the window is over."""
    kept = replace(guard, status="passed") if now >= guard.ends_at else guard
    _keep(warehouse, kept)
    return kept


def _keep(warehouse: Warehouse, guard: Guard, *, tell: bool = False) -> None:
    values = {name: value for name, value in asdict(guard).items() if name != "guard_id"}
    with warehouse.transaction(exclusive="model_versions") as session:
        state = f"select status from {warehouse.table('champion_guards')} where guard_id = :id"
        if session.query(state, {"id": guard.guard_id})[0]["status"] != "watching":
            # Somebody has replaced the champion while it was looked at.
            return
        update(warehouse, "champion_guards", {"guard_id": guard.guard_id}, values, session)
        if tell:
            raise_event(
                session,
                warehouse,
                monitor=guard.monitor,
                metric="champion_guard",
                model_version=guard.model_version,
                key=guard.guard_id,
                reason=guard.reason,
                started_at=guard.started_at,
                now=guard.checked_at,
            )
