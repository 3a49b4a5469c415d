"""What each kind of reference compares a window with, against counts that pandas makes; excluded periods and crossed segments."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conformance.flights import distances
from tests.integration.logs import MONITOR, logs, predictions
from tests.project import Project

NOW = "2026-03-01 00:00:00"
MART = "main_ml_monitor.ml_monitor__"
LOG = predictions(days=59, rows=40).assign(model_version=lambda log: np.where(log["predicted_at"] < "2026-02-05", "m1", "m2"))
LOG.loc[LOG["predicted_at"] >= "2026-02-10", "plan"] = np.where(LOG["predicted_at"] >= "2026-02-10", "pro", "")[
    LOG["predicted_at"] >= "2026-02-10"
]
DAY = LOG["predicted_at"].dt.floor("D")
FIRST = DAY.min()
COARSE = {"features": {"plan": "categorical"}, "rolling": [3, 9]}


def build(project: Callable[..., Project], reference: dict[str, Any], **changes: Any) -> Project:
    monitor = MONITOR | COARSE | {"reference": reference} | changes
    built = project({"churn": monitor}, logs=logs(predictions=LOG), now=NOW)
    built.run("-s", "+ml_monitor__drift", "+ml_monitor__intake")
    return built


def psi(built: Project, **keys: Any) -> dict[tuple[pd.Timestamp, int], float]:
    where = "".join(f" and {key} = '{value}'" for key, value in keys.items())
    rows = built.rows(
        f"select window_start, span, metric_value from {MART}drift where metric = 'psi' and feature = 'plan' and model_version = '__all__'{where}"
    )
    return {row[:2]: row[2] for row in rows}


def counts(days: list[pd.Timestamp], rows: pd.Series | None = None) -> np.ndarray:
    """Rows per plan on these days."""
    chosen = DAY.isin(days) if rows is None else DAY.isin(days) & rows
    return LOG.loc[chosen, "plan"].value_counts().reindex(["basic", "pro", "team"], fill_value=0).to_numpy()


def days_back(day: pd.Timestamp, first: int, last: int) -> list[pd.Timestamp]:
    return [day - pd.Timedelta(days=back) for back in range(last, first + 1)]


def baseline_days(kind: str, size: int, day: pd.Timestamp, span: int) -> list[pd.Timestamp]:
    if kind == "trailing":
        return days_back(day, span + size - 1, span)
    if kind == "previous":
        return days_back(day, span * (size + 1) - 1, span)
    step = 7 * -(-span // 7)
    return [d for week in range(1, size + 1) for d in days_back(day, week * step + span - 1, week * step)]


def test_moving_references(project: Callable[..., Project]) -> None:
    kinds = {"trailing_10": ("trailing", 10), "previous_1": ("previous", 1), "previous_2": ("previous", 2), "weekdays_3": ("same_weekday", 3)}
    monitors = {name: MONITOR | COARSE | {"reference": {kind: size}} for name, (kind, size) in kinds.items()}
    built = project(monitors, logs=logs(predictions=LOG), now=NOW)
    built.run("-s", "+ml_monitor__drift")
    for name, (kind, size) in kinds.items():
        actual, compared = psi(built, segment="__all__", monitor=name), 0
        for span in (1, 3, 9):
            for day in sorted(DAY.unique())[35::4]:
                baseline = [d for d in baseline_days(kind, size, day, span) if d >= FIRST]
                if baseline:
                    expected = distances(counts(baseline), counts(days_back(day, span - 1, 0)), "jeffreys")["psi"]
                    assert actual[(day, span)] == pytest.approx(expected, rel=1e-9), (name, day, span)
                    compared += 1
        assert compared > 15


def test_the_same_hour(project: Callable[..., Project]) -> None:
    """Hourly windows against the same hours of the days before."""
    log = predictions(days=8, rows=24 * 30)
    monitor = MONITOR | COARSE | {"reference": {"same_hour": 3}, "window": "hour", "rolling": [5]}
    built = project({"churn": monitor}, logs=logs(predictions=log), now="2026-01-09 00:00:00")
    built.run("-s", "+ml_monitor__drift")
    actual, hours = psi(built, segment="__all__"), log["predicted_at"].dt.floor("h")

    def plans(last: pd.Timestamp, span: int, days_before: tuple[int, ...]) -> np.ndarray:
        wanted = [last - pd.Timedelta(days=days, hours=back) for days in days_before for back in range(span)]
        return log.loc[hours.isin(wanted), "plan"].value_counts().reindex(["basic", "pro", "team"], fill_value=0).to_numpy()

    for span in (1, 5):
        for last in hours.unique()[24 * 5 :: 13]:
            expected = distances(plans(last, span, (1, 2, 3)), plans(last, span, (0,)), "jeffreys")["psi"]
            assert actual[(last, span)] == pytest.approx(expected, rel=1e-9), (last, span)


def test_drift_against_the_windows_just_before(project: Callable[..., Project]) -> None:
    """`psi_trailing`, which stands beside the drift from a frozen reference."""
    built = build(project, {"relation": "raw.reference"}, trailing_baseline=12)
    rows = built.rows(
        f"select window_start, span, metric_value from {MART}drift where metric = 'psi_trailing' and feature = 'plan' and model_version = '__all__' and segment = '__all__'"
    )
    actual = {row[:2]: row[2] for row in rows}
    for span in (1, 3, 9):
        for day in sorted(DAY.unique())[25::5]:
            expected = distances(counts(days_back(day, span + 11, span)), counts(days_back(day, span - 1, 0)), "jeffreys")["psi"]
            assert actual[(day, span)] == pytest.approx(expected, rel=1e-9), (day, span)


def test_excluded_periods_stay_out_of_the_baseline(project: Callable[..., Project]) -> None:
    built = project(
        {"churn": MONITOR | {"reference": {"trailing": 10}, "features": {"plan": "categorical"}, "rolling": []}},
        logs=logs(predictions=LOG)
        | {
            "excluded": pd.DataFrame(
                {"monitor": ["churn"], "starts_at": [pd.Timestamp("2026-02-10")], "ends_at": [pd.Timestamp("2026-02-13")], "reason": ["one plan only"]}
            )
        },
        now=NOW,
        variables={"ml_monitor__excluded_periods": "raw.excluded"},
    )
    built.run("-s", "+ml_monitor__drift")
    day = pd.Timestamp("2026-02-15")
    baseline = [d for d in days_back(day, 10, 1) if not pd.Timestamp("2026-02-10") <= d < pd.Timestamp("2026-02-13")]
    assert psi(built, segment="__all__")[(day, 1)] == pytest.approx(distances(counts(baseline), counts([day]), "jeffreys")["psi"], rel=1e-9)


def test_crossed_segments(project: Callable[..., Project]) -> None:
    built = build(project, {"trailing": 10}, segments=["plan", ["plan", "model_version"]])
    values = built.rows(
        f"select distinct segment_value from {MART}drift where segment = 'plan x model_version' and model_version = '__all__' order by 1"
    )
    # m2 came after the reference was frozen.
    assert [value for (value,) in values] == ["__other__", "basic x m1", "pro x m1", "team x m1"]
    sizes = built.rows(
        f"select sample_size from {MART}drift where segment = 'plan x model_version' and segment_value = '__other__' and metric = 'psi'"
        " and feature = 'plan' and model_version = '__all__' and span = 1 and window_start = '2026-02-20'"
    )
    assert sizes == [(40,)]


def test_volume_of_the_same_weekday(project: Callable[..., Project]) -> None:
    built = build(project, {"trailing": 10})
    ((ratio,),) = built.rows(
        f"select metric_value from {MART}intake where metric = 'seasonal_volume_ratio' and window_start = '2026-02-20'"
    )
    assert ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference": {"same_weekday": 2}, "window": "week"}, "needs windows of an hour or a day"),
        ({"reference": {"previous": 0}}, "is not a whole number from 1"),
        ({"segments": [["plan"]]}, "neither a column nor a list of two or more columns"),
        ({"alpha": 0.2}, "is not a choice"),
        ({"healthy": {"windows": 3}}, "is not a whole number from 7"),
        ({"thresholds": {"ks": {"alert": 0.1, "test": "material"}}}, "is not a choice"),
    ],
)
def test_wrong_configuration(project: Callable[..., Project], changes: dict[str, Any], words: str) -> None:
    built = project({"churn": MONITOR | changes}, logs=logs(), now=NOW)
    assert words in built.error()
