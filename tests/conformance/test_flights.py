"""The package's numbers on the shipped flights against scipy and scikit-learn, in weeks, months and rolling days."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conformance.flights import binary_performance, drift, regression_performance
from tests.conformance.quality import categories, newcombe, point_mass, two_proportions, wilson
from tests.project import FLIGHTS, Project

NUMERIC = [
    "sched_hour", "distance", "plane_year", "seats", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure",
    "visib",
]
CATEGORICAL = ["carrier", "origin", "dest", "manufacturer", "engine", "day_of_week"]
MONITOR = {
    "predictions": "raw.predictions",
    "feedback": "raw.feedback",
    "reference": {"relation": "raw.reference"},
    "features": dict.fromkeys(NUMERIC, "numeric") | dict.fromkeys(CATEGORICAL, "categorical"),
    "segments": ["origin", "carrier"],
    "score_decimals": 6,
    "categories": 110,
    "rolling": [],
}
BOUNDED = {
    "distance": {"type": "numeric", "min": 100.5, "max": 2500},
    "visib": {"type": "numeric", "min": 1},
    "carrier": {"type": "categorical", "allowed": ["UA", "AA", "O'Brien"]},
}
LOGS = {name: FLIGHTS / f"{name}.parquet" for name in ("predictions", "feedback", "reference", "arrival_delays")}
STARTS = {"week": "W-SUN", "month": "M"}
UNITS = [("weekly", "week"), ("monthly", "month")]
EXPECTED = Path(__file__).with_name("expected")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """On DuckDB: PostgreSQL and Spark have the golden log."""
    monitors: dict[str, Any] = {
        "weekly": MONITOR | {"window": "week", "features": MONITOR["features"] | BOUNDED},
        "monthly": MONITOR | {"window": "month", "smoothing": {"floor": 0.0001}},
        "many": MONITOR | {"window": "month", "features": {"tailnum": "categorical"}, "categories": 5000, "segments": []},
        "daily": MONITOR | {"features": {"dest": "categorical", "humid": "numeric"}, "window": "day", "rolling": [7, 30], "segments": ["origin"]},
    }
    project = Project(tmp_path_factory.mktemp("flights") / "project", monitors, logs=LOGS)
    project.run("-s", "+ml_monitor__metric_values")
    return project


@cache
def flights() -> pd.DataFrame:
    predictions = pd.read_parquet(FLIGHTS / "predictions.parquet")
    return predictions.merge(pd.read_parquet(FLIGHTS / "feedback.parquet"), on="prediction_id", how="left")


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return flights()


def values(project: Project, monitor: str, table: str, value: str = "metric_value", **keys: Any) -> dict[tuple[Any, ...], float]:
    """(window_start, model_version, segment value, feature, span, metric) -> value."""
    where = "".join(f" and {key} = '{value}'" for key, value in keys.items())
    rows = project.rows(
        f"select window_start, model_version, segment_value, feature, span, metric, {value}"
        f" from main_ml_monitor.ml_monitor__{table} where monitor = '{monitor}'{where}"
    )
    return {row[:6]: row[6] for row in rows}


def versions_of(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [("__all__", frame), *((str(version), part) for version, part in frame.groupby("model_version"))]


@cache
def expected_drift(unit: str, smoothing: str, features: tuple[str, ...]) -> list[tuple[tuple[Any, ...], dict[str, float] | None]]:
    """(window_start, model_version, feature) and its metrics, none where no value is known; the same for every warehouse."""
    reference, log, found = pd.read_parquet(FLIGHTS / "reference.parquet"), flights(), []
    for start, window in log.groupby(log["predicted_at"].dt.to_period(STARTS[unit]).dt.start_time):
        for version, part in versions_of(window):
            for feature in features:
                kind = "numeric" if feature in [*NUMERIC, "y_score"] else "categorical"
                known = part[feature].notna().any()
                found.append(((start, version, feature), drift(reference[feature], part[feature], kind, smoothing) if known else None))
    return found


@pytest.mark.parametrize(
    ("monitor", "unit", "smoothing", "features"),
    [
        ("weekly", "week", "jeffreys", (*NUMERIC, *CATEGORICAL, "y_score", "y_pred")),
        ("monthly", "month", "floor", (*NUMERIC, *CATEGORICAL, "y_score", "y_pred")),
        ("many", "month", "jeffreys", ("tailnum",)),
    ],
)
def test_drift(built: Project, monitor: str, unit: str, smoothing: str, features: tuple[str, ...]) -> None:
    actual = values(built, monitor, "drift", segment="__all__")
    p_values = values(built, monitor, "drift", "p_value", segment="__all__")
    compared = 0
    for (start, version, feature), found in expected_drift(unit, smoothing, features):
        window = (start, version, "__all__", {"y_score": "__score__", "y_pred": "__prediction__"}.get(feature, feature), 1)
        if found is None:
            assert actual[(*window, "psi")] is None
            continue
        tests = {"chi_squared": "p_value", "chi_squared_with_missing": "p_value_with_missing", "chi_squared_without_unseen": "p_value_without_unseen", "ks": "ks_p_value"}
        for metric, p_value in tests.items():
            if p_value in found:
                # Thousands of categories: beyond 120 degrees of freedom the tail is an approximation.
                tolerance = 1e-6 if feature != "tailnum" else 0.1
                smallest = 1e-200 if feature != "tailnum" else 1e-12
                assert p_values[(*window, metric)] == pytest.approx(found[p_value], rel=tolerance, abs=smallest), (window, metric)
        for metric in found.keys() - set(tests.values()):
            # The spread of a constant window is what rounding leaves of a difference.
            tolerance = 1e-7 if metric == "std_change" else 1e-9
            assert actual[(*window, metric)] == pytest.approx(found[metric], rel=1e-9, abs=tolerance), (window, metric)
            compared += 1
    assert compared > 10 * len(features) * 12


@cache
def expected_performance(unit: str, segment: str) -> dict[tuple[Any, ...], float]:
    """By (window_start, model_version, segment value, feature, span, metric); of the many small cells of a carrier in a week every fourth week."""
    log, expected = flights(), {}
    starts = log["predicted_at"].dt.to_period(STARTS[unit]).dt.start_time
    if (unit, segment) == ("week", "carrier"):
        log = log[starts.isin(sorted(starts.unique())[::4])]
    keys = [starts[log.index]]
    if segment != "__all__":
        known = pd.read_parquet(FLIGHTS / "reference.parquet")[segment]
        keys.append(log[segment].where(log[segment].isin(known), "__other__"))
    for key, window in log.groupby(keys):
        start, value = key[0], key[1] if len(key) > 1 else "__all__"
        for version, part in versions_of(window):
            if part["label"].notna().any():
                for metric, number in binary_performance(part).items():
                    expected[(start, version, value, "__all__", 1, metric)] = number
    return expected


def assert_performance(built: Project, monitor: str, unit: str, segment: str) -> None:
    expected = expected_performance(unit, segment)
    starts = {key[0] for key in expected}
    actual = {key: value for key, value in values(built, monitor, "performance", segment=segment).items() if key[0] in starts}
    about_labels = {"label_coverage", "early_label_rate", "replaced_label_rate", "invalid_label_rate", "invalid_prediction_rate"}
    assert {k for k in actual if k[5] not in about_labels} == {k for k in expected if k[5] not in about_labels}
    for key, number in expected.items():
        assert actual[key] == pytest.approx(number, rel=1e-9, abs=1e-9), key


@pytest.mark.parametrize(("monitor", "unit"), UNITS)
@pytest.mark.parametrize("segment", ["__all__", "origin"])
def test_binary_performance(built: Project, monitor: str, unit: str, segment: str) -> None:
    assert_performance(built, monitor, unit, segment)


@pytest.mark.parametrize(("monitor", "unit"), UNITS)
def test_binary_performance_of_small_cells(built: Project, monitor: str, unit: str) -> None:
    assert_performance(built, monitor, unit, "carrier")


@cache
def expected_spans(span: int) -> dict[tuple[Any, ...], float]:
    """By (day, metric), every fifth day."""
    log, expected = flights(), {}
    for day in pd.date_range("2013-02-01", "2013-12-31", freq="D")[::5]:
        start = day - pd.Timedelta(days=span - 1)
        part = log[(log["predicted_at"] >= start) & (log["predicted_at"] < day + pd.Timedelta(days=1))]
        expected |= {(day, metric): number for metric, number in binary_performance(part).items()}
    return expected


@pytest.mark.parametrize("span", [7, 30])
def test_rolling_performance(built: Project, span: int) -> None:
    actual = values(built, "daily", "performance", segment="__all__", model_version="__all__", span=span)
    for (day, metric), number in expected_spans(span).items():
        assert actual[(day, "__all__", "__all__", "__all__", span, metric)] == pytest.approx(number, rel=1e-9, abs=1e-9)


def test_regression(project: Callable[..., Project]) -> None:
    delays = pd.read_parquet(FLIGHTS / "arrival_delays.parquet")
    log = pd.read_parquet(FLIGHTS / "predictions.parquet")[["prediction_id", "predicted_at", "distance"]].merge(delays)
    monitor = {
        "task": "regression", "predictions": "raw.delays", "feedback": "raw.labels", "prediction": "predicted_delay", "label": "arrival_delay",
        "model_version": "version", "window": "month", "rolling": [3], "features": {"distance": "numeric"},
        "reference": {"from": "2013-02-01", "to": "2013-04-01"},
    }
    labels = log[["prediction_id", "arrival_delay"]].assign(labelled_at=log["predicted_at"] + pd.Timedelta(hours=5))
    built = project({"delay": monitor}, logs={"delays": log.drop(columns="arrival_delay").assign(version="d1"), "labels": labels})
    built.run("-s", "+ml_monitor__performance")
    actual = values(built, "delay", "performance", model_version="__all__")
    months = log["predicted_at"].dt.to_period("M")
    for month in months.unique():
        for span in (1, 3):
            part = log[(months <= month) & (months > month - span)]
            for metric, number in regression_performance(part["predicted_delay"], part["arrival_delay"]).items():
                key = (month.start_time, "__all__", "__all__", "__all__", span, metric)
                assert actual[key] == pytest.approx(number, rel=1e-9, abs=1e-9), key


def test_rates(built: Project, log: pd.DataFrame) -> None:
    reference = pd.read_parquet(FLIGHTS / "reference.parquet")
    actual = values(built, "weekly", "data_quality", segment="__all__", model_version="__all__")
    for start, window in log.groupby(log["predicted_at"].dt.to_period("W-SUN").dt.start_time):
        for feature in [*NUMERIC, *CATEGORICAL]:
            column, known = window[feature], reference[feature]
            expected = {
                "missing_rate": column.isna().mean(),
                "missing_rate_increase": column.isna().mean() - known.isna().mean(),
            }
            if column.notna().any() and feature in CATEGORICAL:
                expected["unseen_rate"] = (~column.dropna().isin(known.dropna())).mean()
            elif column.notna().any():
                expected["out_of_range_rate"] = ((column < known.min()) | (column > known.max())).sum() / column.notna().sum()
            for metric, number in expected.items():
                assert actual[(start, "__all__", "__all__", feature, 1, metric)] == pytest.approx(number, abs=1e-12), (start, feature, metric)


def test_missing_rates(built: Project, log: pd.DataFrame) -> None:
    reference = pd.read_parquet(FLIGHTS / "reference.parquet")
    keys = {"metric": "missing_rate_increase", "segment": "__all__", "model_version": "__all__"}
    low, high, p_value = (values(built, "weekly", "metric_values", column, **keys) for column in ("lower_bound", "upper_bound", "p_value"))
    tested = 0
    for start, window in log.groupby(log["predicted_at"].dt.to_period("W-SUN").dt.start_time):
        for feature in [*NUMERIC, *CATEGORICAL]:
            key = (start, "__all__", "__all__", feature, 1, "missing_rate_increase")
            missing, base = window[feature].isna(), reference[feature].isna()
            assert (low[key], high[key]) == pytest.approx(newcombe(missing.mean(), len(window), base.mean(), len(base)), abs=1e-6), key
            expected = two_proportions(missing.sum(), len(window), base.sum(), len(base))
            if expected is None:
                assert p_value[key] is None
            else:
                assert p_value[key] == pytest.approx(expected, rel=1e-6, abs=1e-300), key
                tested += 1
    assert tested > 200


def test_declared_bounds(built: Project, log: pd.DataFrame) -> None:
    keys = {"metric": "out_of_bounds_rate", "segment": "__all__", "model_version": "__all__"}
    rates = values(built, "weekly", "data_quality", **keys)
    low = values(built, "weekly", "data_quality", "lower_bound", **keys)
    outside = {
        "distance": (log["distance"] < 100.5) | (log["distance"] > 2500),
        "visib": log["visib"] < 1,
        "carrier": ~log["carrier"].isin(["UA", "AA"]),
    }
    assert {key[3] for key in rates} == set(BOUNDED)
    for start, window in log.groupby(log["predicted_at"].dt.to_period("W-SUN").dt.start_time):
        for feature, bad in outside.items():
            n, share = window[feature].notna().sum(), bad[window.index].sum() / window[feature].notna().sum()
            key = (start, "__all__", "__all__", feature, 1, "out_of_bounds_rate")
            assert rates[key] == pytest.approx(share, abs=1e-12)
            assert low[key] == pytest.approx(wilson(share, n)[0], abs=1e-9)


@pytest.mark.parametrize("segment", ["__all__", "origin"])
def test_categories(built: Project, log: pd.DataFrame, segment: str) -> None:
    reference = pd.read_parquet(FLIGHTS / "reference.parquet")
    actual = values(built, "daily", "data_quality", segment=segment, feature="dest")
    others = {name: values(built, "daily", "data_quality", name, segment=segment, feature="dest") for name in ("noise_floor", "upper_bound", "detail")}
    days, vanished = log["predicted_at"].dt.floor("D"), 0
    for day in sorted(days.unique())[40::17]:
        for span in (1, 7, 30):
            part = log[(days <= day) & (days > day - pd.Timedelta(days=span))]
            for version, rows in versions_of(part):
                for value, frame in [("__all__", rows)] if segment == "__all__" else rows.groupby(segment):
                    known = reference if segment == "__all__" else reference[reference[segment] == value]
                    if known.empty:
                        continue
                    expected = categories(known["dest"], frame["dest"])
                    key = (day, version, value, "dest", span)
                    assert ("vanished_rate" in expected) == ((*key, "vanished_rate") in actual), key
                    for metric in expected.keys() & {"category_count", "category_count_ratio", "vanished_rate"}:
                        assert actual[(*key, metric)] == pytest.approx(expected[metric], rel=1e-9), (key, metric)
                    ratio = expected["category_count_ratio"] + expected["ratio_half_width"]
                    assert others["upper_bound"][(*key, "category_count_ratio")] == pytest.approx(ratio, rel=1e-9)
                    if "vanished_rate" in expected:
                        assert others["noise_floor"][(*key, "vanished_rate")] == pytest.approx(expected["noise_floor"], rel=1e-9)
                        assert others["detail"][(*key, "vanished_rate")] == expected["vanished"], key
                        vanished += expected["vanished"] is not None
    assert vanished > 10


@pytest.mark.parametrize(("monitor", "unit", "spans"), [("weekly", "W-SUN", [1]), ("daily", "D", [1, 7, 30])])
def test_point_masses(built: Project, log: pd.DataFrame, monitor: str, unit: str, spans: list[int]) -> None:
    reference = pd.read_parquet(FLIGHTS / "reference.parquet")
    columns = ("metric_value", "sample_size", "lower_bound", "upper_bound", "detail")
    actual = {name: values(built, monitor, "data_quality", name, metric="point_mass_increase") for name in columns}
    periods = log["predicted_at"].dt.to_period(unit)
    for period in sorted(periods.unique())[31::9]:
        for span in spans:
            part = log[(periods <= period) & (periods > period - span)]
            for feature in NUMERIC if monitor == "weekly" else ["humid"]:
                windows = [rows for _, rows in part.groupby(periods[part.index])]
                expected, value, n = point_mass(reference, windows, feature)
                key = (period.start_time, "__all__", "__all__", feature, span, "point_mass_increase")
                if n == 0:
                    assert key not in actual["metric_value"]
                    continue
                assert actual["metric_value"][key] == pytest.approx(expected, abs=1e-9), key
                assert actual["sample_size"][key] == n
                if value is not None:
                    assert actual["detail"][key] == f"the value {round(value, 3):g}", key
                    assert actual["lower_bound"][key] < expected < actual["upper_bound"][key]


def test_the_published_performance(built: Project) -> None:
    """The figures that were published with the flights, which others computed, by month, week and version."""
    published = pd.read_csv(EXPECTED / "flights_performance.csv", parse_dates=["window_start"])
    metrics = ["accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "log_loss", "brier", "prevalence", "label_coverage"]
    compared = 0
    for monitor, unit in UNITS:
        actual = values(built, monitor, "performance", segment="__all__")
        for row in published[published["window_type"] == unit].to_dict("records"):
            for metric in metrics:
                found = actual.get((row["window_start"], row["model_version"], "__all__", "__all__", 1, metric))
                if found is not None and not pd.isna(row[metric]):
                    assert found == pytest.approx(row[metric], abs=1e-6), (monitor, row["window_start"], row["model_version"], metric)
                    compared += 1
    assert compared > 900


def test_the_published_rolling_performance(built: Project) -> None:
    published = pd.read_csv(EXPECTED / "flights_performance_rolling.csv", parse_dates=["day"])
    actual, compared = values(built, "daily", "performance", segment="__all__"), 0
    for row in published.to_dict("records"):
        for metric in ("accuracy", "roc_auc", "precision", "recall"):
            found = actual.get((row["day"], "__all__", "__all__", "__all__", row["trailing_days"], metric))
            if found is not None and not pd.isna(row[metric]):
                assert found == pytest.approx(row[metric], abs=1e-6), (row["day"], row["trailing_days"], metric)
                compared += 1
    assert compared > 2400


def test_the_published_drift(built: Project) -> None:
    """Where the definition is the same: deciles without a point mass, whose bin is ours alone, and categories with all unseen ones as one bin."""
    published = pd.read_csv(EXPECTED / "flights_drift.csv", parse_dates=["window_start"])
    drift, quality = (values(built, "monthly", table, segment="__all__") for table in ("drift", "data_quality"))
    compared = dict.fromkeys(("psi", "js_distance", "l_infinity", "chi_squared", "missing_rate", "unseen_rate"), 0)
    for row in published.to_dict("records"):
        feature = {"y_score": "__score__", "y_pred": "__prediction__"}.get(row["feature"], row["feature"])
        few_unseen = row["n_unseen_categories"] <= 1
        expected = {"missing_rate": row["missing_rate_cur"], "unseen_rate": row["unseen_rate"]}
        if row["feature_kind"] == "numeric" and row["n_bins"] == 10:
            expected |= {"psi": row["psi"], "js_distance": row["js_distance"]}
        if row["feature_kind"] != "numeric":
            expected |= {"psi": row["psi_unseen_grouped"]}
            if few_unseen:
                expected |= {"js_distance": row["js_distance"], "l_infinity": row["linf_distance"], "chi_squared": row["chi2_stat"]}
        for metric, number in expected.items():
            found = (quality if metric.endswith("_rate") else drift).get((row["window_start"], row["model_version"], "__all__", feature, 1, metric))
            if found is not None and not pd.isna(number):
                assert found == pytest.approx(number, abs=1e-6), (row["window_start"], row["model_version"], feature, metric)
                compared[metric] += 1
    assert all(n > 100 for n in compared.values()), compared
