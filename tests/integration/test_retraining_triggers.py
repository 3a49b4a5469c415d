"""Reasons to retrain as dbt finds them, and what a new champion does to open incidents. One project, built twice."""

from datetime import datetime

import pandas as pd
import pytest

from ml_monitor.retraining import register_version
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
