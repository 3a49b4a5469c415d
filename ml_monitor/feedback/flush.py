"""From the buffer to `feedback_events`, exactly once."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ml_monitor.errors import MlMonitorError
from ml_monitor.feedback.buffer import Buffer
from ml_monitor.feedback.event import COLUMNS
from ml_monitor.settings import wall_clock
from ml_monitor.warehouse import Session, Warehouse

_log = logging.getLogger(__name__)
_EVENTS_PER_TRANSACTION = 2000
_LONGEST_PAUSE = 60.0
_TIMES = ("occurred_at", "received_at", "loaded_at")
_TYPES = {"value": "double", **dict.fromkeys(_TIMES, "timestamp")}


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a flush did."""

    events: int
    """Appended to `feedback_events`."""
    known: int
    """Left out, because the warehouse has their feedback_id already: sent again to another buffer or after a long time."""


def flush(
    buffer: Buffer, warehouse: Warehouse, keep: timedelta = timedelta(0), clock: Callable[[], datetime] = wall_clock
) -> Flushed:
    """Append everything in the buffer that is behind its bookmark.

    The events and the bookmark are committed in one transaction of the warehouse. Whoever dies in between, the next
    flush begins where the warehouse says. Events stay in the buffer for a while: they make a replay known, and fill
    a warehouse that was restored from a backup.

    Args:
        buffer: The buffer.
        warehouse: The warehouse; `dbt build` made its tables.
        keep: How long events stay after their arrival.
        clock: Wall clock, UTC without zone.

    Raises:
        WarehouseError: The warehouse is locked, absent or has no such tables. Nothing is lost.
        BufferUnavailable: The buffer cannot be read.
    """
    events = known = 0
    while True:
        now = clock()
        step, bookmark = _step(buffer, warehouse, now)
        if bookmark > buffer.last_sequence():
            # The file was put back from a copy. Under a new name all of it is offered again; ids keep it from doubling.
            buffer.rename()
            continue
        buffer.flushed(bookmark)
        buffer.tidy(now - keep)
        events, known = events + step.events, known + step.known
        if step.events + step.known < _EVENTS_PER_TRANSACTION:
            return Flushed(events, known)


def flush_forever(
    open_buffer: Callable[[], Buffer], open_warehouse: Callable[[], Warehouse], keep: timedelta, every: float
) -> None:
    """Flush until the parent process is gone; whatever the warehouse does, say it and try again, less and less often.

    With nothing to flush the warehouse is left alone: a DuckDB file is locked by whoever opens it.
    """
    parent, pause = os.getppid(), every
    with open_buffer() as buffer:
        while os.getppid() == parent:
            try:
                if buffer.waiting().events:
                    done = flush(buffer, open_warehouse(), keep)
                    _log.info("flushed %d events, %d known already", done.events, done.known)
                else:
                    buffer.tidy(wall_clock() - keep)
                pause = every
            except MlMonitorError as error:
                pause = min(pause * 2, max(every, _LONGEST_PAUSE))
                _log.warning("not flushed, nothing is lost, next try in %g s: %s", pause, error)
            time.sleep(pause)


def _step(buffer: Buffer, warehouse: Warehouse, now: datetime) -> tuple[Flushed, int]:
    """One transaction, and the bookmark after it."""
    events, bookmarks, name = warehouse.table("feedback_events"), warehouse.table("feedback_bookmarks"), buffer.buffer_id
    with warehouse.transaction(exclusive="feedback_events") as session:
        found = session.query(f"select last_sequence from {bookmarks} where buffer_id = :buffer_id", {"buffer_id": name})
        bookmark = int(found[0]["last_sequence"]) if found else 0
        batch = buffer.read(bookmark, _EVENTS_PER_TRANSACTION)
        if not batch:
            return Flushed(0, 0), bookmark
        rows = [{**json.loads(body), "loaded_at": now.isoformat()} for _, body in batch]
        ids = {"ids": [row["feedback_id"] for row in rows]}
        there = {row["feedback_id"] for row in session.query(f"select feedback_id from {events} where feedback_id in :ids", ids)}
        new = [row for row in rows if row["feedback_id"] not in there]
        _append(session, warehouse, new)
        bookmark = batch[-1][0]
        if found:
            update = f"update {bookmarks} set last_sequence = :last, flushed_at = :now where buffer_id = :buffer_id"
            session.execute(update, {"last": bookmark, "now": now, "buffer_id": name})
        else:
            session.insert("feedback_bookmarks", [{"buffer_id": name, "last_sequence": bookmark, "flushed_at": now}])
    return Flushed(len(new), len(rows) - len(new)), bookmark


def _append(session: Session, warehouse: Warehouse, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    if warehouse.dialect != "duckdb":
        times = ({name: datetime.fromisoformat(row[name]) for name in _TIMES} for row in rows)
        session.insert("feedback_events", [{**row, **own} for row, own in zip(rows, times, strict=True)])
        return
    # DuckDB takes row after row from Python at a sixth of the speed of one JSON text.
    columns = (*COLUMNS, "loaded_at")
    fields = ", ".join(f"cast(item ->> '$.{name}' as {_TYPES.get(name, 'varchar')})" for name in columns)
    target = f"{warehouse.table('feedback_events')} ({', '.join(map(warehouse.quote, columns))})"
    source = "(select unnest(cast(cast(:rows as json) as json[])) as item) as items"
    session.execute(f"insert into {target} select {fields} from {source}", {"rows": json.dumps(rows)})
