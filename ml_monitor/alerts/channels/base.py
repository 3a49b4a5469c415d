"""What every channel is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from ml_monitor.alerts.message import AlertMessage


@dataclass(frozen=True, slots=True)
class SendResult:
    """What the receiver answered."""

    accepted: bool
    response_code: int | None = None
    """HTTP status; None if no answer came."""
    error: str | None = None
    retry_after: timedelta | None = None
    """The pause that the receiver asks for."""
    provider_reference: str | None = None
    """The receiver's own id of the message."""


class Channel(Protocol):
    """A way to reach people.

    A class that people read has `digests = True`: many messages at once come as one. A class with
    `takes_acknowledgements = True` also gets messages of type `acknowledged`. One with
    `draws = True` gets the `history` of the value.
    """

    @property
    def name(self) -> str:
        """Name in the ledger. Renaming a channel makes it a new one, which has got nothing yet."""

    def send(self, message: AlertMessage) -> SendResult:
        """Send one message once, in bounded time. A receiver that fails is a result, not an exception."""


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The pause in a `Retry-After` header: seconds or an HTTP date. None if absent or unreadable."""
    asked = {name.lower(): text for name, text in headers.items()}.get("retry-after", "").strip()
    if asked.isdecimal():
        return timedelta(seconds=min(int(asked), 7 * 86_400))
    try:
        return max(parsedate_to_datetime(asked) - datetime.now(UTC), timedelta(0))
    except (ValueError, TypeError):
        return None
