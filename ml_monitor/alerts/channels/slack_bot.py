"""Alerts to Slack as a bot: one thread per incident, whose first message says how it stands."""

from typing import Any

from ml_monitor.alerts.channels.base import SendResult, retry_after
from ml_monitor.alerts.channels.slack import blocks, escape
from ml_monitor.alerts.message import AlertMessage

API_URL = "https://slack.com/api/"
# Errors of Slack itself, which answers them like wrong requests; everything else stays wrong when it is sent again.
_PASSING = frozenset({"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"})
_CANNOT_UPDATE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


class SlackBotChannel:
    """Posts with `chat.postMessage`. What comes later of an incident answers in its thread; its end rewrites the first message.

    Slack has no key to fold duplicates, so a message that is sent again after a crash is seen twice.

    Args:
        token: Bot token with the scope `chat:write`: a secret.
        channel: Id of the channel, into which the bot is invited.
        url: The Web API.
        timeout: Seconds to wait for an answer.
    """

    name = "slack"
    digests = True
    takes_acknowledgements = True

    def __init__(self, token: str, channel: str, url: str = API_URL, timeout: float = 10.0) -> None:
        self._token = token
        self._channel = channel
        self._url = url
        self._timeout = max(1, round(timeout))

    def send(self, message: AlertMessage) -> SendResult:
        """Post the message, after rewriting the first one of the incident if this is its end."""
        from slack_sdk import WebClient
        from slack_sdk.errors import SlackApiError

        # No retry handlers: they would send again behind the back of the ledger.
        client = WebClient(token=self._token, base_url=self._url, timeout=self._timeout, retry_handlers=[])
        channel, _, thread = (message.reply_to or "").partition("/")
        content: dict[str, Any] = {"text": escape(message.text), "blocks": blocks(message)}
        try:
            # First what can be repeated without being seen twice.
            if thread and message.is_resolved and message.ends_thread and not message.is_dead_letter:
                _update(client, channel, thread, content)
            where: dict[str, Any] = {"channel": channel, "thread_ts": thread} if thread else {"channel": self._channel}
            answer = client.chat_postMessage(**where, **content, unfurl_links=False)
        except SlackApiError as error:
            return _refused(error.response)
        except OSError as error:
            return SendResult(False, error=f"no answer ({type(error).__name__})")
        return SendResult(True, 200, provider_reference=f"{answer['channel']}/{answer['ts']}")


def _update(client: Any, channel: str, thread: str, content: dict[str, Any]) -> None:
    from slack_sdk.errors import SlackApiError

    try:
        client.chat_update(channel=channel, ts=thread, **content)
    except SlackApiError as error:
        # Somebody deleted it, or the workspace lets nobody edit so late: the answer in the thread still tells.
        if _reason(error.response) not in _CANNOT_UPDATE:
            raise


def _refused(response: Any) -> SendResult:
    reason, code = _reason(response), int(response.status_code)
    if code == 200:
        code = 503 if reason in _PASSING else 400
    return SendResult(False, code, f"Slack: {reason}", retry_after(dict(response.headers)))


def _reason(response: Any) -> str:
    data = response.data
    return str(data.get("error", "unknown")) if isinstance(data, dict) else "no JSON"
