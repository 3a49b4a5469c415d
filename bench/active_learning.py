"""How many labels the review queue saves: `python -m bench.active_learning [REPETITIONS]`.

Handwritten digits (UCI, 1,797 scans, in scikit-learn): is it an eight? Each day the pool without a label is scored by the latest
model and logged, dbt fills the day's queue, the queued rows get their true label, and the model is trained again. Beside it the
same number of labels is drawn at random. Both are tested on the same scans, which are in neither pool.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from tests.project import Project

FIRST, PER_DAY, DAYS, TESTED = 60, 40, 10, 700
_START = pd.Timestamp("2026-01-01")
_MONITOR = {
    "predictions": "raw.predictions",
    "labels": {"sources": {"reviewers": {"relation": "raw.answers"}}},
    "review": {"budget": PER_DAY, "windows": 1},
    "reference": {"relation": "raw.reference"},
    "features": {"ink": "numeric"},
    "rolling": [],
}

Rows = NDArray[np.int64]
Ask = Callable[[int, Rows, NDArray[np.float64]], Rows]
"""Day, rows without a label and their scores, to the rows that get one."""


@dataclass(frozen=True)
class Figures:
    """Mean test AUC by number of labels."""

    labels: list[int]
    queued: list[float]
    at_random: list[float]

    @property
    def share(self) -> float:
        """Labels with which the queue reaches what random labelling has in the end, as a share of those."""
        enough = [n for n, auc in zip(self.labels, self.queued, strict=True) if auc >= self.at_random[-1]]
        return min(enough, default=self.labels[-1] + 1) / self.labels[-1]


def compare(repetitions: int) -> Figures:
    """Learn as often, from other first labels and with other scans for the test each time."""
    queued, at_random = [], []
    for seed in range(repetitions):
        with tempfile.TemporaryDirectory() as directory:
            queued.append(_learn(seed, _Queue(Path(directory) / "project").ask))
        chance = np.random.default_rng(seed)
        at_random.append(_learn(seed, lambda _, rows, __, chance=chance: chance.choice(rows, PER_DAY, replace=False)))  # type: ignore[misc]
        print(f"{seed + 1} of {repetitions}: {queued[-1][-1]:.4f} queued, {at_random[-1][-1]:.4f} at random", flush=True)
    labels = [FIRST + PER_DAY * day for day in range(DAYS + 1)]
    return Figures(labels, *(np.mean(curves, axis=0).round(4).tolist() for curves in (queued, at_random)))


def _learn(seed: int, ask: Ask) -> list[float]:
    scans, digits = load_digits(return_X_y=True)
    eight, order = (digits == 8).astype(int), np.random.default_rng(seed).permutation(len(digits))
    test, labelled, rest = order[:TESTED], order[TESTED : TESTED + FIRST], order[TESTED + FIRST :]
    curve = []
    for day in range(DAYS + 1):
        model = RandomForestClassifier(100, random_state=0).fit(scans[labelled], eight[labelled])
        curve.append(float(roc_auc_score(eight[test], model.predict_proba(scans[test])[:, 1])))
        if day < DAYS:
            chosen = ask(day, rest, model.predict_proba(scans[rest])[:, 1])
            labelled, rest = np.append(labelled, chosen), np.setdiff1d(rest, chosen)
    return curve


class _Queue:
    """The product's queue, in a project and warehouse of its own."""

    def __init__(self, directory: Path) -> None:
        nothing = pd.DataFrame({"prediction_id": ["none"], "label": [0.0], "labelled_at": [_START]})
        logs = {"predictions": self._log(-1, np.arange(200), np.full(200, 0.1)), "answers": nothing}
        self._project = Project(directory, {"digit": _MONITOR}, logs=logs | {"reference": logs["predictions"]}, now=str(_START))
        _succeed(self._project, "+ml_monitor__review_queue", _START)

    def ask(self, day: int, rows: Rows, scores: NDArray[np.float64]) -> Rows:
        """Log the pool as that day's predictions, and take what is queued the next morning."""
        self._project.load("predictions", self._log(day, rows, scores))
        _succeed(self._project, "digit__labels digit__review_queue", _START + pd.Timedelta(days=day + 1, hours=1))
        queued = self._project.frame(
            f"select prediction_id from main_ml_monitor.digit__review_queue where prediction_id like '%:{day}'"  # noqa: S608
        )
        chosen: Rows = queued["prediction_id"].str.split(":").str[0].to_numpy("int64")
        if len(chosen) != PER_DAY:
            raise RuntimeError(f"day {day}: {len(chosen)} predictions are queued, not {PER_DAY}")
        return chosen

    @staticmethod
    def _log(day: int, rows: Rows, scores: NDArray[np.float64]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "prediction_id": [f"{row}:{day}" for row in rows],
                "predicted_at": _START + pd.Timedelta(days=day, hours=12),
                "model_version": f"day {day}",
                "ink": load_digits().data[rows].mean(axis=1),
                "y_score": scores,
                "y_pred": (scores >= 0.5).astype(int),
            }
        )


def _succeed(project: Project, selected: str, now: pd.Timestamp) -> None:
    result = project.dbt("run", "--select", *selected.split(), now=str(now))
    if not result.success:
        raise RuntimeError(f"dbt failed: {result.exception or result.result}")


if __name__ == "__main__":
    figures = compare(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    for count, queue, drawn in zip(figures.labels, figures.queued, figures.at_random, strict=True):
        print(f"{count:4d} labels: AUC {queue:.4f} queued, {drawn:.4f} at random")
    print(f"the queue needs {figures.share:.0%} of the labels")
