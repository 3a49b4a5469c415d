"""What `make demo` is there to show, in the warehouse and the report that it has left: CI looks after the demo has run."""

from datetime import datetime
from typing import Any

import duckdb

from tests.project import REPOSITORY

DEMO = REPOSITORY / "dbt_project"
MOST_BYTES = 2_000_000


def rows(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(DEMO / "flights.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def moments(metric: str, feature: str) -> dict[str, datetime]:
    """When the first incident of a metric opened, and when it was resolved."""
    found = rows(
        "select event_type, min(created_at) from ml_monitor.ml_monitor__alert_events where monitor = 'flight_delay' and segment = '__all__'"
        f" and metric = '{metric}' and feature = '{feature}' and event_type in ('opened', 'resolved') group by event_type"
    )
    return dict(found)


def test_drift_an_alert_a_retraining_and_recovery() -> None:
    [(promoted, version)] = rows(
        "select effective_at, model_version from ml_monitor.ml_monitor__deployments where monitor = 'flight_delay' and action = 'promote'"
    )
    for metric, feature in (("psi", "__score__"), ("roc_auc", "__all__")):
        seen = moments(metric, feature)
        assert seen["opened"] <= promoted < seen["resolved"], metric
    assert version != "v1"
    assert rows("select status from ml_monitor.ml_monitor__training_runs where monitor = 'flight_delay'") == [("promoted",)]


def test_every_alert_was_delivered_once() -> None:
    sent = rows("select event_id, count(*) from ml_monitor.ml_monitor__alert_deliveries where status = 'sent' group by event_id")
    alerts = rows("select event_id from ml_monitor.ml_monitor__alert_events where severity = 'alert' and event_type in ('opened', 'resolved')")
    assert {event for (event,) in alerts} <= {event for event, _ in sent} and all(n == 1 for _, n in sent)


def test_the_report_is_small_and_there() -> None:
    assert 100_000 < (DEMO / "report.html").stat().st_size <= MOST_BYTES
