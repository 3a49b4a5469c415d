"""From a row to an event: which event it is, and what it says. No effects."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Any

import orjson

from ml_monitor.feedback.imports.moments import moment_of
from ml_monitor.feedback.imports.spec import ImportSpec
from ml_monitor.feedback.imports.tables import Row


class NotReady(Exception):  # noqa: N818 - says what happened
    """A field that the row needs is still empty."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says."""

    row: Row
    row_id: str
    """The same for the same row in every import."""
    fields: Mapping[str, Any]
    """Of the event, without its ids."""

    def content(self, source: str, pepper: bytes) -> str:
        """Tells whether the row says the same as before."""
        return _hash([source, self.fields], pepper)


def feedback_id(name: str, row_id: str, content: str, earlier: str | None) -> str:
    """The id of the event: the same whenever the row is imported again, another one when it says something else."""
    return f"import:{name}:{_hash([row_id, content, earlier])}"


def row_ids(rows: Iterable[Row], spec: ImportSpec, pepper: bytes) -> list[str]:
    """A name for each row: its own, else what `id` names, else everything it says, counted if rows are equal.

    Args:
        rows: Of one file or table.
        spec: The import.
        pepper: Key of the names: they go into ids, and nobody shall try people until one fits.

    Raises:
        ValueError: A cell that `id` names is empty, or two rows have the same name; the message says where.
    """
    seen: Counter[str] = Counter()
    result = []
    for row in rows:
        named = row.key is not None or bool(spec.id)
        if row.key is not None:
            name = _hash([row.key], pepper)
        elif spec.id:
            if empty := [column for column in spec.id if column not in row.cells]:
                raise ValueError(f"{row.place}: {empty[0]!r} is empty, but it names the row (id)")
            name = _hash([row.cells[column] for column in spec.id], pepper)
        else:
            name = _hash([[field, row.cells.get(column)] for field, column in sorted(spec.columns.items())], pepper)
        seen[name] += 1
        if named and seen[name] > 1:
            raise ValueError(f"{row.place}: another row has the same {', '.join(spec.id)}: that is no id of a row")
        result.append(name if named else _hash([name, seen[name]]))
    return result


def fields_of(row: Row, spec: ImportSpec) -> dict[str, Any]:
    """The fields of the event that a row is.

    Raises:
        NotReady: A field that the row needs is empty.
        ValueError: A cell cannot be read; the message says which.
    """
    event: dict[str, Any] = {}
    for field, value in spec.fixed.items():
        _put(event, field, _typed(field, value, spec))
    for field, column in spec.columns.items():
        if (cell := row.cells.get(column)) is None:
            if field in spec.needs:
                raise NotReady(field)
            continue
        words = spec.values.get(field)
        if words is not None and cell not in words:
            allowed = ", ".join(map(repr, words))
            raise ValueError(f"column {column!r}: {cell[:80]!r} is not in values.{field}. Allowed: {allowed}.")
        try:
            _put(event, field, _typed(field, cell if words is None else words[cell], spec))
        except ValueError as error:
            raise ValueError(f"column {column!r} ({field}): {error}") from None
    return event


def _typed(field: str, value: str | float, spec: ImportSpec) -> Any:
    if field == "value":
        try:
            return float(value)
        except ValueError:
            raise ValueError(f"{str(value)[:80]!r} is no number; values can say what it counts") from None
    if field == "occurred_at":
        return moment_of(str(value), spec.time_format, spec.timezone).isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _put(event: dict[str, Any], field: str, value: Any) -> None:
    if field.startswith("payload."):
        event.setdefault("payload", {})[field.removeprefix("payload.")] = value
    else:
        event[field] = value


def _hash(what: Any, pepper: bytes = b"") -> str:
    return blake2b(orjson.dumps(what, option=orjson.OPT_SORT_KEYS), key=sha256(pepper).digest(), digest_size=16).hexdigest()
