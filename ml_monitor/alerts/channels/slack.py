"""Alerts to a Slack incoming webhook, as Block Kit."""

from typing import Any

from ml_monitor.alerts.channels.base import SendResult, retry_after
from ml_monitor.alerts.message import AlertMessage

# Limits of Block Kit.
_HEADER_CHARACTERS, _FIELD_CHARACTERS, _FIELDS_PER_SECTION = 150, 2000, 10
_ICONS = {"alert": "🔴", "warning": "🟡"}


class SlackChannel:
    """Posts to an incoming webhook.

    Slack has no key to fold duplicates, so a message that is sent again after a crash is seen twice:
    a duplicate beats a loss.

    Args:
        url: URL of the incoming webhook: a secret.
        timeout: Seconds to wait for an answer.
    """

    name = "slack"
    digests = True

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self._url = url
        self._timeout = max(1, round(timeout))

    def send(self, message: AlertMessage) -> SendResult:
        """Post the message."""
        from slack_sdk.webhook import WebhookClient

        # No retry handlers: they would send again behind the back of the ledger.
        client = WebhookClient(self._url, timeout=self._timeout, retry_handlers=[])
        try:
            response = client.send(text=escape(message.text), blocks=blocks(message))
        except OSError as error:
            return SendResult(False, error=f"no answer ({type(error).__name__})")
        if response.status_code == 200:
            return SendResult(True, 200)
        return SendResult(
            False,
            response.status_code,
            f"HTTP {response.status_code} {response.body[:200]}".strip(),
            retry_after(response.headers),
        )


def blocks(message: AlertMessage) -> list[dict[str, Any]]:
    """The message as Block Kit blocks."""
    icon = "✅" if message.is_resolved else _ICONS[message.severity]
    built: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": _clip(f"{icon} {message.title}", _HEADER_CHARACTERS)},
        }
    ]
    fields = [
        {"type": "mrkdwn", "text": f"*{escape(name)}*\n{_clip_escaped(detail, _FIELD_CHARACTERS - 100)}"}
        for name, detail in message.fields
    ]
    for first in range(0, len(fields), _FIELDS_PER_SECTION):
        built.append({"type": "section", "fields": fields[first : first + _FIELDS_PER_SECTION]})
    context = f"incident `{escape(message.incident_id)}` · event `{escape(message.event_id)}`"
    built.append({"type": "context", "elements": [{"type": "mrkdwn", "text": context}]})
    buttons = [("Open report", message.link)] if message.link else []
    elements = [
        {"type": "button", "text": {"type": "plain_text", "text": label}, "url": url, "action_id": f"link_{number}"}
        for number, (label, url) in enumerate([*buttons, *message.answers])
    ]
    if elements:
        built.append({"type": "actions", "elements": elements})
    return built


def escape(text: str) -> str:
    """Text that Slack shows as it is: no mention, link or markup comes out of a value in a log."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    return text


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _clip_escaped(text: str, length: int) -> str:
    escaped = escape(text)
    while len(escaped) > length:
        text = _clip(text, len(text) - max(1, (len(escaped) - length) // 5))
        escaped = escape(text)
    return escaped
