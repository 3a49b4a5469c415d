"""The package's numbers on the shipped flights against scipy and scikit-learn, in weeks, months and rolling days."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from tests.conformance.flights import binary_performance, drift, regression_performance
from tests.project import FLIGHTS, PostgresProject, Project

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
LOGS = {name: FLIGHTS / f"{name}.parquet" for name in ("predictions", "feedback", "reference", "arrival_delays")}
STARTS = {"week": "W-SUN", "month": "M"}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    monitors: dict[str, Any] = {
        "weekly": MONITOR | {"window": "week"},
        "monthly": MONITOR | {"window": "month", "smoothing": {"floor": 0.0001}},
        "many": MONITOR | {"window": "month", "features": {"tailnum": "categorical"}, "categories": 5000, "segments": []},
        "daily": MONITOR | {"features": {"origin": "categorical"}, "window": "day", "rolling": [7, 30]},
    }
    directory = tmp_path_factory.mktemp("flights") / "project"
    if request.param == "postgres":
        project: Project = PostgresProject(directory, monitors, logs=LOGS, server=request.getfixturevalue("postgres_url"))
    else:
        project = Project(directory, monitors, logs=LOGS)
    project.run("--exclude", "ml_monitor__rpt_*")
    return project


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    predictions = pd.read_parquet(FLIGHTS / "predictions.parquet")
    return predictions.merge(pd.read_parquet(FLIGHTS / "feedback.parquet"), on="prediction_id", how="left")


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


@pytest.mark.parametrize(
    ("monitor", "unit", "smoothing", "features"),
    [
        ("weekly", "week", "jeffreys", [*NUMERIC, *CATEGORICAL, "y_score", "y_pred"]),
        ("monthly", "month", "floor", [*NUMERIC, *CATEGORICAL, "y_score", "y_pred"]),
        ("many", "month", "jeffreys", ["tailnum"]),
    ],
)
def test_drift(built: Project, log: pd.DataFrame, monitor: str, unit: str, smoothing: str, features: list[str]) -> None:
    reference = pd.read_parquet(FLIGHTS / "reference.parquet")
    actual = values(built, monitor, "drift", segment="__all__")
    p_values = values(built, monitor, "drift", "p_value", segment="__all__")
    compared = 0
    for start, window in log.groupby(log["predicted_at"].dt.to_period(STARTS[unit]).dt.start_time):
        for version, part in versions_of(window):
            for feature in features:
                kind = "numeric" if feature in [*NUMERIC, "y_score"] else "categorical"
                name = {"y_score": "__score__", "y_pred": "__prediction__"}.get(feature, feature)
                if part[feature].notna().sum() == 0:
                    assert actual[(start, version, "__all__", name, 1, "psi")] is None
                    continue
                found = drift(reference[feature], part[feature], kind, smoothing)
                for metric, p_value in {"chi_squared": "p_value", "chi_squared_with_missing": "p_value_with_missing", "ks": "ks_p_value"}.items():
                    if p_value in found:
                        expected = found.pop(p_value)
                        key = (start, version, "__all__", name, 1, metric)
                        # Thousands of categories: beyond 120 degrees of freedom the tail is an approximation.
                        tolerance = 1e-6 if feature != "tailnum" else 0.1
                        assert p_values[key] == pytest.approx(expected, rel=tolerance, abs=1e-200 if feature != "tailnum" else 1e-12), key
                for metric, expected in found.items():
                    # The spread of a constant window is what rounding leaves of a difference.
                    tolerance = 1e-7 if metric == "std_change" else 1e-9
                    assert actual[(start, version, "__all__", name, 1, metric)] == pytest.approx(expected, rel=1e-9, abs=tolerance), (
                        start, version, name, metric,
                    )
                    compared += 1
    assert compared > 10 * len(features) * 12


@pytest.mark.parametrize(("monitor", "unit"), [("weekly", "week"), ("monthly", "month")])
@pytest.mark.parametrize("segment", ["__all__", "origin", "carrier"])
def test_binary_performance(built: Project, log: pd.DataFrame, monitor: str, unit: str, segment: str) -> None:
    actual = values(built, monitor, "performance", segment=segment)
    expected = {}
    keys = [log["predicted_at"].dt.to_period(STARTS[unit]).dt.start_time]
    keys += [log[segment]] if segment != "__all__" else []
    for key, window in log.groupby(keys):
        start, value = key[0], key[1] if len(key) > 1 else "__all__"
        for version, part in versions_of(window):
            if part["label"].notna().any():
                for metric, number in binary_performance(part).items():
                    expected[(start, version, value, "__all__", 1, metric)] = number
    about_labels = {"label_coverage", "early_label_rate", "invalid_label_rate", "invalid_prediction_rate"}
    assert {k for k in actual if k[5] not in about_labels} == {k for k in expected if k[5] not in about_labels}
    for key, number in expected.items():
        assert actual[key] == pytest.approx(number, rel=1e-9, abs=1e-9), key


@pytest.mark.parametrize("span", [7, 30])
def test_rolling_performance(built: Project, log: pd.DataFrame, span: int) -> None:
    actual = values(built, "daily", "performance", segment="__all__", model_version="__all__", span=span)
    days = pd.date_range("2013-02-01", "2013-12-31", freq="D")
    for day in days[::5]:
        start = day - pd.Timedelta(days=span - 1)
        part = log[(log["predicted_at"] >= start) & (log["predicted_at"] < day + pd.Timedelta(days=1))]
        for metric, number in binary_performance(part).items():
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
