"""whylogs: the table of a profile (`view.to_pandas().to_json(path, orient="index")`) and a report of constraints as JSON."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from ml_monitor.migration.draft import Draft, MigrationError

_NUMBER = r"(-?[\d.]+(?:[eE][-+]?\d+)?)"
_IN_RANGE = re.compile(rf"^(.+) is in range \[{_NUMBER},{_NUMBER}\]$")
_SMALLER = re.compile(rf"^(.+) smaller than number {_NUMBER}$")
_GREATER = re.compile(rf"^(.+) greater than number {_NUMBER}$")
_NON_NEGATIVE = re.compile(r"^(.+) is non negative$")
_NO_MISSING = re.compile(r"^(.+) has no missing values$")
_MISSING = re.compile(rf"^null percentage of (.+) lower than {_NUMBER}$")
_IN_SET = re.compile(r"^(.+) values in set (\{.*\})$")
_COLUMN_OF = (
    re.compile(r"^(.+?) (?:mean|standard deviation|\d+(?:\.\d+)?-quantile|quantile|stddev) "),
    re.compile(r"^(.+?) (?:is|has|types|distinct)\b"),
)


def read(document: Any, draft: Draft) -> None:
    """Add what the file says.

    Raises:
        MigrationError: It is not such a file.
    """
    if (
        isinstance(document, list)
        and document
        and all(isinstance(row, list) and row and isinstance(row[0], str) for row in document)
    ):
        for row in document:
            _constraint(row[0], draft)
    elif isinstance(document, Mapping) and document and all(_is_column(row) for row in document.values()):
        for column, row in document.items():
            _column(str(column), row, draft)
    else:
        raise MigrationError(
            "this is neither a profile nor constraints of whylogs. Write `view.to_pandas().to_json(path, orient='index')`, or "
            "`json.dump(constraints.generate_constraints_report(), file)`"
        )


def _is_column(row: Any) -> bool:
    return isinstance(row, Mapping) and any(str(key).startswith(("types/", "counts/")) for key in row)


def _column(column: str, row: Mapping[str, Any], draft: Draft) -> None:
    numbers = (row.get("types/integral") or 0) + (row.get("types/fractional") or 0)
    words = (row.get("types/string") or 0) + (row.get("types/boolean") or 0)
    if not numbers and not words:
        draft.leave(f"column {column}", "its type is neither a number nor a word")
        return
    draft.feature(column, "numeric" if numbers >= words else "categorical")
    if numbers and words:
        draft.leave(f"type of {column}", f"{numbers:g} numbers and {words:g} words: taken as {draft.types[column]}")


def _constraint(name: str, draft: Draft) -> None:
    if found := _IN_RANGE.match(name):
        draft.bound(found[1], min=_number(found[2]), max=_number(found[3]))
    elif found := _SMALLER.match(name):
        draft.bound(found[1], max=_number(found[2]))
    elif found := _GREATER.match(name):
        draft.bound(found[1], min=_number(found[2]))
    elif found := _NON_NEGATIVE.match(name):
        draft.bound(found[1], min=0)
    elif found := _NO_MISSING.match(name):
        draft.feature(found[1])
        draft.limit("missing_rate", "above", 0.0, feature=found[1], what=name)
    elif found := _MISSING.match(name):
        draft.feature(found[1])
        draft.limit("missing_rate", "above", float(found[2]), feature=found[1], what=name)
    elif found := _IN_SET.match(name):
        try:
            values = sorted(ast.literal_eval(found[2]))
        except (ValueError, SyntaxError, TypeError) as error:
            raise MigrationError(f"cannot read the set of the constraint {name!r}: {error}") from error
        draft.bound(found[1], allowed=values)
    else:
        for pattern in _COLUMN_OF:
            if found := pattern.match(name):
                draft.feature(found[1])
                break
        draft.leave(
            f"constraint {name!r}", "it has no counterpart: moments are compared with the reference (`mean_shift`, `std_change`)"
        )


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number
