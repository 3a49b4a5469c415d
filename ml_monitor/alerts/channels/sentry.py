"""Alerts to Sentry: one issue per incident."""

from typing import Any

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.channels.extras import load
from ml_monitor.alerts.channels.http import post
from ml_monitor.alerts.message import AlertMessage

_LEVELS = {"alert": "error", "warning": "warning"}
_TAGS = ("monitor", "family", "metric", "feature", "segment", "segment_value", "model_version", "event_type")
_TAG_CHARACTERS = 200


class SentryChannel:
    """Sends an event whose fingerprint is the incident, built by sentry-sdk.

    The event id is the delivery id: Sentry folds what is sent again after a crash. The client keys of Sentry resolve
    nothing, so the end of an incident is an event of level `info` in its issue.

    Args:
        dsn: Client key of the project: a secret.
        environment: Shown in Sentry.
        timeout: Seconds to wait for an answer.
    """

    name = "sentry"

    def __init__(self, dsn: str, environment: str | None = None, timeout: float = 10.0) -> None:
        sentry, transports, utilities = (load(f"sentry_sdk{part}", "sentry") for part in ("", ".transport", ".utils"))
        self._auth = utilities.Dsn(dsn).to_auth("ml-monitor")
        self._timeout = timeout
        self._results: list[SendResult] = []
        channel = self

        # The transports of the SDK send in the background and say nothing about it; the ledger must know.
        class Transport(transports.Transport):  # type: ignore[misc,name-defined]
            def capture_envelope(self, envelope: Any) -> None:
                channel._results.append(channel._post(envelope))

        self._client = sentry.Client(
            dsn=dsn,
            environment=environment,
            transport=Transport(),
            default_integrations=False,
            auto_enabling_integrations=False,
            send_client_reports=False,
            auto_session_tracking=False,
        )

    def send(self, message: AlertMessage) -> SendResult:
        """Send the event and wait for the answer."""
        self._results.clear()
        self._client.capture_event(event(message))
        return self._results[-1] if self._results else SendResult(False, error="sentry-sdk dropped the event")

    def _post(self, envelope: Any) -> SendResult:
        headers = {"Content-Type": "application/x-sentry-envelope", "X-Sentry-Auth": self._auth.to_header()}
        return post(self._auth.get_api_url(), envelope.serialize(), self._timeout, headers)


def event(message: AlertMessage) -> dict[str, Any]:
    """The message as a Sentry event. The title is the same for the whole incident; numbers are in the context."""
    tags = {name: str(message.event[name])[:_TAG_CHARACTERS] for name in _TAGS if message.event.get(name) is not None}
    return {
        "event_id": message.delivery_id,
        "level": "info" if message.is_resolved else _LEVELS[message.severity],
        "logger": "ml_monitor.alerts",
        "logentry": {"formatted": message.title},
        "fingerprint": [message.delivery_id if message.is_dead_letter else message.incident_id],
        "tags": tags,
        "contexts": {"alert": dict(message.fields)},
        "extra": {"report": message.link} if message.link else {},
    }
