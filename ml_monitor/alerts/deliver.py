"""One delivery pass: seed, then channel by channel decide, claim, send, record."""

import os
import socket
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from ml_monitor.alerts.answers import AnswerLinks
from ml_monitor.alerts.causes import causes
from ml_monitor.alerts.channels import Channel
from ml_monitor.alerts.dead_letters import dead_letter_channels
from ml_monitor.alerts.incidents import Upstream
from ml_monitor.alerts.lane import Lane
from ml_monitor.alerts.ledger import Ledger
from ml_monitor.alerts.policy import DeliveryPolicy
from ml_monitor.alerts.report import DeliveryReport
from ml_monitor.settings import utc, wall_clock
from ml_monitor.warehouse import Row, Warehouse


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
    answers: AnswerLinks | None = None,
    upstream: Callable[[], Upstream] | None = None,
) -> DeliveryReport:
    """Deliver every event that is due to every channel that is to get it.

    Any number of workers may run at once and die at any point: no message is lost, and only those are doubled that a
    dead worker had claimed and left without an outcome, which the ledger calls unknown: a batch of about a second at
    most. After a failure that is worth another try, the rest of that channel waits for the next pass; the other
    channels go on, and tell what it gave up.

    Args:
        warehouse: Holds `alert_events` and the ledger.
        channels: Where to send; names must differ.
        policy: Ages, pauses, attempts, severities, routes, digests.
        now: Monitoring clock: decides which events are too old to send.
        worker_id: Different for every process; made up by default.
        progress: Called with one line for each message.
        clock: Wall clock in UTC without zone: leases, pauses and the times in the ledger.
        report_url: Page that the messages link to.
        answers: Makes the links with which messages are answered.
        upstream: Makes, when it is needed, what knows where features come from: alerts of one window that come from one model
            or source are then one message, in channels that people read.

    Raises:
        ValueError: Two channels have one name.
        WarehouseError: The ledger cannot be read or written. What was claimed is tried again after its lease.
    """
    names = [channel.name for channel in channels]
    if len(set(names)) < len(names):
        raise ValueError(f"channel names must differ: {', '.join(names)}")
    ledger = Ledger(warehouse, worker_id or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
    say = progress or (lambda line: None)

    def run(some: Sequence[Channel]) -> list[Lane]:
        rows = ledger.unfinished([channel.name for channel in some])
        known = causes([row for row in rows if _is_alert(row, policy, now)], upstream)
        lanes = [
            Lane(
                ledger,
                one,
                [row for row in rows if row["channel"] == one.name],
                policy,
                utc(now),
                clock,
                say,
                report_url,
                answers,
                known,
            )
            for one in some
        ]
        # In turns, so that a slow receiver keeps no other waiting for longer than a batch.
        while working := [lane for lane in lanes if not lane.is_done]:
            for lane in working:
                lane.step()
        return lanes

    seeded = ledger.seed(names, policy, clock())
    answering = [channel.name for channel in channels if getattr(channel, "takes_acknowledgements", False)]
    acknowledgements = ledger.seed_acknowledgements(answering, clock())
    lanes = run(channels)
    # Last, because only now is it known what died in this pass.
    letters = dead_letter_channels(channels)
    ledger.seed_dead_letters({letter.name: letter.failed for letter in letters}, clock())
    lanes += run(letters)
    return DeliveryReport(
        len(seeded) + acknowledgements,
        tuple(attempt for lane in lanes for attempt in lane.attempts),
        sum(lane.unknown for lane in lanes),
        sum(lane.lost for lane in lanes),
        sum(lane.waiting for lane in lanes),
        _unroutable(seeded, names, policy),
    )


def _is_alert(row: Row, policy: DeliveryPolicy, now: datetime) -> bool:
    # Nobody asks for the cause of what is too old to be told.
    return row["event_type"] != "acknowledged" and bool(row["window_end"] >= utc(now) - policy.max_age)


def _unroutable(seeded: Sequence[Row], names: Sequence[str], policy: DeliveryPolicy) -> dict[str, int]:
    routes = {row["event_id"]: row.get("route") for row in seeded if row["event_type"] != "resolved"}
    return dict(Counter(route for route in routes.values() if route and policy.routes.is_unroutable(route, names)))
