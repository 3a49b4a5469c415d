"""Label triangle, metrics at a fixed label age and the chain-ladder nowcast, against pandas; and the bias that the nowcast removes."""

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ks_2samp, norm
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.conformance import golden
from tests.conformance.simulations import MONITOR, START, conversions, predictions
from tests.conformance.test_estimation import calibration, estimates
from tests.project import Project, project_on

MART = "main_ml_monitor.ml_monitor__"
DAYS, DELAY, SPAN = 45, 5, 7
# The clock of the golden log, so that one warehouse can hold both; the day that is open has neither predictions nor labels.
NOW = pd.Timestamp(golden.NOW)
FIRST_DAY = NOW.normalize() - pd.Timedelta(days=DAYS)
TABLES = {"predictions": "raw.late_log", "feedback": "raw.late_labels", "reference": {"relation": "raw.late_reference"}}
MONITORS = {"late": MONITOR | TABLES | {"label_delay": DELAY, "rolling": [SPAN], "thresholds": {"accuracy_at_age": {"alert": 0.2}}}}
LOG = predictions(DAYS, 200, np.zeros(DAYS), np.zeros(DAYS)).assign(predicted_at=lambda log: log["predicted_at"] + (FIRST_DAY - START))
AT_AGE = ("-s", "+ml_monitor__label_nowcast", "+ml_monitor__performance_at_age", "+ml_monitor__performance_when_due", "+ml_monitor__estimated_performance")


def late_labels(log: pd.DataFrame) -> pd.DataFrame:
    """Labels of both classes, positives faster than negatives, some corrected the day after."""
    random = np.random.default_rng(5)
    days = np.where(log["label"] == 1, random.exponential(3, len(log)), random.exponential(6, len(log))).clip(max=20)
    first = log[["prediction_id", "label"]].assign(labelled_at=log["predicted_at"] + pd.to_timedelta(days, unit="D"))
    second = first.sample(frac=0.05, random_state=1)
    return pd.concat([first, second.assign(label=1 - second["label"], labelled_at=second["labelled_at"] + pd.Timedelta(days=1))])


ALL_LABELS = late_labels(LOG)
FEEDBACK = ALL_LABELS[ALL_LABELS["labelled_at"] < NOW.normalize()]
LOGS = {"late_log": LOG.drop(columns=["label", "probability"]), "late_labels": FEEDBACK, "late_reference": LOG.head(2000)}


def labelled(now: pd.Timestamp = NOW) -> pd.DataFrame:
    """The rows that have a label, with their latest."""
    newest = ALL_LABELS[ALL_LABELS["labelled_at"] < now.normalize()].sort_values("labelled_at").drop_duplicates("prediction_id", keep="last")
    return LOG.drop(columns="label").merge(newest, on="prediction_id")


def labelled_by(age: int, now: pd.Timestamp = NOW) -> pd.DataFrame:
    """Those whose last label came within so many windows."""
    joined = labelled(now)
    return joined[(joined["labelled_at"].dt.floor("D") - joined["predicted_at"].dt.floor("D")).dt.days <= age]


def triangle() -> pd.DataFrame:
    """Counts by then of every window and age, latest label only."""
    joined = labelled()
    joined["day"] = joined["predicted_at"].dt.floor("D")
    joined["age"] = (joined["labelled_at"].dt.floor("D") - joined["day"]).dt.days
    right = joined["label"] == joined["y_pred"]
    measures = {
        "labels": np.ones(len(joined)),
        "positives": joined["label"],
        "negatives": 1 - joined["label"],
        "correct": right,
        "wrong": ~right,
    }
    frame = joined[["day", "age"]].assign(**{name: np.asarray(values, float) for name, values in measures.items()})
    cells = frame.groupby(["day", "age"]).sum().unstack(fill_value=0).stack(future_stack=True)
    return cells.groupby("day").cumsum()


def mack(cumulative: pd.Series, keep: int) -> tuple[pd.Series, pd.Series]:
    """Ultimates and their coefficients of variation, by the recursion of Mack (1993) over a pandas triangle."""
    table = cumulative.unstack()
    last = NOW.normalize() - pd.Timedelta(days=1)
    table = table.where(np.array([[d + pd.Timedelta(days=int(a)) <= last for a in table.columns] for d in table.index]))
    ages = list(table.columns)
    factors, variances, volumes = [], [], []
    for this, after in itertools.pairwise(ages):
        pair = table[[this, after]].dropna().tail(keep)
        volume = pair[this].sum()
        factor = pair[after].sum() / volume
        filled = pair[pair[this] > 0]
        factors.append(factor)
        volumes.append(volume)
        variances.append((filled[this] * (filled[after] / filled[this] - factor) ** 2).sum() / (len(filled) - 1) if len(filled) > 1 else min(variances[-2:]))
    ultimate, variation = {}, {}
    for day, row in table.iterrows():
        known = row.dropna()
        start = ages.index(known.index[-1])
        value, relative = known.iloc[-1], 0.0
        path = [value]
        for factor in factors[start:]:
            path.append(path[-1] * factor)
        for k, factor in enumerate(factors[start:]):
            relative += variances[start + k] / factor**2 * (1 / path[k] + 1 / volumes[start + k])
        ultimate[day], variation[day] = path[-1], np.sqrt(relative)
    return pd.Series(ultimate), pd.Series(variation)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = project_on(request.param, request, tmp_path_factory.mktemp("late") / "project", MONITORS, logs=LOGS, now=str(NOW))
    project.run(*AT_AGE)
    return project


def test_triangle(built: Project) -> None:
    expected = triangle()
    rows = built.rows(f"select window_start, label_age, n_labels, positives, tp + tn, n_restated from {MART}label_maturity where monitor = 'late'")
    assert len(rows) == sum(min(DAYS, d + 1) for d in range(DAYS) if d <= 21) + (DAYS - 22) * 22
    for day, age, n, positives, correct, _ in rows:
        cell = expected.loc[(day, age)] if (day, age) in expected.index else expected.loc[day].loc[:age].iloc[-1]
        assert (float(n), float(positives), float(correct)) == (cell["labels"], cell["positives"], cell["correct"])
    superseded = FEEDBACK.groupby("prediction_id").size()
    restated = built.rows(f"select sum(n_restated) from {MART}label_maturity where monitor = 'late' and is_newest")
    assert int(restated[0][0]) == int((superseded - 1).sum()), "labels that were replaced stay visible"


def test_metrics_at_a_fixed_age(built: Project) -> None:
    expected = triangle()
    rows = built.rows(f"select window_start, label_age, metric, metric_value from {MART}performance_at_age where monitor = 'late' and label_age = 5")
    found = {(row[0], row[2]): row[3] for row in rows}
    for day in expected.index.get_level_values("day").unique()[:-6]:
        cell = expected.loc[(day, 5)]
        assert found[day, "accuracy"] == pytest.approx(cell["correct"] / cell["labels"], rel=1e-12)
        assert found[day, "prevalence"] == pytest.approx(cell["positives"] / cell["labels"], rel=1e-12)


@pytest.mark.parametrize("age", [2, 5, 11])
def test_intervals_at_a_fixed_age(built: Project, age: int) -> None:
    """Shares against scipy's Wilson interval, losses against the standard error of a mean over the rows that were labelled by then."""
    rows = built.frame(f"select * from {MART}performance_at_age where monitor = 'late' and label_age = {age}").set_index(["window_start", "metric"])
    by_then = labelled_by(age)
    compared = 0
    for start, part in by_then.groupby(by_then["predicted_at"].dt.floor("D")):
        if start + pd.Timedelta(days=age) >= NOW.normalize():
            continue
        y, said, score = part["label"], part["y_pred"], part["y_score"].clip(1e-15, 1 - 1e-15)
        shares = {"prevalence": y, "accuracy": y == said, "precision": y[said == 1], "recall": said[y == 1], "specificity": 1 - said[y == 0]}
        for metric, hits in shares.items():
            interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
            numbers = rows.loc[(start, metric), ["metric_value", "lower_bound", "upper_bound", "sample_size"]]
            assert numbers.to_list() == pytest.approx([hits.mean(), interval.low, interval.high, len(hits)], rel=1e-9), (start, metric)
        for metric, loss in {"brier": (part["y_score"] - y) ** 2, "log_loss": -np.log(np.where(y == 1, score, 1 - score))}.items():
            low, high = norm.interval(0.95, np.mean(loss), np.std(loss, ddof=1) / np.sqrt(len(loss)))
            assert rows.loc[(start, metric), ["metric_value", "lower_bound", "upper_bound"]].to_list() == pytest.approx([np.mean(loss), low, high], rel=1e-7)
        for metric, numbers in ranked(part).items():
            assert rows.loc[(start, metric), ["metric_value", "lower_bound", "upper_bound"]].to_list() == pytest.approx(numbers, rel=1e-9, abs=1e-12), (start, metric)
        compared += 1
    assert compared == DAYS - age


def ranked(part: pd.DataFrame) -> dict[str, list[float]]:
    """Of the metrics that order scores value and bounds: DeLong's by comparing every positive with every negative."""
    y, score = part["label"].to_numpy(), part["y_score"].to_numpy()
    positive, negative = score[y == 1][:, None], score[y == 0][None, :]
    wins = (positive > negative) + 0.5 * (positive == negative)
    area, gap = roc_auc_score(y, score), ks_2samp(score[y == 1], score[y == 0]).statistic
    error = np.sqrt(np.var(wins.mean(axis=1), ddof=1) / (y == 1).sum() + np.var(wins.mean(axis=0), ddof=1) / (y == 0).sum())
    precision = average_precision_score(y, score)
    z, n = norm.ppf(0.975), (y == 1).sum()
    middle, half = precision + z * z / 2 / n, z * np.sqrt(precision * (1 - precision) / n + z * z / 4 / n / n)
    ks_error = np.sqrt((1 - gap * gap) / 4 * (1 / (y == 1).sum() + 1 / (y == 0).sum()))
    return {
        "roc_auc": [area, area - z * error, area + z * error],
        "gini": [2 * area - 1, 2 * area - 1 - 2 * z * error, 2 * area - 1 + 2 * z * error],
        "average_precision": [precision, (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)],
        "ks_separation": [gap, gap - z * ks_error, gap + z * ks_error],
    }


def test_nowcast(built: Project) -> None:
    cells = triangle()
    ladder = {name: mack(cells[name], 28) for name in cells.columns}
    rows = built.rows(f"select window_start, metric, metric_value, upper_bound from {MART}label_nowcast where monitor = 'late'")
    assert len(rows) > 150
    for day, metric, value, upper in rows:
        part, rest = {"nowcast_prevalence": ("positives", "negatives"), "nowcast_accuracy": ("correct", "wrong")}.get(metric, (None, None))
        if part is None:
            ultimate, variation = ladder["labels" if metric == "nowcast_label_coverage" else "positives"]
            rate, error = ultimate[day] / 200, ultimate[day] / 200 * variation[day]
        else:
            a, b = ladder[part][0][day], ladder[rest][0][day]
            rate = a / (a + b)
            error = rate * (1 - rate) * np.hypot(ladder[part][1][day], ladder[rest][1][day])
        assert value == pytest.approx(rate, rel=1e-9), (day, metric)
        assert upper == pytest.approx(rate + 1.959963984540054 * error, rel=1e-9), (day, metric)


def test_estimates_from_the_labels_that_have_come(built: Project) -> None:
    """Calibrated on the rows of the first 28 days that have a label by now."""
    known = labelled()
    _, model = calibration(known[known["predicted_at"] < NOW.normalize() - pd.Timedelta(days=DAYS - 28)], 50)
    chance, day = model.predict(LOG["y_score"]), LOG["predicted_at"].dt.floor("D")
    rows = built.rows(f"select window_start, metric, metric_value from {MART}estimated_performance where monitor = 'late' and model_version = '__all__' and span = 1")
    found = {row[:2]: row[2] for row in rows}
    for start in day.unique():
        for metric, value in estimates(chance[day == start], LOG.loc[day == start, "y_pred"].to_numpy() == 1).items():
            assert found[start, metric] == pytest.approx(value, rel=1e-9), (start, metric)


def when_due(project: Project) -> pd.DataFrame:
    rows = project.frame(f"select * from {MART}performance_when_due where monitor = 'late' and model_version = '__all__'")
    return rows.set_index(["window_start", "span", "metric"]).sort_index()


def test_a_metric_at_the_age_of_the_delay(built: Project) -> None:
    """Of single windows and of spans, and what comes later does not move it."""
    rows, by_then, today = when_due(built), labelled_by(DELAY), NOW.normalize()
    of_age = built.frame(f"select * from {MART}performance_at_age where monitor = 'late' and label_age = {DELAY}")
    for row in of_age.to_dict("records"):
        same = rows.loc[(row["window_start"], 1, row["metric"] + "_at_age")]
        numbers = ["metric_value", "lower_bound", "upper_bound", "sample_size", "label_coverage"]
        assert same[numbers].to_list() == pytest.approx([row[name] for name in numbers], rel=1e-9, abs=1e-12), (row["window_start"], row["metric"])
    day = by_then["predicted_at"].dt.floor("D")
    for start in pd.date_range(FIRST_DAY + pd.Timedelta(days=SPAN - 1), today - pd.Timedelta(days=DELAY + 1), freq="5D"):
        part = by_then[(day <= start) & (day > start - pd.Timedelta(days=SPAN))]
        for metric, numbers in ranked(part).items():
            found = rows.loc[(start, SPAN, f"{metric}_at_age"), ["metric_value", "lower_bound", "upper_bound"]].to_list()
            assert found == pytest.approx(numbers, rel=1e-9, abs=1e-12), (start, metric)
        assert rows.loc[(start, SPAN, "accuracy_at_age"), "metric_value"] == pytest.approx((part["label"] == part["y_pred"]).mean(), rel=1e-12)
        assert rows.loc[(start, SPAN, "label_coverage_at_age"), "metric_value"] == pytest.approx(len(part) / 200 / SPAN, rel=1e-12)
    later = NOW + pd.Timedelta(days=4)
    built.load("late_labels", ALL_LABELS)
    built.run(*AT_AGE, now=str(later))
    again, by_later = when_due(built), labelled_by(DELAY, later)
    start = today - pd.Timedelta(days=3)
    part = by_later[by_later["predicted_at"].dt.floor("D") == start]
    assert again.loc[(start, 1, "roc_auc_at_age"), "metric_value"] == pytest.approx(ranked(part)["roc_auc"][0], rel=1e-9)
    assert again.loc[(start, 1, "label_coverage_at_age"), "metric_value"] > rows.loc[(start, 1, "label_coverage_at_age"), "metric_value"]
    built.run(*AT_AGE, now=str(later))
    pd.testing.assert_frame_equal(when_due(built), again)


def test_nowcast_removes_the_bias_of_a_young_rate(project: Callable[..., Project]) -> None:
    """Conversions take ten days on average: the rate after ten days is 40 % too low."""
    days, rows, rate = 110, 2000, 0.2
    log, feedback = conversions(days, rows, rate, mean_delay=10)
    now = START + pd.Timedelta(days=days)
    built = project({"late": MONITOR}, logs={"predictions": log, "feedback": feedback, "reference": log.head(2000)}, now=str(now))
    built.run("-s", "+ml_monitor__label_nowcast", "+ml_monitor__label_maturity")
    found = built.frame(f"select * from {MART}label_nowcast where metric = 'nowcast_positive_rate'").set_index("window_start").sort_index()
    naive = built.frame(f"select * from {MART}label_maturity where label_age = 9").set_index("window_start").sort_index()["label_coverage"]
    converted = log["prediction_id"].isin(feedback["prediction_id"])
    truth = converted.groupby(log["predicted_at"].dt.floor("D")).mean()
    young = found.loc[now - pd.Timedelta(days=25) : now - pd.Timedelta(days=10)]
    naive_bias = (naive - truth).loc[young.index].mean()
    bias = (young["metric_value"] - truth).loc[young.index].mean()
    print(f"naive {naive_bias / rate:+.4f}, nowcast {bias / rate:+.4f}, removed {1 - abs(bias / naive_bias):.3f}")
    assert naive_bias / rate < -0.3
    assert abs(bias) <= 0.1 * abs(naive_bias)
    inside = (young["lower_bound"] <= truth.loc[young.index]) & (truth.loc[young.index] <= young["upper_bound"])
    assert inside.mean() >= 0.75, "the windows share the factors: they miss together"
