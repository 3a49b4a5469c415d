"""What each kind of reference compares a window with, against counts that pandas makes; volumes, lateness and the spread of healthy windows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conformance import golden
from tests.conformance.flights import distances
from tests.integration.logs import MONITOR, logs, predictions
from tests.project import Project, project_on

MART = "main_ml_monitor.ml_monitor__"
# The clock of the golden log, so that one warehouse can hold both.
NOW = golden.NOW
PLANS = ["basic", "pro", "team"]


def weekly_log() -> pd.DataFrame:
    """59 days up to the open one. Each weekday has rows and a spread of its own: on Saturdays, and less on Sundays, what is bought changes from week to week."""
    log = predictions(days=59, rows=40, start="2025-11-12", seed=0)
    days, place = log["predicted_at"].dt.floor("D"), log.index.to_numpy() % 40
    week = (days - days.min()).dt.days // 7
    random = np.random.default_rng(8)
    for weekday, share in {5: 0.9, 6: 0.5}.items():
        moved = (days.dt.day_of_week == weekday) & (random.uniform(size=len(log)) < share)
        log.loc[moved, "plan"] = np.array(PLANS)[week[moved] % 3]
    log.loc[days >= "2025-12-22", "plan"] = "pro"
    log["model_version"] = np.where(days < "2025-12-17", "m1", "m2")
    log["loaded_at"] = log["predicted_at"] + pd.to_timedelta(np.where(place % 9 == 4, 30, 0.25), unit="h")
    return log[place < 40 - 3 * days.dt.day_of_week - week % 3].reset_index(drop=True)


LOG = weekly_log()
HOURS = predictions(days=4, rows=24 * 30, start="2026-01-06")
DAY, WEEK, HOUR = LOG["predicted_at"].dt.floor("D"), LOG["predicted_at"].dt.to_period("W-SUN").dt.start_time, HOURS["predicted_at"].dt.floor("h")
DAYS = sorted(DAY.unique())
FIRST, LAST = DAYS[0], DAYS[-1]
HEALTHY = 40
# Excluded of what `interrupted` is compared with.
STORM = [pd.Timestamp("2025-12-22"), pd.Timestamp("2025-12-25")]
MOVING = {"trailing_10": ("trailing", 10), "previous_1": ("previous", 1), "previous_2": ("previous", 2), "weekdays_3": ("same_weekday", 3)}
DAILY = MONITOR | {"feedback": None, "features": {"plan": "categorical"}, "segments": [], "rolling": [3, 9]}
MONITORS: dict[str, Any] = {
    **{name: DAILY | {"reference": {kind: size}, "healthy": {"windows": HEALTHY}} for name, (kind, size) in MOVING.items()},
    "beside": DAILY | {"trailing_baseline": 12},
    "interrupted": DAILY | {"reference": {"trailing": 10}, "rolling": []},
    "weeks": DAILY | {"reference": {"previous": 1}, "trailing_baseline": 4, "window": "week", "rolling": [2]},
    "hours": DAILY | {"predictions": "raw.hourly", "reference": {"same_hour": 3}, "window": "hour", "rolling": [5]},
}
MONITORS["weekdays_3"]["loaded_at"] = "loaded_at"
EXCLUDED = pd.DataFrame({"monitor": ["interrupted"], "starts_at": STORM[:1], "ends_at": STORM[1:], "reason": ["one plan only"]})
LOGS = {"predictions": LOG, "reference": predictions(days=20, start="2025-10-01", seed=9), "hourly": HOURS}


@pytest.fixture(scope="module", params=["duckdb", "postgres", "spark"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = project_on(
        request.param, request, tmp_path_factory.mktemp("references") / "project", MONITORS,
        logs=LOGS | {"excluded": EXCLUDED}, now=NOW, variables={"ml_monitor__excluded_periods": "raw.excluded"},
    )  # fmt: skip
    project.run("-s", "+ml_monitor__dispersion", "+ml_monitor__drift", "+ml_monitor__intake")
    return project


def psi(built: Project, monitor: str, baseline: str = "reference") -> dict[tuple[pd.Timestamp, int], float]:
    rows = built.rows(
        f"select window_start, span, psi from {MART}drift_statistics where baseline = '{baseline}' and feature = 'plan' and model_version = '__all__' and segment = '__all__' and monitor = '{monitor}'"
    )
    return {row[:2]: row[2] for row in rows}


def intake(built: Project, monitor: str, metric: str) -> dict[pd.Timestamp, float]:
    return {row[0]: row[1] for row in built.rows(f"select window_start, metric_value from {MART}intake where monitor = '{monitor}' and metric = '{metric}'")}


def counts(days: list[pd.Timestamp], log: pd.DataFrame = LOG, window: pd.Series = DAY) -> np.ndarray:
    """Rows per plan in these windows."""
    return log.loc[window.isin(days), "plan"].value_counts().reindex(PLANS, fill_value=0).to_numpy()


def days_back(day: pd.Timestamp, first: int, last: int) -> list[pd.Timestamp]:
    return [day - pd.Timedelta(days=back) for back in range(last, first + 1)]


def baseline_days(kind: str, size: int, day: pd.Timestamp, span: int) -> list[pd.Timestamp]:
    if kind == "trailing":
        return days_back(day, span + size - 1, span)
    if kind == "previous":
        return days_back(day, span * (size + 1) - 1, span)
    step = 7 * -(-span // 7)
    return [d for week in range(1, size + 1) for d in days_back(day, week * step + span - 1, week * step)]


@pytest.mark.parametrize("name", MOVING)
def test_moving_references(built: Project, name: str) -> None:
    kind, size = MOVING[name]
    actual, compared = psi(built, name), 0
    for span in (1, 3, 9):
        for day in DAYS[35::4]:
            baseline = [d for d in baseline_days(kind, size, day, span) if d >= FIRST]
            if baseline:
                expected = distances(counts(baseline), counts(days_back(day, span - 1, 0)), "jeffreys")["psi"]
                assert actual[(day, span)] == pytest.approx(expected, rel=1e-9), (name, day, span)
                compared += 1
    assert compared > 15


def test_the_same_hour(built: Project) -> None:
    """Hourly windows against the same hours of the days before."""
    actual = psi(built, "hours")

    def plans(last: pd.Timestamp, span: int, days_before: tuple[int, ...]) -> np.ndarray:
        return counts([last - pd.Timedelta(days=days, hours=back) for days in days_before for back in range(span)], HOURS, HOUR)

    for span in (1, 5):
        for last in HOUR.unique()[24 * 3 :: 5]:
            expected = distances(plans(last, span, (1, 2, 3)), plans(last, span, (0,)), "jeffreys")["psi"]
            assert actual[(last, span)] == pytest.approx(expected, rel=1e-9), (last, span)


def test_weeks_against_the_weeks_before(built: Project) -> None:
    actual, compared = psi(built, "weeks"), 0
    assert max(actual)[0] == pd.Timestamp("2025-12-29"), "the week that is not over"
    for span in (1, 2):
        for last in WEEK.unique()[2 * span : -1]:
            before, now = ([last - pd.Timedelta(weeks=back) for back in range(first, first + span)] for first in (span, 0))
            expected = distances(counts(before, window=WEEK), counts(now, window=WEEK), "jeffreys")["psi"]
            assert actual[(last, span)] == pytest.approx(expected, rel=1e-9), (last, span)
            compared += 1
    assert compared > 8


def test_drift_against_the_windows_just_before(built: Project) -> None:
    """`psi_trailing`, which stands beside the drift from a frozen reference."""
    actual = psi(built, "beside", "trailing")
    for span in (1, 3, 9):
        for day in DAYS[25::5]:
            expected = distances(counts(days_back(day, span + 11, span)), counts(days_back(day, span - 1, 0)), "jeffreys")["psi"]
            assert actual[(day, span)] == pytest.approx(expected, rel=1e-9), (day, span)


def test_excluded_periods_stay_out_of_the_baseline(built: Project) -> None:
    actual = psi(built, "interrupted")
    for day in pd.date_range("2025-12-25", "2026-01-03"):
        baseline = [d for d in days_back(day, 10, 1) if not STORM[0] <= d < STORM[1]]
        assert actual[(day, 1)] == pytest.approx(distances(counts(baseline), counts([day]), "jeffreys")["psi"], rel=1e-9), day


def spread(name: str) -> pd.Series:
    """(span, weekday) -> mean PSI of a weekday's healthy windows over what sampling explains, not below 1; of a longer span that of all days."""
    ratios = []
    for span in (1, 3, 9):
        for day in DAYS[:HEALTHY]:
            before, now = (counts([d for d in days if d >= FIRST]) for days in (baseline_days(*MOVING[name], day, span), days_back(day, span - 1, 0)))
            if before.sum():
                noise = (len(PLANS) - 1) * (1 / before.sum() + 1 / now.sum())
                ratios.append((span, day.weekday(), distances(before, now, "jeffreys")["psi"] / noise))
    frame = pd.DataFrame(ratios, columns=["span", "weekday", "ratio"])
    of_weekdays = frame.groupby(["span", "weekday"])["ratio"].agg(["size", "mean"])
    expected = of_weekdays["mean"].where((of_weekdays.index.get_level_values("span") == 1) & (of_weekdays["size"] >= 4))
    return expected.fillna(frame.groupby("span")["ratio"].mean().reindex(expected.index, level="span")).clip(lower=1)


@pytest.mark.parametrize("name", ["trailing_10", "weekdays_3"])
def test_the_spread_of_healthy_windows_by_weekday(built: Project, name: str) -> None:
    expected = spread(name)
    rows = built.rows(f"select span, season, dispersion from {MART}dispersion where monitor = '{name}' and feature = 'plan'")
    assert {row[:2]: float(row[2]) for row in rows} == pytest.approx(expected.to_dict(), rel=1e-9)
    assert expected[1, 5] > expected[1, 6] + 1 > 2, "Saturdays differ more than Sundays"


def test_volumes(built: Project) -> None:
    """Rows against the mean of the windows just before, and of the same weekday in the four weeks before."""
    rows = LOG.groupby(DAY).size()
    trailing, seasonal = (intake(built, "weekdays_3", metric) for metric in ("volume_ratio", "seasonal_volume_ratio"))
    for place, day in enumerate(DAYS):
        before = rows.iloc[max(place - 28, 0) : place]
        weekdays = rows.reindex([day - pd.Timedelta(weeks=back) for back in range(1, 5)]).dropna()
        for actual, base, least in ((trailing, before, 7), (seasonal, weekdays, 2)):
            expected = None if len(base) < least else pytest.approx(rows[day] / base.mean(), rel=1e-12)
            assert actual.get(day) == expected, day
    assert rows.iloc[-7:].nunique() == 7, "another weekday would give another ratio"


def test_late_rows_and_freshness(built: Project) -> None:
    over = DAY + pd.Timedelta(days=1)
    late = (LOG["loaded_at"] >= over).groupby(DAY).mean()
    age = (over - LOG["predicted_at"]).groupby(DAY).min() / pd.Timedelta(hours=1)
    assert intake(built, "weekdays_3", "late_rate") == pytest.approx(late.to_dict(), rel=1e-12)
    assert intake(built, "weekdays_3", "freshness") == pytest.approx(age.to_dict(), rel=1e-12)
    assert intake(built, "weeks", "late_rate") == {}, "nobody says when its rows came"
    assert late.nunique() > 3 and age.nunique() > 3


def test_crossed_segments(project: Callable[..., Project]) -> None:
    built = project({"churn": DAILY | {"reference": {"trailing": 10}, "segments": ["plan", ["plan", "model_version"]]}}, logs=LOGS, now=NOW)
    built.run("-s", "+ml_monitor__drift")
    values = built.rows(
        f"select distinct segment_value from {MART}drift where segment = 'plan x model_version' and model_version = '__all__' order by 1"
    )
    # m2 came after the reference was frozen.
    assert [value for (value,) in values] == ["__other__", "basic x m1", "pro x m1", "team x m1"]
    sizes = built.rows(
        f"select sample_size from {MART}drift where segment = 'plan x model_version' and segment_value = '__other__' and metric = 'psi'"
        f" and feature = 'plan' and model_version = '__all__' and span = 1 and window_start = '{LAST}'"
    )
    assert sizes == [((DAY == LAST).sum(),)]


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
