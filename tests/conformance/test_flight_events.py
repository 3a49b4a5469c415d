"""What is known to have happened to the flights of 2013, in the verdicts and alerts of the shipped project."""

import shutil
from typing import Any

import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score

from tests.conformance.test_flights import LOGS, flights
from tests.project import FLIGHTS, REPOSITORY, Project

MART = "main_ml_monitor.ml_monitor__"
SHIPPED = REPOSITORY / "dbt_project"
MONITOR: dict[str, Any] = yaml.safe_load((SHIPPED / "dbt_project.yml").read_text())["vars"]["ml_monitor__monitors"]["flight_delay"]
# The shipped thresholds judge no segment; without them the build takes half as long.
MONITOR["segments"] = []
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
LAST_DAY = pd.Timestamp("2014-01-01")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shipped monitor on the shipped models, the day after the log ends."""
    project = Project(tmp_path_factory.mktemp("flight_events") / "project", {"flight_delay": MONITOR}, logs=LOGS, now="2014-01-02 00:00:00")
    shutil.copytree(SHIPPED / "models" / "flights", project.directory / "models" / "flights", ignore=shutil.ignore_patterns("delay_*", "flights.yml"))
    project.run("-s", "+ml_monitor__alert_events")
    return project


def verdicts(project: Project, metric: str, **keys: Any) -> pd.DataFrame:
    """The verdicts of a metric, by window."""
    where = "".join(f" and {key} = '{value}'" for key, value in keys.items())
    found = project.frame(f"select * from {MART}verdicts where metric = '{metric}' and segment = '__all__'{where} order by window_start, feature")
    assert len(found), (metric, keys)
    return found


def events(project: Project, metric: str, feature: str = "__all__") -> list[tuple[str, str, str]]:
    """(day, event, severity) of the alerts of a metric in the order of the windows."""
    found = project.rows(f"select window_start, event_type, severity from {MART}alert_events where metric = '{metric}' and feature = '{feature}' order by window_start")
    return [(f"{start:%Y-%m-%d}", event, severity) for start, event, severity in found]


def of_days(log: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    days = log["predicted_at"].dt.floor("D")
    return log[(days >= first) & (days <= last)]


def test_label_coverage_collapses_in_the_winter_storm(built: Project) -> None:
    february = of_days(flights(), "2013-02-01", "2013-02-20")
    coverage = february["label"].notna().groupby(february["predicted_at"].dt.floor("D")).mean()
    limits = MONITOR["thresholds"]["label_coverage"]
    low = {f"{day:%d}": "alert" if share < limits["alert"] else "warning" for day, share in coverage.items() if share < limits["warn"]}
    assert low == {"08": "warning", "09": "alert"}
    found = verdicts(built, "label_coverage").set_index("window_start").loc["2013-02-01":"2013-02-20"]
    assert list(found["metric_value"]) == pytest.approx(list(coverage), abs=1e-12)
    assert {f"{day:%d}": status for day, status in found["status"].items() if status != "ok"} == low
    assert found.loc["2013-02-09", "reason"] == "label_coverage = 0.28 is below 0.5 (n = 75)"
    storm = [("2013-02-08", "opened", "warning"), ("2013-02-09", "escalated", "alert"), ("2013-02-12", "resolved", "alert")]
    assert events(built, "label_coverage")[:3] == storm


def test_the_ranking_is_worse_in_april_than_in_the_reference(built: Project) -> None:
    reference, april = pd.read_parquet(FLIGHTS / "reference.parquet"), of_days(flights(), "2013-04-01", "2013-04-30").dropna(subset="label")
    auc = roc_auc_score(april["label"], april["y_score"])
    assert (round(roc_auc_score(reference["label"], reference["y_score"]), 3), round(auc, 3)) == (0.622, 0.592)
    found = verdicts(built, "roc_auc", window_start="2013-04-30").iloc[0]
    assert found["metric_value"] == pytest.approx(auc, abs=1e-9)
    assert (found["status"], found["reason"]) == ("alert", f"roc_auc = 0.592 over 30 windows is below 0.62 (n = {len(april)})")
    in_april = [event[1:] for event in events(built, "roc_auc") if event[0].startswith("2013-04")]
    assert in_april == [("opened", "warning"), ("escalated", "alert"), ("renotified", "alert")]


def test_weather_is_explained_and_pages_nobody(built: Project) -> None:
    paged = built.frame(f"select feature, metric, window_start, reason from {MART}alert_events where severity = 'alert'")
    assert not set(paged["feature"]) & set(WEATHER), paged[paged["feature"].isin(WEATHER)]
    assert len(paged), "what pages is not silenced with it"
    psi = verdicts(built, "psi")
    far = psi[psi["feature"].isin(WEATHER) & (psi["status"] == "warning") & (psi["metric_value"] > 0.25)]
    assert far["metric_value"].max() > 6
    assert far["reason"].str.contains("declared seasonal, so the reference is of another season", regex=False).all()
    july = far[(far["window_start"] == "2013-07-15") & (far["feature"] == "temp")]
    assert len(july) == 1, "it is warned of in summer"
    assert set(psi.loc[~psi["feature"].isin([*WEATHER, "__score__", "__prediction__"]), "status"]) <= {"ok", "insufficient_data"}


def test_eight_rows_without_weather_are_too_few_for_a_verdict(built: Project) -> None:
    rows = of_days(flights(), "2014-01-01", "2014-01-31")
    assert (len(rows), rows[WEATHER].notna().sum().sum()) == (8, 0)
    metrics = f"from {MART}metric_values where window_start = '{LAST_DAY}' and model_version = '__all__' and segment = '__all__' and span = 1"
    of_weather = "feature in ('" + "', '".join(WEATHER) + "')"
    assert built.rows(f"select distinct metric_value, sample_size {metrics} and metric = 'missing_rate' and {of_weather}") == [(1.0, 8)]
    assert built.rows(f"select distinct metric_value {metrics} and metric in ('psi', 'ks', 'mean_shift') and {of_weather}") == [(None,)]
    judged = built.frame(f"select * from {MART}verdicts where window_start = '{LAST_DAY}' and span = 1")
    of_rows = judged[judged["family"] != "intake"]
    assert set(of_rows["status"]) == {"insufficient_data"}
    assert of_rows["reason"].str.endswith(": only 8 rows, at least 50 are needed").all()
    assert list(judged.loc[judged["status"] == "alert", "metric"]) == ["volume_ratio"]
    assert events(built, "volume_ratio") == [("2014-01-01", "opened", "alert")]
    week = verdicts(built, "missing_rate_increase", window_start=LAST_DAY, feature="temp").iloc[0]
    log, reference = of_days(flights(), "2013-12-26", "2014-01-01"), pd.read_parquet(FLIGHTS / "reference.parquet")
    assert week["metric_value"] == pytest.approx(log["temp"].isna().mean() - reference["temp"].isna().mean(), abs=1e-12)
    assert (week["status"], events(built, "missing_rate_increase", "temp")) == ("warning", [("2013-12-31", "opened", "warning")])


def test_gusts_are_missing_more_often_in_calm_months(built: Project) -> None:
    reference, log = pd.read_parquet(FLIGHTS / "reference.parquet"), flights()
    monthly = log["wind_gust"].isna().groupby(log["predicted_at"].dt.to_period("M")).mean()[:-1]
    assert (round(monthly.min(), 2), round(monthly.max(), 2)) == (0.59, 0.87)
    missing, days = log["wind_gust"].isna(), log["predicted_at"].dt.floor("D")
    found = verdicts(built, "missing_rate_increase", feature="wind_gust")
    above = 0
    for row in found[found["status"] != "insufficient_data"].itertuples():
        week = missing[(days <= row.window_start) & (days > row.window_start - pd.Timedelta(days=7))]
        rise = week.mean() - reference["wind_gust"].isna().mean()
        assert row.metric_value == pytest.approx(rise, abs=1e-12)
        assert row.status == ("warning" if rise > 0.1 else "ok"), row.window_start
        above += rise > 0.3
    assert above > 5, "beyond the limit at which other features alert"


@pytest.mark.parametrize(("feature", "known"), [("carrier", "OO"), ("dest", "BZN")])
def test_what_the_reference_did_not_know_is_found_and_named(built: Project, feature: str, known: str) -> None:
    reference, log = set(pd.read_parquet(FLIGHTS / "reference.parquet")[feature]), flights()
    days = log["predicted_at"].dt.floor("D")
    unseen = {day: set(part) - reference for day, part in log[feature].groupby(days)}
    found = verdicts(built, "unseen_rate", feature=feature)
    named = set()
    for row in found[found["status"] != "insufficient_data"].itertuples():
        values = set().union(*(unseen.get(row.window_start - pd.Timedelta(days=back), set()) for back in range(7)))
        assert row.status == ("warning" if values else "ok"), row.window_start
        if values:
            said = set(row.reason.rsplit(": ", 1)[1].split(", "))
            assert said <= values and len(said) == min(5, len(values)), row.reason
            named |= said
    assert known in named
    assert events(built, "unseen_rate", feature)[0][1:] == ("opened", "warning")


def test_a_week_of_both_versions_is_measured_for_each_and_together(built: Project) -> None:
    week = of_days(flights(), "2013-08-29", "2013-09-04").dropna(subset="label")
    assert set(week["model_version"]) == {"v1", "v2"}
    measured = f"from {MART}metric_values where metric = 'roc_auc' and window_start = '2013-09-04' and span = 7 and segment = '__all__'"
    found = {version: (n, value) for version, n, value in built.rows(f"select model_version, sample_size, metric_value {measured}")}
    parts = {"__all__": week, **{str(version): part for version, part in week.groupby("model_version")}}
    assert found == {version: (len(part), pytest.approx(roc_auc_score(part["label"], part["y_score"]), abs=1e-9)) for version, part in parts.items()}


def test_every_number_is_finite(built: Project) -> None:
    columns = "select table_name, column_name from information_schema.columns where table_schema = 'main_ml_monitor' and data_type = 'DOUBLE'"
    checked = built.rows(columns)
    assert len(checked) > 100
    for table, column in checked:
        assert built.rows(f"select count(*) from main_ml_monitor.{table} where {column} - {column} <> 0") == [(0,)], (table, column)
