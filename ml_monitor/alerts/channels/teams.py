"""Alerts to Microsoft Teams: an Adaptive Card to the webhook of a workflow."""

import json
import re
from typing import Any

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.channels.http import post
from ml_monitor.alerts.message import AlertMessage

_COLOURS = {"alert": "attention", "warning": "warning"}
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~])")


class TeamsChannel:
    """Posts an Adaptive Card to a Teams workflow ("When a Teams webhook request is received").

    Teams has no key to fold duplicates: a message that is sent again after a crash is seen twice.

    Args:
        url: URL of the workflow: a secret.
        timeout: Seconds to wait for an answer.
    """

    name = "teams"
    digests = True

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self._url = url
        self._timeout = timeout

    def send(self, message: AlertMessage) -> SendResult:
        """Post the card."""
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card(message)}
        body = {"type": "message", "attachments": [attachment]}
        return post(self._url, json.dumps(body, allow_nan=False).encode(), self._timeout)


def card(message: AlertMessage) -> dict[str, Any]:
    """The message as an Adaptive Card."""
    title = {
        "type": "TextBlock",
        "text": escape(message.title),
        "weight": "bolder",
        "size": "medium",
        "wrap": True,
        "color": "good" if message.is_resolved else _COLOURS[message.severity],
    }
    facts = [{"title": escape(name), "value": escape(detail)} for name, detail in message.fields]
    built: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": message.text,
        "body": [title, {"type": "FactSet", "facts": facts}],
    }
    links = [("Open report", message.link)] if message.link else []
    if links or message.answers:
        built["actions"] = [{"type": "Action.OpenUrl", "title": label, "url": url} for label, url in [*links, *message.answers]]
    return built


def escape(text: str) -> str:
    """Text that Teams shows as it is: cards read a subset of Markdown."""
    return _MARKUP.sub(r"\\\1", text)
