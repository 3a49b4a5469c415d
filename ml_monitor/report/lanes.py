"""The lanes of a monitor that are not a heat map: how well it predicted and what was done, on the axis of time of the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_monitor.report import words
from ml_monitor.report.rows import Row, milliseconds

ALERT_ROWS = 10
_KIND_ORDER = ("alert", "trigger", "gate", "champion", "serving")
_ROW_NAMES = {
    "trigger": "retraining asked for",
    "gate": "gate result",
    "champion": "champion",
    "serving": "in the log",
}


def lanes(headline: Row, performance: list[Row], levels: list[Row], timeline: list[Row], *, any_inputs: bool) -> dict[str, Any]:
    """Points, limits and levels of the performance, versions and what was done, and sentences for what cannot be shown."""
    notes = []
    if not any_inputs:
        notes.append("Cause: no drift verdict yet, so nothing can be said about the inputs.")
    if not performance:
        notes.append("Effect: no labels have arrived yet, so how well it predicts is not known.")
    items = [item for item in timeline if item["item_kind"] != "alert" or item["subject_rank"] <= ALERT_ROWS]
    if not items:
        notes.append("Response: nothing was done and nothing needed to be: no alert, no retraining, no new version.")
    items.sort(key=lambda item: (_KIND_ORDER.index(item["item_kind"]), item["subject_rank"], item["starts_at"]))
    return {
        "notes": notes,
        "points": [_point(point, headline["window_unit"]) for point in performance],
        "limits": _limits(headline),
        "levels": [_level(level) for level in levels],
        "versions": _versions(timeline),
        "items": [_item(item) for item in items],
        "subtitle": _subtitle(headline),
        "hidden": _hidden(timeline),
    }


def _subtitle(headline: Row) -> str:
    if not headline["metric"]:
        return ""
    return (
        f"{words.metric_name(headline['metric'])} over {words.over(headline['span'], headline['window_unit'])} "
        "with its 95 % interval; faint where rows or labels are too few"
    )


def _hidden(timeline: Sequence[Row]) -> str:
    ranks = {item["subject_rank"] for item in timeline if item["item_kind"] == "alert" and item["subject_rank"] > ALERT_ROWS}
    return f"{words.counted(len(ranks), 'more alert row')} only in the table" if ranks else ""


def _point(point: Row, unit: str) -> list[Any]:
    """Time, value, low, high, whether it is settled, share of labels, status, words."""
    note = (
        f"{words.over(point['span'], unit)} to {words.day(point['window_end'])}: {words.measured(point)} "
        f"{words.interval(point['lower_bound'], point['upper_bound'], point['metric'])}, "
        f"{words.size(point['sample_size'])} labels "
        f"({words.percent(point['label_coverage'])}), {point['status'].replace('_', ' ')}"
    )
    return [
        milliseconds(point["window_end"]),
        point["metric_value"],
        point["lower_bound"],
        point["upper_bound"],
        int(point["is_settled"]),
        point["label_coverage"] or 0.0,
        point["status"],
        note,
    ]


def _limits(headline: Row) -> list[list[Any]]:
    # A distance is no height.
    return [] if headline["direction"] == "both" else [
        [headline[column], f"{name} {words.limit(headline['direction'], headline[column], headline['metric'])}", name]
        for name, column in (("warn", "warn_threshold"), ("alert", "alert_threshold"))
        if headline[column] is not None
    ]


def _level(level: Row) -> list[Any]:
    value = words.value(level["reference_value"], level["metric"])
    return [
        milliseconds(level["starts_at"]),
        milliseconds(level["ends_at"]) if level["ends_at"] else None,
        level["reference_value"],
        f"{level['model_version']} had {value} on {words.size(level['sample_size'])} held-out rows",
    ]


def _versions(timeline: Sequence[Row]) -> list[list[Any]]:
    kinds = {item["item_kind"] for item in timeline}
    source = "champion" if "champion" in kinds else "serving"
    return [[milliseconds(item["starts_at"]), item["model_version"]] for item in timeline if item["item_kind"] == source]


def _item(item: Row) -> dict[str, Any]:
    kind = item["item_kind"]
    label: str = item["outcome"] if kind in ("trigger", "gate") else item["model_version"] or ""
    row = words.subject(item) if kind == "alert" else _ROW_NAMES[kind]
    until = f"to {words.day(item['ends_at'])}" if item["ends_at"] else "still open" if kind == "alert" else "until now"
    when = words.day(item["starts_at"]) if kind in ("trigger", "gate") else f"from {words.day(item['starts_at'])} {until}"
    return {
        "row": row,
        "kind": kind,
        "outcome": item["outcome"],
        "from": milliseconds(item["starts_at"]),
        "to": milliseconds(item["ends_at"]) if item["ends_at"] else None,
        "label": label,
        "note": f"{row}{f' {label}' if label else ''}, {when}" + (f": {item['detail']}" if item["detail"] else ""),
    }
