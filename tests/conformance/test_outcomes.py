"""Performance metrics of all tasks against scikit-learn and numpy, on random and on nasty windows, by window and rolling."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, norm
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from tests.conformance import outcomes
from tests.project import PostgresProject, Project

NOW = "2026-01-09 00:00:00"
DAYS = pd.date_range("2026-01-01", periods=8)
ROWS, SPAN, K = 120, 4, 3
CLASSES = np.array(["cat", "O'Brien \"x\"", "日本 | %", "", "a,b", "{{ 1 }}"])
RANDOM = np.random.default_rng(7)


def log(day: int, n: int, **columns: Any) -> pd.DataFrame:
    ids = [f"{day}-{i:05d}" for i in range(n)]
    moments = DAYS[day] + pd.to_timedelta(np.arange(n) * 60, unit="s")
    return pd.DataFrame({"prediction_id": ids, "predicted_at": moments, "version": np.where(np.arange(n) % 3 == 0, "v1", "v2"), "plan": "p", **columns})


def binary_log() -> pd.DataFrame:
    days = []
    for day in range(8):
        n = 1 if day == 3 else ROWS
        score = RANDOM.uniform(size=n).round(6)
        if day == 1:
            score = RANDOM.choice([0.0, 0.2, 0.2, 0.5, 1.0], size=n)
        if day == 5:
            score = np.full(n, 0.3)
        label = (RANDOM.uniform(size=n) < score**2).astype(float)
        if day == 2:
            label[:] = 0
        if day == 4:
            label[:] = np.nan
        days.append(log(day, n, score=score, prediction=np.where(score > 0.6, "churned", "stayed"), label=label))
    frame = pd.concat(days, ignore_index=True)
    frame["label"] = frame["label"].map({1.0: "Churned", 0.0: "stayed"})
    return frame


def regression_log() -> pd.DataFrame:
    days = []
    for day in range(8):
        n = 1 if day == 3 else ROWS
        label = RANDOM.normal(3, 5, size=n).round(3)
        label[::10] = 0
        if day == 1:
            label[:] = 2.5
        if day == 2:
            label[:] = 0
        prediction = (label + RANDOM.standard_t(3, size=n)).round(3)
        prediction[::10] = 0
        low = np.where(np.arange(n) % 7 == 0, np.nan, prediction - 1)
        if day == 4:
            label[:] = np.nan
        days.append(log(day, n, prediction=prediction, label=label, low=low, high=prediction + 1.5))
    return pd.concat(days, ignore_index=True)


def multiclass_log() -> pd.DataFrame:
    days = []
    for day in range(8):
        n = 1 if day == 3 else ROWS
        label = CLASSES[RANDOM.integers(0, 5, size=n)].astype(object)
        prediction = np.where(RANDOM.uniform(size=n) < 0.6, label, CLASSES[RANDOM.integers(1, 6, size=n)])
        if day == 0:
            prediction[prediction == "a,b"] = "cat"
        if day == 1:
            label[:] = "cat"
        if day == 2:
            label[:] = prediction[:] = "cat"
        if day == 4:
            label[:] = None
        shares = RANDOM.dirichlet(np.ones(5), size=n).round(6)
        days.append(log(day, n, prediction=prediction, label=label, **{f"s{i}": shares[:, i] for i in range(5)}))
    return pd.concat(days, ignore_index=True)


def spoilt_log() -> pd.DataFrame:
    """Class scores as text; on the last day some of them are no probabilities."""
    days = []
    for day in range(3):
        label = CLASSES[RANDOM.integers(0, 3, size=ROWS)]
        shares = RANDOM.dirichlet(np.ones(3), size=ROWS).round(6).astype(str).astype(object)
        if day == 2:
            shares[:8, 0] = ["1.5", "-0.2", "n/a", "NaN", "Infinity", "", "0,4", "1e3"]
            shares[5:9, 1] = "1.000001"
        days.append(log(day, ROWS, prediction=label, label=label, **{f"s{i}": shares[:, i] for i in range(3)}))
    return pd.concat(days, ignore_index=True)


def ranking_log() -> pd.DataFrame:
    days = []
    for day in range(8):
        n = 1 if day == 3 else ROWS
        label = RANDOM.choice([0.0, 0.0, 0.0, 1.0, 2.0, 3.0, np.nan], size=n)
        if day == 2:
            label[:] = 0
        if day == 4:
            label[:] = np.nan
        score = RANDOM.normal(size=n).round(1) if day != 5 else np.ones(n)
        days.append(log(day, n, score=score, label=label, query=[f"q{i // 8}" for i in range(n)], product=[f"i{i}" for i in RANDOM.integers(0, 60, size=n)]).assign(version="v1"))
    return pd.concat(days, ignore_index=True)


ROLLED_UP = ("yes", "number", "kind", "order")
FRAMES = {"yes": binary_log(), "number": regression_log(), "kind": multiclass_log(), "order": ranking_log(), "spoilt": spoilt_log()}
SHARED = {"model_version": "version", "features": {"plan": "categorical"}, "reference": {"from": "2026-01-01", "to": "2026-01-02"}, "rolling": [SPAN], "min_rows": 1}
MONITORS: dict[str, Any] = {
    "yes": {"task": "binary", "score": "score", "prediction": "prediction", "positive": "CHURNED", "score_decimals": 6, "beta": 3,
            "thresholds": {"roc_auc": {"alert": 0.2}}},
    "number": {"task": "regression", "prediction": "prediction", "lower": "low", "upper": "high", "quantile": 0.8},
    "kind": {"task": "multiclass", "prediction": "prediction", "score_decimals": 6, "beta": 3, "scores": {str(c): f"s{i}" for i, c in enumerate(CLASSES[:5])}},
    "spoilt": {"task": "multiclass", "prediction": "prediction", "score_decimals": 6, "scores": {str(c): f"s{i}" for i, c in enumerate(CLASSES[:3])},
        "thresholds": {"invalid_rate": {"warn": 0, "alert": 0.01, "features": {f"__score__:{CLASSES[1]}": {"alert": 0.5}}}}},
    "order": {"task": "ranking", "score": "score", "query_id": "query", "item": "product", "k": K},
}


def monitor(name: str) -> dict[str, Any]:
    """What is declared for a task."""
    return SHARED | {"predictions": f"raw.{name}_log", "feedback": f"raw.{name}_labels"} | MONITORS[name]


def logs(name: str) -> dict[str, pd.DataFrame]:
    """The tables of a task's monitor."""
    frame = FRAMES[name]
    labels = frame[["prediction_id", "label"]].assign(labelled_at=frame["predicted_at"] + pd.Timedelta(minutes=5))
    return {f"{name}_log": frame.drop(columns="label"), f"{name}_labels": labels}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    monitors = {name: monitor(name) for name in FRAMES}
    raw = {table: rows for name in FRAMES for table, rows in logs(name).items()}
    directory = tmp_path_factory.mktemp("outcomes") / "project"
    if request.param == "postgres":
        project: Project = PostgresProject(directory, monitors, logs=raw, now=NOW, server=request.getfixturevalue("postgres_url"))
    else:
        project = Project(directory, monitors, logs=raw, now=NOW)
    for name in ROLLED_UP:
        (directory / "models" / f"{name}_weeks.sql").write_text(f"{{{{ ml_monitor.rolled_up_performance('{name}', 'week') }}}}\n")
    others = ["ml_monitor__rpt_class_calibration", "ml_monitor__rpt_cutoffs", "+ml_monitor__performance_at_age", *(f"{name}_weeks" for name in ROLLED_UP)]
    project.run("-s", "+ml_monitor__verdicts", *others)
    return project


def values(built: Project, monitor: str, version: str = "__all__") -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """(day, span, metric, feature) -> value, bounds and size."""
    rows = built.rows(
        "select window_start, span, metric, feature, metric_value, lower_bound, upper_bound, sample_size from main_ml_monitor.ml_monitor__performance"
        f" where monitor = '{monitor}' and model_version = '{version}' and segment = '__all__' and metric_value is not null and family = 'performance'"
    )
    return {(row[0], row[1], row[2], row[3]): row[4:] for row in rows}


def windows(name: str, version: str = "__all__") -> list[tuple[tuple[pd.Timestamp, int], pd.DataFrame]]:
    """(day, span) -> the labelled rows."""
    frame = FRAMES[name]
    frame = frame if version == "__all__" else frame[frame["version"] == version]
    found = []
    for place, day in enumerate(DAYS):
        for span in (1, SPAN):
            start = DAYS[0] + pd.Timedelta(days=place - span + 1)
            found.append(((day, span), frame[(frame["predicted_at"] >= start) & (frame["predicted_at"] < day + pd.Timedelta(days=1))]))
    return found


def compare(actual: dict[tuple[Any, ...], tuple[Any, ...]], expected: dict[tuple[Any, ...], float], ignored: set[str]) -> None:
    assert {key for key in actual if key[2] not in ignored} == expected.keys()
    for key, number in expected.items():
        value, low, high, _ = actual[key]
        assert value == pytest.approx(number, rel=1e-9, abs=1e-9), key
        if low is not None:
            assert low <= value + 1e-12
            assert high >= value - 1e-12, key


@pytest.mark.parametrize("name", ROLLED_UP)
def test_a_calendar_week_has_the_metrics_of_the_span_that_fills_it(built: Project, name: str) -> None:
    """Of the only week that is over the log has four days: its metrics are those of the rolling span, which are held against scikit-learn."""
    columns = "model_version, segment, segment_value, feature, metric, metric_value, lower_bound, upper_bound, label_coverage, sample_size"
    week = built.frame(f"select {columns} from main_ml_monitor.{name}_weeks order by 1, 2, 3, 4, 5")
    rolling = f"monitor = '{name}' and span = {SPAN} and window_start = '{DAYS[SPAN - 1]}' and metric_value is not null"
    expected = built.frame(f"select {columns} from main_ml_monitor.ml_monitor__performance where {rolling} order by 1, 2, 3, 4, 5")
    assert len(expected) > 15
    pd.testing.assert_frame_equal(week, expected, rtol=1e-9, atol=1e-9)
    assert built.rows(f"select distinct window_start, window_end, n_windows from main_ml_monitor.{name}_weeks") == [(pd.Timestamp("2025-12-29"), pd.Timestamp("2026-01-05"), SPAN)]


@pytest.mark.parametrize("version", ["__all__", "v1", "v2"])
def test_binary(built: Project, version: str) -> None:
    expected = {}
    for key, part in windows("yes", version):
        part = part.dropna(subset=["label"])
        if len(part):
            found = outcomes.binary((part["label"] == "Churned").to_numpy(int), (part["prediction"] == "churned").to_numpy(int), part["score"].to_numpy(), beta=3)
            expected |= {(*key, metric, "__all__"): number for metric, number in found.items()}
    compare(values(built, "yes", version), expected, {"label_coverage"})


def test_the_parts_of_the_brier_score_add_up(built: Project) -> None:
    actual = values(built, "yes")
    for key, part in windows("yes"):
        part = part.dropna(subset=["label"])
        if len(part) > 1:
            within = outcomes.within_bands((part["label"] == "Churned").to_numpy(float), part["score"].to_numpy())
            brier, *terms = (actual[*key, metric, "__all__"][0] for metric in ("brier", "brier_reliability", "brier_resolution", "brier_uncertainty"))
            assert brier == pytest.approx(terms[0] - terms[1] + terms[2] + within, abs=1e-12)


def test_regression(built: Project) -> None:
    expected = {}
    for key, part in windows("number"):
        part = part.dropna(subset=["label"])
        if len(part):
            found = outcomes.regression(*(part[c].to_numpy(float) for c in ("label", "prediction", "low", "high")), quantile=0.8)
            expected |= {(*key, metric, "__all__"): number for metric, number in found.items()}
    compare(values(built, "number"), expected, {"label_coverage", "error_p50", "error_p90"})


def test_quantiles_of_the_error_are_within_a_bin(built: Project) -> None:
    actual = values(built, "number")
    for key, part in windows("number"):
        errors = np.sort((part["prediction"] - part["label"]).abs().dropna().to_numpy())
        for metric, share in {"error_p50": 0.5, "error_p90": 0.9}.items():
            if len(errors):
                value, low, high, _ = actual[*key, metric, "__all__"]
                exact = errors[int(np.ceil(share * len(errors))) - 1]
                assert value == pytest.approx(exact, rel=0.1, abs=1e-12), (key, metric)
                assert low <= value <= high


def test_multiclass(built: Project) -> None:
    expected: dict[tuple[Any, ...], float] = {}
    for key, part in windows("kind"):
        part = part.dropna(subset=["label"])
        if len(part):
            y, prediction = part["label"].to_numpy(str), part["prediction"].to_numpy(str)
            found = outcomes.multiclass(y, prediction, beta=3) | outcomes.averages_of_agreements(y, prediction)
            scores = part[[f"s{i}" for i in range(5)]].to_numpy()
            found["log_loss"] = -np.mean(np.log(np.clip(scores[np.arange(len(y)), [list(CLASSES).index(c) for c in y]], 1e-15, 1 - 1e-15)))
            found |= outcomes.averages_of_scores(y, scores, CLASSES[:5])
            expected |= {(*key, metric, "__all__"): number for metric, number in found.items()}
            expected |= {(*key, *name): number for name, number in outcomes.of_classes(y, prediction, beta=3).items()}
            expected |= {(*key, *name): number for name, number in outcomes.scores_of_classes(y, prediction, scores, CLASSES[:5]).items()}
    compare(values(built, "kind"), expected, {"label_coverage"})


def test_class_scores_that_are_no_probabilities(built: Project) -> None:
    """Each is a finding of its class, and left out of what is made of that class; losses are of rows whose classes all have a probability."""
    part = FRAMES["spoilt"][FRAMES["spoilt"]["predicted_at"] >= DAYS[2]]
    score = part[["s0", "s1", "s2"]].apply(pd.to_numeric, errors="coerce").to_numpy(copy=True)
    score[~((score >= 0) & (score <= 1))] = np.nan
    y, names = part["label"].to_numpy(str), list(CLASSES[:3])
    found = built.frame(
        "select feature, metric, metric_value, sample_size, status, reason from main_ml_monitor.ml_monitor__verdicts"
        f" where monitor = 'spoilt' and window_start = '{DAYS[2]}' and span = 1 and model_version = '__all__' and metric = 'invalid_rate'"
    ).set_index("feature")
    assert list(np.isnan(score).sum(axis=0)) == [8, 4, 0]
    assert found["metric_value"].to_dict() == pytest.approx({f"__score__:{name}": np.isnan(score[:, i]).mean() for i, name in enumerate(names)})
    assert found["status"].to_dict() == {"__score__:cat": "alert", f"__score__:{names[1]}": "warning", f"__score__:{names[2]}": "ok"}
    assert found.loc["__score__:cat", "reason"] == "invalid_rate of __score__:cat = 0.067 is above 0.01 (n = 120)"
    actual = {key[2:]: value[0] for key, value in values(built, "spoilt").items() if key[:2] == (DAYS[2], 1)}
    complete, own = ~np.isnan(score).any(axis=1), score[np.arange(len(y)), [names.index(name) for name in y]]
    right = (y[:, None] == np.array(names)).astype(float)
    assert actual["brier", "__all__"] == pytest.approx(((score - right)[complete] ** 2).sum(axis=1).mean())
    assert actual["log_loss", "__all__"] == pytest.approx(-np.log(own[complete]).mean())
    for i, name in enumerate(names):
        known = ~np.isnan(score[:, i])
        assert actual["class_roc_auc", f"class:{name}"] == pytest.approx(roc_auc_score(right[known, i], score[known, i]))


def test_calibration_of_each_class(built: Project) -> None:
    frame = FRAMES["kind"].dropna(subset=["label"])
    found = built.frame("select * from main_ml_monitor.ml_monitor__rpt_class_calibration where monitor = 'kind'")
    expected = {}
    for i, name in enumerate(CLASSES[:5]):
        happened, score = frame["label"] == name, frame[f"s{i}"]
        for band, rows in frame.groupby(np.floor(score * 10).clip(upper=9).astype(int)):
            interval = binomtest(int(happened[rows.index].sum()), len(rows)).proportion_ci(method="wilson")
            expected[name, band] = (score[rows.index].mean(), happened[rows.index].mean(), interval.low, interval.high, len(rows))
    actual = {(row["class"], row["band"]): row[["mean_score", "observed_rate", "lower_bound", "upper_bound", "sample_size"]] for _, row in found.iterrows()}
    assert actual.keys() == expected.keys()
    for key, numbers in expected.items():
        assert actual[key].to_list() == pytest.approx(numbers, rel=1e-9), key
    order = frame["label"].value_counts()[list(CLASSES[:5])].rank(ascending=False, method="first")
    assert found.groupby("class")["class_rank"].first().idxmin() == order.idxmin()


def test_cutoffs_of_each_class(built: Project) -> None:
    """Of two classes and of each of many against all others; numbers have none."""
    found = built.frame("select * from main_ml_monitor.ml_monitor__rpt_cutoffs")
    assert set(found["monitor"]) == {"yes", "kind", "spoilt"}
    assert set(found.loc[found["monitor"] == "yes", "class"]) == {"__all__"}
    found, frame = found[found["monitor"] == "kind"], FRAMES["kind"].dropna(subset=["label"])
    order = frame["label"].value_counts()[list(CLASSES[:5])]
    by_rank = found.groupby("class_rank")["class"].unique()
    assert order[[names[0] for names in by_rank]].is_monotonic_decreasing
    assert [len(names) for names in by_rank] == [1] * 5
    for place, name in enumerate(CLASSES[:5]):
        happened, cutoff = (frame["label"] == name).to_numpy(), np.floor(frame[f"s{place}"].to_numpy() * 100 + 1e-9) / 100
        rows = found[found["class"] == name].set_index("cutoff")
        assert list(rows.index.sort_values()) == pytest.approx(np.unique(cutoff))
        for at, row in rows.iterrows():
            said = cutoff >= at - 1e-9
            assert (row["recall"], row["precision_at_cutoff"]) == pytest.approx((recall_score(happened, said), precision_score(happened, said)))
            assert row["false_positive_rate"] == pytest.approx(said[~happened].mean())


def test_a_class_that_the_reference_never_predicted(built: Project) -> None:
    frame = FRAMES["kind"]
    known = set(frame.loc[frame["predicted_at"] < "2026-01-02", "prediction"])
    rows = built.rows(
        "select window_start, metric_value from main_ml_monitor.ml_monitor__performance where monitor = 'kind' and span = 1"
        " and metric = 'unseen_class_rate' and model_version = '__all__' and metric_value is not null"
    )
    for day, value in rows:
        labels = frame.loc[frame["predicted_at"].dt.normalize() == day, "label"].dropna()
        assert value == pytest.approx((~labels.isin(known)).mean(), abs=1e-12)
    assert len(rows) == 7
    assert max(value for _, value in rows) > 0.1


def test_ranking(built: Project) -> None:
    expected = {}
    for key, part in windows("order"):
        named = part.assign(query_id=part["predicted_at"].dt.date.astype(str) + part["query"])
        expected |= {(*key, metric, "__all__"): number for metric, number in outcomes.ranking(named, K).items()}
        ordered = named.sort_values(["score", "prediction_id"], ascending=[False, True])
        shown = ordered.groupby("query_id").head(K)["product"].nunique()
        expected[*key, "item_coverage", "__all__"] = shown / named["product"].nunique()
        queries = named.groupby("query_id")["label"].count()
        expected[*key, "label_coverage", "__all__"] = (queries > 0).mean()
    compare(values(built, "order"), expected, set())


def test_at_the_newest_age_a_metric_is_what_it_is(built: Project) -> None:
    """Value, interval and size: all labels of a day came on that day."""
    columns = "metric_value, lower_bound, upper_bound, sample_size, label_coverage"
    rows = built.frame(f"select monitor, window_start, metric, {columns} from main_ml_monitor.ml_monitor__performance_at_age where label_age = 0")
    wanted = {
        "yes": {"prevalence", "accuracy", "precision", "recall", "specificity", "f1", "roc_auc", "gini", "average_precision", "ks_separation", "log_loss", "brier"},
        "kind": {"accuracy", "log_loss", "brier"}, "spoilt": {"accuracy", "log_loss", "brier"}, "number": {"mae", "rmse", "bias"},
    }  # fmt: skip
    assert rows.groupby("monitor")["metric"].agg(set).to_dict() == {name: metrics | {"label_coverage"} for name, metrics in wanted.items()}
    whole = built.frame(
        f"select monitor, window_start, metric, {columns} from main_ml_monitor.ml_monitor__performance"
        " where span = 1 and model_version = '__all__' and segment = '__all__' and feature = '__all__' and metric_value is not null"
    )
    keys = ["monitor", "window_start", "metric"]
    both = rows.merge(whole, on=keys, suffixes=("", "_whole"))
    assert len(both) == len(rows) > 100
    for column in columns.split(", "):
        pd.testing.assert_series_equal(both[column], both[f"{column}_whole"], check_names=False, rtol=1e-12)


def test_what_is_not_defined_says_why(built: Project) -> None:
    rows = built.rows("select window_start, status, reason from main_ml_monitor.ml_monitor__verdicts where monitor = 'yes' and metric = 'roc_auc' and span = 1")
    reasons = {row[0].day: row[1:] for row in rows}
    assert reasons[3] == ("insufficient_data", "roc_auc is not defined: one class only among the labels")
    assert reasons[5][0] == "insufficient_data"
    assert reasons[1][0] == "ok"


def spreads(metrics_of: Any, n: int) -> dict[str, float]:
    """Standard error of each metric over resampled rows."""
    random = np.random.default_rng(1)
    return pd.DataFrame([metrics_of(random.integers(0, n, size=n)) for _ in range(150)]).std().to_dict()


def many_classes(labels: np.ndarray, predicted: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Averages over the classes, and the metrics of the one that the scores are of."""
    of_classes = outcomes.of_classes(labels, predicted, beta=3, only=CLASSES[4]) | outcomes.scores_of_classes(labels, predicted, scores, CLASSES[4:5])
    averages = outcomes.multiclass(labels, predicted, beta=3)
    return averages | {metric: value for (metric, name), value in of_classes.items() if name == f"class:{CLASSES[4]}"}


SMOOTH = {
    "yes": ["f_beta", "balanced_accuracy", "mcc", "cohen_kappa", "gini", "average_precision", "observed_to_expected", "calibration_slope", "log_loss", "brier_resolution"],
    "number": ["wape", "smape", "pinball", "rmsle", "rmse", "r2"],
    "kind": ["macro_f1", "weighted_f1", "macro_f_beta", "weighted_f_beta", "macro_specificity", "weighted_specificity", "macro_precision", "weighted_precision",
             "macro_recall", "balanced_accuracy", "mcc", "cohen_kappa", "class_f1", "class_f_beta", "class_recall", "class_specificity", "class_roc_auc", "class_gini",
             "class_accuracy", "class_prevalence", "class_balanced_accuracy", "class_mcc", "class_cohen_kappa", "class_log_loss",
             "class_expected_calibration_error", "class_observed_to_expected", "class_calibration_slope", "class_brier",
             "class_brier_resolution"],
}


@pytest.mark.parametrize("name", SMOOTH)
def test_intervals_are_as_wide_as_the_bootstrap_says(built: Project, name: str) -> None:
    key = (DAYS[7], SPAN)
    part = dict(windows(name))[key].dropna(subset=["label"])
    if name == "yes":
        y, prediction, score = (part["label"] == "Churned").to_numpy(int), (part["prediction"] == "churned").to_numpy(int), part["score"].to_numpy()
        spread = spreads(lambda chosen: outcomes.binary(y[chosen], prediction[chosen], score[chosen], beta=3), len(part))
    elif name == "number":
        arrays = [part[c].to_numpy(float) for c in ("label", "prediction", "low", "high")]
        spread = spreads(lambda chosen: outcomes.regression(*(a[chosen] for a in arrays), quantile=0.8), len(part))
    else:
        labels, predicted, scores = part["label"].to_numpy(str), part["prediction"].to_numpy(str), part[["s4"]].to_numpy()
        spread = spreads(lambda chosen: many_classes(labels[chosen], predicted[chosen], scores[chosen]), len(part))
    actual = values(built, name)
    for metric in SMOOTH[name]:
        _, low, high, _ = actual[*key, metric, f"class:{CLASSES[4]}" if metric.startswith("class_") else "__all__"]
        assert (high - low) / 2 / norm.ppf(0.975) == pytest.approx(spread[metric], rel=0.4), metric


def test_the_interval_of_pooled_scores_is_at_least_as_wide_as_the_bootstrap_says(built: Project) -> None:
    part = dict(windows("kind"))[DAYS[7], SPAN].dropna(subset=["label"])
    actual, scores = part["label"].to_numpy(str)[:, None] == CLASSES[:5], part[[f"s{i}" for i in range(5)]].to_numpy()
    spread = spreads(lambda chosen: {"auc": roc_auc_score(actual[chosen].ravel(), scores[chosen].ravel())}, len(part))["auc"]
    _, low, high, _ = values(built, "kind")[DAYS[7], SPAN, "micro_roc_auc", "__all__"]
    assert 1 < (high - low) / 2 / norm.ppf(0.975) / spread < np.sqrt(5) * 1.2


def test_errors_of_two_by_two_are_those_of_the_delta_method(built: Project) -> None:
    def kappa(p: np.ndarray) -> float:
        chance = (p[0] + p[1]) * (p[0] + p[2]) + (p[3] + p[1]) * (p[3] + p[2])
        return float(((p[0] + p[3]) * p.sum() - chance) / (p.sum() ** 2 - chance))

    def mcc(p: np.ndarray) -> float:
        return float((p[0] * p[3] - p[1] * p[2]) / np.sqrt((p[0] + p[1]) * (p[0] + p[2]) * (p[3] + p[1]) * (p[3] + p[2])))

    def balanced(p: np.ndarray) -> float:
        return float((p[0] / (p[0] + p[2]) + p[3] / (p[1] + p[3])) / 2)

    actual = values(built, "kind")
    compared = 0
    for key, part in windows("kind"):
        part = part.dropna(subset=["label"])
        for name in CLASSES[:5]:
            y, said = part["label"] == name, part["prediction"] == name
            counts = np.array([(y & said).sum(), (~y & said).sum(), (y & ~said).sum(), (~y & ~said).sum()], float)
            if counts.min() > 0:
                for metric, function in {"class_cohen_kappa": kappa, "class_mcc": mcc, "class_balanced_accuracy": balanced}.items():
                    _, low, high, _ = actual[*key, metric, f"class:{name}"]
                    assert (high - low) / 2 / norm.ppf(0.975) == pytest.approx(outcomes.delta_error(counts, function), rel=1e-6), (key, name, metric)
                    compared += 1
    assert compared > 100


@pytest.mark.parametrize("metric", ["roc_auc", "gini", "expected_calibration_error", "log_loss", "mcc", "cohen_kappa"])
def test_the_interval_of_a_mean_over_classes_is_their_mean_interval(built: Project, metric: str) -> None:
    """The sixth class has no score, and a correlation of 0 that has no row: it was never a label."""
    actual = values(built, "kind")
    widths = {key[2:]: row[2] - row[1] for key, row in actual.items() if key[:2] == (DAYS[7], SPAN)}
    of_classes = [widths[f"class_{metric}", f"class:{name}"] for name in CLASSES if (f"class_{metric}", f"class:{name}") in widths]
    assert len(of_classes) == (6 if metric == "cohen_kappa" else 5)
    assert widths[f"macro_{metric}", "__all__"] == pytest.approx(sum(of_classes) / (6 if metric in ("mcc", "cohen_kappa") else 5), rel=1e-9)
    assert widths["macro_balanced_accuracy", "__all__"] == pytest.approx((widths["macro_recall", "__all__"] + widths["macro_specificity", "__all__"]) / 2, rel=1e-9)
