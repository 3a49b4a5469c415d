"""A real warehouse with the contract tables, a real receiver, and events to deliver."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from ml_monitor.warehouse import Row, Warehouse
from tests.delivery.contract import DDL
from tests.delivery.receiver import Receiver

NOW = datetime(2024, 5, 10, 6)

class Clock:
    """A wall clock that tests move."""

    def __init__(self) -> None:
        self.time = datetime(2024, 5, 10, 6)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    if request.param == "duckdb":
        opened = Warehouse(URL.create("duckdb", database=str(tmp_path / "warehouse.duckdb")), lock_timeout=20)
    else:
        opened = Warehouse(request.getfixturevalue("postgres_url"))
        opened.execute("drop schema if exists ml_monitor cascade")
    for statement in DDL:
        opened.execute(statement)
    return opened


@pytest.fixture
def add_event(warehouse: Warehouse) -> Callable[..., Row]:
    """Add an alert event, one day before now unless told otherwise."""

    def add(event_id: str, **columns: Any) -> Row:
        window_end = columns.pop("window_end", NOW - timedelta(hours=6))
        event = {
            "event_id": event_id,
            "alert_key": "key",
            "incident_id": f"incident-{event_id}",
            "monitor": "flight_delay",
            "family": "drift",
            "metric": "psi",
            "feature": "dep_hour",
            "segment": "origin",
            "segment_value": "JFK",
            "model_version": "__all__",
            "span": 7,
            "window_start": window_end - timedelta(days=1),
            "window_end": window_end,
            "event_type": "opened",
            "severity": "alert",
            "metric_value": 0.4123,
            "threshold_value": 0.25,
            "sample_size": 5312,
            "reason": "psi of dep_hour = 0.412 over 7 windows is above 0.25",
            "owner": "flights-team",
            "created_at": NOW,
            **columns,
        }
        warehouse.insert("alert_events", [event])
        return event

    return add


@pytest.fixture
def ledger(warehouse: Warehouse) -> Callable[[], list[Row]]:
    """The rows of `alert_deliveries`."""
    table = warehouse.table("alert_deliveries")
    return lambda: warehouse.query(f"select * from {table} order by event_id, channel")


@pytest.fixture
def attempts(warehouse: Warehouse) -> Callable[[], list[tuple[Any, ...]]]:
    """(attempt, phase, outcome) of every attempt row, in the order of attempts."""
    table = warehouse.table("alert_delivery_attempts")

    def read() -> list[tuple[Any, ...]]:
        rows = warehouse.query(f"select * from {table} order by event_id, channel, attempt, phase, occurred_at")
        return [(row["attempt"], row["phase"], row["outcome"]) for row in rows]

    return read
