"""Calendar months and days from the profile of an hourly monitor, against scipy on the rows themselves."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conformance import outcomes, quality
from tests.conformance.flights import distances, drift
from tests.integration.logs import MONITOR, logs, predictions
from tests.project import Project, project_on

SCHEMA = "main_ml_monitor"
NOW = "2026-04-20 00:00:00"
LOG = predictions(days=75, rows=60, start="2026-02-04").assign(model_version=lambda log: np.where(log["predicted_at"] < "2026-03-20", "m1", "m2"))
LOG["amount"] *= np.where(LOG["predicted_at"] < "2026-03-15", 1, 1.3)
LOG.loc[::9, "amount"] = np.nan
LOG.loc[(LOG["predicted_at"] >= "2026-03-10") & (LOG.index % 40 == 0), "plan"] = "new"
# Of February, which the log begins on the fourth.
LOG_HOURS = 25 * 24 - 1
LOGS = logs(predictions=LOG)
HOURLY = MONITOR | {"window": "hour", "rolling": [], "segments": [], "score_decimals": 6}
MONITORS: dict[str, Any] = {
    "berlin": HOURLY | {"timezone": "Europe/Berlin"},
    "moving": HOURLY | {"reference": {"trailing": 24}, "features": {"plan": "categorical"}},
}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = project_on(request.param, request, tmp_path_factory.mktemp("roll_ups") / "project", MONITORS, logs=LOGS, now=NOW)
    calls = {
        "months": "drift('berlin', 'month')",
        "days": "drift('moving', 'day')",
        "quality_months": "quality('berlin', 'month')",
        "performance_months": "performance('berlin', 'month')",
    }
    for name, call in calls.items():
        (project.directory / "models" / f"{name}.sql").write_text(f"{{{{ ml_monitor.rolled_up_{call} }}}}\n")
    project.run("-s", *(f"+{name}" for name in calls))
    return project


def months() -> dict[tuple[pd.Timestamp, str], pd.DataFrame]:
    """(start in UTC, version) -> rows of the months of Berlin that are over and have some."""
    month = LOG["predicted_at"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").dt.tz_localize(None).dt.to_period("M")
    parts = {}
    for name, start in {"2026-02": "2026-01-31 23:00:00", "2026-03": "2026-02-28 23:00:00"}.items():
        for version in ("__all__", "m1", "m2"):
            part = LOG[(month == name) & ((LOG["model_version"] == version) | (version == "__all__"))]
            if len(part):
                parts[pd.Timestamp(start), version] = part
    return parts


def test_quality_of_months_of_different_length(built: Project) -> None:
    rows = built.frame(f"select * from {SCHEMA}.quality_months where segment = '__all__'")
    found = {(row.window_start, row.model_version, row.feature, row.metric): row.metric_value for row in rows.itertuples()}
    assert set(rows["n_windows"]) == {LOG_HOURS, 31 * 24 - 1}
    expected = {}
    for place, part in months().items():
        expected[*place, "amount", "missing_rate"] = part["amount"].isna().mean()
        categories = quality.categories(LOGS["reference"]["plan"], part["plan"])
        expected |= {(*place, "plan", metric): categories[metric] for metric in ("category_count", "category_count_ratio", "vanished_rate")}
        expected[*place, "plan", "unseen_rate"] = (part["plan"] == "new").mean()
    assert {key: found[key] for key in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert expected[pd.Timestamp("2026-01-31 23:00:00"), "__all__", "plan", "category_count"] == 3, "the new plan came in March"
    assert expected[pd.Timestamp("2026-02-28 23:00:00"), "__all__", "plan", "category_count"] == 4
    assert {(start, version) for start, version, _, _ in found} == months().keys()


def test_performance_of_months_of_different_length(built: Project) -> None:
    rows = built.frame(f"select * from {SCHEMA}.performance_months where segment = '__all__'")
    found = {(row.window_start, row.model_version, row.metric): (row.metric_value, row.sample_size) for row in rows.itertuples()}
    labels = LOGS["feedback"].set_index("prediction_id")["label"]
    for place, part in months().items():
        label = labels[part["prediction_id"]].to_numpy()
        expected = outcomes.binary(label, part["y_pred"].to_numpy(), part["y_score"].to_numpy())
        for metric in ("accuracy", "roc_auc", "average_precision", "ks_separation", "brier"):
            assert found[*place, metric] == (pytest.approx(expected[metric], rel=1e-9), len(part)), (place, metric)
    assert {key[:2] for key in found} == months().keys()


def test_months_of_a_wall_clock(built: Project) -> None:
    """February in part, and March, which begins at 23:00 and loses an hour; April is not over."""
    rows = built.frame(f"select * from {SCHEMA}.months")
    month = LOG["predicted_at"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").dt.tz_localize(None).dt.to_period("M")
    starts = {"2026-02": "2026-01-31 23:00:00", "2026-03": "2026-02-28 23:00:00"}
    assert sorted({str(start) for start in rows["window_start"]}) == sorted(starts.values())
    compared = 0
    for name, start in starts.items():
        for version in ("__all__", "m1", "m2"):
            part = LOG[(month == name) & ((LOG["model_version"] == version) | (version == "__all__"))]
            for feature, kind in {"amount": "numeric", "plan": "categorical"}.items():
                chosen = rows[(rows["window_start"] == start) & (rows["model_version"] == version) & (rows["feature"] == feature)].to_dict("records")
                assert len(chosen) == (len(part) > 0)
                if chosen:
                    found = drift(LOGS["reference"][feature], part[feature], kind, "jeffreys")
                    for metric, number in found.items():
                        column = f"chi_squared_{metric}" if metric.startswith("p_value") else metric
                        assert chosen[0][column] == pytest.approx(number, rel=1e-6 if "p_value" in metric else 1e-9, abs=1e-12), (start, version, feature, metric)
                        compared += 1
    assert compared > 80
    hours = rows.loc[rows["window_start"] == starts["2026-03"], "n_windows"]
    assert set(hours) == {31 * 24 - 1}


def test_days_against_the_day_before(built: Project) -> None:
    rows = built.frame(f"select * from {SCHEMA}.days where feature = 'plan' and model_version = '__all__' order by window_start")
    day = LOG["predicted_at"].dt.floor("D")
    assert len(rows) == LOG["predicted_at"].dt.floor("D").nunique()
    assert set(rows["baseline"]) == {"previous"}
    for row in rows.to_dict("records")[1:]:
        before, now = (LOG.loc[day == d, "plan"] for d in (row["window_start"] - pd.Timedelta(days=1), row["window_start"]))
        plans = ["basic", "pro", "team", *(["new"] if "new" in {*before, *now} else [])]
        counts = [side.value_counts().reindex(plans, fill_value=0).to_numpy() for side in (before, now)]
        assert row["psi"] == pytest.approx(distances(*counts, "jeffreys")["psi"], rel=1e-9)
        assert row["chi_squared"] == pytest.approx(distances(*counts, "jeffreys")["chi_squared"], rel=1e-9)


@pytest.mark.parametrize(
    ("roll_up", "changes", "unit", "words"),
    [
        ("drift", {"window": "month"}, "month", "cannot be rolled up"),
        ("quality", {"window": "week"}, "month", "cannot be rolled up"),
        ("drift", {}, "hour", "is not a choice"),
        ("performance", {}, "year", "is not a choice"),
        ("drift", {"reference": {"first": 24, "per": "model_version"}}, "month", "has no roll-up"),
    ],
)
def test_wrong_roll_ups(tmp_path: Path, roll_up: str, changes: dict[str, Any], unit: str, words: str) -> None:
    project = Project(tmp_path / "project", {"churn": HOURLY | changes})
    (project.directory / "models" / "rolled.sql").write_text(f"{{{{ ml_monitor.rolled_up_{roll_up}('churn', '{unit}') }}}}\n")
    assert words in project.error()
