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


def promotion() -> tuple[datetime, str]:
    [promoted] = rows(
        "select effective_at, model_version from ml_monitor.ml_monitor__deployments where monitor = 'flight_delay' and action = 'promote'"
    )
    return promoted


def test_drift_an_alert_a_retraining_and_recovery() -> None:
    promoted, version = promotion()
    assert version != "v1"
    assert rows("select status from ml_monitor.ml_monitor__training_runs where monitor = 'flight_delay'") == [("promoted",)]
    for metric, feature in (("psi", "__score__"), ("roc_auc", "__all__")):
        of_series = f"monitor = 'flight_delay' and segment = '__all__' and metric = '{metric}' and feature = '{feature}' and severity = 'alert'"
        events = rows(f"select event_type, created_at from ml_monitor.ml_monitor__alert_events where {of_series} order by created_at")
        before = [kind for kind, at in events if at <= promoted]
        assert before[-1] in ("opened", "escalated"), f"{metric} alerts when the model is trained"
        assert ("resolved", True) in [(kind, at > promoted) for kind, at in events], f"{metric} recovers with the new one"


def test_every_alert_since_then_was_delivered_once() -> None:
    """What had been open before the replay is history and was told to nobody."""
    promoted, _ = promotion()
    delivered = rows(
        "select events.event_id, deliveries.status, deliveries.attempts from ml_monitor.ml_monitor__alert_events as events"
        " left join ml_monitor.ml_monitor__alert_deliveries as deliveries on deliveries.event_id = events.event_id"
        f" where events.severity = 'alert' and events.created_at >= '{promoted}'"
    )
    assert len(delivered) >= 5 and {(status, attempts) for _, status, attempts in delivered} == {("sent", 1)}


def test_the_report_is_small_and_there() -> None:
    assert 100_000 < (DEMO / "report.html").stat().st_size <= MOST_BYTES
