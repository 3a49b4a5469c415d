"""The neutral message that channels format."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ml_monitor.alerts.policy import Severity

ALL = "__all__"
CLASS_SCORE = "__score__:"
_VARIABLES = {"__score__": "score", "__prediction__": "prediction", "__label__": "label"}
_WHAT_HAPPENED = {
    "opened": "opened",
    "escalated": "escalated",
    "renotified": "still open",
    "resolved": "resolved",
    "acknowledged": "acknowledged",
    "data_missing": "data missing",
}


_EVENT_COLUMNS = (
    "event_id",
    "incident_id",
    "event_type",
    "severity",
    "monitor",
    "family",
    "metric",
    "feature",
    "segment",
    "segment_value",
    "model_version",
    "span",
    "window_start",
    "window_end",
    "metric_value",
    "threshold_value",
    "sample_size",
    "reason",
    "owner",
)


@dataclass(frozen=True, slots=True)
class PastValue:
    """The value of one window before, with the limits then valid."""

    window_end: datetime
    value: float
    warn_threshold: float | None
    alert_threshold: float | None


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """One alert event in words. Plain text: each channel escapes it for its own markup."""

    delivery_id: str
    """The same for every attempt, so that a receiver can fold duplicates."""
    event_id: str
    incident_id: str
    event_type: str
    severity: Severity
    title: str
    """One line: which monitor, what, how bad."""
    text: str
    """One line with the numbers."""
    fields: tuple[tuple[str, str], ...]
    """Name and value of each detail, in reading order."""
    event: Mapping[str, Any]
    """The event itself, JSON-able: for receivers that compute."""
    link: str | None = None
    reply_to: str | None = None
    """The receiver's own id of the first message of the incident."""
    ends_thread: bool = True
    """Whether nothing else was told in that message: its end may then be written over it."""
    is_dead_letter: bool = False
    """Whether another channel could not deliver it."""
    answers: tuple[tuple[str, str], ...] = ()
    """Label and link of each way to answer."""
    history: tuple[PastValue, ...] = ()
    """What the value did before, for channels that draw."""

    @property
    def is_resolved(self) -> bool:
        """Whether the message is good news."""
        return self.event_type == "resolved"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        content = {**asdict(self), "fields": dict(self.fields), "answers": dict(self.answers)}
        del content["history"], content["ends_thread"]
        return content


def message_from_event(
    event: Mapping[str, Any],
    delivery_id: str,
    link: str | None = None,
    reply_to: str | None = None,
    *,
    answers: tuple[tuple[str, str], ...] = (),
    history: tuple[PastValue, ...] = (),
) -> AlertMessage:
    """Word one row of `ml_monitor__alert_events`."""
    what = subject(event)
    value, threshold = number(event["metric_value"]), number(event["threshold_value"])
    level = "resolved" if event["event_type"] == "resolved" else event["severity"]
    fields = [
        ("Severity", event["severity"]),
        ("What", what),
        ("Value", f"{value} (threshold {threshold})"),
        ("Rows", number(event["sample_size"])),
        ("Window", _window(event)),
        ("Model version", "all" if event["model_version"] == ALL else event["model_version"]),
        ("Reason", event["reason"] or "none given"),
    ]
    if event.get("owner"):
        fields.append(("Owner", event["owner"]))
    return AlertMessage(
        delivery_id=delivery_id,
        event_id=event["event_id"],
        incident_id=event["incident_id"],
        event_type=event["event_type"],
        severity=event["severity"],
        title=title_of(event),
        text=f"[{level}] {event['monitor']}: {what} = {value}, threshold {threshold}",
        fields=tuple((name, str(detail)) for name, detail in fields),
        event={name: _plain(event[name]) for name in _EVENT_COLUMNS},
        link=link,
        reply_to=reply_to,
        answers=answers,
        history=history,
    )


def title_of(event: Mapping[str, Any]) -> str:
    """One line: which monitor, what, what happened."""
    happened = _WHAT_HAPPENED.get(event["event_type"], event["event_type"])
    return f"{event['monitor']} · {subject(event)} · {happened}"


def number(figure: Any) -> str:
    """A number as people read it: four digits of a fraction, separated thousands, `unknown` for none."""
    if figure is None or not math.isfinite(figure):
        return "unknown"
    figure = float(figure)
    return f"{figure:,.0f}" if figure.is_integer() and abs(figure) < 1e15 else f"{figure:,.4g}"


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, float | Decimal):
        return float(cell) if math.isfinite(cell) else None
    return cell


def subject(event: Mapping[str, Any]) -> str:
    """What an event or an alert state is about: metric, feature, segment."""
    feature, metric = event["feature"], event["metric"]
    what = metric if feature == ALL else f"{metric} of {_variable(feature)}"
    if event["segment"] != ALL:
        what += f" where {event['segment']} is {event['segment_value']}"
    return what


def _variable(feature: str) -> str:
    if feature.startswith(CLASS_SCORE):
        return f"score of {feature.removeprefix(CLASS_SCORE)}"
    return _VARIABLES.get(feature, feature)


def _window(event: Mapping[str, Any]) -> str:
    start, end = _moment(event["window_start"]), _moment(event["window_end"])
    span = event["span"]
    return f"{start} to {end} UTC" + (f", last of {span} windows" if span > 1 else "")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}" if moment.hour == moment.minute == 0 else f"{moment:%Y-%m-%d %H:%M}"
