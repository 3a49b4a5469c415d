"""Errors of the warehouse, and how driver errors become them."""

import re

from sqlalchemy.exc import DBAPIError

from ml_monitor.errors import MlMonitorError


class WarehouseError(MlMonitorError):
    """Any failure to read or write the warehouse."""


class WarehouseLocked(WarehouseError):  # noqa: N818 - says what happened
    """Another process held the DuckDB file for longer than we wait. Nothing was written."""


class WarehouseUnreachable(WarehouseError):  # noqa: N818 - says what happened
    """No server answers, it refuses us, or the database file cannot be opened."""


class MissingTable(WarehouseError):  # noqa: N818 - says what happened
    """A relation does not exist yet."""


class WriteConflict(WarehouseError):  # noqa: N818 - says what happened
    """Another transaction changed the same rows first. Nothing was written."""


class QueryFailed(WarehouseError):  # noqa: N818 - says what happened
    """The warehouse refused a statement."""


def is_lock_conflict(error: DBAPIError) -> bool:
    """Whether the DuckDB file is held by another process, thread or configuration."""
    driver, text = type(error.orig).__name__, str(error.orig)
    return (
        (driver == "IOException" and "lock" in text.lower())
        or (driver == "ConnectionException" and "different configuration" in text)
        or (driver == "ResourceInUseException" and "already attached" in text)
    )


def connection_error(error: DBAPIError, place: str) -> WarehouseError:
    """The error for a connection that could not be opened. `place` holds no password."""
    return WarehouseUnreachable(f"cannot open {place}: {_first_line(error)}")


def statement_error(error: DBAPIError, place: str) -> WarehouseError:
    """The error for a statement that failed in `place`."""
    driver, text = type(error.orig).__name__, _first_line(error)
    missing = driver == "CatalogException" and "does not exist" in text
    if missing or driver in {"UndefinedTable", "InvalidSchemaName"}:
        name = re.search(r'name "?([\w.]+)"? does not exist|relation "([^"]+)"', text)
        table = next(filter(None, name.groups()), "a table") if name else "a table"
        return MissingTable(f"{table} does not exist in {place}: run `dbt build` first ({text})")
    if "conflict" in text.lower() or driver in {"SerializationFailure", "DeadlockDetected"}:
        return WriteConflict(f"another transaction changed the same rows in {place} first ({text})")
    if error.connection_invalidated:
        return WarehouseUnreachable(f"the connection to {place} was lost: {text}")
    return QueryFailed(f"{place} refused a statement: {text}")


def _first_line(error: DBAPIError) -> str:
    return next((line.strip() for line in str(error.orig).splitlines() if line.strip()), type(error.orig).__name__)
