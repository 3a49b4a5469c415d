"""Which version serves: the rule, and the only code that moves a version to another stage."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from ml_monitor.retraining.artifacts import file_sha256, verify
from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.comparison import METRICS, is_better, is_worse
from ml_monitor.retraining.errors import ArtifactError, RetrainingError
from ml_monitor.retraining.evaluation import Evaluation, load_evaluation
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
from ml_monitor.retraining.spec import Task, load_spec
from ml_monitor.warehouse import Session, Warehouse

SEGMENT_ROWS = 200
"""A segment with fewer held-out rows cannot stop a promotion."""


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


def judge(evaluation: Evaluation, task: Task) -> tuple[bool, str]:
    """Whether the challenger may replace the champion, and why.

    It must be better on the primary metric (`roc_auc`, `mae`) with the whole 95 % interval, and not worse
    with the whole interval in any declared segment of at least `SEGMENT_ROWS` rows.
    """
    metric = METRICS[task][0]
    overall = evaluation.overall(metric.name)
    names = f"{evaluation.challenger_version} against {evaluation.champion_version}"
    if overall.difference is None or overall.lower_bound is None or overall.upper_bound is None:
        return False, f"{names}: {metric.name} cannot be compared on {overall.sample_size} rows"
    figures = (
        f"{names}: {metric.name} {overall.challenger_value:.4g} against {overall.champion_value:.4g} on "
        f"{overall.sample_size} held-out rows, difference {overall.difference:+.4g} "
        f"[{overall.lower_bound:+.4g}, {overall.upper_bound:+.4g}]"
    )
    if not is_better(metric, overall):
        return False, f"{figures}: not better beyond chance"
    harmed = [
        f"{c.segment} {c.segment_value} ({c.difference:+.4g} on {c.sample_size} rows)"
        for c in evaluation.comparisons
        if c.segment != "__all__"
        and c.metric == metric.name
        and c.sample_size >= SEGMENT_ROWS
        and is_worse(metric, c)
    ]
    if harmed:
        return False, f"{figures}, but worse for {', '.join(harmed)}"
    return True, figures


def promote_candidate(warehouse: Warehouse, training_run_id: str, *, now: datetime) -> Run:
    """End a run: the winner serves, waits for `approve` (`promotion: manual`), or is rejected. Called again:
    the same end.

    The champion is replaced only if it is still the one that the run set out to beat.

    Returns:
        The run, `promoted` or `kept`, with its reason.

    Raises:
        RetrainingError: The run has no evaluation, or failed.
    """
    run = load_run(warehouse, training_run_id)
    if run.status in ("promoted", "kept"):
        return run
    now = as_utc(now)
    with recorded_step(warehouse, run, "promote", now=now):
        spec = load_spec(warehouse, run.monitor)
        evaluation = load_evaluation(warehouse, run)
        if evaluation is None:
            raise RetrainingError(f"run {training_run_id} has no evaluation: evaluate_candidate comes first")
        won, reason = judge(evaluation, spec.task)
        status: Literal["promoted", "kept"] = "kept"
        with warehouse.transaction(exclusive="model_versions") as session:
            versions = versions_of(warehouse, run.monitor, session)
            serving = _in_stage(versions, "champion")
            if not won:
                _set_stage(warehouse, session, versions[run.candidate_version], "rejected", now)
            elif serving is None or serving.model_version != run.champion_version:
                found = f"'{serving.model_version}'" if serving else "none"
                reason = f"{reason}, but the champion is no longer '{run.champion_version}': it is {found}"
                _set_stage(warehouse, session, versions[run.candidate_version], "rejected", now)
            elif spec.policy.promotion == "manual":
                reason = f"{reason}; waits for approval (promotion: manual)"
            else:
                status = "promoted"
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
    return load_run(warehouse, training_run_id)


def approve(
    warehouse: Warehouse, monitor: str, version: str, *, now: datetime, reason: str, actor: str
) -> ModelVersion:
    """Let a challenger that won under `promotion: manual` serve.

    Raises:
        RetrainingError: Not a waiting challenger, or the champion that it beat no longer serves.
        ArtifactError: Its artefact is missing or not the recorded one.
    """
    with warehouse.transaction(exclusive="model_versions") as session:
        versions = versions_of(warehouse, monitor, session)
        waiting = [
            v.model_version for v in versions.values() if v.stage == "challenger" and v.training_run_id
        ]
        if version not in waiting:
            raise RetrainingError(
                f"monitor '{monitor}': '{version}' is no challenger. "
                f"Allowed: {', '.join(waiting) or 'none waits'}."
            )
        run_id = versions[version].training_run_id
        beaten = session.query(
            f"select champion_version, status from {warehouse.table('training_runs')} "
            f"where training_run_id = :id",
            {"id": run_id},
        )
        serving = _in_stage(versions, "champion")
        if not beaten or beaten[0]["status"] != "kept":
            raise RetrainingError(
                f"monitor '{monitor}': the run of '{version}' has not ended, wait for its evaluation"
            )
        if serving is None or serving.model_version != beaten[0]["champion_version"]:
            raise RetrainingError(
                f"monitor '{monitor}': '{version}' was compared with '{beaten[0]['champion_version']}', but "
                f"'{serving.model_version if serving else None}' serves now: retrain instead"
            )
        _check_artifact(versions[version])
        _serve(warehouse, session, versions, version, "promote", reason, actor, as_utc(now), run_id)
        return versions_of(warehouse, monitor, session)[version]


def register_version(
    warehouse: Warehouse,
    monitor: str,
    version: str,
    *,
    now: datetime,
    stage: Literal["champion", "challenger", "previous", "retired"] = "champion",
    artifact_uri: str | None = None,
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
        reason: Words for the deployment's row.
        actor: Who released it.

    Raises:
        RetrainingError: Unknown monitor, or the version is known in another stage.
        ArtifactError: No such file.
    """
    load_spec(warehouse, monitor)
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
        )
        session.insert("model_versions", [asdict(row)])
        if stage == "champion":
            _serve(
                warehouse, session, versions | {version: row}, version, "register", reason, actor, now, None
            )
        return versions_of(warehouse, monitor, session)[version]


def rollback(
    warehouse: Warehouse,
    monitor: str,
    *,
    now: datetime,
    to_version: str | None = None,
    reason: str,
    actor: str,
) -> RollbackResult:
    """Let a version serve again that served before, by default the previous one. The champion becomes the
    previous one, so a second rollback undoes the first.

    Raises:
        RetrainingError: No champion, nothing to go back to, or a version that never served.
        ArtifactError: Its artefact is missing or not the recorded one. Nothing is changed then.
    """
    with warehouse.transaction(exclusive="model_versions") as session:
        versions = versions_of(warehouse, monitor, session)
        serving = _in_stage(versions, "champion")
        if serving is None:
            raise RetrainingError(f"monitor '{monitor}' has no champion to roll back")
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
            warehouse, session, versions, target, "rollback", reason, actor, as_utc(now), None
        )
    return RollbackResult(monitor, target, serving.model_version, deployment_id, reason)


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
    """Make `version` the champion and write the deployment's row. The caller holds `model_versions`."""
    target, serving, previous = (
        versions[version],
        _in_stage(versions, "champion"),
        _in_stage(versions, "previous"),
    )
    if previous and previous is not target:
        _set_stage(warehouse, session, previous, "retired", now)
    if serving:
        _set_stage(warehouse, session, serving, "previous", now)
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
