"""One small warehouse with open alerts, built once, and ledgers as deliveries and trainings leave them."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, feedback, logs, predictions
from tests.project import Project

NOW = datetime(2026, 1, 11)


def fill_ledgers(warehouse: Warehouse) -> None:
    """One delivery that was sent, one that waits, one that is dead; a failed training; a champion."""
    events = warehouse.query(f"select event_id from {warehouse.table('alert_events')} order by event_id")
    for number, status in enumerate(("sent", "failed", "dead")):
        warehouse.insert(
            "alert_deliveries",
            [
                {
                    "delivery_id": str(number),
                    "event_id": events[0]["event_id"],
                    "channel": "slack",
                    "status": status,
                    "attempts": 1,
                    "created_at": datetime(2026, 1, 10, number),
                    "updated_at": datetime(2026, 1, 10, 12),
                }
            ],
        )
    warehouse.insert(
        "training_runs",
        [{"training_run_id": "t1", "monitor": "churn", "status": "failed", "started_at": datetime(2026, 1, 9)}],
    )
    warehouse.insert("model_versions", [{"monitor": "churn", "model_version": 'm"1\\\n', "stage": "champion"}])


def make_live(directory: Path, kind: type[Project] = Project, **options: Any) -> Project:
    """A built project: amounts are twenty times as large on the last days."""
    log = predictions()
    log.loc[log["predicted_at"] >= "2026-01-08", "amount"] *= 20
    rule = {"warn": 0.1, "alert": 0.25, "test": "value", "by_segment": True}
    monitor = MONITOR | {
        "alerting": {"open_after": 1},
        "thresholds": {"psi": rule},
        "retraining": {"trainer": "none:train", "triggers": ["drift"], "min_new_labels": 100},
    }
    options["variables"] = {"ml_monitor__log_metrics": ["mlflow", "wandb"]}
    project = kind(directory, {"churn": monitor}, now=str(NOW), logs=logs(predictions=log, feedback=feedback(log)), **options)
    project.run()
    return project


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """On DuckDB."""
    project = make_live(tmp_path_factory.mktemp("live") / "project")
    # dbt in this process would keep the file, and with it every other process, waiting.
    DuckDBConnectionManager.close_all_connections()
    fill_ledgers(Warehouse.from_dbt(project.directory))
    return project
