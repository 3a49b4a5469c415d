"""Custom metrics on both warehouses against pandas, from the log to the alert."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_monitor.scaffold import check
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import ALERTS, PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
KEYS = ["model_version", "segment", "segment_value", "window_start", "span"]
METRICS: dict[str, Any] = {
    "revenue_per_row": {"sql": "sum(amount) / count(*)", "direction": "down", "description": "What a prediction earns"},
    "pro_share": {"sql": "count(case when plan = 'pro' then 1 end) / count(*)", "direction": "both"},
    "amount_range": {"sql": "max(amount) - min(amount)", "direction": "up"},
    "mean_score": {"sql": 'avg("y_score")', "direction": "up"},
    "hits_per_pro_hit": {
        "sql": "sum(y_pred) / sum(case when plan = 'pro' and y_pred = 1 and amount > 8 then 1 else 0 end)",
        "direction": "up",
    },
    "cost_of_misses": {"sql": "sum(case when label = 1 and y_pred = 0 then amount else 0 end) / count(*)", "direction": "up"},
}
MONITORS = {
    "churn": MONITOR
    | {"metrics": METRICS, "thresholds": {"revenue_per_row": {"warn": 1.7, "alert": 1.5, "over": 2, "by_segment": True}}}
}


def two_versions() -> pd.DataFrame:
    log = predictions()
    log.loc[log.index % 3 == 0, "model_version"] = "m2"
    log.loc[log.index % 17 == 0, "amount"] = np.nan
    return log


def half_labelled(log: pd.DataFrame) -> pd.DataFrame:
    return feedback(log).iloc[::2]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    log = two_versions()
    options: dict[str, Any] = {"now": NOW, "logs": logs(predictions=log, feedback=half_labelled(log))}
    directory = tmp_path_factory.mktemp(request.param) / "project"
    if request.param == "duckdb":
        built = Project(directory, MONITORS, **options)
    else:
        built = PostgresProject(directory, MONITORS, server=request.getfixturevalue("postgres_url"), **options)
    built.run(*ALERTS, "+ml_monitor__rpt_quality_findings")
    yield built


def values(project: Project) -> pd.DataFrame:
    frame = project.frame(
        f"select {', '.join(KEYS)}, metric, metric_value, sample_size, label_coverage from {MART}metric_values where family = 'custom'"
    )
    return frame.assign(window_start=pd.to_datetime(frame["window_start"])).set_index([*KEYS, "metric"]).sort_index()


def expected_values(log: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Every metric of every span, version and segment, from the rows themselves."""
    known = labels[labels["labelled_at"] < NOW]
    joined = log.merge(known[["prediction_id", "label"]], on="prediction_id", how="left")
    day = joined["predicted_at"].dt.floor("D")
    found = []
    for window_start in sorted(day.unique()):
        for span in (1, 2):
            rows = joined[(day <= window_start) & (day > window_start - pd.Timedelta(days=span))]
            for version in ["__all__", *rows["model_version"].unique()]:
                of_version = rows if version == "__all__" else rows[rows["model_version"] == version]
                for plan in ["__all__", *of_version["plan"].unique()]:
                    cell = of_version if plan == "__all__" else of_version[of_version["plan"] == plan]
                    segment = "__all__" if plan == "__all__" else "plan"
                    for metric, (value, n, coverage) in expected_cell(cell).items():
                        found.append((version, segment, plan, window_start, span, metric, value, n, coverage))
    return (
        pd.DataFrame(found, columns=[*KEYS, "metric", "metric_value", "sample_size", "label_coverage"])
        .set_index([*KEYS, "metric"])
        .sort_index()
    )


def expected_cell(rows: pd.DataFrame) -> dict[str, tuple[float, int, float]]:
    n, labelled = len(rows), rows[rows["label"].notna()]
    pro_hits = ((rows["plan"] == "pro") & (rows["y_pred"] == 1) & (rows["amount"] > 8)).sum()
    missed = labelled.loc[(labelled["label"] == 1) & (labelled["y_pred"] == 0), "amount"].sum()
    return {
        "revenue_per_row": (rows["amount"].sum() / n if rows["amount"].notna().any() else np.nan, n, np.nan),
        "pro_share": ((rows["plan"] == "pro").mean(), n, np.nan),
        "amount_range": (rows["amount"].max() - rows["amount"].min(), n, np.nan),
        "mean_score": (rows["y_score"].mean(), n, np.nan),
        "hits_per_pro_hit": (rows["y_pred"].sum() / pro_hits if pro_hits else np.nan, n, np.nan),
        "cost_of_misses": (missed / len(labelled) if len(labelled) else np.nan, len(labelled), len(labelled) / n),
    }


def assert_equal_to_pandas(project: Project, log: pd.DataFrame, labels: pd.DataFrame) -> None:
    expected = expected_values(log, labels)
    pd.testing.assert_frame_equal(
        values(project).astype(float), expected.astype(float), check_exact=False, rtol=1e-9, check_index_type=False
    )


def test_values_are_those_of_pandas(built: Project) -> None:
    log = two_versions()
    expected = expected_values(log, half_labelled(log))
    assert expected["metric_value"].isna().any(), "a division by zero is among them"
    assert_equal_to_pandas(built, log, half_labelled(log))


def test_threshold_to_verdict_to_alert(built: Project) -> None:
    verdicts = built.frame(
        f"select * from {MART}verdicts where metric = 'revenue_per_row' and segment = '__all__' order by window_start"
    )
    value = values(built).loc[("__all__", "__all__", "__all__", slice(None), 2, "revenue_per_row"), "metric_value"].to_numpy()
    expected = ["alert" if v < 1.5 else "warning" if v < 1.7 else "ok" for v in value]
    assert {"alert", "warning"} <= set(expected[1:])
    assert list(verdicts["status"]) == ["insufficient_data", *expected[1:]]
    assert verdicts["reason"].str.startswith("revenue_per_row = ").sum() == 9
    opened = built.rows(
        f"select distinct event_type, family from {MART}alert_events where metric = 'revenue_per_row' and segment = '__all__' and event_type = 'opened'"
    )
    assert opened == [("opened", "custom")]
    assert built.rows(f"select count(distinct segment_value) from {MART}verdicts where metric = 'revenue_per_row'") == [(4,)]


def test_catalogue_and_report(built: Project) -> None:
    catalogued = built.rows(
        f"select monitor, family, direction, description from {MART}metrics where metric in ('revenue_per_row', 'psi') order by metric"
    )
    assert catalogued == [("__all__", "drift", "above", None), ("churn", "custom", "below", "What a prediction earns")]
    assert built.rows(f"select count(*) from {MART}rpt_quality_findings where metric = 'revenue_per_row'") == [(1,)]


def test_check_finds_nothing(built: Project) -> None:
    project = DbtProject.load(built.directory)
    found = check(Warehouse.from_dbt(built.directory), project, project.monitoring_now())
    assert [finding for finding in found if finding.key.startswith("metrics")] == []


def test_second_run_late_rows_and_late_labels(built: Project) -> None:
    """Last on this project: it changes the logs."""
    stamps = "select window_start, metric, max(updated_at) from main_ml_monitor.churn__custom_profile group by 1, 2 order by 1, 2"
    before, computed = values(built), built.rows(stamps)
    built.run("-s", "+ml_monitor__metric_values")
    pd.testing.assert_frame_equal(values(built), before)
    assert built.rows(stamps) == computed

    late = predictions(days=1, rows=7, start="2026-01-03", seed=3).assign(prediction_id=[f"late-{i}" for i in range(7)])
    log = pd.concat([two_versions(), late])
    labels = half_labelled(two_versions())
    built.load("predictions", log)
    built.run("-s", "+ml_monitor__metric_values")
    changed = {(str(row[0])[:10], row[1]) for row in set(built.rows(stamps)) - set(computed)}
    assert changed == {("2026-01-03", metric) for metric in METRICS}
    assert_equal_to_pandas(built, log, labels)

    computed = built.rows(stamps)
    more = pd.concat([labels, feedback(late)])
    built.load("feedback", more)
    built.run("-s", "+ml_monitor__metric_values")
    changed = {(str(row[0])[:10], row[1]) for row in set(built.rows(stamps)) - set(computed)}
    assert ("2026-01-03", "cost_of_misses") in changed
    assert {metric for _, metric in changed} == {"cost_of_misses"}, "labels touch only what reads them"
    assert_equal_to_pandas(built, log, more)


def one_metric(sql: str, **changes: Any) -> dict[str, Any]:
    return {
        "churn": MONITOR
        | {"metrics": {"revenue": {"sql": sql, "direction": "down"}}, "thresholds": {"revenue": {"alert": 0}}}
        | changes
    }


def test_nan_and_infinity_are_no_value(project: Callable[..., Project]) -> None:
    log = predictions()
    log.loc[log["predicted_at"] >= "2026-01-10", "amount"] = np.where(np.arange(60) % 2, np.inf, -np.inf)
    consumer = project(one_metric("sum(amount)"), logs=logs(predictions=log), now=NOW)
    consumer.execute("alter table raw.predictions alter amount type double")
    consumer.run("-s", "+ml_monitor__verdicts")
    last = consumer.rows(
        f"select metric_value, status, reason from {MART}verdicts where metric = 'revenue' and window_start = '2026-01-10'"
    )
    assert last == [(None, "insufficient_data", "revenue: has no value (n = 60)")]
    assert consumer.rows(f"select count(*) from {MART}verdicts where metric = 'revenue' and status = 'ok'") == [(9,)]


def test_a_metric_of_labels_waits_for_them(project: Callable[..., Project]) -> None:
    consumer = project(one_metric("sum(label)", label_delay=3), logs=logs(), now=NOW)
    consumer.run("-s", "+ml_monitor__verdicts")
    statuses = consumer.rows(f"select status from {MART}verdicts where metric = 'revenue' order by window_start")
    assert [status for (status,) in statuses] == ["ok"] * 7 + ["immature"] * 3


def test_added_changed_and_removed_metrics(project: Callable[..., Project]) -> None:
    consumer = project(one_metric("sum(amount)"), logs=logs(), now=NOW)
    consumer.run("-s", "+ml_monitor__verdicts")
    profile = "main_ml_monitor.churn__custom_profile"
    first = consumer.rows(f"select max(updated_at) from {profile}")
    log = predictions()
    consumer.load("predictions", log[log["predicted_at"] >= "2026-01-06"])
    consumer.monitors["churn"]["metrics"]["rows_of_pro"] = {
        "sql": "sum(case when plan = 'pro' then 1 else 0 end)",
        "direction": "up",
    }
    consumer.write_config()
    consumer.run("-s", "+ml_monitor__verdicts")
    by_metric = dict(
        consumer.rows(
            f"select metric, count(distinct window_start) from {MART}metric_values where family = 'custom' group by metric"
        )
    )
    assert by_metric == {"revenue": 10, "rows_of_pro": 5}, "history of what was there survives"
    assert consumer.rows(f"select max(updated_at) from {profile} where metric = 'revenue'") == first, "not computed again"
    stamps = consumer.rows(f"select max(updated_at) from {profile}")
    consumer.run("-s", "+ml_monitor__verdicts")
    assert consumer.rows(f"select max(updated_at) from {profile}") == stamps, "windows without rows are not looked for again"

    consumer.monitors["churn"]["metrics"] = {
        "rows_of_pro": {"sql": "sum(case when plan = 'pro' then 2 else 0 end)", "direction": "up"}
    }
    consumer.monitors["churn"]["thresholds"] = {}
    consumer.write_config()
    consumer.run("-s", "+ml_monitor__verdicts")
    expected = 2.0 * int(((log["plan"] == "pro") & (log["predicted_at"] >= "2026-01-10")).sum())
    last = f"select metric, metric_value from {MART}metric_values where family = 'custom' and segment = '__all__' and model_version = '__all__' and span = 1 and window_start = '2026-01-10'"
    assert consumer.rows(last) == [("rows_of_pro", expected)]


def test_a_lost_column_is_a_finding_and_no_failed_run(project: Callable[..., Project]) -> None:
    metrics = {
        "a": {"sql": "sum(fee) / count(*)", "direction": "down"},
        "b": {"sql": "count(case when tier = 'gold' then 1 end)", "direction": "down"},
        "c": {"sql": "count(case when is_new and not tier like 'g%' then 1 end)", "direction": "down"},
    }
    log = predictions().assign(fee=1.5, tier="gold", is_new=True)
    consumer = project({"churn": MONITOR | {"metrics": metrics}}, logs=logs(predictions=log), now="2026-01-10 00:00:00")
    consumer.run("-s", "+ml_monitor__verdicts")
    consumer.load("predictions", predictions())
    consumer.run("-s", "+ml_monitor__verdicts", now=NOW)
    last = f"select metric, metric_value, sample_size from {MART}metric_values where family = 'custom' and segment = '__all__' and model_version = '__all__' and span = 1 and window_start = '2026-01-10' order by 1"
    assert consumer.rows(last) == [("a", None, 60), ("b", 0.0, 60), ("c", 0.0, 60)]
    assert consumer.rows(
        f"select metric_value from {MART}metric_values where metric = 'schema_changes' and window_start = '2026-01-10'"
    ) == [(3.0,)]


def test_a_column_that_came_with_its_metric_is_no_finding(project: Callable[..., Project]) -> None:
    consumer = project({"churn": dict(MONITOR)}, logs=logs(), now="2026-01-10 00:00:00")
    consumer.run("-s", "+ml_monitor__intake")
    consumer.load("predictions", predictions().assign(fee=1.5))
    consumer.monitors["churn"]["metrics"] = {"fees": {"sql": "sum(fee)", "direction": "down"}}
    consumer.write_config()
    consumer.run("-s", "+ml_monitor__intake", now=NOW)
    assert consumer.rows(f"select column_name, is_monitored from {MART}schema_changes") == []
    assert consumer.rows(f"select metric_value from {MART}intake where metric = 'schema_changes' and window_start = '2026-01-10'") == [(0.0,)]


def test_retraining_can_ask_for_it(project: Callable[..., Project]) -> None:
    retraining = {"trainer": "m:f", "triggers": ["custom"]}
    consumer = project(
        one_metric("sum(amount)", thresholds={"revenue": {"alert": 1e9}}, retraining=retraining), logs=logs(), now=NOW
    )
    consumer.run("-s", "+ml_monitor__retraining_triggers")
    assert consumer.rows(f"select trigger_kind, metric from {MART}retraining_triggers") == [("custom", "revenue")]


CONFIG_ERRORS: list[tuple[dict[str, Any], list[str]]] = [
    ({"metrics": ["sum(amount)"]}, ["key 'metrics'", "must map names"]),
    ({"metrics": {"Revenue": {"sql": "sum(amount)", "direction": "up"}}}, ["key 'metrics.Revenue'", "lower case"]),
    ({"metrics": {"psi": {"sql": "sum(amount)", "direction": "up"}}}, ["key 'metrics.psi'", "built-in"]),
    ({"metrics": {"revenue": "sum(amount)"}}, ["key 'metrics.revenue'", "needs sql and direction"]),
    ({"metrics": {"revenue": {"sql": "sum(amount)"}}}, ["key 'metrics.revenue'", "needs sql and direction"]),
    ({"metrics": {"revenue": {"sql": "sum(amount)", "direction": "below"}}}, ["metrics.revenue.direction", "up, down, both"]),
    ({"metrics": {"revenue": {"sql": "sum(amount)", "direction": "up", "over": 7}}}, ["over is not an option"]),
    ({"metrics": {"revenue": {"sql": 7, "direction": "up"}}}, ["metrics.revenue.sql", "as text"]),
    (
        {"metrics": {"revenue": {"sql": "sum(amount); drop table raw.predictions", "direction": "up"}}},
        ["metrics.revenue.sql", "; is not allowed"],
    ),
    ({"metrics": {"revenue": {"sql": "(select max(amount) from raw.other)", "direction": "up"}}}, ["select is not allowed"]),
    ({"thresholds": {"revenue": {"alert": 1}}}, ["thresholds.revenue", "is not a metric"]),
]


@pytest.mark.parametrize(("change", "words"), CONFIG_ERRORS, ids=range(len(CONFIG_ERRORS)))
def test_wrong_config(project: Callable[..., Project], change: dict[str, Any], words: list[str]) -> None:
    message = project({"churn": MONITOR | change}).error()
    for word in ["ml_monitor: monitor 'churn'", *words]:
        assert word in message, message


def test_unknown_column(project: Callable[..., Project], capsys: pytest.CaptureFixture[str]) -> None:
    consumer = project(one_metric("sum(amuont)"), logs=logs(), now=NOW)
    message = consumer.error("-s", "+churn__custom_profile")
    assert "monitor 'churn', key 'metrics': column 'amuont' is not in" in message
    assert "Allowed: prediction_id" in message


def test_check_names_the_metric(project: Callable[..., Project], tmp_path: Path) -> None:
    metrics = {
        "typo": {"sql": "sum(amuont)", "direction": "up"},
        "twice": {"sql": "count(distinct plan)", "direction": "up"},
        "text": {"sql": "sum(plan)", "direction": "up"},
        "good": {"sql": "sum(label * amount) / count(*)", "direction": "up"},
    }
    consumer = project({"churn": MONITOR | {"metrics": metrics}}, logs=logs(), now=NOW)
    (consumer.directory / "models" / "churn__custom_profile.sql").unlink()
    monitors, consumer.monitors = consumer.monitors, {"churn": MONITOR}
    consumer.write_config()
    assert consumer.dbt("parse").success
    consumer.monitors = monitors
    consumer.write_config()
    project_files = DbtProject.load(consumer.directory)
    found = {
        f.key: f.message for f in check(Warehouse.from_dbt(consumer.directory), project_files, project_files.monitoring_now())
    }
    assert "ml-monitor add churn" in found.pop("metrics")
    assert {key for key in found if key.startswith("metrics")} == {"metrics.typo.sql", "metrics.twice.sql", "metrics.text.sql"}
    assert "amuont is no column of the log. Allowed: prediction_id" in found["metrics.typo.sql"]
    assert "DISTINCT plan cannot be merged over windows" in found["metrics.twice.sql"]
    assert "plan" in found["metrics.text.sql"].lower() or "varchar" in found["metrics.text.sql"].lower()
