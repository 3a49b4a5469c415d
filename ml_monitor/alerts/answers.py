"""Links with which a message is answered: signed, so that nobody else can make one, and good for some time only."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, Self

from ml_monitor.errors import MlMonitorError

Kind = Literal["ack", "snooze"]
_LABELS: dict[Kind, str] = {"ack": "Acknowledge", "snooze": "Snooze for a day"}
_SIGNATURE_BYTES = 32
LEAST_SECRET = 16


class AnswerError(MlMonitorError):
    """A link that is forged, cut off or too old."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a link stands for."""

    kind: Kind
    incident_id: str
    """Or several, joined by commas: those of one message."""
    title: str
    expires_at: datetime

    @classmethod
    def read(cls, token: str, secret: str, now: datetime) -> Self:
        """The answer in a token.

        Args:
            token: The last part of the link.
            secret: That signed it.
            now: Wall clock, UTC.

        Raises:
            AnswerError: It was not signed with the secret, or has expired.
        """
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            raise AnswerError("this link is not complete") from None
        signature, content = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _sign(content, secret)):
            raise AnswerError("this link is not complete, or was signed with another secret")
        kind, incident_id, title, expires = json.loads(content)
        expires_at = datetime.fromtimestamp(expires, UTC).replace(tzinfo=None)
        if now >= expires_at:
            raise AnswerError(f"this link was good until {expires_at:%Y-%m-%d %H:%M} UTC: use ml-monitor ack or snooze")
        return cls(kind, incident_id, title, expires_at)


@dataclass(frozen=True, slots=True)
class AnswerLinks:
    """Makes the links of messages.

    Args:
        url: Where `ml-monitor answers` is reached.
        secret: Signs them; the same there.
        days: How long a link is good.
    """

    url: str
    secret: str
    days: int = 14

    def of(self, event: Mapping[str, Any], title: str, now: datetime) -> tuple[tuple[str, str], ...]:
        """Label and link of each answer to an event; none to an end, or to what is an answer itself."""
        if event["event_type"] in ("resolved", "acknowledged"):
            return ()
        return tuple((label, self._link(kind, str(event["incident_id"]), title, now)) for kind, label in _LABELS.items())

    def _link(self, kind: Kind, incident_id: str, title: str, now: datetime) -> str:
        # Whole days, so that a message that is sent again is the same.
        expires = (now + timedelta(days=self.days + 1)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
        content = json.dumps([kind, incident_id, title[:120], int(expires.timestamp())], separators=(",", ":")).encode()
        token = base64.urlsafe_b64encode(_sign(content, self.secret) + content).rstrip(b"=").decode()
        return f"{self.url.rstrip('/')}/{token}"


def _sign(content: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), content, sha256).digest()
