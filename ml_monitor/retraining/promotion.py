"""Which version serves: the rule, and the only code that moves a version to another stage."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from ml_monitor.retraining.artifacts import file_sha256, verify
from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.comparison import METRICS
from ml_monitor.retraining.errors import ArtifactError, RetrainingError
from ml_monitor.retraining.evaluation import load_evaluation
from ml_monitor.retraining.events import raise_event, raise_overtaken, resolve_events
from ml_monitor.retraining.ledger import (
    ModelVersion,
    Stage,
    load_run,
    recorded_step,
    short_hash,
    update,
    versions_of,
)
from ml_monitor.retraining.policy import Run
from ml_monitor.retraining.registry import mirror
from ml_monitor.retraining.spec import load_spec
from ml_monitor.retraining.verdict import judge
from ml_monitor.warehouse import Session, Warehouse

GUARD = "guard"
"""Who has done a rollback by policy."""


@dataclass(frozen=True, slots=True)
class RollbackResult:
    """Who serves after a rollback."""

    monitor: str
    champion_version: str
    previous_version: str
    deployment_id: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return asdict(self)


def champion(warehouse: Warehouse, monitor: str) -> ModelVersion | None:
    """The version that serves, if one was registered."""
    return _in_stage(versions_of(warehouse, monitor), "champion")


def promote_candidate(warehouse: Warehouse, training_run_id: str, *, now: datetime) -> Run:
    """End a run: the winner serves, waits for `approve` (`promotion: manual`), runs in shadow, or is rejected.
    Called again: the same end, and the aliases of the registry are brought up to date, should the first call have died
    before.

    The champion is replaced only if it is still the one that the run set out to beat.

    Returns:
        The run, `promoted` or `kept`, with its reason.

    Raises:
        RetrainingError: The run has no evaluation, or failed.
    """
    run, now = load_run(warehouse, training_run_id), as_utc(now)
    if run.status in ("promoted", "kept"):
        mirror(warehouse, load_spec(warehouse, run.monitor), now=now)
        return run
    with recorded_step(warehouse, run, "promote", now=now):
        spec = load_spec(warehouse, run.monitor)
        evaluation = load_evaluation(warehouse, run)
        if evaluation is None:
            raise RetrainingError(f"run {training_run_id} has no evaluation: evaluate_candidate comes first")
        won, reason = judge(
            evaluation.comparisons, spec, champion=evaluation.champion_version, challenger=evaluation.challenger_version
        )
        status: Literal["promoted", "kept"] = "kept"
        with warehouse.transaction(exclusive="model_versions") as session:
            versions = versions_of(warehouse, run.monitor, session)
            serving = _in_stage(versions, "champion")
            state = f"select status from {warehouse.table('training_runs')} where training_run_id = :id"
            if session.query(state, {"id": training_run_id})[0]["status"] != "running":
                # Another process has ended it meanwhile.
                return load_run(warehouse, training_run_id)
            words = f"training run {training_run_id} has ended with a verdict"
            resolve_events(session, warehouse, run.monitor, "training_run", reason=words, now=now)
            if not won:
                _set_stage(warehouse, session, versions[run.candidate_version], "rejected", now)
            elif serving is None or serving.model_version != run.champion_version:
                found = f"'{serving.model_version}'" if serving else "none"
                reason = f"{reason}, but the champion is no longer '{run.champion_version}': it is {found}"
                _set_stage(warehouse, session, versions[run.candidate_version], "rejected", now)
                raise_overtaken(session, warehouse, run, reason, now)
            elif spec.policy.promotion == "manual":
                reason = f"{reason}; waits for approval (promotion: manual)"
            elif spec.policy.promotion == "shadow":
                ends_at = now + timedelta(days=spec.policy.shadow_days)
                reason = f"{reason}; runs in shadow until {ends_at:%Y-%m-%d %H:%M} (promotion: shadow)"
                session.insert("champion_guards", [_shadow(run, METRICS[spec.task][0].name, reason, now, ends_at)])
            else:
                status = "promoted"
                _check_artifact(versions[run.candidate_version])
                _serve(
                    warehouse,
                    session,
                    versions,
                    run.candidate_version,
                    "promote",
                    reason,
                    "ml_monitor",
                    now,
                    training_run_id,
                )
            ended = {"status": status, "reason": reason, "finished_at": now}
            update(warehouse, "training_runs", {"training_run_id": training_run_id}, ended, session)
    mirror(warehouse, spec, now=now)
    return load_run(warehouse, training_run_id)


def approve(
    warehouse: Warehouse, monitor: str, version: str, *, now: datetime, reason: str, actor: str
) -> ModelVersion:
    """Let a challenger serve that won and waits (`promotion: manual` or `shadow`).

    Raises:
        RetrainingError: Not a waiting challenger, or the champion that it beat no longer serves.
        ArtifactError: Its artefact is missing or not the recorded one.
    """
    spec = load_spec(warehouse, monitor)
    with warehouse.transaction(exclusive="model_versions") as session:
        versions = versions_of(warehouse, monitor, session)
        waiting = _waiting(warehouse, session, monitor, version)
        run_id = waiting.training_run_id
        beaten = _run_of(warehouse, session, waiting)
        serving = _in_stage(versions, "champion")
        if serving is None or serving.model_version != beaten["champion_version"]:
            raise RetrainingError(
                f"monitor '{monitor}': '{version}' was compared with '{beaten['champion_version']}', but "
                f"'{serving.model_version if serving else None}' serves now: retrain instead"
            )
        _check_artifact(versions[version])
        _serve(warehouse, session, versions, version, "promote", reason, actor, as_utc(now), run_id)
        approved = versions_of(warehouse, monitor, session)[version]
    mirror(warehouse, spec, now=as_utc(now))
    return approved


def reject(warehouse: Warehouse, monitor: str, version: str, *, now: datetime, reason: str, actor: str) -> ModelVersion:
    """Refuse a challenger that waits. The champion stays; the words are added to those of its run.

    Raises:
        RetrainingError: Not a waiting challenger, or its run has not ended.
    """
    spec = load_spec(warehouse, monitor)
    with warehouse.transaction(exclusive="model_versions") as session:
        refused = _waiting(warehouse, session, monitor, version)
        run = _run_of(warehouse, session, refused)
        _set_stage(warehouse, session, refused, "rejected", as_utc(now))
        words = f"{run['reason']}; rejected by {actor}: {reason}"
        update(warehouse, "training_runs", {"training_run_id": refused.training_run_id}, {"reason": words}, session)
        refused = versions_of(warehouse, monitor, session)[version]
    mirror(warehouse, spec, now=as_utc(now))
    return refused


def end_shadow(warehouse: Warehouse, monitor: str, version: str, *, won: bool, reason: str, now: datetime) -> bool:
    """Promote or reject a challenger after its time in shadow.

    Returns:
        Whether it was still waiting, and the champion that it was measured against still serves.
    """
    spec = load_spec(warehouse, monitor)
    with warehouse.transaction(exclusive="model_versions") as session:
        versions = versions_of(warehouse, monitor, session)
        shadowed, serving = versions.get(version), _in_stage(versions, "champion")
        if shadowed is None or shadowed.stage != "challenger":
            return False
        run = _run_of(warehouse, session, shadowed)
        stands = serving is not None and serving.model_version == run["champion_version"]
        if won and stands:
            _check_artifact(shadowed)
            _serve(warehouse, session, versions, version, "promote", reason, "ml_monitor", now, shadowed.training_run_id)
        else:
            _set_stage(warehouse, session, shadowed, "rejected", now)
        words = f"{run['reason']}; {reason}"
        update(warehouse, "training_runs", {"training_run_id": shadowed.training_run_id}, {"reason": words}, session)
    mirror(warehouse, spec, now=now)
    return stands


def register_version(
    warehouse: Warehouse,
    monitor: str,
    version: str,
    *,
    now: datetime,
    stage: Literal["champion", "challenger", "previous", "retired"] = "champion",
    artifact_uri: str | None = None,
    validation: float | None = None,
    reason: str,
    actor: str = "ml_monitor",
) -> ModelVersion:
    """Make a version known that was trained elsewhere, by default as the one that serves from now on.

    Called again for a version already in that stage: nothing changes.

    Args:
        warehouse: Where the package tables are.
        monitor: Name of a declared monitor.
        version: Name in the prediction log.
        now: When it took effect, UTC.
        stage: Where it stands.
        artifact_uri: File of a joblib model that `load_model` can read, if there is one.
        validation: What it achieved on held-out rows, in the metric that decides (`roc_auc`, `mae`); the trigger
            `validation` holds it to that. Not given: what its first comparison finds.
        reason: Words for the deployment's row.
        actor: Who released it.

    Raises:
        RetrainingError: Unknown monitor, or the version is known in another stage.
        ArtifactError: No such file.
    """
    spec = load_spec(warehouse, monitor)
    if artifact_uri is not None and not Path(artifact_uri).is_file():
        raise ArtifactError(f"version '{version}' of monitor '{monitor}': no file {artifact_uri}")
    now = as_utc(now)
    with warehouse.transaction(exclusive="model_versions") as session:
        versions = versions_of(warehouse, monitor, session)
        known = versions.get(version)
        if known and known.stage == stage:
            return known
        if known:
            raise RetrainingError(
                f"monitor '{monitor}': version '{version}' is already known as {known.stage}; "
                f"a version that served before comes back with rollback"
            )
        row = ModelVersion(
            monitor=monitor,
            model_version=version,
            stage="challenger" if stage == "champion" else stage,
            artifact_uri=artifact_uri,
            artifact_sha256=file_sha256(Path(artifact_uri)) if artifact_uri else None,
            training_run_id=None,
            trainer=None,
            validation_metrics=None,
            created_at=now,
            updated_at=now,
            validation_metric=METRICS[spec.task][0].name if validation is not None else None,
            validation_value=validation,
        )
        session.insert("model_versions", [asdict(row)])
        if stage == "champion":
            _serve(
                warehouse, session, versions | {version: row}, version, "register", reason, actor, now, None
            )
        registered = versions_of(warehouse, monitor, session)[version]
    mirror(warehouse, spec, now=now)
    return registered


def rollback(
    warehouse: Warehouse,
    monitor: str,
    *,
    now: datetime,
    to_version: str | None = None,
    expected_champion: str | None = None,
    reason: str,
    actor: str,
) -> RollbackResult:
    """Let a version serve again that served before, by default the previous one. The champion becomes the
    previous one, so a second rollback undoes the first.

    Raises:
        RetrainingError: No champion, another one than expected, nothing to go back to, or a version that never served.
        ArtifactError: Its artefact is missing or not the recorded one. Nothing is changed then, and people are told.
    """
    spec = load_spec(warehouse, monitor)
    try:
        result = _roll_back(warehouse, monitor, as_utc(now), to_version, expected_champion, reason, actor)
    except ArtifactError as error:
        with warehouse.transaction() as session:
            raise_event(
                session,
                warehouse,
                monitor=monitor,
                metric="rollback",
                model_version=to_version or "__previous__",
                key=f"{monitor}|{to_version}|{as_utc(now):%Y-%m-%dT%H}",
                reason=f"rollback refused, the champion stays: {error}",
                started_at=as_utc(now),
                now=as_utc(now),
            )
        raise
    mirror(warehouse, spec, now=as_utc(now))
    return result


def _roll_back(
    warehouse: Warehouse,
    monitor: str,
    now: datetime,
    to_version: str | None,
    expected_champion: str | None,
    reason: str,
    actor: str,
) -> RollbackResult:
    with warehouse.transaction(exclusive="model_versions") as session:
        versions = versions_of(warehouse, monitor, session)
        serving = _in_stage(versions, "champion")
        if serving is None:
            raise RetrainingError(f"monitor '{monitor}' has no champion to roll back")
        if expected_champion not in (None, serving.model_version):
            raise RetrainingError(
                f"monitor '{monitor}': '{serving.model_version}' serves, not '{expected_champion}' any more: "
                f"nothing was rolled back"
            )
        served = [v.model_version for v in versions.values() if v.stage in ("previous", "retired")]
        previous = _in_stage(versions, "previous")
        target = to_version or (previous.model_version if previous else None)
        if target is None:
            raise RetrainingError(f"monitor '{monitor}': nothing served before '{serving.model_version}'")
        if target not in served:
            raise RetrainingError(
                f"monitor '{monitor}': cannot roll back to '{target}'. "
                f"Allowed: {', '.join(served) or 'none'}."
            )
        _check_artifact(versions[target])
        deployment_id = _serve(
            warehouse, session, versions, target, "rollback", reason, actor, now, None
        )
    return RollbackResult(monitor, target, serving.model_version, deployment_id, reason)


def _waiting(warehouse: Warehouse, session: Session, monitor: str, version: str) -> ModelVersion:
    versions = versions_of(warehouse, monitor, session)
    waiting = {name: v for name, v in versions.items() if v.stage == "challenger" and v.training_run_id}
    if version not in waiting:
        raise RetrainingError(
            f"monitor '{monitor}': '{version}' is no challenger. Allowed: {', '.join(waiting) or 'none waits'}."
        )
    return waiting[version]


def _run_of(warehouse: Warehouse, session: Session, version: ModelVersion) -> dict[str, Any]:
    """Champion and words of the run that a challenger comes from."""
    rows = session.query(
        f"select champion_version, status, reason from {warehouse.table('training_runs')} where training_run_id = :id",
        {"id": version.training_run_id},
    )
    if not rows or rows[0]["status"] != "kept":
        raise RetrainingError(
            f"monitor '{version.monitor}': the run of '{version.model_version}' has not ended, wait for its evaluation"
        )
    return rows[0]


def _shadow(run: Run, metric: str, reason: str, now: datetime, ends_at: datetime) -> dict[str, Any]:
    return {
        "guard_id": f"gd-{short_hash(run.training_run_id, 'shadow')}",
        "monitor": run.monitor,
        "kind": "shadow",
        "model_version": run.candidate_version,
        "against_version": run.champion_version,
        "basis": "paired",
        "metric": metric,
        "sample_size": 0,
        "status": "watching",
        "reason": reason,
        "started_at": now,
        "ends_at": ends_at,
        "checked_at": now,
    }


def _serve(
    warehouse: Warehouse,
    session: Session,
    versions: dict[str, ModelVersion],
    version: str,
    action: Literal["register", "promote", "rollback"],
    reason: str,
    actor: str,
    now: datetime,
    training_run_id: str | None,
) -> str:
    """Make `version` the champion, write the deployment's row, and end what was told of the one before. The caller holds
    `model_versions`."""
    target, serving, previous = (
        versions[version],
        _in_stage(versions, "champion"),
        _in_stage(versions, "previous"),
    )
    if previous and previous is not target:
        _set_stage(warehouse, session, previous, "retired", now)
    if serving:
        _set_stage(warehouse, session, serving, "previous", now)
        _end_watch(warehouse, session, serving, version, action, reason, actor, now)
    _set_stage(warehouse, session, target, "champion", now)
    deployments = warehouse.table("deployments")
    number = session.query(
        f"select count(*) as n from {deployments} where monitor = :monitor", {"monitor": target.monitor}
    )[0]["n"]
    deployment_id = f"dp-{short_hash(target.monitor, action, version, str(number))}"
    session.insert(
        "deployments",
        [
            {
                "deployment_id": deployment_id,
                "monitor": target.monitor,
                "model_version": version,
                "previous_version": serving.model_version if serving else None,
                "action": action,
                "reason": reason,
                "actor": actor,
                "training_run_id": training_run_id,
                "effective_at": now,
            }
        ],
    )
    return deployment_id


def _end_watch(
    warehouse: Warehouse,
    session: Session,
    gone: ModelVersion,
    version: str,
    action: Literal["register", "promote", "rollback"],
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Close the guard of a champion that serves no more, and the incidents about it. A rollback by the guard is told in the
    same transaction: it cannot happen in silence."""
    words = f"'{version}' serves {'again' if action == 'rollback' else 'instead'}"
    if actor != GUARD:
        words = f"{words}, {action} by {actor}: {reason}"
    guards = session.query(
        f"select guard_id, reason, started_at from {warehouse.table('champion_guards')} "
        "where monitor = :monitor and model_version = :version and kind = 'champion' and status in ('watching', 'worse')",
        {"monitor": gone.monitor, "version": gone.model_version},
    )
    for guard in guards:
        status, found = "rolled_back" if action == "rollback" else "superseded", f"{guard['reason']}; {words}"
        ended = {"status": status, "reason": found, "checked_at": now}
        update(warehouse, "champion_guards", {"guard_id": guard["guard_id"]}, ended, session)
        if actor == GUARD:
            raise_event(
                session,
                warehouse,
                monitor=gone.monitor,
                metric="champion_guard",
                model_version=gone.model_version,
                key=guard["guard_id"],
                reason=found,
                started_at=guard["started_at"],
                now=now,
            )
    resolve_events(
        session, warehouse, gone.monitor, "champion_guard", reason=words, now=now, model_version=gone.model_version
    )
    resolve_events(session, warehouse, gone.monitor, "rollback", reason=words, now=now)


def _set_stage(
    warehouse: Warehouse, session: Session, version: ModelVersion, stage: Stage, now: datetime
) -> None:
    keys = {"monitor": version.monitor, "model_version": version.model_version}
    update(warehouse, "model_versions", keys, {"stage": stage, "updated_at": now}, session)


def _in_stage(versions: dict[str, ModelVersion], stage: Stage) -> ModelVersion | None:
    return next((version for version in versions.values() if version.stage == stage), None)


def _check_artifact(version: ModelVersion) -> None:
    if version.artifact_uri is not None:
        what = f"version '{version.model_version}' of monitor '{version.monitor}'"
        verify(Path(version.artifact_uri), version.artifact_sha256, what)
