"""Many messages as one, for channels that people read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from ml_monitor.alerts.causes import Cause
from ml_monitor.alerts.message import AlertMessage

_SHOWN = 15


def together(messages: Sequence[AlertMessage], cause: Cause, answers: tuple[tuple[str, str], ...] = ()) -> AlertMessage:
    """Alerts of one window that come from one model or source, as one message that names it."""
    first = min(messages, key=lambda one: (one.severity != "alert", one.event_id))
    suspect = cause.suspect
    happened = first.title.rsplit(" · ", 1)[-1]
    title = f"{first.event['monitor']} · {len(messages)} alerts from {suspect.node.split('.', 2)[-1]} · {happened}"
    fields = [("Severity", first.severity), ("Suspect", suspect.node), ("Columns", ", ".join(suspect.columns))]
    fields += [("Last change", suspect.last_change)] if suspect.last_change else []
    fields += [(one.title, one.text) for one in messages[:_SHOWN]]
    if len(messages) > _SHOWN:
        fields.append(("And", f"{len(messages) - _SHOWN} more: ml-monitor incidents shows them all"))
    return replace(
        first,
        delivery_id=sha256("|".join(sorted(one.delivery_id for one in messages)).encode()).hexdigest()[:32],
        incident_id=cause.key,
        title=title,
        text=f"[{'resolved' if first.is_resolved else first.severity}] {title}",
        fields=tuple(fields),
        answers=answers,
        history=(),
    )


def digest(messages: Sequence[AlertMessage]) -> AlertMessage:
    """One message that counts all of them and shows the worst ones first."""
    ordered = sorted(messages, key=lambda one: (one.is_resolved, one.severity != "alert"))
    worst = ordered[0]
    happened = Counter(one.event_type for one in messages)
    counts = ", ".join(f"{count} {event_type.replace('_', ' ')}" for event_type, count in sorted(happened.items()))
    monitors = Counter(str(one.event["monitor"]) for one in messages)
    title = f"{len(messages)} alerts: {counts}"
    fields = [("Monitors", ", ".join(f"{monitor} ({count})" for monitor, count in monitors.most_common(_SHOWN)))]
    fields += [(one.title, one.text) for one in ordered[:_SHOWN]]
    if len(ordered) > _SHOWN:
        fields.append(("And", f"{len(ordered) - _SHOWN} more: ml-monitor status shows them all"))
    key = sha256("|".join(sorted(one.delivery_id for one in messages)).encode()).hexdigest()[:32]
    return AlertMessage(
        delivery_id=key,
        event_id=key,
        incident_id=key,
        event_type="resolved" if worst.is_resolved else "digest",
        severity=worst.severity,
        title=title,
        text=f"[{worst.severity}] {title}",
        fields=(*fields, ("Reason", "more alerts than people read one by one")),
        event={"monitor": ", ".join(monitors), "family": "digest", "metric": "digest", "window_end": worst.event["window_end"]},
        link=worst.link,
    )
