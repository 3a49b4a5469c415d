"""Run the user's training function and keep what it returns."""

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

import joblib
import numpy as np
import pandas as pd

from ml_monitor.retraining.artifacts import file_sha256, run_directory, verify, written_whole
from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.errors import ArtifactError, RetrainingError, TrainerError
from ml_monitor.retraining.gate import gate_result_of
from ml_monitor.retraining.ledger import (
    ModelVersion,
    load_run,
    recorded_step,
    snapshot_of,
    update,
    versions_of,
)
from ml_monitor.retraining.snapshots import TRAIN, load_snapshot
from ml_monitor.retraining.spec import MonitorSpec, Task, load_spec
from ml_monitor.warehouse import Warehouse

Scores = np.ndarray[tuple[int], np.dtype[np.float64]]


class BinaryModel(Protocol):
    """What a trainer returns for `task: binary`."""

    def predict_score(self, frame: pd.DataFrame) -> Scores:
        """Probability of the positive class, one per row."""
        ...


class RegressionModel(Protocol):
    """What a trainer returns for `task: regression`."""

    def predict(self, frame: pd.DataFrame) -> Scores:
        """Predicted value, one per row."""
        ...


Model = BinaryModel | RegressionModel
Trainer = Callable[[pd.DataFrame, dict[str, str], str], Model]
"""`train(frame, features, label)`: `features` maps name to `numeric` (float, NaN if missing) or
`categorical` (text, None if missing); `label` is the name of the label's column (float). `prediction_id` and
`predicted_at` are there too."""

_METHODS: dict[Task, str] = {"binary": "predict_score", "regression": "predict"}


def train_candidate(
    warehouse: Warehouse,
    training_run_id: str,
    *,
    now: datetime,
    project_dir: Path,
    artifacts_dir: Path | None = None,
) -> ModelVersion:
    """Train on the snapshot's training rows and store the model as a challenger. Called again: the same
    version.

    Raises:
        TrainerError: The function is not there, raised, or returned something else than a model.
        ArtifactError: The dataset is not the recorded one.
        RetrainingError: The run has no snapshot, or has ended.
    """
    run = load_run(warehouse, training_run_id)
    earlier = versions_of(warehouse, run.monitor).get(run.candidate_version)
    if earlier and _is_intact(earlier):
        return earlier
    with recorded_step(warehouse, run, "train", now=now):
        spec = load_spec(warehouse, run.monitor)
        snapshot = snapshot_of(warehouse, training_run_id)
        if snapshot is None:
            raise RetrainingError(f"run {training_run_id} has no dataset: take_snapshot comes first")
        if spec.policy.gate:
            gate = gate_result_of(warehouse, training_run_id)
            if gate is None or not gate.passed:
                raise RetrainingError(f"run {training_run_id} has not passed its gate: check_gate comes first")
        frame = load_snapshot(snapshot)
        with importable(project_dir):
            model = _train(spec, frame[frame["split"] == TRAIN].reset_index(drop=True), project_dir)
            path = (
                run_directory(project_dir, artifacts_dir, run.monitor, run.candidate_version) / "model.joblib"
            )
            with written_whole(path) as draft:
                _dump(model, draft, spec.policy.trainer)
        version = ModelVersion(
            monitor=run.monitor,
            model_version=run.candidate_version,
            stage="challenger",
            artifact_uri=str(path),
            artifact_sha256=file_sha256(path),
            training_run_id=training_run_id,
            trainer=spec.policy.trainer,
            validation_metrics=None,
            created_at=as_utc(now),
            updated_at=as_utc(now),
        )
        if earlier:
            keys = {"monitor": version.monitor, "model_version": version.model_version}
            changes = {"artifact_sha256": version.artifact_sha256, "updated_at": version.updated_at}
            update(warehouse, "model_versions", keys, changes)
        else:
            warehouse.insert("model_versions", [asdict(version)])
        return version


def load_model(warehouse: Warehouse, monitor: str, version: str, *, project_dir: Path | None = None) -> Model:
    """The stored model of a version, checked against its recorded hash before it is unpickled.

    Args:
        warehouse: Where the package tables are.
        monitor: Name of the monitor.
        version: Name of the version.
        project_dir: The dbt project, if the model is made of the user's own classes.

    Raises:
        RetrainingError: Unknown version.
        ArtifactError: No artefact, or not the recorded one.
    """
    versions = versions_of(warehouse, monitor)
    if version not in versions:
        raise RetrainingError(
            f"monitor '{monitor}' has no version '{version}'. Allowed: {', '.join(versions) or 'none'}."
        )
    return open_model(versions[version], project_dir)


def open_model(version: ModelVersion, project_dir: Path | None = None) -> Model:
    """The model of a version row; see `load_model`."""
    what = f"version '{version.model_version}' of monitor '{version.monitor}'"
    if version.artifact_uri is None:
        raise ArtifactError(f"{what} was released from outside and has no artefact here")
    path = Path(version.artifact_uri)
    verify(path, version.artifact_sha256, what)
    with importable(project_dir):
        return cast(Model, joblib.load(path))


def predict(model: Model, task: Task, frame: pd.DataFrame, who: str) -> Scores:
    """The model's output for every row, checked: one finite number per row, in [0, 1] for a binary model.

    Args:
        model: From a trainer.
        task: Of the monitor.
        frame: Rows with the features; label and bookkeeping are withheld by `features_of`.
        who: The model, for messages.

    Raises:
        TrainerError: It raised, or the output is not usable.
    """
    method = _METHODS[task]
    with _user_code(f"{method} of {who}"):
        output = np.asarray(getattr(model, method)(frame), dtype="float64")
    if output.shape != (len(frame),):
        raise TrainerError(
            f"{method} of {who} returned shape {output.shape} for {len(frame)} rows, allowed: ({len(frame)},)"
        )
    broken = int((~np.isfinite(output)).sum())
    if broken:
        raise TrainerError(f"{method} of {who} returned NaN or infinity for {broken} of {len(frame)} rows")
    if task == "binary" and (output.min() < 0 or output.max() > 1):
        raise TrainerError(
            f"{method} of {who} returned scores from {output.min():g} to {output.max():g}, allowed: 0 to 1"
        )
    return cast(Scores, output)


def features_of(frame: pd.DataFrame, spec: MonitorSpec) -> pd.DataFrame:
    """The columns that a model may see when it predicts."""
    return frame[["prediction_id", "predicted_at", *spec.features]]


@contextmanager
def importable(project_dir: Path | None) -> Iterator[None]:
    """Let modules of the project directory be imported inside the block."""
    if project_dir is None:
        yield
        return
    place = str(Path(project_dir).resolve())
    sys.path.insert(0, place)
    # A module written since the last import would otherwise not be seen.
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(place)


def _train(spec: MonitorSpec, frame: pd.DataFrame, project_dir: Path) -> Model:
    path = spec.policy.trainer
    module_name, function_name = path.split(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise TrainerError(
            f"trainer '{path}': no module '{error.name}' in {Path(project_dir).resolve()}"
        ) from error
    except Exception as error:
        raise TrainerError(f"trainer '{path}': importing it failed: {_origin(error)}") from error
    function: Trainer | None = getattr(module, function_name, None)
    if not callable(function):
        raise TrainerError(f"trainer '{path}': module {module.__file__} has no function '{function_name}'")
    columns = ["prediction_id", "predicted_at", *spec.features, spec.label]
    with _user_code(f"trainer '{path}'"):
        model = function(frame[columns], dict(spec.features), spec.label)
    if not callable(getattr(model, _METHODS[spec.task], None)):
        raise TrainerError(
            f"trainer '{path}' returned {type(model).__name__} without the method "
            f"{_METHODS[spec.task]}(frame) that `task: {spec.task}` needs"
        )
    return model


def _dump(model: Model, path: Path, trainer: str) -> None:
    try:
        joblib.dump(model, path)
    except Exception as error:
        raise TrainerError(
            f"trainer '{trainer}' returned a {type(model).__name__} that cannot be pickled: {error}. "
            f"Define its class at the top level of a module."
        ) from error


def _is_intact(version: ModelVersion) -> bool:
    if version.artifact_uri is None or not Path(version.artifact_uri).is_file():
        return False
    return file_sha256(Path(version.artifact_uri)) == version.artifact_sha256


@contextmanager
def _user_code(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise TrainerError(f"{what} raised {_origin(error)}") from error


def _origin(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
