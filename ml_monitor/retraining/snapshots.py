"""The point-in-time dataset of a run: what was known when it started, in one Parquet file with a `split`
column."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ml_monitor.retraining.artifacts import run_directory, written_whole
from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.errors import ArtifactError, RetrainingError
from ml_monitor.retraining.ledger import Snapshot, load_run, recorded_step, short_hash, snapshot_of, update
from ml_monitor.retraining.policy import Run
from ml_monitor.retraining.provenance import environment_json
from ml_monitor.retraining.reading import binary_class, number
from ml_monitor.retraining.spec import MonitorSpec, load_spec
from ml_monitor.segments import hashed_segment_value, present, segment_value
from ml_monitor.warehouse import Warehouse

TRAIN, HOLDOUT = "train", "holdout"
RESERVED = ("prediction_id", "predicted_at", "labelled_at", "model_version", "logged_output", "split")
SEGMENT_PREFIX = "__segment__"
_TEXT = "varchar"
_NUMBER = "double precision"


def take_snapshot(
    warehouse: Warehouse,
    training_run_id: str,
    *,
    now: datetime,
    project_dir: Path,
    artifacts_dir: Path | None = None,
) -> Snapshot:
    """Freeze the labelled predictions known when the run started. Called again: the same snapshot.

    The last `holdout_days` of labelled predictions are the holdout, by `predicted_at`; training rows are all
    before them, or the last `train_days`.

    Args:
        warehouse: Where the logs and the package tables are.
        training_run_id: From `start_run`.
        now: Time of recording, UTC. What the snapshot contains depends on the start of the run alone.
        project_dir: The dbt project.
        artifacts_dir: Root of the files; `ML_MONITOR_ARTIFACTS` or `<project_dir>/artifacts` if not given.

    Raises:
        RetrainingError: No labelled rows, an empty side of the split, one class only, or an earlier file of
            this run that the logs no longer reproduce.
    """
    run = load_run(warehouse, training_run_id)
    earlier = snapshot_of(warehouse, training_run_id)
    if earlier and Path(earlier.location).is_file():
        return earlier
    with recorded_step(warehouse, run, "snapshot", now=now):
        spec = load_spec(warehouse, run.monitor)
        query = training_query(warehouse, spec)
        frame = _split(labelled_rows(warehouse, spec, run.started_at), spec, run)
        path = (
            run_directory(project_dir, artifacts_dir, run.monitor, run.candidate_version) / "dataset.parquet"
        )
        snapshot = Snapshot(
            dataset_snapshot_id=f"ds-{short_hash(training_run_id)}",
            training_run_id=training_run_id,
            monitor=run.monitor,
            location=str(path),
            query=f"-- as_of: {run.started_at.isoformat(sep=' ')}\n{query}",
            row_count=len(frame),
            content_sha256=content_sha256(frame),
            label_cutoff=run.started_at,
            feature_list=json.dumps(spec.features),
            created_at=as_utc(now),
            environment=environment_json(project_dir),
            config=spec.declared,
        )
        if earlier and earlier.content_sha256 != snapshot.content_sha256:
            raise RetrainingError(
                f"run {training_run_id}: {earlier.location} is gone and the logs no longer give "
                f"the same rows (sha256 {snapshot.content_sha256}, recorded was {earlier.content_sha256})"
            )
        with written_whole(path) as draft:
            frame.to_parquet(draft, index=False)
        if not earlier:
            with warehouse.transaction() as session:
                session.insert("dataset_snapshots", [asdict(snapshot)])
                taken = {"dataset_snapshot_id": snapshot.dataset_snapshot_id}
                update(warehouse, "training_runs", {"training_run_id": training_run_id}, taken, session)
        return earlier or snapshot


def load_snapshot(snapshot: Snapshot) -> pd.DataFrame:
    """The rows of a snapshot: `prediction_id, predicted_at, labelled_at, model_version, logged_output,
    split`, the label, the features (numbers as float, categories as text) and `__segment__<name>` columns.

    Raises:
        ArtifactError: The file is missing or its rows are not those that were recorded.
    """
    path = Path(snapshot.location)
    if not path.is_file():
        raise ArtifactError(f"dataset of run {snapshot.training_run_id}: no file {path}")
    frame = pd.read_parquet(path)
    found = content_sha256(frame)
    if found != snapshot.content_sha256:
        raise ArtifactError(
            f"dataset of run {snapshot.training_run_id}: the rows of {path} have sha256 {found}, "
            f"recorded was {snapshot.content_sha256}"
        )
    return frame


def labelled_rows(
    warehouse: Warehouse, spec: MonitorSpec, as_of: datetime, *, since: datetime | None = None
) -> pd.DataFrame:
    """The labelled predictions known at a moment, in the form of a snapshot but for its split; of those made `since` a time,
    if one is given."""
    query = training_query(warehouse, spec)
    values = {"as_of": as_of}
    if since is not None:
        query += "\n    and predictions.predicted_at >= :since"
        values["since"] = since
    return _typed(warehouse.frame(query, values), spec)


def content_sha256(frame: pd.DataFrame) -> str:
    """Hash of names and values, whatever the order of the rows. `prediction_id` must be unique."""
    text = frame.sort_values("prediction_id").to_csv(
        index=False, na_rep="\\N", date_format="%Y-%m-%dT%H:%M:%S.%f", lineterminator="\n"
    )
    return hashlib.sha256(text.encode()).hexdigest()


def training_query(warehouse: Warehouse, spec: MonitorSpec) -> str:
    """SQL of the labelled predictions known at `:as_of`: of two labels the later one, which NULL takes back, of two
    log rows the earlier.

    Raises:
        RetrainingError: No feedback log, or a feature with a reserved name.
    """
    if spec.feedback_relation is None:
        raise RetrainingError(f"monitor '{spec.name}' has no `feedback`: there are no labels to train on")
    clashes = sorted({*RESERVED, spec.label} & set(spec.features))
    if clashes:
        raise RetrainingError(
            f"monitor '{spec.name}': feature {', '.join(clashes)} has the name of a column of the "
            f"training data. Not allowed: {', '.join(RESERVED)} and the label."
        )
    q = warehouse.quote
    version = present(q(spec.model_version)) if spec.model_version else "'unversioned'"
    output = number(q(spec.output), warehouse.dialect) if spec.output else f"cast(null as {_NUMBER})"
    label = _label(q(spec.label), spec, warehouse.dialect)
    columns = [
        *(
            f"{number(q(name), warehouse.dialect) if kind == 'numeric' else f'cast({q(name)} as {_TEXT})'} as {q(name)}"
            for name, kind in spec.features.items()
        ),
        *(f"{_segment_value(warehouse, spec, name)} as {q(SEGMENT_PREFIX + name)}" for name in spec.segments),
    ]
    names = [q(name) for name in (*spec.features, *(SEGMENT_PREFIX + name for name in spec.segments))]
    return f"""with

labels as (
    select
        cast({q(spec.prediction_id)} as {_TEXT}) as prediction_id,
        {label} as label,
        {q(spec.labelled_at)} as labelled_at,
        row_number() over (
            partition by {q(spec.prediction_id)}
            order by {q(spec.labelled_at)} desc, case when {q(spec.label)} is null then 1 else 0 end, {q(spec.label)} desc
        ) as recency,
        case when {label} is null then 0 else 1 end as is_label
    from {spec.feedback_relation}
    where {q(spec.labelled_at)} <= :as_of
),

predictions as (
    select
        cast({q(spec.prediction_id)} as {_TEXT}) as prediction_id,
        {q(spec.predicted_at)} as predicted_at,
        {version} as model_version,
        {output} as logged_output,
        {_lines(columns, 8)},
        row_number() over (partition by {q(spec.prediction_id)} order by {q(spec.predicted_at)}) as occurrence
    from {spec.predictions_relation}
    where {q(spec.predicted_at)} < :as_of
)

select
    predictions.prediction_id,
    predictions.predicted_at,
    labels.labelled_at,
    predictions.model_version,
    predictions.logged_output,
    {_lines([f"predictions.{name}" for name in names], 4)},
    labels.label as {q(spec.label)}
from predictions
inner join labels on labels.prediction_id = predictions.prediction_id and labels.recency = 1 and labels.is_label = 1
where predictions.occurrence = 1"""


def _segment_value(warehouse: Warehouse, spec: MonitorSpec, segment: str) -> str:
    """As the profiles name it. What is hashed there is never read in the clear, so no table or page of a run can show it."""
    columns = {name: warehouse.quote(name) for name in spec.segment_columns.get(segment, (segment,))}
    return hashed_segment_value(columns, warehouse.dialect) if spec.hashes_categories else segment_value(columns.values())


def _label(column: str, spec: MonitorSpec, dialect: str) -> str:
    return binary_class(column, spec.positive) if spec.task == "binary" else number(column, dialect)


def _lines(columns: Iterable[str], indent: int) -> str:
    return (",\n" + " " * indent).join(columns)


def _typed(frame: pd.DataFrame, spec: MonitorSpec) -> pd.DataFrame:
    """The same column types from every driver, so that the same rows have the same hash."""
    numbers = [
        spec.label,
        "logged_output",
        *(name for name, kind in spec.features.items() if kind == "numeric"),
    ]
    moments = ["predicted_at", "labelled_at"]
    typed = {}
    for name in frame.columns:
        column = frame[name]
        if name in numbers:
            typed[name] = column.astype("float64")
        elif name in moments:
            typed[name] = pd.to_datetime(column).astype("datetime64[us]")
        else:
            typed[name] = column.astype(object).where(column.notna(), None)
    return pd.DataFrame(typed).sort_values(["predicted_at", "prediction_id"], ignore_index=True)


def _split(frame: pd.DataFrame, spec: MonitorSpec, run: Run) -> pd.DataFrame:
    policy = spec.policy
    known = f"monitor '{spec.name}' as known on {run.started_at:%Y-%m-%d %H:%M}"
    if frame.empty:
        raise RetrainingError(f"{known}: no labelled predictions to train on")
    holdout_start = frame["predicted_at"].max() - pd.Timedelta(days=policy.holdout_days)
    frame["split"] = np.where(frame["predicted_at"] > holdout_start, HOLDOUT, TRAIN)
    if policy.train_days is not None:
        train_start = holdout_start - pd.Timedelta(days=policy.train_days)
        frame = frame[frame["predicted_at"] > train_start].reset_index(drop=True)
    for side in (TRAIN, HOLDOUT):
        labels = frame.loc[frame["split"] == side, spec.label]
        if labels.empty:
            raise RetrainingError(
                f"{known}: no labelled predictions before the {policy.holdout_days:g} days of holdout "
                f"that begin {holdout_start:%Y-%m-%d %H:%M}"
            )
        if spec.task == "binary" and labels.nunique() == 1:
            raise RetrainingError(
                f"{known}: all {len(labels)} labels of the {side} rows are {labels.iloc[0]:g}, "
                f"two classes are needed"
            )
    return frame
