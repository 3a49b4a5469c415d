"""The three lanes of a monitor: what went in, how well it predicted, what was done, on one axis of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from ml_monitor.report import charts, words
from ml_monitor.report.rows import Row, milliseconds

_HEIGHT = re.compile(r'<svg [^>]*height="([\d.]+)"')
_PLOT_LEFT = re.compile(r'transform="translate\(([\d.]+),')
ALERT_ROWS = 10
_WIDTH = 900
_THINNEST = 4 / _WIDTH
_KIND_ORDER = ("alert", "trigger", "gate", "champion", "serving")
_ROW_NAMES = {
    "trigger": "retraining asked for",
    "gate": "gate result",
    "champion": "champion",
    "serving": "in the log",
}


@dataclass(frozen=True)
class Axis:
    """The stretch of time that all lanes of a monitor share."""

    start: datetime
    end: datetime

    def params(self) -> dict[str, object]:
        """The parameters of this name in the chart specs."""
        return {"axis_from": milliseconds(self.start), "axis_to": milliseconds(self.end)}


@dataclass(frozen=True)
class Lanes:
    """The figure, and sentences for what it cannot show."""

    svg: Markup | None
    notes: list[str]
    scope: str = ""

    def names_box(self) -> str:
        """The `viewBox` of the names of the rows, which stay in sight on a narrow screen."""
        height = _HEIGHT.search(self.svg or "")
        left = _PLOT_LEFT.search(self.svg or "")
        return f"0 0 {left[1]} {height[1]}" if left and height else "0 0 0 0"


def draw(
    headline: Row,
    cells: list[Row],
    performance: list[Row],
    levels: list[Row],
    timeline: list[Row],
    *,
    scope: str,
) -> Lanes:
    """The three lanes of one monitor."""
    notes = []
    if not cells:
        notes.append("Cause: no drift verdict yet, so nothing can be said about the inputs.")
    if not performance:
        notes.append("Effect: no labels have arrived yet, so how well it predicts is not known.")
    items = [item for item in timeline if item["item_kind"] != "alert" or item["subject_rank"] <= ALERT_ROWS]
    if not items:
        notes.append(
            "Response: nothing was done and nothing needed to be: no alert, no retraining, no new version."
        )
    axis = _axis(headline, cells, performance)
    views = [
        name for name, rows in (("inputs", cells), ("performance", performance), ("response", items)) if rows
    ]
    if axis is None or not views:
        return Lanes(None, notes)
    items.sort(
        key=lambda item: (_KIND_ORDER.index(item["item_kind"]), item["subject_rank"], item["starts_at"])
    )
    svg = charts.render(
        "lanes",
        {
            "cells": [_cell(cell) for cell in cells],
            "quality": [_quality(cell) for cell in cells if cell["quality_status"]],
            "performance": [_point(point, headline["window_unit"]) for point in performance],
            "thresholds": _thresholds(headline),
            "reference": [_level(level, axis) for level in levels],
            "boundaries": _boundaries(timeline, axis),
            "items": [_item(item, axis) for item in items],
        },
        label=f"{headline['monitor']}: inputs, performance, responses, {words.period(axis.start, axis.end)}",
        scope=scope,
        params=axis.params() | _subtitles(headline, cells, timeline),
        views=views,
    )
    return Lanes(svg, notes, scope)


def _axis(headline: Row, cells: Sequence[Row], performance: Sequence[Row]) -> Axis | None:
    starts = [headline["first_window_start"], *(cell["column_start"] for cell in cells)]
    ends = [
        headline["last_window_end"],
        *(cell["column_end"] for cell in cells),
        *(p["window_end"] for p in performance),
    ]
    known_starts = [start for start in starts if start is not None]
    known_ends = [end for end in ends if end is not None]
    return Axis(min(known_starts), max(known_ends)) if known_starts and known_ends else None


def _subtitles(headline: Row, cells: Sequence[Row], timeline: Sequence[Row]) -> dict[str, object]:
    inputs = performance = ""
    if cells:
        inputs = (
            f"how far each feature moved from the reference: {words.metric_name(cells[0]['metric'])} over "
            f"{words.over(cells[0]['span'], headline['window_unit'])}, worst first"
        )
    if headline["metric"]:
        performance = (
            f"{words.metric_name(headline['metric'])} over "
            f"{words.over(headline['span'], headline['window_unit'])} "
            "with its 95 % interval; faint and dotted where rows or labels are too few"
        )
    hidden = len(
        {
            item["subject_rank"]
            for item in timeline
            if item["item_kind"] == "alert" and item["subject_rank"] > ALERT_ROWS
        }
    )
    response = "alerts from opened to resolved, open ones in full colour; retraining, its gate, what was live"
    if hidden:
        response += f" ({words.counted(hidden, 'more alert row')} only in the table)"
    return {"inputs_subtitle": inputs, "performance_subtitle": performance, "response_subtitle": response}


def _cell(cell: Row) -> dict[str, Any]:
    return {
        "feature_label": words.feature_name(cell["feature"]),
        "starts_at": milliseconds(cell["column_start"]),
        "ends_at": milliseconds(cell["column_end"]),
        "shade": cell["shade"],
        "note": f"{_where(cell)}: {words.measured(cell)}, "
        f"{cell['status'].replace('_', ' ')}, n = {words.size(cell['sample_size'])}",
    }


def _where(cell: Row) -> str:
    return f"{words.feature_name(cell['feature'])}, {words.day(cell['column_start'])}"


def _quality(cell: Row) -> dict[str, Any]:
    return {
        "feature_label": words.feature_name(cell["feature"]),
        "status": cell["quality_status"],
        "middle": (milliseconds(cell["column_start"]) + milliseconds(cell["column_end"])) // 2,
        "note": f"{_where(cell)}: {cell['quality_reason'] or words.metric_name(cell['quality_metric'])}",
    }


def _point(point: Row, unit: str) -> dict[str, Any]:
    settled = point["is_settled"]
    note = (
        f"{words.over(point['span'], unit)} to {words.day(point['window_end'])}: {words.measured(point)} "
        f"{words.interval(point['lower_bound'], point['upper_bound'], point['metric'])}, "
        f"{words.size(point['sample_size'])} labels "
        f"({words.percent(point['label_coverage'])}), {point['status'].replace('_', ' ')}"
    )
    breached = point["status"] in ("warning", "alert")
    return {
        "at": milliseconds(point["window_end"]),
        "value": point["metric_value"],
        "lower_bound": point["lower_bound"],
        "upper_bound": point["upper_bound"],
        "settled_value": point["metric_value"] if settled else None,
        "settled_lower": point["lower_bound"] if settled else None,
        "settled_upper": point["upper_bound"] if settled else None,
        "status": point["status"],
        "ink": 1.0 if breached else 0.0 if settled else 0.4 * (point["label_coverage"] or 0.0),
        "note": note,
    }


def _thresholds(headline: Row) -> list[dict[str, Any]]:
    known = [
        (
            headline[column],
            f"{name} {words.limit(headline['direction'], headline[column], headline['metric'])}",
        )
        for name, column in (("warn", "warn_threshold"), ("alert", "alert_threshold"))
        if headline[column] is not None
    ]
    sides = ("lower", "upper") if len(known) == 2 else ("only",)
    return (
        [
            {"level": level, "label": label, "side": side}
            for (level, label), side in zip(sorted(known), sides, strict=True)
        ]
        if known
        else []
    )


def _level(level: Row, axis: Axis) -> dict[str, Any]:
    value = words.value(level["reference_value"], level["metric"])
    return {
        "starts_at": milliseconds(max(level["starts_at"], axis.start)),
        "ends_at": milliseconds(level["ends_at"] or axis.end),
        "level": level["reference_value"],
        "label": f"at the gate {value}",
        "note": f"{level['model_version']} had {value} on {words.size(level['sample_size'])} held-out rows",
    }


def _boundaries(timeline: Sequence[Row], axis: Axis) -> list[dict[str, Any]]:
    kinds = {item["item_kind"] for item in timeline}
    source = "champion" if "champion" in kinds else "serving"
    return [
        {"at": milliseconds(item["starts_at"]), "label": item["model_version"]}
        for item in timeline
        if item["item_kind"] == source and axis.start < item["starts_at"] <= axis.end
    ]


def _item(item: Row, axis: Axis) -> dict[str, Any]:
    kind = item["item_kind"]
    end = item["ends_at"] or axis.end
    begin = (
        min(item["starts_at"], end - _THINNEST * (axis.end - axis.start))
        if kind == "alert"
        else item["starts_at"]
    )
    label: str = item["outcome"] if kind in ("trigger", "gate") else item["model_version"] or ""
    seen_from = max(begin, axis.start)
    pixels = _WIDTH * (min(end, axis.end) - seen_from) / (axis.end - axis.start)
    row = words.subject(item) if kind == "alert" else _ROW_NAMES[kind]
    until = (
        f"to {words.day(item['ends_at'])}"
        if item["ends_at"]
        else "still open"
        if kind == "alert"
        else "until now"
    )
    when = (
        words.day(item["starts_at"])
        if kind in ("trigger", "gate")
        else f"from {words.day(item['starts_at'])} {until}"
    )
    return {
        "row": row,
        "kind": kind,
        "outcome": item["outcome"],
        "is_open": item["ends_at"] is None,
        "starts_at": milliseconds(begin),
        "ends_at": milliseconds(end),
        "visible_from": milliseconds(seen_from),
        "label": label,
        "fits": pixels > 7 * len(label),
        "note": f"{row}{f' {label}' if label else ''}, {when}"
        + (f": {item['detail']}" if item["detail"] else ""),
    }
