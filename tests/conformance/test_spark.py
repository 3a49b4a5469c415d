"""The golden log on a real Spark: the numbers of scipy and scikit-learn, and of DuckDB."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conformance import golden, test_outcomes
from tests.conformance.spark import SCHEMA, assert_equal, content
from tests.conformance.test_golden import (  # noqa: F401 - the same tests, with the fixture `built` of this file
    test_an_open_window_has_no_metric_and_an_empty_one_an_alert,
    test_categories_and_single_values,
    test_data_quality,
    test_drift,
    test_drift_against_the_days_before,
    test_drift_of_a_segment,
    test_drift_with_a_floor,
    test_exact_distances,
    test_labels_of_what_was_acted_on,
    test_performance,
    test_quality_of_a_week_from_the_profile_of_days,
    test_statuses_that_have_no_value,
    test_the_dispersion_is_that_of_the_healthy_windows,
    test_the_evidence_of_a_verdict,
    test_versions_on_the_same_cases,
    test_weeks_from_the_profile_of_days,
)
from tests.integration.logs import MONITOR, NOW, logs, predictions
from tests.project import Project, SparkProject

# No crossed segment: three times the rows, of which Spark takes minutes.
MONITORS = {"nasty": golden.MONITORS["nasty"] | {"segments": [golden.CATEGORY]}}
# The other smoothing, the other reference and the other tasks, each with its nasty windows.
TASKS = ("number", "kind", "order")
MONITORS |= {name: golden.MONITORS[name] for name in ("floored", "moving")} | {name: test_outcomes.monitor(name) for name in TASKS}
LOGS = golden.logs() | {name: log for task in TASKS for name, log in test_outcomes.logs(task).items()}
# Performance of calendar weeks.
WEEKS = {f"{name}_weeks": f"{{{{ ml_monitor.rolled_up_performance('{name}', 'week') }}}}" for name in ("nasty", *TASKS)}
BUILT = ["+ml_monitor__alert_events", "+ml_monitor__model_comparisons", "golden_weeks", "golden_quality_weeks", "golden_exact", *WEEKS]
# What late rows change is counted again in a later run.
LATER = ["--select", "nasty__feature_profile", "nasty__outcome_profile", "intake", "quality"]
COUNTED = {
    "nasty__reference": "segment, segment_value, feature, bin, bin_kind, category, lower_bound, upper_bound, n, value_sum, value_min, value_max",
    "nasty__feature_profile": "model_version, segment, segment_value, feature, window_start, window_number, bin, category, n, value_sum, value_sum_squares, value_min, value_max, n_below, n_above",
    "nasty__outcome_profile": "model_version, segment, segment_value, window_start, label_age, outcome, score, prediction, label, n, n_feedback, sum_log_loss, sum_squared_error",
    "ml_monitor__intake": "monitor, window_start, metric, metric_value, sample_size",
    "ml_monitor__data_quality": "monitor, model_version, segment, segment_value, feature, window_start, span, metric, metric_value, sample_size, reference_size, lower_bound, upper_bound, detail",
}
TABLES = COUNTED | {
    "ml_monitor__performance": "monitor, model_version, segment, segment_value, feature, window_start, span, metric, metric_value, sample_size, lower_bound, upper_bound, label_coverage",
    **dict.fromkeys(
        WEEKS,
        "monitor, model_version, segment, segment_value, feature, window_start, window_end, n_windows, metric, metric_value, sample_size, lower_bound, upper_bound, label_coverage",
    ),
    "ml_monitor__drift": "monitor, model_version, segment, segment_value, feature, window_start, span, metric, metric_value, sample_size, reference_size, n_bins, noise_floor, p_value",
    "ml_monitor__multivariate_statistics": "monitor, model_version, window_start, span, window_size, reference_size, hotelling_t2, mahalanobis, hotelling_p_value, correlation_change, correlation_p_value, reconstruction_error, n_components",
    "ml_monitor__verdicts": "monitor, model_version, segment, segment_value, feature, window_start, span, metric, metric_value, status",
    **dict.fromkeys(
        ("ml_monitor__estimated_performance", "ml_monitor__decisions", "ml_monitor__custom_metrics", "ml_monitor__change_detection", "ml_monitor__selective_labels"),
        "monitor, model_version, segment, segment_value, window_start, span, metric, metric_value, sample_size",
    ),
    "ml_monitor__alert_events": "monitor, event_id, incident_id, feature, window_start, metric, event_type, severity, metric_value, reason",
}


def build(project: Project) -> Project:
    """From the logs to the alerts."""
    for name, sql in (golden.MODELS | WEEKS).items():
        (project.directory / "models" / f"{name}.sql").write_text(sql)
    project.run("--select", *BUILT)
    return project


@pytest.fixture(scope="module")
def built(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The golden log on Spark."""
    directory = tmp_path_factory.mktemp("golden") / "spark"
    return build(SparkProject(directory, MONITORS, logs=LOGS, now=golden.NOW, variables=golden.VARIABLES, session=spark))


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same on DuckDB."""
    return build(Project(tmp_path_factory.mktemp("golden") / "duckdb", MONITORS, logs=LOGS, now=golden.NOW, variables=golden.VARIABLES))


def test_spark_gives_the_numbers_of_duckdb(built: Project, duck: Project) -> None:
    assert_equal(content(built, TABLES), content(duck, TABLES), performance=("ml_monitor__performance", *WEEKS))


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_its_numbers(built: Project, task: str) -> None:
    """Held against DuckDB above, whose numbers are those of scikit-learn."""
    rows = built.frame(f"select metric, metric_value from {SCHEMA}.ml_monitor__performance where monitor = '{task}' and model_version = '__all__' and span = 1")
    known = set(rows.loc[rows["metric_value"].notna(), "metric"])
    assert known >= {"number": {"mae", "rmse", "r2"}, "kind": {"accuracy", "macro_f1", "brier"}, "order": {"ndcg", "mrr"}}[task]


def test_every_number_is_finite(built: Project) -> None:
    session = built.session  # type: ignore[attr-defined]
    checked = 0
    for _, table, _, information in built.rows(f"show table extended in {SCHEMA} like '*'"):
        # What a view shows is computed from tables; the logs have NaN and infinities.
        columns = [] if "Type: VIEW" in information else [f"`{name}`" for name, kind in session.table(f"{SCHEMA}.{table}").dtypes if kind == "double"]
        if columns:
            strange = " or ".join(f"isnan({column}) or abs({column}) = double('infinity')" for column in columns)
            assert built.rows(f"select count(*) from {SCHEMA}.{table} where {strange}") == [(0,)], table
            checked += 1
    assert checked > 20


def test_spark_knows_the_columns_that_are_monitored(built: Project, duck: Project) -> None:
    query = f"select monitor, column_name from {SCHEMA}.ml_monitor__log_columns"
    known = set(built.rows(query))
    assert known < set(duck.rows(query)), "DuckDB lists the others too"
    assert {column for monitor, column in known if monitor == "nasty"} == {*golden.NUMERIC, *golden.CATEGORICAL, "score", "prediction"}


def test_the_steps_of_a_roll_up_are_gone_when_it_is_built(built: Project) -> None:
    tables = {row[1] for row in built.rows(f"show tables in {SCHEMA} like '*_weeks*'")}
    assert tables == {"golden_weeks", "golden_quality_weeks", *WEEKS}


def with_late_rows() -> pd.DataFrame:
    log = golden.logs()["golden_rows"]
    late = log[log["predicted_at"].dt.normalize() == golden.FLAT].head(7)
    return pd.concat([log, late.assign(prediction_id=[f"late-{i}" for i in range(7)])])


def test_late_rows_on_spark_touch_only_their_window(built: Project, duck: Project) -> None:
    def rows() -> dict[str, int]:
        found = built.frame(f"select window_start, sum(n) as n from {SCHEMA}.nasty__feature_profile where feature = '__all__' and bin = 0 and segment = '__all__' group by 1")
        return {str(row.window_start)[:10]: row.n for row in found.itertuples()}

    before = rows()
    for project in (built, duck):
        project.load("golden_rows", with_late_rows())
        project.run(*LATER)
    assert_equal(content(built, COUNTED), content(duck, COUNTED))
    day = str(golden.FLAT)[:10]
    assert rows() == before | {day: before[day] + 7}
    rebuilt = built.frame(f"select distinct window_start from {SCHEMA}.nasty__feature_profile where updated_at = (select max(updated_at) from {SCHEMA}.nasty__feature_profile)")
    assert [str(start)[:10] for start in rebuilt["window_start"]] == [day]


def test_a_lost_and_a_retyped_column_on_spark(built: Project) -> None:
    """A day later, when the open window is over."""
    log = with_late_rows()
    built.load("golden_rows", log.drop(columns="flat").assign(ties=log["ties"].astype(str)))
    built.run("--select", "golden_log", "nasty__feature_profile", "ml_monitor__windows", "intake", "quality", now=str(golden.OPEN + pd.Timedelta(days=1)))
    changes = built.rows(f"select column_name, first_data_type, data_type from {SCHEMA}.ml_monitor__schema_changes where monitor = 'nasty'")
    assert sorted(changes) == [("flat", "double", "absent"), ("ties", "bigint", "string")]
    rows = built.rows(
        f"select feature, window_start, metric, metric_value from {SCHEMA}.ml_monitor__data_quality where monitor = 'nasty' and metric in ('missing_rate', 'invalid_rate')"
        " and feature in ('flat', 'ties') and span = 1 and segment = '__all__' and model_version = '__all__'"
    )
    assert {row[:3] for row in rows if row[3] > 0} == {("flat", golden.OPEN, "missing_rate")}, "history stays, and numbers written as text are numbers"
    assert {row[3] for row in rows} == {0.0, 1.0}
    assert built.rows(f"select metric_value from {SCHEMA}.ml_monitor__intake where monitor = 'nasty' and metric = 'schema_changes' and window_start = '{golden.OPEN}'") == [(2.0,)]


def test_chunks_of_rows_on_spark(spark: Any, tmp_path: Path) -> None:
    monitors = {"parcel": MONITOR | {"window": "chunk", "chunk_rows": 100, "segments": []}}
    log = predictions(days=10, rows=65)
    log["predicted_at"] = log["predicted_at"].dt.floor("s")
    duck = Project(tmp_path / "duckdb", monitors, now=NOW, logs=logs(predictions=log))
    on_spark = SparkProject(tmp_path / "spark", monitors, now=NOW, logs=logs(predictions=log), session=spark)
    windows = (
        f"select cast(feature as varchar(99)) as feature, window_number, window_start, cast(sum(n) as bigint) as n from {SCHEMA}.parcel__feature_profile group by 1, 2, 3 order by 1, 2",
        f"select window_number, window_end from {SCHEMA}.ml_monitor__windows order by 1",
    )
    for project in (duck, on_spark):
        project.run("--select", "+ml_monitor__windows")
    for query in windows:
        actual, expected = on_spark.frame(query).astype(str), duck.frame(query).astype(str)
        assert len(expected) >= 3
        pd.testing.assert_frame_equal(actual, expected)
