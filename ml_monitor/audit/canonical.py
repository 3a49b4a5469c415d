"""One text for one value: JSON with sorted keys, no spaces and UTF-8, so that equal rows have equal hashes."""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """A value of the warehouse as JSON knows it. Times are ISO 8601 with microseconds; NaN and infinities are words."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def canonical(content: Any) -> str:
    """The canonical text of plain content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def line(row: Mapping[str, Any]) -> str:
    """The canonical text of a row."""
    return canonical({name: plain(value) for name, value in row.items()})
