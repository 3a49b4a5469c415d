"""The durable buffer between the API and the warehouse: one SQLite file."""

import os
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Self

import orjson

from ml_monitor.feedback.errors import BufferUnavailable

_PAGE_BYTES = 4096
_MOST_LOG_PAGES = 16_384
_SCHEMA = """
    create table if not exists buffer (buffer_id text not null, secret blob not null, flushed_to integer not null default 0);
    create table if not exists events (
        sequence integer primary key autoincrement,
        feedback_id text not null unique,
        digest text not null,
        received_at text not null,
        body text not null
    );
    create table if not exists imports (name text not null primary key, bookmark text not null, imported_at text not null);
    create table if not exists imported_rows (
        name text not null,
        row_id text not null,
        content text not null,
        feedback_id text not null,
        supersedes text,
        primary key (name, row_id)
    ) without rowid;
"""


class Outcome(StrEnum):
    """What became of an event that was to be kept."""

    accepted = "accepted"
    duplicate = "duplicate"
    conflict = "conflict"


class Entry(NamedTuple):
    """An event ready to be kept."""

    feedback_id: str
    digest: str
    """Tells whether an event with the same id says the same."""
    received_at: datetime
    body: bytes
    """The row of the warehouse, as JSON."""


class Known(NamedTuple):
    """What an import knows of a row."""

    content: str
    """Hash of what it said."""
    feedback_id: str
    """The event that it became."""
    supersedes: str | None
    """The event before it changed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is in the buffer and, as far as it knows, not in the warehouse."""

    events: int
    oldest_received_at: datetime | None


class Buffer:
    """Events that were acknowledged. What `write` returns is on the disk, whatever dies next.

    Several processes may use the file. An event gets its sequence number under SQLite's one write lock, so none
    appears behind a bookmark.

    Args:
        path: The file; it is made if it is not there.
        most_mb: It does not grow beyond this; then events are refused.
    """

    def __init__(self, path: Path, most_mb: int = 4096) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The thread that writes is not the one that opens.
            self._database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            with self._guard():
                self._database.execute("pragma journal_mode = wal")
                # Every commit waits for the disk.
                self._database.execute("pragma synchronous = full")
                # `tidy` moves pages out of the log, between requests; this is for a server without a flusher.
                self._database.execute(f"pragma wal_autocheckpoint = {_MOST_LOG_PAGES}")
                self._database.execute(f"pragma max_page_count = {most_mb * 1024 * 1024 // _PAGE_BYTES}")
                self._database.executescript(_SCHEMA)
                with self._transaction():
                    if self._database.execute("select 1 from buffer").fetchone() is None:
                        identity = (uuid.uuid4().hex, os.urandom(32))
                        self._database.execute("insert into buffer (buffer_id, secret) values (?, ?)", identity)
            path.chmod(0o600)
            _sync_directory(path.parent)
        except (OSError, sqlite3.Error) as error:
            raise BufferUnavailable(f"cannot open the feedback buffer {path}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def buffer_id(self) -> str:
        """Name under which the warehouse keeps this buffer's bookmark."""
        with self._guard():
            return str(self._database.execute("select buffer_id from buffer").fetchone()[0])

    @property
    def secret(self) -> bytes:
        """Key of the digests: a digest alone does not tell what was said."""
        with self._guard():
            return bytes(self._database.execute("select secret from buffer").fetchone()[0])

    def write(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Keep events, all of them in one commit to the disk, and say what became of each, in their order.

        Raises:
            BufferUnavailable: Nothing was kept.
        """
        with self._guard(), self._transaction():
            return self._insert(entries)

    def bookmark(self, name: str) -> str | None:
        """How far an import has come, in its own words."""
        with self._guard():
            row = self._database.execute("select bookmark from imports where name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def imported(self, name: str) -> dict[str, Known]:
        """The rows of an import that became events."""
        with self._guard():
            rows = self._database.execute(
                "select row_id, content, feedback_id, supersedes from imported_rows where name = ?", (name,)
            ).fetchall()
        return {row_id: Known(*known) for row_id, *known in rows}

    def write_import(self, name: str, bookmark: str, now: datetime, entries: Sequence[tuple[str, Known, Entry]]) -> None:
        """Keep the events of an import, what is known of its rows and its bookmark, in one commit.

        Raises:
            BufferUnavailable: Nothing was kept.
        """
        with self._guard(), self._transaction():
            self._insert([entry for _, _, entry in entries])
            self._database.executemany(
                "insert or replace into imported_rows (name, row_id, content, feedback_id, supersedes) values (?, ?, ?, ?, ?)",
                [(name, row_id, *known) for row_id, known, _ in entries],
            )
            self._database.execute(
                "insert or replace into imports (name, bookmark, imported_at) values (?, ?, ?)",
                (name, bookmark, now.isoformat(timespec="microseconds")),
            )

    def _insert(self, entries: Sequence[Entry]) -> list[Outcome]:
        ids = orjson.dumps([entry.feedback_id for entry in entries]).decode()
        known: dict[str, str | None] = dict(
            self._database.execute(
                "select feedback_id, digest from events where feedback_id in (select value from json_each(?))", (ids,)
            ).fetchall()
        )
        outcomes, new = [], []
        for entry in entries:
            digest = known.setdefault(entry.feedback_id, None)
            if digest is None:
                known[entry.feedback_id] = entry.digest
                received_at = entry.received_at.isoformat(timespec="microseconds")
                new.append([entry.feedback_id, entry.digest, received_at, entry.body.decode()])
                outcomes.append(Outcome.accepted)
            else:
                outcomes.append(Outcome.duplicate if digest == entry.digest else Outcome.conflict)
        if new:
            # One statement, because each gives up the interpreter lock, and a busy server is slow to give it back.
            self._database.execute(
                "insert into events (feedback_id, digest, received_at, body) "
                "select value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(?)",
                (orjson.dumps(new).decode(),),
            )
        return outcomes

    def read(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Sequence and body of the events behind a bookmark, in their order."""
        with self._guard():
            return self._database.execute(
                "select sequence, body from events where sequence > ? order by sequence limit ?", (after, limit)
            ).fetchall()

    def last_sequence(self) -> int:
        """The highest sequence number that was ever given."""
        with self._guard():
            row = self._database.execute("select seq from sqlite_sequence where name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def waiting(self) -> Waiting:
        """How many events are not flushed yet, and since when."""
        with self._guard():
            (flushed_to,) = self._database.execute("select flushed_to from buffer").fetchone()
            oldest = self._database.execute(
                "select received_at from events where sequence > ? order by sequence limit 1", (flushed_to,)
            ).fetchone()
        return Waiting(self.last_sequence() - flushed_to, datetime.fromisoformat(oldest[0]) if oldest else None)

    def flushed(self, up_to: int) -> None:
        """Note that the warehouse has the events up to a bookmark. It is a hint: the warehouse knows."""
        with self._guard(), self._hint(), self._transaction():
            self._database.execute("update buffer set flushed_to = ?", (up_to,))

    def tidy(self, received_before: datetime, at_once: int = 20_000) -> None:
        """Delete flushed events that came before a time, the first ones, and move pages from the log into the file."""
        before = received_before.isoformat(timespec="microseconds")
        with self._guard():
            first = self._database.execute("select received_at from events order by sequence limit 1").fetchone()
            # The write lock is taken only if there is something to delete.
            if first and first[0] < before:
                with self._hint(), self._transaction():
                    self._database.execute(
                        "delete from events where received_at < ? and sequence in (select sequence from events "
                        "where sequence <= (select flushed_to from buffer) order by sequence limit ?)",
                        (before, at_once),
                    )
            self._database.execute("pragma wal_checkpoint(passive)").fetchone()

    def rename(self) -> None:
        """Take a new name, under which the warehouse has no bookmark: all that is kept is flushed again."""
        with self._guard(), self._transaction():
            self._database.execute("update buffer set buffer_id = ?, flushed_to = 0", (uuid.uuid4().hex,))

    @contextmanager
    def _hint(self) -> Iterator[None]:
        """What may be lost is written without waiting for the disk, so that events wait less for the write lock."""
        self._database.execute("pragma synchronous = normal")
        try:
            yield
        finally:
            self._database.execute("pragma synchronous = full")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("begin immediate")
        try:
            yield
            self._database.execute("commit")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("rollback")
            raise

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise BufferUnavailable(f"the feedback buffer {self.path} refused: {error}. Nothing was kept.") from error


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
