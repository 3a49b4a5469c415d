"""One delivery pass: seed, decide, claim, send, record."""

import logging
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ml_monitor.alerts.channels import Channel, SendResult
from ml_monitor.alerts.dead_letters import DeadLetterChannel, dead_letter_channels
from ml_monitor.alerts.ledger import Ledger
from ml_monitor.alerts.message import message_from_event
from ml_monitor.alerts.policy import Delivery, DeliveryPolicy, Status, classify, decide, pause
from ml_monitor.alerts.report import Attempt, DeliveryReport
from ml_monitor.settings import utc, wall_clock
from ml_monitor.warehouse import Row, Warehouse

_log = logging.getLogger(__name__)
_CLOSING: dict[str, Status] = {"suppress": "suppressed", "give_up": "dead"}


def deliver(
    warehouse: Warehouse,
    channels: Sequence[Channel],
    policy: DeliveryPolicy,
    now: datetime,
    *,
    worker_id: str | None = None,
    progress: Callable[[str], None] | None = None,
    clock: Callable[[], datetime] = wall_clock,
    report_url: str | None = None,
) -> DeliveryReport:
    """Deliver every event that is due to every channel that is to get it.

    Any number of workers may run at once and die at any point: no message is lost, and one is doubled only
    if a worker dies between the receiver's answer and the record of it. After a failure that is worth another
    try, the rest of that channel waits for the next pass; the other channels go on, and tell what it gave up.

    Args:
        warehouse: Holds `alert_events` and the ledger.
        channels: Where to send; names must differ.
        policy: Ages, pauses, attempts, severities.
        now: Monitoring clock: decides which events are too old to send.
        worker_id: Different for every process; made up by default.
        progress: Called with one line for each message.
        clock: Wall clock in UTC without zone: leases, pauses and the times in the ledger.
        report_url: Page that the messages link to.

    Raises:
        ValueError: Two channels have one name.
        WarehouseError: The ledger cannot be read or written. What was claimed is tried again after its lease.
    """
    by_name = {channel.name: channel for channel in channels}
    names = list(by_name)
    if len(by_name) < len(channels):
        raise ValueError(f"channel names must differ: {', '.join(channel.name for channel in channels)}")
    letters = dead_letter_channels(channels)
    by_name.update({letter.name: letter for letter in letters})
    worker = worker_id or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    ledger = Ledger(warehouse, worker)
    say = progress or (lambda line: None)
    now = utc(now)

    seeded = ledger.seed(names, policy, clock())
    attempts: list[Attempt] = []
    paused: set[str] = set()
    unknown = lost = waiting = 0
    for row in _unfinished(ledger, names, letters, clock):
        delivery = _delivery(row)
        openings = ledger.openings(delivery.incident_id, delivery.channel) if delivery.event_type == "resolved" else []
        decision = decide(delivery, openings, policy, now, clock())
        if decision.action in _CLOSING:
            status = _CLOSING[decision.action]
            ledger.close(delivery, status, decision.reason, clock())
            attempts.append(_attempt(delivery, delivery.attempts, status, error=decision.reason))
        elif decision.action == "wait" or delivery.channel in paused:
            waiting += 1
        elif not ledger.claim(delivery, clock()):
            lost += 1
        else:
            unknown += delivery.status == "sending"
            attempt = _send(ledger, by_name[delivery.channel], delivery, row, policy, clock, report_url)
            attempts.append(attempt)
            say(f"{attempt.channel}: {attempt.status} {attempt.event_id}" + (f" ({attempt.error})" if attempt.error else ""))
            if attempt.status in ("failed", "dead"):
                paused.add(delivery.channel)
    return DeliveryReport(seeded, tuple(attempts), unknown, lost, waiting)


def _unfinished(
    ledger: Ledger, names: Sequence[str], letters: Sequence[DeadLetterChannel], clock: Callable[[], datetime]
) -> Iterator[Row]:
    yield from ledger.unfinished(names)
    # Last, because only now is it known what died in this pass.
    ledger.seed_dead_letters({letter.name: letter.failed for letter in letters}, clock())
    yield from ledger.unfinished([letter.name for letter in letters])


def _send(
    ledger: Ledger,
    channel: Channel,
    delivery: Delivery,
    event: Row,
    policy: DeliveryPolicy,
    clock: Callable[[], datetime],
    report_url: str | None,
) -> Attempt:
    number = delivery.attempts + 1
    try:
        result = channel.send(message_from_event(event, delivery.delivery_id, report_url))
    except Exception as error:
        # A channel may be anybody's code, and its failure must not keep the other channels from sending.
        _log.exception("channel %s raised", channel.name)
        result = SendResult(False, error=f"{type(error).__name__} in channel {channel.name}")
    status = classify(result.accepted, result.response_code, number, policy)
    done = clock()
    retry_at = done + pause(number, result.retry_after, policy) if status == "failed" else None
    ledger.record(delivery, result, status, done, retry_at)
    return _attempt(delivery, number, status, result.response_code, result.error)


def _delivery(row: Row) -> Delivery:
    # An event table of an older release lacks the columns that have defaults.
    return Delivery(**{name: row[name] for name in Delivery.__slots__ if name in row})


def _attempt(
    delivery: Delivery,
    number: int,
    status: Status,
    response_code: int | None = None,
    error: str | None = None,
) -> Attempt:
    return Attempt(delivery.delivery_id, delivery.event_id, delivery.channel, number, status, response_code, error)
