"""The model registry beside the warehouse: versions go in, aliases follow. The warehouse stays the truth.

A registry that is down never changes who is champion. Before a promotion it stops the run, which waits to be resumed; after
one the aliases are behind, people are told, and the next call brings them up to date.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ml_monitor.retraining.errors import RegistryError, RetrainingError
from ml_monitor.retraining.evaluation import Evaluation, load_evaluation
from ml_monitor.retraining.events import ALL, open_events, raise_event, resolve_events
from ml_monitor.retraining.ledger import (
    ModelVersion,
    load_run,
    recorded_step,
    short_hash,
    snapshot_of,
    update,
    versions_of,
)
from ml_monitor.retraining.spec import MonitorSpec, load_spec
from ml_monitor.retraining.training import artifact_of
from ml_monitor.retraining.user_code import METHODS
from ml_monitor.retraining.verdict import judge
from ml_monitor.warehouse import Warehouse

logger = logging.getLogger(__name__)

ALIASES = ("champion", "challenger", "previous")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Publication:
    """A version as a registry gets it, in plain values."""

    training_run_id: str
    model_version: str
    artifact: Path
    method: str
    """Method of the model that predicts."""
    code: tuple[Path, ...]
    """Modules of the project that the model is made of."""
    requirements: tuple[str, ...]
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    reports: tuple[Path, ...]


class Registry(Protocol):
    """Where versions of a model can be found by others."""

    def log(self, name: str, publication: Publication) -> str:
        """Keep the run with its parameters, metrics, tags and reports, once. Returns its id there."""
        ...

    def publish(self, name: str, publication: Publication, run_id: str) -> str:
        """Keep the model as a version of `name`, once for each training run. Returns its version there."""
        ...

    def point(self, name: str, aliases: Mapping[str, str | None]) -> None:
        """Let the aliases point to these versions; None removes one."""
        ...


def registry_of(spec: MonitorSpec) -> Registry | None:
    """The registry of a monitor, if it has one.

    Raises:
        RegistryError: Its client is not installed.
    """
    if spec.policy.registry is None:
        return None
    from ml_monitor.retraining.mlflow_registry import MlflowRegistry

    return MlflowRegistry()


def publish_candidate(warehouse: Warehouse, training_run_id: str, *, now: datetime, project_dir: Path) -> str | None:
    """Put the run into the monitor's registry, and its candidate too if it has won. Called again: the same version.

    Returns:
        The version in the registry; None without a registry or for a candidate that has lost.

    Raises:
        RegistryUnreachable: It does not answer. The run stays `running`, with the reason, to be resumed.
        RegistryError: It refuses. The run has failed then.
        RetrainingError: The run has no evaluation.
    """
    run = load_run(warehouse, training_run_id)
    spec = load_spec(warehouse, run.monitor)
    if run.status != "running" or (spec.policy.registry is None and spec.policy.tracking is None):
        known = versions_of(warehouse, run.monitor).get(run.candidate_version)
        return known.registry_version if known else None
    with recorded_step(warehouse, run, "publish", now=now):
        evaluation = load_evaluation(warehouse, run)
        candidate = versions_of(warehouse, run.monitor).get(run.candidate_version)
        if evaluation is None or candidate is None:
            raise RetrainingError(f"run {training_run_id} has no evaluation: evaluate_candidate comes first")
        publication = _publication(warehouse, spec, training_run_id, candidate, evaluation, project_dir)
        if spec.policy.tracking == "wandb":
            _track(spec, publication)
        registry = registry_of(spec)
        if registry is None or candidate.registry_version:
            return candidate.registry_version
        name = registered_name(spec)
        run_id = registry.log(name, publication)
        won, _ = judge(
            evaluation.comparisons, spec, champion=evaluation.champion_version, challenger=evaluation.challenger_version
        )
        if not won:
            return None
        version = registry.publish(name, publication, run_id)
        keys = {"monitor": run.monitor, "model_version": run.candidate_version}
        update(warehouse, "model_versions", keys, {"registry_version": version})
        return version


def mirror(warehouse: Warehouse, spec: MonitorSpec, *, now: datetime) -> bool:
    """Bring the aliases of the monitor's registry up to date with the warehouse.

    Returns:
        Whether they are. If not, people have been told, and the next call tries again.
    """
    if spec.retraining is None or spec.policy.registry is None:
        return True
    versions = list(versions_of(warehouse, spec.name).values())
    # The newest of a stage: there is one champion and one previous, and challengers may wait together.
    wanted = {
        alias: next((v.registry_version for v in reversed(versions) if v.stage == alias and v.registry_version), None)
        for alias in ALIASES
    }
    if not any(version.registry_version for version in versions):
        return True
    try:
        registry = registry_of(spec)
        if registry:
            registry.point(registered_name(spec), wanted)
    except RegistryError as error:
        logger.warning("aliases of monitor %s are behind: %s", spec.name, error)
        state = json.dumps(wanted, sort_keys=True)
        with warehouse.transaction(exclusive="alert_events") as session:
            if open_events(session, warehouse, spec.name, "model_registry"):
                return False
            raise_event(
                session,
                warehouse,
                monitor=spec.name,
                metric="model_registry",
                model_version=ALL,
                key=f"{spec.name}|{now.isoformat()}",
                reason=f"the aliases of model '{registered_name(spec)}' may be behind, wanted {state}: {error}",
                started_at=now,
                now=now,
            )
        return False
    with warehouse.transaction(exclusive="alert_events") as session:
        words = f"the aliases of model '{registered_name(spec)}' are up to date again"
        resolve_events(session, warehouse, spec.name, "model_registry", reason=words, now=now)
    return True


def registered_name(spec: MonitorSpec) -> str:
    """Name of the registered model."""
    return spec.policy.registry_name or spec.name


def _publication(
    warehouse: Warehouse,
    spec: MonitorSpec,
    training_run_id: str,
    candidate: ModelVersion,
    evaluation: Evaluation,
    project_dir: Path,
) -> Publication:
    run = load_run(warehouse, training_run_id)
    snapshot = snapshot_of(warehouse, training_run_id)
    if snapshot is None:
        raise RetrainingError(f"run {training_run_id} has no dataset: take_snapshot comes first")
    packages = json.loads(snapshot.environment or "{}").get("packages", {})
    page = Path(run.report_location) if run.report_location else None
    metrics: dict[str, float] = {}
    for one in evaluation.comparisons:
        place = "" if one.segment == "__all__" else f".{one.segment}.{one.segment_value}"
        for part, value in (("", one.challenger_value), (".champion", one.champion_value), (".difference", one.difference)):
            if value is not None:
                metrics[_safe(f"{one.metric}{place}{part}")] = value
    return Publication(
        training_run_id=training_run_id,
        model_version=candidate.model_version,
        artifact=artifact_of(candidate),
        method=METHODS[spec.task],
        code=_code(spec.policy.trainer, project_dir),
        requirements=tuple(
            f"{name}=={packages[name]}" for name in ("joblib", "numpy", "pandas", "scikit-learn") if name in packages
        ),
        parameters=json.loads(candidate.hyperparameters or "{}"),
        metrics=metrics,
        tags={
            "ml_monitor.monitor": spec.name,
            "ml_monitor.model_version": candidate.model_version,
            "ml_monitor.training_run": training_run_id,
            "ml_monitor.trigger": f"{run.trigger_kind}: {run.trigger_reason}"[:500],
            "ml_monitor.trigger_key": run.trigger_key,
            "ml_monitor.champion": run.champion_version,
            "ml_monitor.dataset_sha256": snapshot.content_sha256,
            "ml_monitor.dataset_rows": str(snapshot.row_count),
            "ml_monitor.label_cutoff": snapshot.label_cutoff.isoformat(),
            "ml_monitor.artifact_sha256": candidate.artifact_sha256 or "",
        },
        reports=tuple(path for path in (page, page.with_suffix(".json")) if path.is_file()) if page else (),
    )


def _code(trainer: str, project_dir: Path) -> tuple[Path, ...]:
    """The module or package of the project that the trainer comes from; none if it is installed."""
    top = trainer.partition(":")[0].partition(".")[0]
    return tuple(path for path in (project_dir / f"{top}.py", project_dir / top / "__init__.py") if path.is_file())[:1]


def _track(spec: MonitorSpec, publication: Publication) -> None:
    """A tracker that fails costs its own rows, never a promotion."""
    from ml_monitor.retraining.wandb_tracking import track

    try:
        track(registered_name(spec), publication)
    except RegistryError:
        raise
    except Exception:
        logger.exception("run %s was not logged to Weights & Biases", publication.training_run_id)


def _safe(name: str) -> str:
    """A metric's name as registries allow it; a changed one ends with a hash, so that no two become one."""
    safe = "".join(character if character.isalnum() or character in "_-. " else "_" for character in name)[:_LONGEST_NAME]
    return safe if safe == name else f"{safe}-{short_hash(name)}"
