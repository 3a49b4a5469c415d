"""A warehouse with the tables of delivery and as many events as are asked for."""

from datetime import datetime, timedelta

from ml_monitor.warehouse import Warehouse
from tests.delivery.contract import DDL

NOW = datetime(2024, 5, 10, 6)
_ROWS = 1000


def make(warehouse: Warehouse) -> None:
    """The empty tables, in place of those that are there."""
    warehouse.execute("drop schema if exists ml_monitor cascade")
    for statement in DDL:
        warehouse.execute(statement)


def add_events(warehouse: Warehouse, first: int, count: int) -> None:
    """Opened incidents with the numbers `first`, `first + 1` ..."""
    window_end = NOW - timedelta(hours=6)
    events = [
        {
            "event_id": f"event-{number}",
            "alert_key": f"key-{number}",
            "incident_id": f"incident-{number}",
            "monitor": "flight_delay",
            "family": "drift",
            "metric": "psi",
            "feature": f"feature_{number}",
            "segment": "__all__",
            "segment_value": "__all__",
            "model_version": "__all__",
            "span": 1,
            "window_start": window_end - timedelta(days=1),
            "window_end": window_end,
            "event_type": "opened",
            "severity": "alert",
            "metric_value": 0.4,
            "threshold_value": 0.25,
            "sample_size": 5312,
            "reason": "psi = 0.4 is above 0.25",
            "created_at": NOW,
        }
        for number in range(first, first + count)
    ]
    with warehouse.transaction() as session:
        for start in range(0, count, _ROWS):
            session.insert("alert_events", events[start : start + _ROWS])
