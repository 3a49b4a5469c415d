"""Numbers, dates and names as people say them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ml_monitor.alerts.message import CLASS_SCORE

EVERYTHING = "__all__"
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:[eE][-+]?\d+)?")

_METRICS = {
    "roc_auc": "AUC",
    "psi": "PSI",
    "psi_with_missing": "PSI with missing",
    "psi_without_unseen": "PSI of known categories",
    "psi_trailing": "PSI against the weeks before",
    "mae": "MAE",
    "rmse": "RMSE",
    "r2": "R²",
    "f1": "F1",
    "js_distance": "Jensen-Shannon distance",
    "kl_divergence": "KL divergence",
    "missing_rate": "missing values",
    "missing_rate_increase": "more missing",
    "unseen_rate": "unseen categories",
    "invalid_rate": "invalid values",
    "out_of_range_rate": "values out of range",
    "duplicate_rate": "duplicate predictions",
    "untimely_rate": "missing or future times",
    "late_rate": "late rows",
    "orphan_label_rate": "labels without prediction",
}
_FEATURES = {
    "__score__": "score (output)",
    "__prediction__": "prediction (output)",
    "__label__": "label (outcome)",
}
_PERCENT = (
    "_rate",
    "_rate_increase",
    "_coverage",
    "accuracy",
    "precision",
    "recall",
    "prevalence",
    "total_variation",
)


def metric_name(metric: str) -> str:
    """The name of a metric in a sentence."""
    return _METRICS.get(metric, metric.replace("_", " "))


def feature_name(feature: str) -> str:
    """The name of a feature on an axis; the model's output and the label are called so."""
    if feature.startswith(CLASS_SCORE):
        return f"score of {feature.removeprefix(CLASS_SCORE)} (output)"
    return _FEATURES.get(feature, feature)


def bin_name(row: Mapping[str, Any]) -> str:
    """What a bar of a distribution stands for; edges of intervals with four digits that mean something."""
    if row["bin_kind"] == "rest":
        return counted(row["n_bins"], "other value")
    label = str(row["bin_label"])
    if row["bin_kind"] not in ("interval", "point"):
        return label
    return _LONG_NUMBER.sub(lambda edge: f"{float(edge[0]):.4g}", label)


def value(number: float | None, metric: str) -> str:
    """A metric's value, with the digits that mean something."""
    if number is None:
        return "not known"
    if metric.endswith(_PERCENT):
        return percent(number)
    size = abs(number)
    if float(number).is_integer() or size >= 1000:
        return f"{number:,.0f}"
    return f"{number:.1f}" if size >= 10 else f"{number:.2f}" if size >= 0.1 else f"{number:.3f}"


def measured(row: Mapping[str, Any]) -> str:
    """`AUC 0.70`: the metric of a row with its value."""
    return f"{metric_name(row['metric'])} {value(row['metric_value'], row['metric'])}"


def interval(low: float | None, high: float | None, metric: str) -> str:
    """`[0.66, 0.73]`, or nothing where no interval is known."""
    return "" if low is None or high is None else f"[{value(low, metric)}, {value(high, metric)}]"


def size(number: float | None) -> str:
    """A number of rows."""
    return f"{number or 0:,.0f}"


def percent(share: float | None) -> str:
    """A share as a percentage, with a decimal only where it is small."""
    if share is None:
        return "not known"
    return f"{share:.0%}" if abs(share) >= 0.1 or share == 0 else f"{share:.1%}"


def day(moment: datetime | None) -> str:
    """A day, with its hour when it is not midnight."""
    if moment is None:
        return ""
    text = f"{moment.day} {moment:%b %Y}"
    return text if (moment.hour, moment.minute) == (0, 0) else f"{text} {moment:%H:%M}"


def period(start: datetime, end: datetime) -> str:
    """From when to when, the year once where it is the same."""
    begin = day(start)
    return f"{begin.replace(f' {start.year}', '') if start.year == end.year else begin} – {day(end)}"


def counted(number: float, thing: str, plural: str | None = None) -> str:
    """`1 alert`, `3 alerts`, `no alerts`."""
    number = int(number)
    several = plural or f"{thing}s"
    return f"no {several}" if number == 0 else f"{number:,} {thing if number == 1 else several}"


def over(span: int, unit: str) -> str:
    """The time that a value covers."""
    return f"{span} {unit}s" if span > 1 else f"one {unit}"


def subject(row: Mapping[str, Any]) -> str:
    """What an alert is about: metric, feature and segment."""
    parts = [] if row["feature"] == EVERYTHING else [feature_name(row["feature"])]
    parts.append(metric_name(row["metric"]))
    if row["segment"] != EVERYTHING:
        parts.append(f"{row['segment']} = {row['segment_value']}")
    return " · ".join(parts)


def limit(direction: str | None, threshold: float | None, metric: str) -> str:
    """`below 0.62`: the side of a threshold that is bad."""
    side = {"both": "more off than"}.get(direction or "", direction)
    return "" if threshold is None else f"{side} {value(threshold, metric)}"
