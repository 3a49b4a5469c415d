"""Run the user's training function and keep what it returns; score rows with what was kept."""

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import cast

import joblib
import numpy as np
import pandas as pd

from ml_monitor.retraining import isolation
from ml_monitor.retraining.artifacts import file_sha256, run_directory, verify, written_whole
from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.errors import ArtifactError, RetrainingError
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
from ml_monitor.retraining.spec import MonitorSpec, load_spec
from ml_monitor.retraining.user_code import Model, Scores, importable, predict_with_file, train_to_file
from ml_monitor.warehouse import Warehouse

Progress = Callable[[str], None]


def train_candidate(
    warehouse: Warehouse,
    training_run_id: str,
    *,
    now: datetime,
    project_dir: Path,
    artifacts_dir: Path | None = None,
    progress: Progress | None = None,
) -> ModelVersion:
    """Train on the snapshot's training rows and store the model as a challenger. Called again: the same
    version.

    Args:
        warehouse: Where the package tables are.
        training_run_id: From `start_run`.
        now: Time of recording, UTC.
        project_dir: The dbt project; the trainer is imported from it.
        artifacts_dir: See `take_snapshot`.
        progress: Gets each line that the trainer prints, if it runs in a process of its own.

    Raises:
        TrainerError: The function is not there, raised, did not end in time, or returned something else than a model.
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
        rows = frame[frame["split"] == TRAIN].reset_index(drop=True)
        directory = run_directory(project_dir, artifacts_dir, run.monitor, run.candidate_version)
        path = directory / "model.joblib"
        with written_whole(path) as draft:
            hyperparameters = _train(spec, rows, project_dir, draft, progress)
            sha256 = file_sha256(draft)
        version = ModelVersion(
            monitor=run.monitor,
            model_version=run.candidate_version,
            stage="challenger",
            artifact_uri=str(path),
            artifact_sha256=sha256,
            training_run_id=training_run_id,
            trainer=spec.policy.trainer,
            validation_metrics=None,
            created_at=as_utc(now),
            updated_at=as_utc(now),
            hyperparameters=hyperparameters,
        )
        keys = {"monitor": version.monitor, "model_version": version.model_version}
        with warehouse.transaction(exclusive="model_versions") as session:
            if run.candidate_version in versions_of(warehouse, run.monitor, session):
                changes = {"artifact_sha256": sha256, "hyperparameters": hyperparameters, "updated_at": version.updated_at}
                update(warehouse, "model_versions", keys, changes, session)
            else:
                session.insert("model_versions", [asdict(version)])
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
    path = artifact_of(version)
    with importable(project_dir):
        return cast(Model, joblib.load(path))


def artifact_of(version: ModelVersion) -> Path:
    """The file of a version, checked against its recorded hash.

    Raises:
        ArtifactError: There is none, or it is not the recorded one.
    """
    what = f"version '{version.model_version}' of monitor '{version.monitor}'"
    if version.artifact_uri is None:
        raise ArtifactError(f"{what} was released from outside and has no artefact here")
    path = Path(version.artifact_uri)
    verify(path, version.artifact_sha256, what)
    return path


def scores_of(version: ModelVersion, spec: MonitorSpec, rows: pd.DataFrame, project_dir: Path | None) -> Scores:
    """The output of a stored version for rows, checked: one finite number per row, in [0, 1] for a binary model.

    Raises:
        TrainerError: It raised, did not end in time, or the output is not usable.
        ArtifactError: No artefact, or not the recorded one.
    """
    path = artifact_of(version)
    who = f"'{version.model_version}'"
    frame = features_of(rows, spec)
    limit = spec.policy.time_limit_minutes
    if limit is None:
        return predict_with_file(path, spec.task, frame, who, project_dir)
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        frame.to_parquet(directory / "rows.parquet", index=False)
        job = {
            "artifact": str(path),
            "task": spec.task,
            "frame": str(directory / "rows.parquet"),
            "who": who,
            "project_dir": str(Path(project_dir).resolve()) if project_dir else None,
            "target": str(directory / "scores.npy"),
        }
        isolation.call("predict", job, limit_minutes=limit, directory=directory, what=f"scoring with {who}")
        return cast(Scores, np.load(directory / "scores.npy"))


def features_of(frame: pd.DataFrame, spec: MonitorSpec) -> pd.DataFrame:
    """The columns that a model may see when it predicts."""
    return frame[["prediction_id", "predicted_at", *spec.features]]


def _train(spec: MonitorSpec, rows: pd.DataFrame, project_dir: Path, target: Path, tell: Progress | None) -> str | None:
    policy = spec.policy
    frame = rows[["prediction_id", "predicted_at", *spec.features, spec.label]]
    features: dict[str, str] = dict(spec.features)
    if policy.time_limit_minutes is None:
        with importable(project_dir):
            return train_to_file(policy.trainer, spec.task, frame, features, spec.label, policy.parameters, project_dir, target)
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        frame.to_parquet(directory / "rows.parquet", index=False)
        job = {
            "trainer": policy.trainer,
            "task": spec.task,
            "frame": str(directory / "rows.parquet"),
            "features": features,
            "label": spec.label,
            "parameters": policy.parameters,
            "project_dir": str(Path(project_dir).resolve()),
            "target": str(target),
        }
        what = f"trainer '{policy.trainer}'"
        done = isolation.call("train", job, limit_minutes=policy.time_limit_minutes, directory=directory, what=what, tell=tell)
    told: str | None = done["hyperparameters"]
    return told


def _is_intact(version: ModelVersion) -> bool:
    if version.artifact_uri is None or not Path(version.artifact_uri).is_file():
        return False
    return file_sha256(Path(version.artifact_uri)) == version.artifact_sha256
