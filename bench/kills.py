"""Delivery passes that are killed at random moments, and what the receiver and the ledger say afterwards."""

# ruff: noqa: S608 - only quoted relation names are put into SQL

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench import outbox, receiver
from bench.dying import in_child
from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import WebhookChannel
from ml_monitor.warehouse import Warehouse

_EVENTS = 60
# Later than every lease and pause of the pass before.
_BETWEEN_PASSES = timedelta(hours=2)


@dataclass(frozen=True)
class Count:
    """What became of all events after so many kills."""

    kills: int
    passes: int
    events: int
    lost: int
    duplicates: int
    unknown: int
    """Attempts whose outcome the ledger does not know: the most that may be doubled."""
    not_owned_up: int
    """Duplicates beyond what the ledger calls unknown."""
    hit: dict[str, int]
    """Kills by what the pass had done."""


def run(url: str, kills: int, keys: Path, seed: int = 0, say: Callable[[str], None] = print) -> Count:
    """Kill passes until so many are dead, let the last ones end, and count.

    Args:
        url: Warehouse; its schema ml_monitor is dropped.
        kills: How many passes die.
        keys: File for the receiver's notes.
        seed: Of the random moments.
        say: Called with the progress.
    """
    chance = random.Random(seed)  # noqa: S311 - only moments
    passes = dead = 0
    events = _EVENTS
    hit: Counter[str] = Counter()
    policy = DeliveryPolicy(max_attempts=10_000)
    with receiver.running(keys) as hook:

        def send() -> None:
            clock = outbox.NOW + passes * _BETWEEN_PASSES
            deliver(Warehouse(url), [WebhookChannel(hook)], policy, outbox.NOW, clock=lambda: clock)

        def add() -> None:
            outbox.add_events(Warehouse(url), events - _EVENTS, _EVENTS)

        in_child(lambda: outbox.make(Warehouse(url)))
        in_child(add)
        started = time.monotonic()
        in_child(send)
        whole = time.monotonic() - started
        while dead < kills:
            passes += 1
            if passes % 4 == 1:
                events += _EVENTS
                in_child(add)
            before = sum(receiver.received(keys).values())
            if in_child(send, kill_after=chance.uniform(0.005, whole)):
                dead += 1
                has_sent = sum(receiver.received(keys).values()) > before
                hit["after a send" if has_sent else "before any send"] += 1
                if dead % 50 == 0:
                    say(f"{dead} kills in {passes} passes, {events} events")
        for _ in range(3):
            passes += 1
            in_child(send)
    return _count(Warehouse(url), dead, passes, events, keys, dict(hit))


def _count(warehouse: Warehouse, kills: int, passes: int, events: int, keys: Path, hit: dict[str, int]) -> Count:
    came = receiver.received(keys)
    ledger = warehouse.query(f"select delivery_id, status from {warehouse.table('alert_deliveries')}")
    attempts = warehouse.table("alert_delivery_attempts")
    unknown = Counter(
        row["delivery_id"] for row in warehouse.query(f"select delivery_id from {attempts} where outcome = 'unknown'")
    )
    delivered = {row["delivery_id"] for row in ledger if row["status"] == "sent" and came[row["delivery_id"]]}
    more = {key: count - 1 for key, count in came.items() if count > 1}
    return Count(
        kills=kills,
        passes=passes,
        events=events,
        lost=events - len(delivered),
        duplicates=sum(more.values()),
        unknown=sum(unknown.values()),
        not_owned_up=sum(max(0, count - unknown[key]) for key, count in more.items()),
        hit=hit,
    )
