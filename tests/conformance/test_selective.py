"""Inverse-propensity metrics and worst-case bounds against numpy, on nasty logs, and against a truth that the labels hide."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from tests.conformance.simulations import MONITOR, START, labels, predictions, prices, three_classes
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
DAYS, SPAN = 4, 3
NOW = START + pd.Timedelta(days=DAYS, hours=5)
CLASSES = {"cat": "s0", "it's": "s1", "dog": "s2"}
SELECTIVE = {"selective": {"action": "acted", "propensity": "propensity"}, "rolling": [SPAN]}
Row = tuple[float, float, float, float]


def selected(log: pd.DataFrame, chance: np.ndarray, seed: int) -> pd.DataFrame:
    return log.assign(propensity=chance, acted=pd.array(np.random.default_rng(seed).uniform(size=len(log)) < chance, dtype="Int64"))


def nasty(log: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Segments of which nobody was acted on or all labels are one; propensities that are none; labels of what was not acted on."""
    random = np.random.default_rng(seed)
    log = selected(log, random.choice([0.001, 0.2, 0.5, 0.9, 1.0], len(log)), seed)
    log["region"] = random.choice(["north", "it's", "quiet", "rare", None], len(log), p=[0.4, 0.2, 0.2, 0.1, 0.1])
    log.loc[log["region"] == "quiet", "acted"] = 0
    log.loc[log["predicted_at"].dt.floor("D") == START + pd.Timedelta(days=1), "acted"] = 0
    for value in (0.0, np.nan, np.inf, 1.5, -0.25):
        log.loc[random.uniform(size=len(log)) < 0.04, "propensity"] = value
    log.loc[random.uniform(size=len(log)) < 0.03, "acted"] = pd.NA
    log.loc[random.uniform(size=len(log)) < 0.03, "y_pred"] = None
    log["is_labelled"] = (log["acted"] == 1).fillna(False).astype(bool) | (random.uniform(size=len(log)) < 0.1)
    return log


def logs_of() -> dict[str, pd.DataFrame]:
    flat = np.zeros(DAYS)
    log = predictions(DAYS, 1500, flat, flat, seed=6)
    binary = nasty(predictions(DAYS, 120, flat, flat, seed=7).astype({"y_pred": "Int64"}), 8)
    binary.loc[binary["region"] == "it's", "label"] = 1
    binary.loc[::17, "y_score"], binary.loc[::23, "y_score"], binary.loc[::29, "y_score"] = 1.7, np.nan, 1.0
    many = nasty(three_classes(DAYS, 100, flat, flat, seed=9), 10)
    many.loc[::19, "s1"], many.loc[::31, "label"] = np.nan, "new"
    numbers = nasty(prices(DAYS, 80, flat + 0.3, flat + 1, seed=11).astype({"y_pred": float}), 12)
    numbers.loc[numbers["region"] == "it's", "label"] = numbers["y_pred"]
    return {"sim": selected(log, np.where(log["y_score"] > 0.6, 0.95, 0.1), 7).assign(is_labelled=lambda log: log["acted"] == 1), "yes": binary, "many": many, "price": numbers}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    monitors: dict[str, Any] = {
        "sim": {},
        "yes": {"segments": [{"column": "region", "min_rows": 25}]},
        "many": {"task": "multiclass", "scores": CLASSES, "segments": ["region"]},
        "price": {"task": "regression", "segments": ["region"]},
    }
    logs = logs_of()
    tables: dict[str, Any] = {}
    for name, log in logs.items():
        monitors[name] = MONITOR | SELECTIVE | monitors[name] | {"predictions": f"raw.{name}", "feedback": f"raw.{name}_labels", "reference": {"relation": f"raw.{name}_reference"}}
        hidden = ["label", "is_labelled", "probability", "loss"]
        tables |= {name: log.drop(columns=hidden, errors="ignore"), f"{name}_labels": labels(log[log["is_labelled"]]), f"{name}_reference": log.head(200)}
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    directory = tmp_path_factory.mktemp("selective") / "project"
    project = (PostgresProject if kind else Project)(directory, monitors, logs=tables, now=str(NOW), **kind)
    project.run("-s", "+ml_monitor__selective_labels")
    return project.frame(f"select * from {MART}selective_labels"), logs


def weighted(weight: np.ndarray, above: np.ndarray, below: np.ndarray, of: np.ndarray | None = None, *, root: bool = False) -> Row | None:
    """Self-normalised ratio with its linearised interval and Kish's size, row by row; of a root by the chain rule."""
    weight, above, below = (part[np.isfinite(weight) & np.isfinite(above)] for part in (weight, above, below))
    of = below > 0 if of is None else np.ones(len(below), bool)
    if (weight * below).sum() == 0:
        return None
    value = np.average(above[below > 0] / below[below > 0], weights=(weight * below)[below > 0])
    error = np.linalg.norm(weight * (above - value * below)) / (weight * below).sum()
    if root:
        value, error = np.sqrt(value), error / 2 / np.sqrt(value) if value > 0 else 0.0
    return value, value - 1.959963984540054 * error, value + 1.959963984540054 * error, weight[of].sum() ** 2 / (weight[of] ** 2).sum()


def wilson(hits: np.ndarray) -> Row | None:
    if len(hits) == 0:
        return None
    interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
    return hits.mean(), interval.low, interval.high, len(hits)


def selective(rows: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Values with intervals of rows with `acted`, `propensity`, `prediction` and `label`, which may be unknown; one at least was acted on and is labelled."""
    label, said = rows["label"].to_numpy(), rows["prediction"].to_numpy()
    known, acted, chance = rows["label"].notna().to_numpy(), rows["acted"].to_numpy(), rows["propensity"].to_numpy()
    right, weight, everyone = label == said, np.where(acted & known, 1 / chance, np.nan), np.ones(len(rows))
    found = {
        "ipw_accuracy": weighted(weight, right.astype(float), everyone),
        "ipw_prevalence": weighted(weight, label.astype(float), everyone),
        "exploration_share": wilson((chance < 0.5)[acted]),
        "accuracy_worst_case": wilson(right & known),
        "accuracy_best_case": wilson(right | ~known),
    }
    return {metric: row[:3] for metric, row in found.items() if row is not None}


def mean(loss: np.ndarray) -> Row | None:
    loss = loss[np.isfinite(loss)]
    if len(loss) == 0:
        return None
    error = np.std(loss, ddof=1) / np.sqrt(len(loss)) if len(loss) > 1 else np.nan
    return loss.mean(), loss.mean() - 1.959963984540054 * error, loss.mean() + 1.959963984540054 * error, len(loss)


def f1(said: np.ndarray, truth: np.ndarray) -> Row | None:
    tp, fp, fn = ((said == a) & (truth == b) for a, b in ((1, 1), (1, 0), (0, 1)))
    size = 2 * tp.sum() + fp.sum() + fn.sum()
    if size == 0:
        return None
    value = 2 * tp.sum() / size
    error = np.linalg.norm(2 * tp - value * (2.0 * tp + fp + fn)) / size
    return value, value - 1.959963984540054 * error, value + 1.959963984540054 * error, len(said)


def losses(score: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    clipped = score.clip(1e-15, 1 - 1e-15)
    return {"log_loss": -np.where(truth == 1, np.log(clipped), np.log(1 - clipped)) + 0 * truth, "brier": (score - truth) ** 2}


def expected_of_two(part: pd.DataFrame, weight: np.ndarray) -> Iterator[tuple[str, Row | None]]:
    known, said = part["is_labelled"].to_numpy(), part["y_pred"].to_numpy(float, na_value=np.nan)
    score = part["y_score"].where(part["y_score"].between(0, 1)).to_numpy(float)
    truth = np.where(known, part["label"].to_numpy(float), np.nan)
    w, s, y = (x[np.isfinite(said)] for x in (weight, said, truth))
    everyone = np.ones(len(s))
    for metric, above, below in (
        ("accuracy", s == y, everyone), ("prevalence", y == 1, everyone), ("precision", (s == 1) & (y == 1), s == 1),
        ("recall", (s == 1) & (y == 1), y == 1), ("specificity", (s == 0) & (y == 0), y == 0),
    ):  # fmt: skip
        yield f"ipw_{metric}", weighted(w, above.astype(float), below.astype(float))
    yield "ipw_f1", weighted(w, 2.0 * ((s == 1) & (y == 1)), (s == 1) * 1.0 + (y == 1), of=everyone)
    for metric, loss in losses(score, truth).items():
        yield f"ipw_{metric}", weighted(weight, loss, np.ones(len(loss)))
    for case, filled in {"worst": 1 - s, "best": s}.items():
        y_case = np.where(np.isfinite(y), y, filled)
        yield f"accuracy_{case}_case", wilson(s == y_case)
        yield f"precision_{case}_case", wilson(y_case[s == 1] == 1)
        yield f"recall_{case}_case", wilson(s[y_case == 1] == 1)
        yield f"specificity_{case}_case", wilson(s[y_case == 0] == 0)
        yield f"f1_{case}_case", f1(s, y_case)
        yield f"prevalence_{case}_case", wilson(np.where(np.isfinite(y), y, case == "worst") == 1)
        both = [losses(score, np.where(known, truth, value)) for value in (0.0, 1.0)]
        for metric in ("log_loss", "brier"):
            yield f"{metric}_{case}_case", mean({"worst": np.maximum, "best": np.minimum}[case](both[0][metric], both[1][metric]))


def expected_of_many(part: pd.DataFrame, weight: np.ndarray) -> Iterator[tuple[str, Row | None]]:
    known, said, truth = part["is_labelled"].to_numpy(), part["y_pred"].to_numpy(object), part["label"].to_numpy(object)
    is_said = part["y_pred"].notna().to_numpy()
    right = np.array([one == other for one, other in zip(said, truth, strict=True)])
    yield "ipw_accuracy", weighted(np.where(is_said & known, weight, np.nan), right.astype(float), np.ones(len(right)))
    scores = part[list(CLASSES.values())].to_numpy(float)
    by_class = {name: losses_of_class(scores, i) for i, name in enumerate(CLASSES)}
    for metric in ("log_loss", "brier"):
        all_of = np.column_stack([by_class[name][metric] for name in CLASSES])
        own = np.array([by_class[name][metric][i] if name in by_class else np.nan for i, name in enumerate(truth)])
        yield f"ipw_{metric}", weighted(np.where(known, weight, np.nan), own, np.ones(len(own)))
        for case, filled in {"worst": all_of.max(axis=1), "best": all_of.min(axis=1)}.items():
            yield f"{metric}_{case}_case", mean(np.where(known, own, filled))
    for case in ("worst", "best"):
        yield f"accuracy_{case}_case", wilson(np.where(known, right, case == "best")[is_said])


def losses_of_class(scores: np.ndarray, place: int) -> dict[str, np.ndarray]:
    truth = np.eye(scores.shape[1])[place]
    square = ((scores - truth) ** 2).sum(axis=1)
    return {"brier": square, "log_loss": -np.log(scores[:, place].clip(1e-15)) + 0 * square}


def expected_of_numbers(part: pd.DataFrame, weight: np.ndarray) -> Iterator[tuple[str, Row | None]]:
    error = np.where(part["is_labelled"], part["y_pred"].to_numpy(float) - part["label"].to_numpy(float), np.nan)
    for metric, loss in {"mae": abs(error), "rmse": error**2, "bias": error}.items():
        yield f"ipw_{metric}", weighted(weight, loss, np.ones(len(loss)), root=metric == "rmse")


EXPECTED = {"yes": expected_of_two, "many": expected_of_many, "price": expected_of_numbers}


def parts_of(log: pd.DataFrame, kept: set[str]) -> Iterator[tuple[tuple[str, str, pd.Timestamp, int], pd.DataFrame]]:
    day = log["predicted_at"].dt.floor("D")
    value = log["region"].where(log["region"].isin(kept) | log["region"].isna(), "__other__").fillna("__missing__")
    for end in sorted(day.unique()):
        for span in (1, SPAN):
            rows = log[(day <= end) & (day > end - pd.Timedelta(days=span))]
            yield ("__all__", "__all__", end, span), rows
            for one, part in rows.groupby(value.loc[rows.index]):
                yield ("region", str(one), end, span), part


@pytest.mark.parametrize("monitor", EXPECTED)
def test_values_bounds_and_intervals(built: tuple[pd.DataFrame, dict[str, pd.DataFrame]], monitor: str) -> None:
    rows, logs = built
    found = rows[rows["monitor"] == monitor].set_index(["segment", "segment_value", "window_start", "span", "metric"])
    log = logs[monitor]
    counts = log.head(200)["region"].value_counts()
    kept = set(counts[counts >= 25].index if monitor == "yes" else counts.index)
    expected: dict[tuple[Any, ...], Row] = {}
    for key, part in parts_of(log, kept):
        acted, chance = part["acted"].to_numpy(float, na_value=np.nan) == 1, part["propensity"].to_numpy(float)
        usable = acted & part["is_labelled"].to_numpy() & (chance > 0) & (chance <= 1)
        weight = np.where(usable, 1 / np.where(usable, chance, 1).clip(0.01), np.nan)
        shares = [("exploration_share", wilson(((chance >= 0) & (chance < 0.5))[acted]))]
        for metric, row in [*EXPECTED[monitor](part, weight), *shares]:
            if row is not None:
                expected[(*key, metric)] = row
    assert set(found.index) == set(expected)
    assert {"it's", "__missing__", "__all__"} < {key[1] for key in expected} and ("quiet" in {key[1] for key in expected}) == (monitor != "price")
    for key, (value, low, high, size) in expected.items():
        row = found.loc[key]
        assert row["metric_value"] == pytest.approx(value, rel=1e-9, abs=1e-12), key
        assert [row["lower_bound"], row["upper_bound"]] == pytest.approx([low, high], rel=1e-9, abs=1e-9, nan_ok=True), key
        assert row["sample_size"] == pytest.approx(size, abs=0.5 + 1e-9), key


def test_the_truth_that_labels_hide(built: tuple[pd.DataFrame, dict[str, pd.DataFrame]]) -> None:
    """Who was thought negative is seldom acted on. Labels alone are far off, weighted ones are not, and the truth is within the bounds."""
    rows, logs = built
    rows, log = rows[rows["monitor"] == "sim"], logs["sim"]
    rates = {
        "accuracy": lambda part: (part["label"] == part["y_pred"]).mean(), "prevalence": lambda part: part["label"].mean(),
        "recall": lambda part: part.loc[part["label"] == 1, "y_pred"].mean(), "specificity": lambda part: 1 - part.loc[part["label"] == 0, "y_pred"].mean(),
        "brier": lambda part: ((part["y_score"] - part["label"]) ** 2).mean(),
    }  # fmt: skip
    covered = []
    for metric, rate in rates.items():
        found = rows[(rows["span"] == 1)].set_index(["metric", "window_start"])
        naive_errors, errors = [], []
        for day, part in log.groupby(log["predicted_at"].dt.floor("D")):
            truth, row = rate(part), found.loc[(f"ipw_{metric}", day)]
            errors.append(row["metric_value"] - truth)
            naive_errors.append(rate(part[part["is_labelled"]]) - truth)
            covered.append(row["lower_bound"] <= truth <= row["upper_bound"])
            ends = sorted(found.loc[(f"{metric}_{case}_case", day), "metric_value"] for case in ("worst", "best"))
            assert ends[0] <= truth <= ends[1], (metric, day)
        assert abs(np.mean(errors)) < 0.2 * abs(np.mean(naive_errors)), (metric, np.mean(errors), np.mean(naive_errors))
    assert np.mean(covered) > 0.85
