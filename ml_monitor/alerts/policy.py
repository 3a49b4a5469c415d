"""Decisions about deliveries: pure functions of rows, times and the policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from ml_monitor.alerts.routes import Routes

Severity = Literal["warning", "alert"]
Status = Literal["pending", "sending", "sent", "failed", "rejected", "suppressed", "dead"]

FINAL_WITHOUT_SENDING = frozenset({"rejected", "suppressed", "dead"})
_DEAD_LETTERS_OF = ": dead letters of "
_RETRYABLE_CODES = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """When a message is sent, sent again, or given up.

    Raises:
        ValueError: A duration or number is not positive.
    """

    max_age: timedelta = timedelta(days=7)
    """Events whose window ended longer ago (monitoring clock) are suppressed: a backfill pages nobody."""
    lease: timedelta = timedelta(minutes=5)
    """A worker that has not reported for this long is taken for dead. Longer than any send takes."""
    max_attempts: int = 6
    backoff: timedelta = timedelta(seconds=30)
    """Pause after the first failure; it doubles with each further one."""
    max_backoff: timedelta = timedelta(hours=1)
    """Longest pause that we choose. A receiver that asks for a longer one with Retry-After gets it."""
    minimum_severity: Mapping[str, Severity] = field(default_factory=dict)
    """By channel name; `warning` for channels that are not named."""
    routes: Routes = field(default_factory=Routes)
    digest_above: int = 20
    """More messages than this that are due in a channel that people read are told as one."""

    def __post_init__(self) -> None:
        for name in ("max_age", "lease", "backoff", "max_backoff"):
            if getattr(self, name) <= timedelta(0):
                raise ValueError(f"{name} must be longer than zero, not {getattr(self, name)}")
        for name in ("max_attempts", "digest_above"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    def wants(self, channel: str, event: Mapping[str, Any], channels: Sequence[str]) -> bool:
        """Whether a channel, one of `channels`, is to get an event. An end goes wherever the beginning went."""
        if event["event_type"] == "resolved":
            return True
        return event["severity"] in self.severities(channel) and channel in self.routes.channels(event.get("route"), channels)

    def severities(self, channel: str) -> frozenset[Severity]:
        """The severities that a channel takes."""
        return frozenset({"alert"} if self.minimum_severity.get(channel) == "alert" else {"warning", "alert"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one channel, as the ledger has it."""

    delivery_id: str
    event_id: str
    channel: str
    status: Status
    attempts: int
    incident_id: str
    event_type: str
    window_end: datetime
    claimed_at: datetime | None = None
    next_attempt_at: datetime | None = None
    deliver_after: datetime | None = None
    """End of the monitor's quiet hours (monitoring clock)."""


def delivery_of(row: Mapping[str, Any]) -> Delivery:
    """The delivery in a row of the ledger that is joined with its event."""
    # An event table of an older release lacks the columns that have defaults.
    known = {name: row[name] for name in Delivery.__slots__ if name in row}
    # An answer is as old as itself, not as the alert that it answers.
    return Delivery(**{**known, "window_end": row.get("acted_at") or row["window_end"]})


Action = Literal["send", "wait", "suppress", "give_up"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a delivery, and why."""

    action: Action
    reason: str = ""


SEND = Decision("send")
WAIT = Decision("wait")


def delivery_id(event_id: str, channel: str) -> str:
    """The id of an event's delivery to a channel: the same in every pass and every process."""
    return sha256(f"{event_id}|{channel}".encode()).hexdigest()[:32]


def dead_letter_channel(failed: str, through: str) -> str:
    """The ledger's name for: what `failed` could not deliver, told through `through`."""
    return f"{through}{_DEAD_LETTERS_OF}{failed}"


def decide(
    delivery: Delivery,
    openings: Sequence[Status],
    policy: DeliveryPolicy,
    now: datetime,
    wall_clock: datetime,
) -> Decision:
    """What to do with an unfinished delivery.

    Args:
        delivery: The ledger row.
        openings: Statuses, in this channel, of the incident's events that are not `resolved`.
        policy: The policy.
        now: Monitoring clock: decides about the age of the event.
        wall_clock: Decides about leases and pauses.
    """
    if delivery.status == "sending":
        # A claim from further ahead than a lease was made before the clock was set back: its lease would never end.
        if delivery.claimed_at is not None and abs(wall_clock - delivery.claimed_at) < policy.lease:
            return WAIT
        if delivery.attempts >= policy.max_attempts:
            return Decision("give_up", f"no outcome of attempt {delivery.attempts}, the last one allowed")
        return SEND
    # What another channel had to send, it had to send: neither age nor a missing opening excuses silence about it.
    is_dead_letter = _DEAD_LETTERS_OF in delivery.channel
    if not is_dead_letter and delivery.status == "pending" and delivery.window_end < now - policy.max_age:
        return Decision("suppress", f"older than {policy.max_age.days} days" if policy.max_age.days else "too old")
    if delivery.status == "pending" and delivery.deliver_after is not None and delivery.deliver_after > now:
        return WAIT
    if not is_dead_letter and delivery.event_type == "resolved" and "sent" not in openings:
        if any(status not in FINAL_WITHOUT_SENDING for status in openings):
            return WAIT
        return Decision("suppress", "the channel never got the opening")
    if delivery.next_attempt_at is not None and delivery.next_attempt_at > wall_clock:
        return WAIT
    return SEND


def classify(accepted: bool, response_code: int | None, attempt: int, policy: DeliveryPolicy) -> Status:
    """The status after a send: `sent`, `failed` (try again), `rejected` or `dead` (tried often enough).

    Args:
        accepted: Whether the receiver took the message.
        response_code: HTTP status; None if no answer came.
        attempt: Number of this attempt, from 1.
        policy: The policy.
    """
    if accepted:
        return "sent"
    if response_code is not None and response_code < 500 and response_code not in _RETRYABLE_CODES:
        return "rejected"
    return "dead" if attempt >= policy.max_attempts else "failed"


def pause(attempt: int, retry_after: timedelta | None, policy: DeliveryPolicy) -> timedelta:
    """How long to wait after failed attempt `attempt` (from 1): doubling, or longer if the receiver asks."""
    doubled: timedelta = policy.backoff * 2 ** min(attempt - 1, 30)
    return max(min(doubled, policy.max_backoff), retry_after or timedelta(0))
