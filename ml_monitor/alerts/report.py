"""What one delivery pass did."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ml_monitor.alerts.policy import Status

_FAILURES: tuple[Status, ...] = ("failed", "rejected", "dead")
_OUTCOMES: tuple[Status, ...] = ("sent", *_FAILURES, "suppressed")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one delivery in this pass."""

    delivery_id: str
    event_id: str
    channel: str
    attempt: int
    status: Status
    response_code: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Counts and results of one pass."""

    seeded: int
    """Ledger rows made for events that a channel had none for."""
    attempts: tuple[Attempt, ...]
    """Everything that changed its status in this pass, suppressed rows too."""
    unknown: int
    """Deliveries sent again after a worker died in mid-send: the receiver may have them twice."""
    lost: int
    """Deliveries that another worker claimed first."""
    waiting: int
    """Deliveries left for a later pass."""
    unroutable: Mapping[str, int] = field(default_factory=dict)
    """By route that leads to no configured channel: new events that went to the default instead."""

    def count(self, status: Status) -> int:
        """How many deliveries came to this status in this pass."""
        return sum(attempt.status == status for attempt in self.attempts)

    @property
    def nothing_to_do(self) -> bool:
        """Whether nothing changed."""
        return not self.seeded and not self.attempts

    @property
    def ok(self) -> bool:
        """Whether every send of this pass was accepted."""
        return not any(self.count(status) for status in _FAILURES)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "status": "nothing_to_do" if self.nothing_to_do else "ok" if self.ok else "failed",
            "seeded": self.seeded,
            **{status: self.count(status) for status in _OUTCOMES},
            "unknown": self.unknown,
            "lost": self.lost,
            "waiting": self.waiting,
            "unroutable": dict(self.unroutable),
            "failures": [asdict(attempt) for attempt in self.attempts if attempt.status in _FAILURES],
        }
