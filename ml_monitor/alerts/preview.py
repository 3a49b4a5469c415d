"""What a delivery pass would do: reads the ledger, writes and sends nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ml_monitor.alerts.channels import Channel
from ml_monitor.alerts.ledger import Ledger
from ml_monitor.alerts.message import message_from_event
from ml_monitor.alerts.policy import Action, DeliveryPolicy, Status, decide, delivery_id, delivery_of
from ml_monitor.settings import utc, wall_clock
from ml_monitor.warehouse import Row, Warehouse


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one event in one channel."""

    event_id: str
    channel: str
    action: Action
    title: str
    reason: str


def preview(
    warehouse: Warehouse,
    channels: Sequence[Channel],
    policy: DeliveryPolicy,
    now: datetime,
    wall: datetime | None = None,
) -> list[Planned]:
    """Decide about every unfinished delivery as a pass would, as if every send were accepted.

    Meta-alerts about dead letters are not foretold: they depend on what the receivers answer.

    Args:
        warehouse: Holds `alert_events` and the ledger.
        channels: Where a pass would send.
        policy: Ages, pauses, attempts, severities.
        now: Monitoring clock.
        wall: Wall clock; the present by default.
    """
    ledger = Ledger(warehouse, worker_id="")
    wall, now = wall or wall_clock(), utc(now)
    planned: list[Planned] = []
    told: set[tuple[str, str]] = set()
    for row in sorted(_rows(ledger, channels, policy), key=_reading_order):
        delivery = delivery_of(row)
        incident = (delivery.incident_id, delivery.channel)
        openings: list[Status] = ["sent"] if incident in told else []
        if delivery.event_type == "resolved":
            openings += [
                one.status for one in ledger.openings([delivery.incident_id], delivery.channel).get(delivery.incident_id, [])
            ]
        decision = decide(delivery, openings, policy, now, wall)
        if decision.action == "send" and delivery.event_type != "resolved":
            told.add(incident)
        title = message_from_event(row, delivery.delivery_id).title
        planned.append(Planned(delivery.event_id, delivery.channel, decision.action, title, decision.reason))
    return planned


def _rows(ledger: Ledger, channels: Sequence[Channel], policy: DeliveryPolicy) -> Iterator[Row]:
    yield from ledger.unfinished([channel.name for channel in channels])
    for channel, event in ledger.unseeded([channel.name for channel in channels], policy):
        new = {"delivery_id": delivery_id(event["event_id"], channel), "channel": channel}
        yield {**event, **new, "status": "pending", "attempts": 0, "claimed_at": None, "next_attempt_at": None}


def _reading_order(row: Row) -> tuple[datetime, bool, str]:
    return row["window_end"], row["event_type"] == "resolved", row["delivery_id"]
