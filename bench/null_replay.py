"""False-alarm budgets on histories in which nothing happens: does a solved threshold keep to its budget afterwards?

`python -m bench.null_replay NAME DIRECTORY TASK MIN_ROWS` builds a monitor on predictions, feedback and reference: parquet files
with prediction_id, predicted_at, model_version, features, y_pred and, for classifiers, y_score. Then it shuffles the windows of
the real metric values, all series together, so that they have no order in time. A threshold is solved on the first half for the
budget; the alerts of the second half are counted. Repeated, because a half year has about a dozen alerts.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ml_monitor.alerts.replay import History, ReplayError, Series, budget_per_day, read_history, replay, solve
from ml_monitor.alerts.rules import Rule
from ml_monitor.warehouse import Warehouse
from tests.project import Project

KEYS = {"prediction_id", "predicted_at", "model_version", "y_pred", "y_score", "label", "labelled_at"}
RULES = (
    Rule("value", "above", 0.25, resolve_after=1),
    Rule("sigma", "above", 3, resolve_after=1),
    Rule("robust", "above", 3, resolve_after=1),
    Rule("percentile", "above", 95, resolve_after=1, baseline=60),
)
REPEATS = 40


def build(directory: Path, source: Path, task: str, min_rows: int) -> Warehouse:
    """The package on the logs of a data set."""
    log = pd.read_parquet(source / "predictions.parquet")
    features = {
        name: "numeric" if pd.api.types.is_numeric_dtype(log[name]) else "categorical" for name in log.columns if name not in KEYS
    }
    monitor = {
        "predictions": "raw.predictions",
        "feedback": "raw.feedback",
        "reference": {"relation": "raw.reference"},
        "features": features,
        "task": task,
        "rolling": [7],
        "min_rows": min_rows,
    }
    logs = {name: source / f"{name}.parquet" for name in ("predictions", "feedback", "reference")}
    now = f"{log['predicted_at'].max() + pd.Timedelta(days=2):%Y-%m-%d} 00:00:00"
    project = Project(directory / "project", {"model": monitor}, logs=logs, now=now)
    project.run()
    return Warehouse.from_dbt(project.directory)


def shuffled(history: History, random: np.random.Generator) -> tuple[History, History]:
    """Both halves of the history after its windows were dealt anew, the same way for every series."""
    starts = sorted({start for series in history.series for start in series.starts})
    dealt = dict(zip(starts, random.permutation(len(starts)), strict=True))
    halves: list[list[Series]] = [[], []]
    for series in history.series:
        places = np.array([dealt[start] for start in series.starts])
        order = np.argsort(places)
        for half in (0, 1):
            chosen = order[(places[order] >= len(starts) // 2) == bool(half)]
            times = [starts[place] for place in places[chosen]]
            halves[half].append(
                replace(
                    series,
                    starts=tuple(times),
                    ends=tuple(time + (series.ends[0] - series.starts[0]) for time in times),
                    values=series.values[chosen],
                    healthy=series.healthy[chosen],
                    confirmed=series.confirmed[chosen],
                )
            )
    return (
        History(history.monitor, history.metric, history.span, tuple(halves[0])),
        History(history.monitor, history.metric, history.span, tuple(halves[1])),
    )


def main() -> None:
    """Print realised over allowed alerts per rule and budget."""
    name, source, task, min_rows = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    with tempfile.TemporaryDirectory() as directory:
        warehouse = build(Path(directory), source, task, min_rows)
        history = read_history(warehouse, "model", "psi", 1)
    history = replace(history, series=tuple(series for series in history.series if len(series.values) >= 100))
    print(f"{name}: {len(history.series)} series, {history.days:.0f} days, {REPEATS} shuffles")
    for budget in ("2/month", "6/month"):
        for rule in RULES:
            ratios = []
            for seed in range(REPEATS):
                first, second = shuffled(history, np.random.default_rng(seed))
                rate = budget_per_day(budget)
                try:
                    alerts = replay(second, solve(first, rule, rate))
                except ReplayError:
                    continue
                ratios.append(len(alerts) / (rate * second.days))
            if not ratios:
                print(f"  {budget:<8} {rule.kind:<10} cannot be that quiet")
                continue
            kept = np.mean([0.7 <= ratio <= 1.3 for ratio in ratios])
            single = f"single: sd {np.std(ratios):.2f}, {kept:.0%} within 30 %"
            print(f"  {budget:<8} {rule.kind:<10} realised/budget {np.mean(ratios):.2f} ({single})", flush=True)


if __name__ == "__main__":
    main()
