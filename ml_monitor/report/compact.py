"""Every feature and window of a monitor in a form small enough to travel in the page; drawn when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ml_monitor.report import words
from ml_monitor.report.rows import Row, milliseconds

SHADES = {"unknown": "u", "still": "a", "moving": "b", "moved": "c", "warning": "w", "alert": "x"}
ABSENT = "-"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def pack(cells: Sequence[Row], bins: Sequence[Row]) -> dict[str, Any]:
    """One letter per cell for its shade, two for its value between 0 and the largest of its feature.

    Cells come ordered by feature; a feature without a verdict in a column has a gap there.
    """
    columns = sorted({cell["column_start"] for cell in cells})
    position = {column: number for number, column in enumerate(columns)}
    shares = {name: list(group) for name, group in groupby(bins, key=lambda row: row["feature"])}
    features = []
    for name, group in groupby(cells, key=lambda cell: cell["feature"]):
        history = list(group)
        largest = max((abs(cell["metric_value"] or 0.0) for cell in history), default=0.0)
        shades = [ABSENT] * len(columns)
        values = [ABSENT * 2] * len(columns)
        for cell in history:
            column = position[cell["column_start"]]
            shades[column] = SHADES.get(cell["shade"], "u")
            values[column] = _digits(cell["metric_value"], largest)
        features.append(
            {
                "name": words.feature_name(name),
                "metric": words.metric_name(history[-1]["metric"]),
                "largest": largest,
                "limit": history[-1]["alert_threshold"],
                "shades": "".join(shades),
                "values": "".join(values),
                "bins": [_bin(row) for row in shares.get(name, ())],
            }
        )
    return {"columns": [milliseconds(column) for column in columns], "features": features}


def _digits(number: float | None, largest: float) -> str:
    if number is None:
        return ABSENT * 2
    step = round(abs(number) / largest * (36 * 36 - 1)) if largest else 0
    return _DIGITS[step // 36] + _DIGITS[step % 36]


def _bin(row: Row) -> list[Any]:
    return [words.bin_name(row), round(row["reference_share"] or 0.0, 4), round(row["window_share"] or 0.0, 4)]
