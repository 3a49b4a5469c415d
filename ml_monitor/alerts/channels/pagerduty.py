"""Alerts to PagerDuty, by its Events API v2."""

import json
from typing import Any

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.channels.http import post
from ml_monitor.alerts.message import AlertMessage

EVENTS_URL = "https://events.pagerduty.com/v2/enqueue"
# Limits of the Events API.
_SUMMARY_CHARACTERS, _DEDUP_CHARACTERS = 1024, 255
_SEVERITIES = {"alert": "critical", "warning": "warning"}


class PagerDutyChannel:
    """Triggers, acknowledges and resolves one PagerDuty alert per incident.

    The incident id is the `dedup_key`: PagerDuty folds what is sent again after a crash.

    Args:
        routing_key: Integration key of the service: a secret.
        url: The Events API; another one for the EU service region.
        timeout: Seconds to wait for an answer.
    """

    name = "pagerduty"
    takes_acknowledgements = True

    def __init__(self, routing_key: str, url: str = EVENTS_URL, timeout: float = 10.0) -> None:
        self._routing_key = routing_key
        self._url = url
        self._timeout = timeout

    def send(self, message: AlertMessage) -> SendResult:
        """Trigger, acknowledge when somebody did, or resolve when the incident is over."""
        body = {"routing_key": self._routing_key, **event(message)}
        return post(self._url, json.dumps(body, allow_nan=False).encode(), self._timeout)


def event(message: AlertMessage) -> dict[str, Any]:
    """The message as an event, without the routing key."""
    # A message that another channel could not deliver is news of its own: it reopens and resolves no incident.
    key = (message.delivery_id if message.is_dead_letter else message.incident_id)[:_DEDUP_CHARACTERS]
    if message.is_resolved and not message.is_dead_letter:
        return {"event_action": "resolve", "dedup_key": key}
    if message.event_type == "acknowledged" and not message.is_dead_letter:
        return {"event_action": "acknowledge", "dedup_key": key}
    built: dict[str, Any] = {
        "event_action": "trigger",
        "dedup_key": key,
        "payload": {
            "summary": message.title[:_SUMMARY_CHARACTERS],
            "source": message.event["monitor"],
            "severity": _SEVERITIES[message.severity],
            "timestamp": f"{message.event['window_end']}Z",
            "component": message.event["monitor"],
            "group": message.event["family"],
            "class": message.event["metric"],
            "custom_details": dict(message.fields),
        },
        "client": "ml-monitor",
    }
    if message.link:
        built["client_url"] = message.link
    links = [("Report", message.link)] if message.link else []
    if links or message.answers:
        built["links"] = [{"href": href, "text": label} for label, href in [*links, *message.answers]]
    return built
