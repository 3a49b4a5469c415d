"""From the buffer to the warehouse, exactly once: locked, absent, restored and killed in the midst of it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench import feedback_place
from bench.feedback import kills
from ml_monitor.errors import MlMonitorError
from ml_monitor.feedback.buffer import Buffer, Entry, Outcome
from ml_monitor.feedback.event import COLUMNS
from ml_monitor.feedback.flush import flush
from ml_monitor.feedback.serve import Place
from ml_monitor.warehouse import MissingTable, Warehouse
from tests.project import Project

NOW = datetime(2024, 5, 10, 6)
DAY = timedelta(days=1)


def entries(*numbers: int, digest: str = "d") -> list[Entry]:
    made = []
    for number in numbers:
        said = {"kind": "rating", "value": number / 2, "comment": f"ü '; drop table x; -- {number} :name %s", "monitor": "m"}
        times = {"occurred_at": NOW.isoformat(), "received_at": NOW.isoformat()}
        row = {**dict.fromkeys(COLUMNS), **said, **times, "feedback_id": f"id-{number:06}", "payload": '{"a": "\\u0000"}'}
        made.append(Entry(f"id-{number:06}", digest, NOW, json.dumps(row).encode()))
    return made


def ids(warehouse: Warehouse) -> list[str]:
    return [
        row["feedback_id"] for row in warehouse.query(f"select feedback_id from {warehouse.table('feedback_events')} order by 1")
    ]


def names(count: int) -> list[str]:
    return [f"id-{number:06}" for number in range(count)]


def test_events_arrive_as_they_were_kept(place: Place) -> None:
    warehouse = feedback_place.make_tables(place)
    with place.buffer() as buffer:
        buffer.write(entries(7))
        assert flush(buffer, warehouse, clock=lambda: NOW).events == 1
    (row,) = warehouse.query(f"select * from {warehouse.table('feedback_events')}")
    assert (row["value"], row["comment"], row["label"]) == (3.5, "ü '; drop table x; -- 7 :name %s", None)
    assert (row["occurred_at"], row["received_at"], row["loaded_at"]) == (NOW, NOW, NOW)
    assert json.loads(row["payload"]) == {"a": "\x00"}


def test_flushing_again_appends_nothing(place: Place) -> None:
    warehouse = feedback_place.make_tables(place)
    with place.buffer() as buffer:
        for first in range(0, 4500, 500):
            buffer.write(entries(*range(first, first + 500)))
        assert flush(buffer, warehouse, DAY, lambda: NOW).events == 4500
        assert flush(buffer, warehouse, DAY, lambda: NOW).events == 0
        assert buffer.waiting().events == 0
        buffer.write(entries(4500))
        assert buffer.waiting().events == 1
        assert flush(buffer, warehouse, DAY, lambda: NOW).events == 1
    assert ids(warehouse) == names(4501)


def test_the_warehouse_may_be_absent_or_without_tables(place: Place) -> None:
    with place.buffer() as buffer:
        buffer.write(entries(0, 1))
        with pytest.raises(MlMonitorError):
            flush(buffer, place.warehouse(), clock=lambda: NOW)
        warehouse = feedback_place.make_tables(place)
        warehouse.execute(f"drop table {warehouse.table('feedback_bookmarks')}")
        with pytest.raises(MissingTable):
            flush(buffer, warehouse, clock=lambda: NOW)
        warehouse.execute(f"drop table {warehouse.table('feedback_events')}")
        flush(buffer, feedback_place.make_tables(place), clock=lambda: NOW)
    assert ids(warehouse) == names(2)


def test_the_same_event_in_two_buffers_is_appended_once(place: Place) -> None:
    warehouse = feedback_place.make_tables(place)
    with place.buffer() as one, Buffer(place.project_dir / "other.db") as two:
        one.write(entries(0, 1))
        two.write(entries(1, 2))
        flush(one, warehouse, clock=lambda: NOW)
        done = flush(two, warehouse, clock=lambda: NOW)
    assert (done.events, done.known) == (1, 1)
    assert ids(warehouse) == names(3)


def test_a_warehouse_that_lost_what_was_flushed_is_filled_again(place: Place) -> None:
    warehouse = feedback_place.make_tables(place)
    with place.buffer() as buffer:
        buffer.write(entries(0, 1))
        flush(buffer, warehouse, DAY, lambda: NOW)
        for table in ("feedback_events", "feedback_bookmarks"):
            warehouse.execute(f"delete from {warehouse.table(table)}")
        flush(buffer, warehouse, DAY, lambda: NOW)
    assert ids(warehouse) == names(2)


def test_a_buffer_put_back_from_a_copy_loses_nothing(place: Place) -> None:
    warehouse, file, copy = (
        feedback_place.make_tables(place),
        place.project_dir / "feedback_buffer.db",
        place.project_dir / "copy.db",
    )
    with place.buffer() as buffer:
        buffer.write(entries(0))
    shutil.copy(file, copy)
    with place.buffer() as buffer:
        buffer.write(entries(1, 2, 3))
        flush(buffer, warehouse, clock=lambda: NOW)
    shutil.copy(copy, file)
    with place.buffer() as buffer:
        buffer.write(entries(4))
        done = flush(buffer, warehouse, clock=lambda: NOW)
    assert (done.events, done.known) == (1, 1)
    assert ids(warehouse) == names(5)


def test_flushed_events_are_forgotten_after_a_while_and_others_never(place: Place) -> None:
    warehouse = feedback_place.make_tables(place)
    with place.buffer() as buffer:
        buffer.write(entries(0))
        flush(buffer, warehouse, DAY, lambda: NOW)
        assert buffer.write(entries(0)) == [Outcome.duplicate]
        buffer.write(entries(1))
        buffer.tidy(NOW + 30 * DAY)
        assert [sequence for sequence, _ in buffer.read(0, 10)] == [2]
        assert buffer.write(entries(0, digest="other")) == [Outcome.accepted], "too long ago to be known here"
        done = flush(buffer, warehouse, DAY, lambda: NOW)
    assert (done.events, done.known) == (1, 1), "the warehouse still knows"
    assert ids(warehouse) == names(2)


def test_a_locked_duckdb_file_loses_nothing(tmp_path: Any) -> None:
    place = feedback_place.make(tmp_path / "project")
    warehouse = feedback_place.make_tables(place)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(place.project_dir / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout and holder.stdin
    holder.stdout.readline()
    with place.buffer() as buffer:
        buffer.write(entries(0, 1))
        with pytest.raises(MlMonitorError, match="in use by another process"):
            flush(buffer, Warehouse(warehouse.url, lock_timeout=0.2), clock=lambda: NOW)
        assert buffer.waiting().events == 2
        holder.communicate()
        flush(buffer, warehouse, clock=lambda: NOW)
    assert ids(warehouse) == names(2)


def test_kill_9_of_the_api_and_of_the_flusher(place: Place) -> None:
    warehouse = feedback_place.make_tables(place)
    count = kills(place, warehouse, wanted=8, seed=3, rate=60)
    assert sum(count.kills.values()) == 8
    assert count.answered > 100
    assert (count.lost, count.doubled, count.unknown) == (0, 0, 0)


def test_the_server_flushes_by_itself_and_starts_a_dead_flusher_again(
    server: Callable[..., Any], thumb: Callable[..., Any]
) -> None:
    import os
    import signal
    import time

    api = server("--flush", flush_seconds=0.2)
    assert api.post(thumb(feedback_id="before-tables")).status_code == 201, "no warehouse yet"
    warehouse = feedback_place.make_tables(api.place)

    def wait_for(expected: list[str]) -> None:
        for _ in range(600):
            if ids(warehouse) == expected:
                return
            time.sleep(0.1)
        raise AssertionError(f"{ids(warehouse)}, expected {expected}: {api.log.read_text()}")

    wait_for(["before-tables"])
    for child in api.process.children():
        os.kill(child, signal.SIGKILL)
    api.post(thumb(feedback_id="before-the-kill-was-seen"))
    wait_for(["before-tables", "before-the-kill-was-seen"])
    children = api.process.children()
    api.process.kill()
    for _ in range(600):
        if not any(Path(f"/proc/{child}").exists() for child in children):
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the flusher outlived its server")


def test_dbt_makes_the_tables_that_are_written(project: Callable[..., Project], tmp_path: Any) -> None:
    import pandas as pd

    moments = pd.to_datetime(["2014-01-01", "2014-01-02"])
    log = pd.DataFrame(
        {"prediction_id": ["a", "b"], "predicted_at": moments, "model_version": "v1", "y_score": 0.5, "y_pred": 1, "x": 1.0}
    )
    monitor = {"predictions": "raw.log", "features": {"x": "numeric"}, "reference": {"from": "2014-01-01", "to": "2014-01-03"}}
    made = project({"flight_delay": monitor}, logs={"log": log})
    models = ("--select", "ml_monitor__feedback_events", "ml_monitor__feedback_bookmarks")
    made.run(*models)
    warehouse = Warehouse.from_dbt(made.directory)
    with Buffer(tmp_path / "buffer.db") as buffer:
        buffer.write(entries(*range(50)))
        assert flush(buffer, warehouse, clock=lambda: NOW).events == 50
        made.run(*models)
        made.run(*models, "--full-refresh")
        buffer.write(entries(50))
        assert flush(buffer, warehouse, clock=lambda: NOW).events == 1
    assert ids(warehouse) == names(51)
    assert made.dbt("test", *models).success
