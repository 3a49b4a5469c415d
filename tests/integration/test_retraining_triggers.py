"""Reasons to retrain as dbt finds them, and what a new champion does to open incidents."""

from datetime import datetime

import pandas as pd
import pytest

from ml_monitor.retraining import plan, register_version
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, feedback, logs, predictions
from tests.project import Project

RETRAINING = {
    "trainer": "m:train",
    "triggers": ["drift", "validation", "labels", "schedule"],
    "drift_windows": 3,
    "tolerance": 0.01,
    "over": 2,
    "min_new_labels": 300,
    "every_days": 400,
}


def replaced_logs() -> dict[str, pd.DataFrame]:
    """Ten days; amounts are larger from the fourth on; from the eighth a model serves that has learned from them."""
    log = predictions()
    log.loc[log["predicted_at"] >= "2026-01-04", "amount"] *= 50
    log.loc[log["predicted_at"] >= "2026-01-08", "model_version"] = "m2"
    return logs(predictions=log, feedback=feedback(log))


def triggers(project: Project) -> dict[str, str]:
    rows = project.rows("select trigger_kind, metric || ' ' || reason from main_ml_monitor.ml_monitor__retraining_triggers")
    return dict(rows)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    monitor = MONITOR | {
        "reference": {"first": 2, "per": "model_version"},
        "healthy": {"from": "2026-01-01", "to": "2026-01-04"},
        "label_delay": 1,
        "thresholds": {"psi": {"warn": 0.1, "alert": 0.25, "over": 1}},
        "retraining": RETRAINING,
    }
    made = Project(tmp_path_factory.mktemp("triggers") / "project", {"churn": monitor}, logs=replaced_logs())
    assert made.dbt("run", now="2026-01-05 00:00:00").success
    return made


def test_each_reason_has_its_evidence(project: Project) -> None:
    warehouse = Warehouse.from_dbt(project.directory)
    # One window of drift is not three, and of the labels of four days those of the last are not mature yet.
    found = triggers(project)
    assert set(found) == set()
    # What the champion promised: the scores are right about as often as they say, so its area is near 0.83.
    register_version(
        warehouse, "churn", "m1", now=datetime(2026, 1, 1), validation=0.95, reason="first release", actor="team"
    )
    assert project.dbt("run", now="2026-01-08 00:00:00").success
    found = triggers(project)
    assert set(found) == {"drift", "validation", "labels"}
    assert found["labels"] == "new_labels 360 labels since the last training set, 300 are enough"
    assert found["validation"].startswith("roc_auc roc_auc of m1 is 0.8")
    assert "its validation less tolerance was 0.94" in found["validation"]


def test_a_new_champion_ends_drift_from_the_reference_of_the_old_one(project: Project) -> None:
    warehouse = Warehouse.from_dbt(project.directory)
    opened = project.rows(
        "select incident_id from main_ml_monitor.ml_monitor__alert_states where is_open and metric = 'psi' and feature = 'amount'"
    )
    assert opened
    register_version(warehouse, "churn", "m2", now=datetime(2026, 1, 8), reason="learned from the new amounts", actor="team")
    assert project.dbt("run", now="2026-01-11 00:00:00").success
    resolved = project.rows(
        "select incident_id, reason from main_ml_monitor.ml_monitor__alert_events "
        "where event_type = 'resolved' and metric = 'psi' and feature = 'amount'"
    )
    assert {incident for incident, _ in resolved} >= {incident for (incident,) in opened}
    assert all(reason.startswith("the model was replaced, and its reference with it; ") for _, reason in resolved)
    assert "drift" not in triggers(project)
    assert "validation" not in triggers(project), "the new champion has promised nothing yet"


TRIGGERS = "main_ml_monitor.ml_monitor__retraining_triggers"
BOTH = {"triggers": ["performance", "concept_drift", "schedule"], "every_days": 10, "cooldown_days": 28, "trainer": "m:train"}


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """From the eighth day on what was scored high does not happen any more; two such windows in a row make an alert, and one is not enough."""
    log = predictions()
    labels = feedback(log, delay_hours=0)
    late = (log["predicted_at"] >= "2026-01-08").to_numpy()
    labels.loc[late, "label"] = 1 - log.loc[late, "y_pred"]
    monitor = MONITOR | {
        "segments": [],
        "rolling": [],
        "calibration": {"from": "2026-01-01", "to": "2026-01-06"},
        "thresholds": {"psi": None, "accuracy": {"alert": 0.6}},
        "alerting": {"open_after": 2},
    }
    monitors = {"both": monitor | {"retraining": BOTH}, "concept": monitor | {"retraining": BOTH | {"triggers": ["concept_drift"]}}}
    made = Project(tmp_path_factory.mktemp("turned") / "project", monitors, logs=logs(predictions=log, feedback=labels))
    everything = ("-s", "+ml_monitor__retraining_triggers")
    made.run(*everything, now="2026-01-09 00:00:00")
    assert made.rows("select count(*) from main_ml_monitor.ml_monitor__verdicts where metric = 'accuracy' and status = 'alert'") == [(2,)]
    assert made.rows(f"select * from {TRIGGERS}") == [], "one window of each monitor is not two"
    made.run(*everything, now="2026-01-10 00:00:00")
    return made


def kinds(project: Project, monitor: str, now: str) -> dict[str, tuple[str, float, str]]:
    project.run("-s", "ml_monitor__retraining_triggers", now=now)
    rows = project.rows(f"select trigger_kind, metric, metric_value, reason from {TRIGGERS} where monitor = '{monitor}'")
    return {kind: (metric, value, reason) for kind, metric, value, reason in rows}


def test_incidents_of_performance_and_of_the_concept(turned: Project) -> None:
    both = kinds(turned, "both", "2026-01-10 00:00:00")
    assert set(both) == {"performance", "concept_drift"}
    assert both["performance"] == ("accuracy", 0.0, "accuracy = 0 is below 0.6 (n = 60)")
    metric, value, reason = both["concept_drift"]
    assert metric == "concept_drift" and value < -3
    assert reason.startswith(f"concept_drift = {value:.3f}".rstrip("0")) and "is further from 0 than 3 (n = 60)" in reason
    assert kinds(turned, "concept", "2026-01-10 00:00:00") == {"concept_drift": both["concept_drift"]}, "its accuracy fell too"


def test_a_schedule_is_due_on_its_day(turned: Project) -> None:
    assert "schedule" not in kinds(turned, "both", "2026-01-10 23:59:59")
    due = kinds(turned, "both", "2026-01-11 00:00:00")["schedule"]
    assert due == ("days_since_training", 10.0, "10 days since the last training set, due every 10")
    assert "schedule" not in kinds(turned, "concept", "2026-01-11 00:00:00")


def test_a_training_answers_its_trigger_and_cools_the_others_down(turned: Project) -> None:
    warehouse = Warehouse.from_dbt(turned.directory)
    kinds(turned, "both", "2026-01-11 00:00:00")
    first = plan(warehouse, "both", now=datetime(2026, 1, 11))
    assert (first.action, first.reason) == ("launch", "performance: accuracy = 0 is below 0.6 (n = 60)")
    assert first.trigger is not None
    turned.execute(
        f"""
        insert into main_ml_monitor.ml_monitor__training_runs
            (training_run_id, monitor, trigger_key, trigger_kind, trigger_reason, status, step, champion_version, candidate_version, started_at, finished_at)
        values ('r1', 'both', '{first.trigger.trigger_key}', 'performance', '', 'kept', 'promote', 'm1', 'm2', '2026-01-11 15:00', '2026-01-11 15:30');
        insert into main_ml_monitor.ml_monitor__dataset_snapshots (dataset_snapshot_id, training_run_id, monitor, created_at)
        values ('s1', 'r1', 'both', '2026-01-11 15:00');
        """
    )
    assert "schedule" not in kinds(turned, "both", "2026-01-20 23:59:59"), "counted anew from the training"
    assert kinds(turned, "both", "2026-01-21 00:00:00")["schedule"][1] == 10
    cooling = plan(warehouse, "both", now=datetime(2026, 2, 8, 15, 29, 59))
    assert cooling.action == "skip"
    assert cooling.reason == "cooling down until 2026-02-08 15:30: 28 days since the run that ended 2026-01-11 15:30"
    second = plan(warehouse, "both", now=datetime(2026, 2, 8, 15, 30))
    assert second.action == "launch" and second.reason.startswith("concept_drift: "), "that of performance was answered"
    assert plan(warehouse, "concept", now=datetime(2026, 1, 12)).action == "launch", "each monitor rests for itself"
