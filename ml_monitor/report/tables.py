"""Tables of words; the status of a row colours its dot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Table = dict[str, Any]


def table(columns: Sequence[str], rows: Iterable[tuple[str, Sequence[Any]]]) -> Table:
    """What the page draws as a table: `rows` are statuses and cells."""
    return {"columns": list(columns), "rows": [[status, [str(cell) for cell in cells]] for status, cells in rows]}
