"""Champion and challenger on the rows that neither was trained on."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_monitor.retraining.artifacts import run_directory
from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.comparison import METRICS, Comparison, calibration_table, compare
from ml_monitor.retraining.comparison_report import write_comparison
from ml_monitor.retraining.errors import RetrainingError
from ml_monitor.retraining.ledger import (
    ModelVersion,
    load_run,
    recorded_step,
    short_hash,
    snapshot_of,
    update,
    versions_of,
)
from ml_monitor.retraining.policy import Run
from ml_monitor.retraining.snapshots import HOLDOUT, SEGMENT_PREFIX, load_snapshot
from ml_monitor.retraining.spec import MonitorSpec, load_spec
from ml_monitor.retraining.training import scores_of
from ml_monitor.retraining.user_code import Scores
from ml_monitor.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All comparisons of a run."""

    training_run_id: str
    champion_version: str
    challenger_version: str
    comparisons: tuple[Comparison, ...]

    def overall(self, metric: str) -> Comparison:
        """The comparison of a metric over all held-out rows."""
        return next(c for c in self.comparisons if c.segment == "__all__" and c.metric == metric)

    def summary(self) -> dict[str, dict[str, float | int | None]]:
        """Overall figures by metric, ready for JSON."""
        return {
            c.metric: {
                "champion": c.champion_value,
                "challenger": c.challenger_value,
                "difference": c.difference,
                "lower_bound": c.lower_bound,
                "upper_bound": c.upper_bound,
                "p_value": c.p_value,
                "sample_size": c.sample_size,
            }
            for c in self.comparisons
            if c.segment == "__all__"
        }


def evaluate_candidate(
    warehouse: Warehouse, training_run_id: str, *, now: datetime, project_dir: Path, artifacts_dir: Path | None = None
) -> Evaluation:
    """Compare the run's candidate with its champion on the held-out rows, overall and by declared segment, and write the
    report, `evaluation.html` and `evaluation.json`, beside the model.

    The champion is judged by what it logged. Rows that another version served are scored with the champion's
    artefact, and left out for both if it has none. Called again: the recorded evaluation.

    Raises:
        TrainerError: The candidate cannot score the held-out rows.
        ArtifactError: A stored file is not the recorded one.
        RetrainingError: An earlier step is missing, or the champion has no output for any held-out row.
    """
    run = load_run(warehouse, training_run_id)
    earlier = load_evaluation(warehouse, run)
    if earlier:
        return earlier
    with recorded_step(warehouse, run, "evaluate", now=now):
        spec = load_spec(warehouse, run.monitor)
        snapshot = snapshot_of(warehouse, training_run_id)
        versions = versions_of(warehouse, run.monitor)
        candidate, champion = versions.get(run.candidate_version), versions.get(run.champion_version)
        if snapshot is None or candidate is None or champion is None:
            raise RetrainingError(f"run {training_run_id}: take_snapshot and train_candidate come first")
        frame = load_snapshot(snapshot)
        holdout = frame[frame["split"] == HOLDOUT].reset_index(drop=True)
        logged = _champion_outputs(spec, champion, holdout, project_dir)
        paired = ~np.isnan(logged)
        if not paired.any():
            raise RetrainingError(
                f"monitor '{run.monitor}': champion '{champion.model_version}' logged no output for any "
                f"of the {len(holdout)} held-out rows and has no artefact to score them with"
            )
        rows = holdout[paired].reset_index(drop=True)
        scores = scores_of(candidate, spec, rows, project_dir)
        evaluation = Evaluation(
            training_run_id,
            run.champion_version,
            run.candidate_version,
            _compare_all(spec, rows, logged[paired], scores),
        )
        directory = run_directory(project_dir, artifacts_dir, run.monitor, run.candidate_version)
        label = rows[spec.label].to_numpy(dtype="float64")
        curves = {}
        if spec.task == "binary":
            both = {run.champion_version: logged[paired], run.candidate_version: scores}
            curves = {version: calibration_table(label, output) for version, output in both.items()}
        report = write_comparison(directory, spec, run, candidate, snapshot, evaluation.comparisons, curves)
        _record(warehouse, spec, run, snapshot.dataset_snapshot_id, evaluation, as_utc(now), report)
        return evaluation


def load_evaluation(warehouse: Warehouse, run: Run) -> Evaluation | None:
    """The recorded evaluation of a run, if there is one."""
    rows = warehouse.query(
        "select segment, segment_value, metric, sample_size, champion_value, challenger_value, difference, "
        f"lower_bound, upper_bound, p_value from {warehouse.table('evaluations')} where training_run_id = :id",
        {"id": run.training_run_id},
    )
    if not rows:
        return None
    comparisons = _in_order([Comparison(**row) for row in rows])
    return Evaluation(run.training_run_id, run.champion_version, run.candidate_version, comparisons)


def _champion_outputs(
    spec: MonitorSpec, champion: ModelVersion, rows: pd.DataFrame, project_dir: Path
) -> Scores:
    own = (rows["model_version"] == champion.model_version).to_numpy()
    outputs: Scores = np.where(own, rows["logged_output"].to_numpy(dtype="float64"), np.nan)
    if champion.artifact_uri is None or own.all():
        return outputs
    outputs[~own] = scores_of(champion, spec, rows[~own].reset_index(drop=True), project_dir)
    return outputs


def _compare_all(
    spec: MonitorSpec, rows: pd.DataFrame, champion: Scores, challenger: Scores
) -> tuple[Comparison, ...]:
    label = rows[spec.label].to_numpy(dtype="float64")
    comparisons = compare(spec.task, label, champion, challenger)
    for segment in spec.segments:
        for value, places in _slices(rows[SEGMENT_PREFIX + segment], spec.minimum_cell):
            comparisons += compare(spec.task, label[places], champion[places], challenger[places], segment, value)
    return _in_order(comparisons)


def _slices(values: pd.Series, minimum: int) -> list[tuple[str, npt.NDArray[np.intp]]]:
    """Places of the rows of each value. Values of fewer rows than `minimum` are one, and none if they are too few together."""
    found = {str(value): places for value, places in values.groupby(values).indices.items()}
    slices = {value: places for value, places in found.items() if len(places) >= minimum}
    rare = [places for value, places in found.items() if value not in slices]
    others = np.sort(np.concatenate(rare)) if rare else np.array([], dtype=np.intp)
    if len(others) >= minimum:
        slices["__other__"] = others
    return sorted(slices.items())


def _in_order(comparisons: list[Comparison]) -> tuple[Comparison, ...]:
    return tuple(sorted(comparisons, key=lambda c: (c.segment, c.segment_value, c.metric)))


def _evaluation_id(run: Run, c: Comparison) -> str:
    return f"ev-{short_hash(run.training_run_id, c.segment, c.segment_value, c.metric)}"


def _record(
    warehouse: Warehouse,
    spec: MonitorSpec,
    run: Run,
    dataset_snapshot_id: str,
    evaluation: Evaluation,
    now: datetime,
    report: Path,
) -> None:
    overall = {metric.name: evaluation.overall(metric.name).challenger_value for metric in METRICS[spec.task]}
    deciding = METRICS[spec.task][0].name
    with warehouse.transaction(exclusive="evaluations") as session:
        found = f"select 1 as found from {warehouse.table('evaluations')} where training_run_id = :id limit 1"
        if session.query(found, {"id": run.training_run_id}):
            return
        session.insert(
            "evaluations",
            [
                {
                    "evaluation_id": _evaluation_id(run, c),
                    "training_run_id": run.training_run_id,
                    "monitor": run.monitor,
                    "dataset_snapshot_id": dataset_snapshot_id,
                    "champion_version": evaluation.champion_version,
                    "challenger_version": evaluation.challenger_version,
                    "created_at": now,
                    **asdict(c),
                }
                for c in evaluation.comparisons
            ],
        )
        update(warehouse, "training_runs", {"training_run_id": run.training_run_id}, {"report_location": str(report)}, session)
        candidate = {"monitor": run.monitor, "model_version": run.candidate_version}
        measured = {
            "validation_metrics": json.dumps(overall),
            "validation_metric": deciding,
            "validation_value": overall[deciding],
            "updated_at": now,
        }
        update(warehouse, "model_versions", candidate, measured, session)
        # A champion from outside has promised nothing yet: what it achieves here is what it is held to.
        promised = {"validation_metric": deciding, "validation_value": evaluation.overall(deciding).champion_value}
        known = versions_of(warehouse, run.monitor, session).get(run.champion_version)
        if known and known.validation_value is None:
            keys = {"monitor": run.monitor, "model_version": run.champion_version}
            update(warehouse, "model_versions", keys, promised, session)
