"""The ledger of deliveries in the warehouse: the only truth about what was sent."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from ml_monitor.alerts.channels import SendResult
from ml_monitor.alerts.message import PastValue
from ml_monitor.alerts.policy import Delivery, DeliveryPolicy, Status, delivery_id
from ml_monitor.warehouse import MissingTable, Row, Session, Warehouse, WriteConflict

_ERROR_CHARACTERS = 500
_CLAIM_TRIES = 5
_ROWS_PER_STATEMENT = 1000
_HISTORY = 60
_COLUMNS = """deliveries.delivery_id, deliveries.channel, deliveries.status, deliveries.attempts,
    deliveries.claimed_at, deliveries.next_attempt_at"""
_UNFINISHED = "deliveries.status in ('pending', 'sending', 'failed') and deliveries.channel in :channels"
_UNKNOWN = "the worker gave no outcome: the receiver may have the message"
Item = TypeVar("Item")


class Opening(NamedTuple):
    """What a channel was to be told about an incident before its end."""

    status: Status
    provider_reference: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt."""

    delivery: Delivery
    result: SendResult
    status: Status
    at: datetime
    next_attempt_at: datetime | None = None

    @property
    def error(self) -> str | None:
        """The receiver's words, as long as the ledger keeps them."""
        return self.result.error[:_ERROR_CHARACTERS] if self.result.error else None


class Ledger:
    """Reads and writes `alert_deliveries` and `alert_delivery_attempts`.

    A claim is a compare-and-set on status and attempts, so it needs neither locks nor unique keys, and two
    workers never send the same attempt. Claims and outcomes are written in batches, each in one transaction.

    Args:
        warehouse: The warehouse.
        worker_id: Who claims; different for every process.
    """

    def __init__(self, warehouse: Warehouse, worker_id: str) -> None:
        self._warehouse = warehouse
        self._worker_id = worker_id
        self._events = warehouse.table("alert_events")
        self._deliveries = warehouse.table("alert_deliveries")
        self._actions = warehouse.table("alert_actions")

    def seed(self, channels: Sequence[str], policy: DeliveryPolicy, at: datetime) -> list[Row]:
        """Make a `pending` row for every event that a channel is to get and has none for, and return those events."""
        with self._warehouse.transaction(exclusive="alert_deliveries") as session:
            wanted = self._unseeded(session, channels, policy)
            _insert(session, "alert_deliveries", [_new_row(event["event_id"], channel, at) for channel, event in wanted])
        return [event for _, event in wanted]

    def seed_acknowledgements(self, channels: Sequence[str], at: datetime) -> int:
        """Make a `pending` row for every acknowledgement of an incident that a channel was told of, and return how many."""
        return self._seed({channel: {"channel": channel} for channel in channels}, self._unacknowledged, "action_id", at)

    def seed_dead_letters(self, letters: Mapping[str, str], at: datetime) -> int:
        """Make a `pending` row for everything that a channel could not deliver and nobody was told of.

        Args:
            letters: Name of the channel that failed, by the name under which its dead letters are told.
            at: Wall clock.
        """
        parameters = {letter: {"failed": failed, "letter": letter} for letter, failed in letters.items()}
        return self._seed(parameters, self._untold, "event_id", at)

    def unseeded(self, channels: Sequence[str], policy: DeliveryPolicy) -> list[tuple[str, Row]]:
        """Channels, and the events that each is to get and has no row for."""
        with self._warehouse.transaction() as session:
            return self._unseeded(session, channels, policy)

    def unfinished(self, channels: Sequence[str]) -> list[Row]:
        """Deliveries that may need something, joined with their events, oldest event first; then acknowledgements."""
        if not channels:
            return []
        events = f"""
            select {_COLUMNS}, events.*
            from {self._deliveries} as deliveries
            inner join {self._events} as events on events.event_id = deliveries.event_id
            where {_UNFINISHED}
            order by events.window_end, case when events.event_type = 'resolved' then 1 else 0 end,
                events.created_at, deliveries.delivery_id
        """
        acknowledgements = f"""
            with latest as (
                select event_id, row_number() over (partition by incident_id order by window_end desc, event_id) as recency
                from {self._events}
                where event_type <> 'resolved'
            )
            select {_COLUMNS}, actions.action_id, actions.actor, actions.note, actions.acted_at, events.*
            from {self._deliveries} as deliveries
            inner join {self._actions} as actions on actions.action_id = deliveries.event_id
            inner join {self._events} as events on events.incident_id = actions.incident_id
            inner join latest on latest.event_id = events.event_id and latest.recency = 1
            where {_UNFINISHED}
            order by actions.acted_at, deliveries.delivery_id
        """
        with self._warehouse.transaction() as session:
            told = session.query(events, {"channels": list(channels)})
            return told + [_as_event(row) for row in session.query(acknowledgements, {"channels": list(channels)})]

    def openings(self, incidents: Iterable[str], channel: str) -> dict[str, list[Opening]]:
        """By incident, oldest first: what the channel was to be told about it, apart from its end."""
        ids = sorted(set(incidents))
        if not ids:
            return {}
        rows = self._warehouse.query(
            f"""
            select events.incident_id, deliveries.status, deliveries.provider_reference
            from {self._deliveries} as deliveries
            inner join {self._events} as events on events.event_id = deliveries.event_id
            where events.incident_id in :incidents and deliveries.channel = :channel
                and events.event_type <> 'resolved'
            order by events.window_end, events.created_at, events.event_id
            """,
            {"incidents": ids, "channel": channel},
        )
        groups = _grouped(rows, lambda row: row["incident_id"])
        return {incident: [Opening(row["status"], row["provider_reference"]) for row in group] for incident, group in groups}

    def incidents_told_in(self, references: Iterable[str], channel: str) -> dict[str, int]:
        """By the receiver's id of a message: of how many incidents it tells."""
        ids = sorted(set(references))
        if not ids:
            return {}
        rows = self._warehouse.query(
            f"""
            select deliveries.provider_reference as reference, count(distinct events.incident_id) as n_incidents
            from {self._deliveries} as deliveries
            inner join {self._events} as events on events.event_id = deliveries.event_id
            where deliveries.channel = :channel and deliveries.provider_reference in :references
            group by deliveries.provider_reference
            """,
            {"channel": channel, "references": ids},
        )
        return {row["reference"]: row["n_incidents"] for row in rows}

    def history(self, event: Row) -> tuple[PastValue, ...]:
        """The values of the last windows up to that of an event, oldest first; none without the table of verdicts."""
        keys = ("monitor", "metric", "feature", "segment", "segment_value", "model_version", "span")
        # Of a limit on both sides the one that is nearer.
        side = "case when direction <> 'both' then {0} when metric_value < centre then centre - {0} else centre + {0} end as {0}"
        limits = ", ".join(side.format(column) for column in ("warn_threshold", "alert_threshold"))
        try:
            rows = self._warehouse.query(
                f"""
                select window_end, metric_value as value, {limits}
                from {self._warehouse.table("verdicts")}
                where {" and ".join(f"{key} = :{key}" for key in keys)} and metric_value is not null
                    and window_end <= :window_end
                order by window_end desc
                limit {_HISTORY}
                """,
                {"window_end": event["window_end"], **{key: event[key] for key in keys}},
            )
        except MissingTable:
            return ()
        return tuple(PastValue(**row) for row in reversed(rows))

    def claim(self, deliveries: Sequence[Delivery], at: datetime) -> list[Delivery]:
        """Take the next attempt of each and write down the intents to send; return those that nobody else has.

        An attempt that was claimed before and has no outcome gets the outcome `unknown`.
        """
        for _ in range(_CLAIM_TRIES if deliveries else 0):
            try:
                return self._claim(deliveries, at)
            except WriteConflict:
                # Somebody took one of them at this moment; a new look tells which are still free.
                continue
        return []

    def record(self, outcomes: Sequence[Outcome], released: Sequence[Delivery], at: datetime) -> None:
        """Write the outcomes of attempts that this worker claimed, and give back what it did not send.

        A worker that was too slow, whose lease went to another, adds its outcomes to the attempts and leaves
        the rows to the other. What is given back has as many attempts as before.
        """
        if not outcomes and not released:
            return
        rows = [self._outcome_row(one) for one in outcomes]
        rows += [self._attempt_row(one, one.attempts + 1, "outcome", at, "released") for one in released]
        with self._warehouse.transaction() as session:
            _insert(session, "alert_delivery_attempts", rows)
            for (seen, *told), ended in _grouped(outcomes, _what_to_write):
                self._unclaim(session, [one.delivery for one in ended], seen, (seen + 1, *told), at)
            for (status, seen), group in _grouped(released, _seen):
                # The attempt before was that of a dead worker: it ended when this one claimed.
                before = "failed" if status == "sending" else status
                self._unclaim(session, group, seen, (seen, before, None, None, None), at)

    def close(self, deliveries: Sequence[Delivery], status: Status, reason: str, at: datetime) -> None:
        """Finish deliveries without sending them."""
        with self._warehouse.transaction() as session:
            for (before, seen), group in _grouped(deliveries, _seen):
                session.execute(
                    f"""
                    update {self._deliveries} set status = :new_status, error = :reason, updated_at = :at
                    where delivery_id in :ids and status = :status and attempts = :seen
                    """,
                    {"new_status": status, "reason": reason, "at": at, "ids": _ids(group), "status": before, "seen": seen},
                )

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

    @property
    def _unacknowledged(self) -> str:
        return f"""
            select distinct actions.action_id
            from {self._actions} as actions
            inner join {self._events} as events on events.incident_id = actions.incident_id and events.event_type <> 'resolved'
            inner join {self._deliveries} as openings
                on openings.event_id = events.event_id and openings.channel = :channel and openings.status = 'sent'
            left join {self._deliveries} as told on told.event_id = actions.action_id and told.channel = :channel
            where actions.action = 'acknowledged' and told.event_id is null
        """

    def _unseeded(self, session: Session, channels: Sequence[str], policy: DeliveryPolicy) -> list[tuple[str, Row]]:
        sql = f"""
            select events.*
            from {self._events} as events
            left join {self._deliveries} as deliveries
                on deliveries.event_id = events.event_id and deliveries.channel = :channel
            where deliveries.event_id is null
        """
        return [
            (channel, event)
            for channel in channels
            for event in session.query(sql, {"channel": channel})
            if policy.wants(channel, event, channels)
        ]

    def _seed(self, parameters: Mapping[str, Row], sql: str, id_column: str, at: datetime) -> int:
        if not parameters:
            return 0
        with self._warehouse.transaction(exclusive="alert_deliveries") as session:
            rows = [
                _new_row(found[id_column], channel, at)
                for channel, values in parameters.items()
                for found in session.query(sql, values)
            ]
            _insert(session, "alert_deliveries", rows)
        return len(rows)

    def _claim(self, deliveries: Sequence[Delivery], at: datetime) -> list[Delivery]:
        with self._warehouse.transaction() as session:
            for (status, seen), group in _grouped(deliveries, _seen):
                session.execute(
                    f"""
                    update {self._deliveries}
                    set status = 'sending', attempts = :attempt, claimed_by = :worker, claimed_at = :at,
                        next_attempt_at = null, updated_at = :at
                    where delivery_id in :ids and status = :status and attempts = :seen
                    """,
                    {
                        "attempt": seen + 1,
                        "worker": self._worker_id,
                        "at": at,
                        "ids": _ids(group),
                        "status": status,
                        "seen": seen,
                    },
                )
            rows = session.query(
                f"select delivery_id, attempts from {self._deliveries} where delivery_id in :ids and claimed_by = :worker",
                {"ids": _ids(deliveries), "worker": self._worker_id},
            )
            held = {row["delivery_id"]: row["attempts"] for row in rows}
            claimed = [one for one in deliveries if held.get(one.delivery_id) == one.attempts + 1]
            unknown = [
                self._attempt_row(one, one.attempts, "outcome", at, "unknown", error=_UNKNOWN)
                for one in claimed
                if one.status == "sending"
            ]
            intents = [self._attempt_row(one, one.attempts + 1, "intent", at) for one in claimed]
            _insert(session, "alert_delivery_attempts", unknown + intents)
        return claimed

    def _unclaim(
        self, session: Session, deliveries: Sequence[Delivery], seen: int, values: tuple[Any, ...], at: datetime
    ) -> None:
        columns = ("new_attempts", "new_status", "next_attempt_at", "error", "reference")
        session.execute(
            f"""
            update {self._deliveries}
            set attempts = :new_attempts, status = :new_status, next_attempt_at = :next_attempt_at, error = :error,
                provider_reference = :reference, updated_at = :at
            where delivery_id in :ids and status = 'sending' and claimed_by = :worker and attempts = :attempt
            """,
            {
                **dict(zip(columns, values, strict=True)),
                "at": at,
                "ids": _ids(deliveries),
                "worker": self._worker_id,
                "attempt": seen + 1,
            },
        )

    def _outcome_row(self, one: Outcome) -> Row:
        attempt = one.delivery.attempts + 1
        return self._attempt_row(one.delivery, attempt, "outcome", one.at, one.status, one.result.response_code, one.error)

    def _attempt_row(
        self,
        delivery: Delivery,
        attempt: int,
        phase: str,
        at: datetime,
        outcome: str | None = None,
        response_code: int | None = None,
        error: str | None = None,
    ) -> Row:
        # With the worker: an attempt that one gave back is made again by another.
        key = f"{delivery.delivery_id}|{attempt}|{phase}|{outcome}|{self._worker_id}"
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


def _insert(session: Session, table: str, rows: Sequence[Row]) -> None:
    for first in range(0, len(rows), _ROWS_PER_STATEMENT):
        session.insert(table, rows[first : first + _ROWS_PER_STATEMENT])


def _as_event(row: Row) -> Row:
    told = f"acknowledged by {row['actor']}" + (f": {row['note']}" if row["note"] else "")
    return {**row, "event_id": row["action_id"], "event_type": "acknowledged", "reason": told, "deliver_after": None}


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


def _grouped(items: Iterable[Item], key: Callable[[Item], Any]) -> list[tuple[Any, list[Item]]]:
    groups: dict[Any, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.items())


def _ids(deliveries: Iterable[Delivery]) -> list[str]:
    return [delivery.delivery_id for delivery in deliveries]


def _seen(delivery: Delivery) -> tuple[Status, int]:
    return delivery.status, delivery.attempts


def _what_to_write(outcome: Outcome) -> tuple[Any, ...]:
    reference = outcome.result.provider_reference
    return outcome.delivery.attempts, outcome.status, outcome.next_attempt_at, outcome.error, reference
