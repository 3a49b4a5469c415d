"""The warehouse under the conditions that break it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from sqlalchemy.engine import URL

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import WebhookChannel
from ml_monitor.warehouse import MissingTable, QueryFailed, Warehouse, WarehouseLocked, WarehouseUnreachable
from tests.delivery.conftest import DDL, NOW

HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@contextmanager
def held_by_another_process(path: Path) -> Iterator[Callable[[], None]]:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield lambda: holder.stdin.close()
    finally:
        holder.kill()
        holder.wait()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "held.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in DDL:
            connection.execute(statement)
    return path


def open_file(path: Path, lock_timeout: float = 0.5) -> Warehouse:
    return Warehouse(URL.create("duckdb", database=str(path)), lock_timeout=lock_timeout)


def test_a_held_file_is_a_clear_error_and_loses_nothing(file, receiver):
    warehouse = open_file(file)
    warehouse.execute(
        f"insert into {warehouse.table('alert_events')} (event_id, incident_id, monitor, metric, feature, "
        "segment, model_version, span, window_start, window_end, event_type, severity) values "
        "('e', 'i', 'm', 'psi', 'f', '__all__', '__all__', 1, :now, :now, 'opened', 'alert')",
        {"now": NOW},
    )
    channels = [WebhookChannel(receiver.url)]
    with held_by_another_process(file):
        with pytest.raises(WarehouseLocked, match=r"held\.duckdb is in use by another process"):
            deliver(warehouse, channels, DeliveryPolicy(), NOW)
        assert receiver.requests == []
    assert deliver(warehouse, channels, DeliveryPolicy(), NOW).count("sent") == 1


def test_a_held_file_is_waited_for(file):
    with held_by_another_process(file) as release:
        warehouse = open_file(file, lock_timeout=20)
        release()
        assert warehouse.query("select 1 as one") == [{"one": 1}]


def test_no_handle_stays_open_after_an_operation(file):
    warehouse = open_file(file)
    warehouse.query("select 1")
    with pytest.raises(QueryFailed):
        warehouse.query("select nonsense")
    with held_by_another_process(file):
        pass


def test_a_connection_of_the_same_process_does_not_disturb(file):
    """As dbt-duckdb does when it runs in this process."""
    with duckdb.connect(str(file), read_only=False, config={}):
        assert open_file(file).query("select 1 as one") == [{"one": 1}]


def test_another_configuration_in_the_same_process_is_a_clear_error(file):
    with (
        duckdb.connect(str(file), config={"threads": 1}),
        pytest.raises(WarehouseLocked, match="with other settings"),
    ):
        open_file(file).query("select 1")
    with duckdb.connect(str(file), config={"threads": 1}):
        same = Warehouse(URL.create("duckdb", database=str(file)), duckdb_config={"threads": 1})
        assert same.query("select 1 as one") == [{"one": 1}]


def test_an_unreachable_postgres_says_where(file):
    warehouse = Warehouse("postgresql+psycopg2://monitor:hunter2@127.0.0.1:1/prod")
    with pytest.raises(WarehouseUnreachable, match=r"127\.0\.0\.1:1/prod") as caught:
        warehouse.query("select 1")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no database")
    with pytest.raises(WarehouseUnreachable, match=r"notes\.txt"):
        open_file(path).query("select 1")


def test_a_missing_table_says_what_to_run(warehouse):
    with pytest.raises(MissingTable, match="dbt build") as caught:
        warehouse.query(f"select * from {warehouse.table('verdicts')}")
    assert "ml_monitor__verdicts" in str(caught.value)


def test_values_are_bound_and_names_quoted(warehouse):
    first, second = warehouse.quote("a :b"), warehouse.quote('sel"')
    warehouse.execute(f"create table ml_monitor.odd ({first} text, {second} text)")
    nasty = "'); drop table ml_monitor.odd; --"
    warehouse.execute("insert into ml_monitor.odd values (:first, :second)", {"first": nasty, "second": None})
    rows = warehouse.query(f"select * from ml_monitor.odd where {first} = :nasty", {"nasty": nasty})
    assert rows == [{"a :b": nasty, 'sel"': None}]


def test_a_transaction_is_all_or_nothing(warehouse):
    with pytest.raises(RuntimeError), warehouse.transaction(exclusive="alert_deliveries") as session:
        session.insert("alert_deliveries", [{"delivery_id": "d", "status": "pending"}])
        raise RuntimeError
    assert warehouse.query(f"select * from {warehouse.table('alert_deliveries')}") == []


def test_frames_have_types_and_names_even_when_empty(warehouse):
    frame = warehouse.frame("select 1.5 as a, 'x' as b, cast(:now as timestamp) as c", {"now": NOW})
    assert (float(frame.a[0]), frame.b[0], pd.Timestamp(frame.c[0])) == (1.5, "x", pd.Timestamp(NOW))
    empty = warehouse.frame(f"select event_id, attempts from {warehouse.table('alert_deliveries')}")
    assert (len(empty), list(empty.columns)) == (0, ["event_id", "attempts"])
