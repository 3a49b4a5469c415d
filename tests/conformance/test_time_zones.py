"""Windows cut by the wall clock of a time zone, over the days on which daylight saving begins and ends, against pandas."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.integration.logs import MONITOR, feedback, logs, predictions
from tests.project import Project, project_on

MART = "main_ml_monitor.ml_monitor__"
NEW_YORK, KOLKATA = "America/New_York", "Asia/Kolkata"
CUTS = [(NEW_YORK, "hour"), (NEW_YORK, "day"), (NEW_YORK, "week"), (NEW_YORK, "month"), (KOLKATA, "hour"), (KOLKATA, "day")]
# Daylight saving began on 2026-03-08 and ended on 2026-11-01: days of 23 and 25 hours.
LOG = pd.concat(
    [predictions(days=12, rows=96, start="2026-03-02"), predictions(days=12, rows=96, start="2026-10-26", seed=3)], ignore_index=True
)
LABELS = feedback(LOG, delay_hours=30)
NOW = "2026-11-07 00:00:00"


def starts(moments: pd.Series, zone: str, unit: str) -> pd.Series:
    """Start of the window of each moment, UTC."""
    local = moments.dt.tz_localize("UTC").dt.tz_convert(zone)
    if unit == "hour":
        # Both hours that the clock shows as one are windows.
        off = local.dt.minute * 60 + local.dt.second
        return moments - pd.to_timedelta(off, unit="s")
    shown = local.dt.tz_localize(None)
    start = shown.dt.to_period({"day": "D", "week": "W-SUN", "month": "M"}[unit]).dt.start_time
    return start.dt.tz_localize(zone).dt.tz_convert("UTC").dt.tz_localize(None)


def name(zone: str, unit: str) -> str:
    return f"{zone.split('/')[1].lower()}_{unit}"


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def built(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    # On Spark each window is a partition: hours of one zone are enough of them.
    cuts = CUTS[:2] if request.param == "spark" else CUTS
    monitors: dict[str, Any] = {
        name(zone, unit): MONITOR | {"window": unit, "timezone": zone, "rolling": [], "segments": [], "features": {"plan": "categorical"}}
        for zone, unit in cuts
    }
    tables = logs(predictions=LOG[LOG["predicted_at"] < "2026-11-01 12:00"], feedback=LABELS)
    return project_on(request.param, request, tmp_path / "project", monitors, logs=tables, now=NOW)


def test_windows_of_the_wall_clock(built: Project) -> None:
    built.run("-s", "+ml_monitor__outcome_profiles", "+ml_monitor__windows", now="2026-11-01 12:00:00")
    built.load("predictions", LOG)
    built.run("-s", "+ml_monitor__outcome_profiles", "+ml_monitor__windows", now=NOW)
    closed = LOG[LOG["predicted_at"] < NOW]
    for monitor, declared in built.monitors.items():
        zone, unit = declared["timezone"], declared["window"]
        expected = starts(closed["predicted_at"], zone, unit).value_counts().sort_index()
        profile = built.frame(
            f"select window_start, sum(n) as n, min(window_number) as window_number from main_ml_monitor.{monitor}__feature_profile"
            " where feature = '__all__' and bin = 0 group by window_start order by window_start"
        )
        assert [pd.Timestamp(start) for start in profile["window_start"]] == list(expected.index), monitor
        assert list(profile["n"]) == list(expected), monitor
        windows = built.frame(f"select window_start, window_end, window_number from {MART}windows where monitor = '{monitor}' order by window_number")
        begin, end = pd.to_datetime(windows["window_start"]), pd.to_datetime(windows["window_end"])
        assert (begin[1:].to_numpy() == end[:-1].to_numpy()).all(), "windows leave no gap"
        assert (starts(begin, zone, unit) == begin).all()
        assert (np.diff(windows["window_number"]) == 1).all()
        assert end.max() <= pd.Timestamp(NOW) < pd.Timestamp(end.max()) + pd.Timedelta(days=31 if unit == "month" else 7)
        numbered = profile.merge(windows, on="window_start", suffixes=("", "_of_window"))
        assert (numbered["window_number"] == numbered["window_number_of_window"]).all()
        hours = set((end - begin).dt.total_seconds() / 3600)
        assert hours == {(NEW_YORK, "day"): {23, 24, 25}, (NEW_YORK, "week"): {167, 168, 169}}.get((zone, unit), hours)
        assert unit != "hour" or hours == {1}
        _check_labels(built, zone, unit)
    before = built.frame(f"select monitor, window_start, max(updated_at) as at from {MART}feature_profiles group by 1, 2 order by 1, 2")
    built.run("-s", "+ml_monitor__outcome_profiles", "+ml_monitor__windows", now=NOW)
    after = built.frame(f"select monitor, window_start, max(updated_at) as at from {MART}feature_profiles group by 1, 2 order by 1, 2")
    pd.testing.assert_frame_equal(before, after)


def _check_labels(built: Project, zone: str, unit: str) -> None:
    """A label's age is in windows of the wall clock."""
    rows = LOG.merge(LABELS, on="prediction_id")
    rows = rows[(rows["labelled_at"] < NOW) & (rows["predicted_at"] < NOW)]
    start, labelled = starts(rows["predicted_at"], zone, unit), starts(rows["labelled_at"], zone, unit)
    if unit == "month":
        return
    local = [column.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None) for column in (start, labelled)]
    length = pd.Timedelta(days={"day": 1, "week": 7}.get(unit, 0), hours=int(unit == "hour"))
    age = (labelled - start) // length if unit == "hour" else (local[1] - local[0]) // length
    expected = age.value_counts().to_dict()
    found = built.rows(
        f"select label_age, sum(n) from main_ml_monitor.{name(zone, unit)}__outcome_profile"
        " where outcome = 'labelled' and segment = '__all__' group by label_age"
    )
    assert {int(age): int(n) for age, n in found} == expected


@pytest.mark.parametrize("zone", ["New York", "EST5EDT'; drop table x", 5])
def test_unknown_zone(project: Callable[..., Project], zone: Any) -> None:
    message = project({"churn": MONITOR | {"timezone": zone}}).error()
    assert "key 'timezone'" in message and "America/New_York" in message
