"""Who looks at which prediction of the review queue: claims that expire, so that no two people answer the same one."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ml_monitor.errors import MlMonitorError
from ml_monitor.warehouse import Session, Warehouse

DEFAULT_CLAIM = timedelta(minutes=30)
# An answer that the label has taken in and that settled nothing is no answer any more: one that disagreed, or cannot be read.
_UNANSWERED = """queue.status <> 'answered' and (
    answers.answered_at is null or answers.answered_at < queue.queued_at or answers.answered_at <= queue.heard_at
)"""
_FREE = "(assignments.prediction_id is null or assignments.status <> 'claimed' or assignments.expires_at <= :now)"
_OWN = "(assignments.reviewer = :reviewer and assignments.status = 'claimed')"


class ReviewError(MlMonitorError):
    """A prediction is not in the queue, or somebody else has it."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A prediction that a reviewer holds."""

    monitor: str
    prediction_id: str
    reviewer: str
    expires_at: datetime
    """UTC, without zone: until then nobody else is given it."""
    reason: str
    """Why it is asked: exploration, uncertainty, disagreement, drift, unseen, conflict or doubt."""
    predicted_at: datetime
    model_version: str
    score: float | None
    prediction: str | None


def claim_next(
    warehouse: Warehouse,
    monitor: str,
    reviewer: str,
    now: datetime,
    *,
    hold: timedelta = DEFAULT_CLAIM,
) -> ReviewItem | None:
    """Give the reviewer the first prediction of the queue that nobody holds, newest day first, or the one they hold already.

    One on which people disagree is asked again, of who has not answered it yet.

    Args:
        warehouse: Where the package tables are.
        monitor: Its name.
        reviewer: Who asks.
        now: UTC, without zone.
        hold: How long the claim lasts.

    Raises:
        WarehouseError: The warehouse is locked, absent or has no such tables.
    """
    with warehouse.transaction(exclusive="review_assignments") as session:
        rows = session.query(
            f"""
            select queue.prediction_id, case when {_OWN} and assignments.expires_at > :now then 0 else 1 end as is_new
            {_from(warehouse)}
            where queue.monitor = :monitor and {_UNANSWERED} and ({_FREE} or {_OWN}) and coalesce(answers.is_own, 0) = 0
            order by is_new, queue.queue_date desc, queue.place, queue.prediction_id
            limit 1
            """,
            {"monitor": monitor, "reviewer": reviewer, "now": now},
        )
        return _take(session, warehouse, monitor, str(rows[0]["prediction_id"]), reviewer, now, hold) if rows else None


def claim(
    warehouse: Warehouse,
    monitor: str,
    prediction_id: str,
    reviewer: str,
    now: datetime,
    *,
    hold: timedelta = DEFAULT_CLAIM,
) -> ReviewItem:
    """Give the reviewer this prediction; claiming one's own again makes the claim longer.

    Raises:
        ReviewError: It is not in the queue, it is answered, at least by the same reviewer, or somebody else holds it.
        WarehouseError: The warehouse is locked, absent or has no such tables.
    """
    with warehouse.transaction(exclusive="review_assignments") as session:
        return _take(session, warehouse, monitor, prediction_id, reviewer, now, hold)


def release(
    warehouse: Warehouse, monitor: str, prediction_id: str, reviewer: str, now: datetime, *, answered: bool = False
) -> bool:
    """Let go of a prediction, and say whether the reviewer still held it.

    Args:
        warehouse: Where the package tables are.
        monitor: Its name.
        prediction_id: The prediction, as text.
        reviewer: Who claimed it.
        now: UTC, without zone.
        answered: An approval or correction was sent: nobody is asked, even before the event is in the warehouse, unless the
            label that is made of it is disputed.
    """
    with warehouse.transaction(exclusive="review_assignments") as session:
        table = warehouse.table("review_assignments")
        mine = "monitor = :monitor and prediction_id = :prediction_id and reviewer = :reviewer and status = 'claimed'"
        parameters = {"monitor": monitor, "prediction_id": prediction_id, "reviewer": reviewer, "now": now}
        held = session.query(f"select 1 as held from {table} where {mine} and expires_at > :now", parameters)
        parameters["status"] = "answered" if answered else "released"
        session.execute(f"update {table} set status = :status, updated_at = :now where {mine}", parameters)
        return bool(held)


def waiting(warehouse: Warehouse, monitor: str, now: datetime) -> int:
    """How many predictions of the queue are neither answered nor held by anyone."""
    sql = f"select count(*) as n {_from(warehouse)} where queue.monitor = :monitor and {_UNANSWERED} and {_FREE}"
    return int(warehouse.query(sql, {"monitor": monitor, "reviewer": None, "now": now})[0]["n"])


def _from(warehouse: Warehouse) -> str:
    """Not the assignments that the queue shows: those are judged by the monitoring clock, claims by the clock on the wall."""
    return f"""from {warehouse.table("review_queue")} as queue
            left join {warehouse.table("review_assignments")} as assignments
                on assignments.monitor = queue.monitor and assignments.prediction_id = queue.prediction_id
            left join (
                select monitor, prediction_id, max(received_at) as answered_at,
                    max(case when reviewer = :reviewer then 1 else 0 end) as is_own
                from {warehouse.table("feedback_events")}
                where kind in ('approval', 'correction')
                group by monitor, prediction_id
            ) as answers
                on answers.monitor = queue.monitor and answers.prediction_id = queue.prediction_id"""


def _take(
    session: Session, warehouse: Warehouse, monitor: str, prediction_id: str, reviewer: str, now: datetime, hold: timedelta
) -> ReviewItem:
    """Compare and set, inside a transaction that holds the ledger."""
    table = warehouse.table("review_assignments")
    key = {"monitor": monitor, "prediction_id": prediction_id}
    found = session.query(
        f"""
        select case when {_UNANSWERED} then 0 else 1 end as is_answered, answers.is_own,
            queue.reason, queue.predicted_at, queue.model_version, queue.score, queue.prediction,
            assignments.reviewer as holder, assignments.status as held_status, assignments.expires_at as held_until
        {_from(warehouse)}
        where queue.monitor = :monitor and queue.prediction_id = :prediction_id
        """,
        {**key, "reviewer": reviewer},
    )
    if not found:
        raise ReviewError(f"prediction {prediction_id!r} is not in the review queue of monitor {monitor!r}")
    row = found[0]
    if row["is_answered"]:
        raise ReviewError(f"prediction {prediction_id!r} of monitor {monitor!r} has been answered")
    if row["is_own"]:
        raise ReviewError(f"prediction {prediction_id!r} of monitor {monitor!r} waits for another answer than that of {reviewer}")
    if row["held_status"] == "claimed" and row["held_until"] > now and row["holder"] != reviewer:
        until = f"{row['held_until']:%H:%M} UTC"
        raise ReviewError(f"prediction {prediction_id!r} of monitor {monitor!r} is held by {row['holder']} until {until}")
    expires_at = now + hold
    values = {**key, "reviewer": reviewer, "status": "claimed", "claimed_at": now}
    values |= {"expires_at": expires_at, "updated_at": now}
    if row["holder"] is None:
        session.insert("review_assignments", [values])
    else:
        assigned = ", ".join(f"{name} = :{name}" for name in values if name not in key)
        session.execute(f"update {table} set {assigned} where monitor = :monitor and prediction_id = :prediction_id", values)
    return ReviewItem(
        monitor,
        prediction_id,
        reviewer,
        expires_at,
        row["reason"],
        row["predicted_at"],
        row["model_version"],
        _number(row["score"]),
        row["prediction"],
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
