"""The tables do not depend on how and when the rows arrived, and a run costs only the windows that changed."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import ALERTS, Project

SCHEMA = "main_ml_monitor"
# Sums in another order differ in the last bit; the factor keeps a value from lying just where rounding turns.
CONTENT = {
    "churn__feature_profile": "model_version, segment, segment_value, feature, window_start, bin, category, n, round(value_sum, 6), value_min, value_max, n_below, n_above",
    "churn__outcome_profile": "model_version, segment, segment_value, window_start, label_age, outcome, score, prediction, label, n, n_feedback, round(sum_log_loss, 6)",
    "ml_monitor__metric_values": "model_version, segment, segment_value, feature, window_start, span, metric, round(metric_value * sqrt(2), 9), sample_size",
    "ml_monitor__verdicts": "segment, segment_value, feature, window_start, span, metric, status, reason",
    "ml_monitor__alert_states": "alert_key, state, is_open, incident_id",
}


def content(project: Project) -> dict[str, list[tuple[object, ...]]]:
    return {table: project.rows(f"select {columns} from {SCHEMA}.{table} order by all") for table, columns in CONTENT.items()}


def rebuilt(project: Project, table: str) -> set[str]:
    """Days that the newest run of a profile wrote."""
    rows = project.rows(
        f"select distinct cast(window_start as date) from {SCHEMA}.{table} where updated_at = (select max(updated_at) from {SCHEMA}.{table})"
    )
    return {str(row[0]) for row in rows}


@pytest.fixture
def consumer(project: Callable[..., Project]) -> Project:
    built = project({"churn": MONITOR}, logs=logs(), now=NOW)
    built.run(*ALERTS)
    return built


def test_running_twice_changes_nothing(consumer: Project) -> None:
    before, events = content(consumer), consumer.rows(f"select * from {SCHEMA}.ml_monitor__alert_events order by all")
    stamps = consumer.rows(f"select max(updated_at) from {SCHEMA}.churn__feature_profile")
    consumer.run(*ALERTS)
    assert content(consumer) == before
    assert consumer.rows(f"select * from {SCHEMA}.ml_monitor__alert_events order by all") == events
    assert consumer.rows(f"select max(updated_at) from {SCHEMA}.churn__feature_profile") == stamps, "nothing was recomputed"


def test_late_rows_touch_only_their_windows(consumer: Project) -> None:
    late = predictions(days=1, rows=7, start="2026-01-03", seed=3).assign(prediction_id=[f"late-{i}" for i in range(7)])
    consumer.load("predictions", pd.concat([predictions(), late]))
    consumer.run(*ALERTS)
    assert rebuilt(consumer, "churn__feature_profile") == {"2026-01-03"}
    assert rebuilt(consumer, "churn__outcome_profile") == {"2026-01-03"}
    counts = consumer.rows(f"select metric_value from {SCHEMA}.ml_monitor__metric_values where metric = 'row_count' and window_start = '2026-01-03'")
    assert counts == [(67,)]


def test_late_and_changed_labels_touch_only_their_windows(consumer: Project) -> None:
    log = predictions()
    labels = feedback(log)
    changed = labels.iloc[[130]].assign(label=1 - labels["label"].iloc[130], labelled_at=pd.Timestamp("2026-01-09 10:00"))
    consumer.load("feedback", pd.concat([labels, changed]))
    consumer.run(*ALERTS)
    assert "2026-01-03" in rebuilt(consumer, "churn__outcome_profile"), "the window of the prediction"
    assert not {"2026-01-01", "2026-01-02", "2026-01-04", "2026-01-05", "2026-01-06"} & rebuilt(consumer, "churn__outcome_profile")
    fresh = Project(consumer.directory.parent / "fresh", {"churn": MONITOR}, now=NOW, logs=logs(feedback=pd.concat([labels, changed])))
    fresh.run(*ALERTS)
    assert content(consumer) == content(fresh)


def test_ids_that_are_numbers_in_one_log_and_texts_in_the_other(project: Callable[..., Project]) -> None:
    log = predictions().assign(prediction_id=lambda log: range(len(log)))
    labels = feedback(log).astype({"prediction_id": str})
    consumer = project({"churn": MONITOR}, now=NOW, logs=logs(predictions=log, feedback=labels[labels["labelled_at"] < "2026-01-09"]))
    consumer.run(*ALERTS)
    consumer.load("feedback", labels)
    consumer.run(*ALERTS)
    fresh = Project(consumer.directory.parent / "fresh", {"churn": MONITOR}, now=NOW, logs=logs(predictions=log, feedback=labels))
    fresh.run(*ALERTS)
    assert content(consumer) == content(fresh)
    assert consumer.rows(f"select sum(n) from {SCHEMA}.churn__outcome_profile where segment = '__all__' and outcome = 'labelled'") == [((labels["labelled_at"] < NOW).sum(),)]


def test_an_incident_that_late_labels_take_back_is_resolved(project: Callable[..., Project]) -> None:
    monitor = MONITOR | {"thresholds": {"label_coverage": {"alert": 0.5}}}
    labels = feedback(predictions())
    consumer = project({"churn": monitor}, now=NOW, logs=logs(feedback=labels[labels["labelled_at"] < "2026-01-10"]))
    consumer.run(*ALERTS)
    events = f"select event_type, severity, reason from {SCHEMA}.ml_monitor__alert_events where metric = 'label_coverage' order by created_at"
    assert [event[0] for event in consumer.rows(events)] == ["opened"]
    consumer.load("feedback", feedback(predictions(), delay_hours=0))
    consumer.run(*ALERTS, now="2026-01-11 01:00:00")
    assert [event[:2] for event in consumer.rows(events)] == [("opened", "alert"), ("resolved", "alert")]
    assert "restated" in consumer.rows(events)[1][2]
    consumer.run(*ALERTS, now="2026-01-11 02:00:00")
    assert len(consumer.rows(events)) == 2, "told once"


def test_deleted_label(consumer: Project) -> None:
    labels = feedback(predictions()).drop(index=200)
    consumer.load("feedback", labels)
    consumer.run(*ALERTS)
    fresh = Project(consumer.directory.parent / "fresh", {"churn": MONITOR}, now=NOW, logs=logs(feedback=labels))
    fresh.run(*ALERTS)
    assert content(consumer) == content(fresh)


def test_old_windows_survive_a_purge_of_the_log(consumer: Project) -> None:
    log = predictions()
    consumer.load("predictions", log[log["predicted_at"] >= "2026-01-06"])
    consumer.run(*ALERTS)
    days = consumer.rows(f"select count(distinct window_start) from {SCHEMA}.churn__feature_profile")
    assert days == [(10,)]


def test_changed_features_reprofile_the_log(consumer: Project) -> None:
    consumer.monitors["churn"]["features"] = {"amount": "numeric"}
    consumer.write_config()
    consumer.run(*ALERTS)
    assert consumer.rows(f"select count(distinct edge_set_id) from {SCHEMA}.churn__reference") == [(2,)], "old bins are kept"
    consumer.monitors["churn"]["features"] = {"amount": "numeric", "plan": "categorical"}
    consumer.write_config()
    consumer.run(*ALERTS)
    fresh = Project(consumer.directory.parent / "fresh", {"churn": MONITOR}, now=NOW, logs=logs())
    fresh.run(*ALERTS)
    assert content(consumer)["ml_monitor__verdicts"] == content(fresh)["ml_monitor__verdicts"]


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 3), min_size=240, max_size=240))
def test_arrival_in_any_order_gives_the_same_tables(batches: list[int]) -> None:
    log = predictions(days=4, rows=60)
    labels = feedback(log)
    batch = pd.Series(batches)
    # labels may arrive before or after their predictions
    label_batch = pd.Series(batches[::-1])
    with TemporaryDirectory() as directory:
        parts = Project(Path(directory) / "parts", {"churn": MONITOR}, now=NOW, logs=logs(predictions=log.head(0), feedback=labels.head(0)))
        for upto in range(4):
            parts.load("predictions", log[batch <= upto])
            parts.load("feedback", labels[label_batch <= upto])
            parts.run(*ALERTS)
        whole = Project(Path(directory) / "whole", {"churn": MONITOR}, now=NOW, logs=logs(predictions=log, feedback=labels))
        whole.run(*ALERTS)
        actual, expected = content(parts), content(whole)
        for table in ("churn__feature_profile", "churn__outcome_profile", "ml_monitor__metric_values"):
            assert actual[table] == expected[table], table
