"""The ledger of deliveries in the warehouse: the only truth about what was sent."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from ml_monitor.alerts.channels import SendResult
from ml_monitor.alerts.policy import Delivery, DeliveryPolicy, Status, delivery_id
from ml_monitor.warehouse import Row, Session, Warehouse, WriteConflict

_ERROR_CHARACTERS = 500


class Ledger:
    """Reads and writes `alert_deliveries` and `alert_delivery_attempts`.

    A claim is a compare-and-set on status and attempts, so it needs neither locks nor unique keys, and two
    workers never send the same attempt.

    Args:
        warehouse: The warehouse.
        worker_id: Who claims; different for every process.
    """

    def __init__(self, warehouse: Warehouse, worker_id: str) -> None:
        self._warehouse = warehouse
        self._worker_id = worker_id
        self._events = warehouse.table("alert_events")
        self._deliveries = warehouse.table("alert_deliveries")

    def seed(self, channels: Sequence[str], policy: DeliveryPolicy, at: datetime) -> int:
        """Make a `pending` row for every event of a channel that has none, and return how many."""
        with self._warehouse.transaction(exclusive="alert_deliveries") as session:
            rows = [
                _new_row(event["event_id"], channel, at)
                for channel in channels
                for event in _wanted(session.query(self._unseeded, {"channel": channel}), channel, policy)
            ]
            session.insert("alert_deliveries", rows)
        return len(rows)

    def seed_dead_letters(self, letters: Mapping[str, str], at: datetime) -> int:
        """Make a `pending` row for everything that a channel could not deliver and nobody was told of.

        Args:
            letters: Name of the channel that failed, by the name under which its dead letters are told.
            at: Wall clock.
        """
        with self._warehouse.transaction(exclusive="alert_deliveries") as session:
            rows = [
                _new_row(dead["event_id"], letter, at)
                for letter, failed in letters.items()
                for dead in session.query(self._untold, {"failed": failed, "letter": letter})
            ]
            session.insert("alert_deliveries", rows)
        return len(rows)

    def unseeded(self, channel: str, policy: DeliveryPolicy) -> list[Row]:
        """Events that a channel is to get and has no row for."""
        return _wanted(self._warehouse.query(self._unseeded, {"channel": channel}), channel, policy)

    def unfinished(self, channels: Sequence[str]) -> list[Row]:
        """Deliveries that may need something, joined with their events, oldest event first."""
        rows = self._warehouse.query(f"""
            select deliveries.delivery_id, deliveries.channel, deliveries.status, deliveries.attempts,
                deliveries.claimed_at, deliveries.next_attempt_at, events.*
            from {self._deliveries} as deliveries
            inner join {self._events} as events on events.event_id = deliveries.event_id
            where deliveries.status in ('pending', 'sending', 'failed')
            order by events.window_end, case when events.event_type = 'resolved' then 1 else 0 end,
                events.created_at, deliveries.delivery_id
        """)
        return [row for row in rows if row["channel"] in channels]

    def openings(self, incident_id: str, channel: str) -> list[Status]:
        """Statuses of what the channel was to be told about an incident, apart from its end."""
        rows = self._warehouse.query(
            f"""
            select deliveries.status
            from {self._deliveries} as deliveries
            inner join {self._events} as events on events.event_id = deliveries.event_id
            where events.incident_id = :incident_id and deliveries.channel = :channel
                and events.event_type <> 'resolved'
            """,
            {"incident_id": incident_id, "channel": channel},
        )
        return [row["status"] for row in rows]

    def claim(self, delivery: Delivery, at: datetime) -> bool:
        """Take the next attempt and write down the intent to send. False if somebody else has it.

        An attempt that was claimed before and has no outcome gets the outcome `unknown`.
        """
        attempt = delivery.attempts + 1
        try:
            with self._warehouse.transaction() as session:
                session.execute(
                    f"""
                    update {self._deliveries}
                    set status = 'sending', attempts = :attempt, claimed_by = :worker, claimed_at = :at,
                        next_attempt_at = null, updated_at = :at
                    where delivery_id = :delivery_id and status = :status and attempts = :seen
                    """,
                    {
                        "attempt": attempt,
                        "worker": self._worker_id,
                        "at": at,
                        "delivery_id": delivery.delivery_id,
                        "status": delivery.status,
                        "seen": delivery.attempts,
                    },
                )
                if not self._holds(session, delivery, attempt):
                    return False
                if delivery.status == "sending":
                    note = "the worker gave no outcome: the receiver may have the message"
                    session.insert(
                        "alert_delivery_attempts",
                        [_attempt_row(delivery, delivery.attempts, "outcome", at, "unknown", error=note)],
                    )
                session.insert("alert_delivery_attempts", [_attempt_row(delivery, attempt, "intent", at)])
        except WriteConflict:
            return False
        return True

    def record(
        self,
        delivery: Delivery,
        result: SendResult,
        status: Status,
        at: datetime,
        next_attempt_at: datetime | None,
    ) -> None:
        """Write the outcome of the attempt that this worker claimed.

        A worker that was too slow, whose lease went to another, adds its outcome to the attempts and leaves
        the row to the other.
        """
        attempt = delivery.attempts + 1
        error = _clip(result.error)
        with self._warehouse.transaction() as session:
            session.insert(
                "alert_delivery_attempts",
                [_attempt_row(delivery, attempt, "outcome", at, status, result.response_code, error)],
            )
            session.execute(
                f"""
                update {self._deliveries}
                set status = :status, next_attempt_at = :next_attempt_at, error = :error,
                    provider_reference = :reference, updated_at = :at
                where delivery_id = :delivery_id and status = 'sending' and claimed_by = :worker
                    and attempts = :attempt
                """,
                {
                    "status": status,
                    "next_attempt_at": next_attempt_at,
                    "error": error,
                    "reference": result.provider_reference,
                    "at": at,
                    "delivery_id": delivery.delivery_id,
                    "worker": self._worker_id,
                    "attempt": attempt,
                },
            )

    def close(self, delivery: Delivery, status: Status, reason: str, at: datetime) -> None:
        """Finish a delivery without sending it."""
        self._warehouse.execute(
            f"""
            update {self._deliveries} set status = :new_status, error = :reason, updated_at = :at
            where delivery_id = :delivery_id and status = :status and attempts = :seen
            """,
            {
                "new_status": status,
                "reason": reason,
                "at": at,
                "delivery_id": delivery.delivery_id,
                "status": delivery.status,
                "seen": delivery.attempts,
            },
        )

    @property
    def _unseeded(self) -> str:
        return f"""
            select events.*
            from {self._events} as events
            left join {self._deliveries} as deliveries
                on deliveries.event_id = events.event_id and deliveries.channel = :channel
            where deliveries.event_id is null
        """

    @property
    def _untold(self) -> str:
        return f"""
            select failures.event_id
            from {self._deliveries} as failures
            left join {self._deliveries} as letters
                on letters.event_id = failures.event_id and letters.channel = :letter
            where failures.channel = :failed and failures.status in ('dead', 'rejected')
                and letters.event_id is null
        """

    def _holds(self, session: Session, delivery: Delivery, attempt: int) -> bool:
        held = session.query(
            f"select claimed_by, attempts from {self._deliveries} where delivery_id = :delivery_id",
            {"delivery_id": delivery.delivery_id},
        )
        return bool(held) and all(row["claimed_by"] == self._worker_id and row["attempts"] == attempt for row in held)


def _wanted(events: list[Row], channel: str, policy: DeliveryPolicy) -> list[Row]:
    severities = policy.severities(channel)
    # The end of an incident goes wherever its beginning went, whatever its severity.
    return [event for event in events if event["severity"] in severities or event["event_type"] == "resolved"]


def _new_row(event_id: str, channel: str, at: datetime) -> Row:
    return {
        "delivery_id": delivery_id(event_id, channel),
        "event_id": event_id,
        "channel": channel,
        "status": "pending",
        "attempts": 0,
        "created_at": at,
        "updated_at": at,
    }


def _attempt_row(
    delivery: Delivery,
    attempt: int,
    phase: str,
    at: datetime,
    outcome: str | None = None,
    response_code: int | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    key = f"{delivery.delivery_id}|{attempt}|{phase}|{outcome}"
    return {
        "attempt_id": sha256(key.encode()).hexdigest()[:32],
        "delivery_id": delivery.delivery_id,
        "event_id": delivery.event_id,
        "channel": delivery.channel,
        "attempt": attempt,
        "phase": phase,
        "outcome": outcome,
        "response_code": response_code,
        "error": error,
        "occurred_at": at,
    }


def _clip(text: str | None) -> str | None:
    return text[:_ERROR_CHARACTERS] if text else None
