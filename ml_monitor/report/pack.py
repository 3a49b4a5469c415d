"""Every feature, window and bin of a monitor in a form small enough to travel in the page; unpacked when asked for."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_monitor.report import words
from ml_monitor.report.rows import milliseconds, plain

if TYPE_CHECKING:
    import pandas as pd

SHADES = ("absent", "unknown", "still", "moving", "moved", "warning", "alert")
QUALITIES = ("absent", "warning", "alert")
STEPS = 511
"""A value is kept as one of 511 steps of its square root on either side of 0: near 0 finely, far from it to 0.4 %."""

_BAR = ("reference_share", "window_share", "psi_contribution")

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def pack(document: Mapping[str, Any], arrays: Mapping[str, Bytes]) -> str:
    """Length of the JSON (4 bytes, little-endian), the JSON, the arrays one after the other; deflated, in base64."""
    places, offset = {}, 0
    for name, array in arrays.items():
        places[name] = [offset, array.size]
        offset += array.size
    text = json.dumps({**document, "arrays": places}, ensure_ascii=False, separators=(",", ":"), default=str)
    # Half of a surrogate pair is no character: the page would not be UTF-8.
    encoded = text.encode("utf-8", "replace")
    parts = [len(encoded).to_bytes(4, "little"), encoded, *(array.tobytes() for array in arrays.values())]
    return base64.b64encode(zlib.compress(b"".join(parts), 6)).decode()


def inputs(cells: pd.DataFrame, bins: pd.DataFrame, history: pd.DataFrame) -> tuple[dict[str, Any], dict[str, Bytes]]:
    """What the page knows of the features of a monitor.

    Args:
        cells: `rpt_input_heatmap` of one monitor, by feature_rank and column_start.
        bins: `rpt_distribution`, by feature_rank.
        history: `rpt_bin_history`, by feature, bin and window_start.

    Returns:
        The document with columns of time and features in their order; arrays of features x columns (shade, value, metric,
        quality) and of bins x times (share).
    """
    if cells.empty:
        return {"columns": [], "ends": [], "metrics": [], "features": [], "times": []}, {}
    columns = sorted(cells["column_start"].unique())
    names = list(dict.fromkeys(cells["feature"]))
    metrics = sorted(cells["metric"].unique())
    shape = (len(names), len(columns))
    place = (
        cells["feature"].map({name: number for number, name in enumerate(names)}).to_numpy(),
        cells["column_start"].map({column: number for number, column in enumerate(columns)}).to_numpy(),
    )
    values = cells["metric_value"].to_numpy(dtype=float, na_value=np.nan)
    largest = {
        name: float(size) if size == size else 0.0
        for name, size in zip(*_largest(cells["feature"].to_numpy(), np.abs(values)), strict=True)
    }
    codes = np.zeros(shape, dtype=np.uint16)
    codes[place] = _codes(values, cells["feature"].map(largest).to_numpy(dtype=float))
    arrays = {
        "shades": _letters(shape, place, cells["shade"], SHADES),
        "metrics": _letters(shape, place, cells["metric"], tuple(metrics)),
        "quality": _letters(shape, place, cells["quality_status"], QUALITIES),
        "high": (codes >> 2).astype(np.uint8),
        "low": (codes & 3).astype(np.uint8),
    }
    latest = cells.drop_duplicates("feature", keep="last").set_index("feature")
    by_feature = dict(tuple(bins.groupby("feature", sort=False))) if not bins.empty else {}
    times, shares, offsets = _shares(by_feature, history)
    arrays["shares"] = shares
    ends = dict(zip(cells["column_start"], cells["column_end"], strict=True))
    return {
        "columns": [milliseconds(column) for column in columns],
        "ends": [milliseconds(ends[column]) for column in columns],
        "metrics": [words.metric_name(metric) for metric in metrics],
        "metric_ids": metrics,
        "times": times,
        "features": [_feature(name, latest.loc[name], largest[name], by_feature.get(name), offsets.get(name)) for name in names],
    }, arrays


def _largest(names: Any, sizes: Any) -> tuple[list[str], list[float]]:
    import pandas as pd

    found = pd.Series(sizes).groupby(pd.Series(names), sort=False).max()
    return list(found.index), list(found)


def _codes(values: Any, largest: Any) -> Any:
    """0 for a value that is not known, else 1 to 1023 with 512 for 0."""
    known = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(largest > 0, np.abs(values) / largest, 0.0)
    steps = np.rint(np.sqrt(np.where(known, share, 0.0)) * STEPS)
    return np.where(known, 512 + np.where(np.signbit(values), -steps, steps), 0).astype(np.uint16)


def _letters(shape: tuple[int, int], place: Any, cells: Any, alphabet: tuple[str, ...]) -> Bytes:
    letters = np.zeros(shape, dtype=np.uint8)
    letters[place] = cells.map({letter: number for number, letter in enumerate(alphabet)}).fillna(0).to_numpy(dtype=np.uint8)
    return letters


def _shares(by_feature: Mapping[str, Any], history: pd.DataFrame) -> tuple[list[int], Bytes, dict[str, int]]:
    """Shares of bins over time, a row per bin in the order of the distribution, as 1 to 255 of the square root."""
    if history.empty or not by_feature:
        return [], np.zeros(0, dtype=np.uint8), {}
    times = sorted(history["window_start"].unique())
    rows: dict[tuple[str, str], int] = {}
    offsets = {}
    for feature, bins in by_feature.items():
        offsets[feature] = len(rows)
        for label, kind in zip(bins["bin_label"], bins["bin_kind"], strict=True):
            # The bar for the rest has no history, but has a row.
            rows[feature, "\0rest" if kind == "rest" else label] = len(rows)
    shares = np.zeros((len(rows), len(times)), dtype=np.uint8)
    row = np.fromiter((rows.get(key, -1) for key in zip(history["feature"], history["bin_label"], strict=True)), dtype=int)
    column = history["window_start"].map({time: number for number, time in enumerate(times)}).to_numpy(dtype=int)
    share = np.clip(history["window_share"].to_numpy(dtype=float, na_value=0.0), 0.0, 1.0)
    shown = row >= 0
    shares[row[shown], column[shown]] = (1 + np.rint(np.sqrt(np.nan_to_num(share[shown])) * 254)).astype(np.uint8)
    return [milliseconds(time) for time in times], shares, offsets


def _rounded(cell: Any) -> float | None:
    number = plain(cell)
    return None if number is None else round(number, 5)


def _feature(name: str, latest: Any, largest: float, bins: Any, offset: int | None) -> dict[str, Any]:
    row = {column: plain(cell) for column, cell in latest.to_dict().items()}
    document: dict[str, Any] = {
        "id": name,
        "name": words.feature_name(name),
        "largest": largest,
        "metric": words.metric_name(row["metric"]),
        "warn": row["warn_threshold"],
        "alert": row["alert_threshold"],
        "status": row["status"],
        "reason": row["reason"] or "",
        "n": row["sample_size"],
        "quality": row["quality_reason"] or "",
        "bins": [],
        "row": offset,
    }
    if bins is not None:
        first = bins.iloc[0]
        document["psi"] = plain(first["psi"])
        document["span"] = int(first["span"])
        document["until"] = milliseconds(first["window_end"])
        document["rank"] = int(first["feature_rank"])
        document["kind"] = first["feature_type"]
        document["bins"] = [
            [words.bin_name(bar), int(bar["part"] != "value"), *(_rounded(bar[name]) for name in _BAR)]
            for bar in bins.to_dict("records")
        ]
    return document
