"""Delivery against a real receiver and a real ledger, in good times and bad."""

import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import ConsoleChannel, SendResult, SlackChannel, WebhookChannel
from ml_monitor.alerts.ledger import Ledger, Outcome
from ml_monitor.alerts.message import AlertMessage
from ml_monitor.alerts.policy import Delivery
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer, Receiver

REPOSITORY = Path(__file__).parents[2]


def statuses(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["event_id"]: row["status"] for row in rows}


def start_worker(warehouse: Any, receiver: Receiver) -> subprocess.Popen[str]:
    url = warehouse.url.render_as_string(hide_password=False)
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.worker", url, receiver.url, NOW.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def go(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def test_each_event_is_delivered_once_over_two_passes(warehouse, receiver, add_event, ledger, attempts):
    add_event("a")
    add_event("b", severity="warning")
    channels = [WebhookChannel(receiver.url)]

    first = deliver(warehouse, channels, DeliveryPolicy(), NOW)
    second = deliver(warehouse, channels, DeliveryPolicy(), NOW)

    assert (first.seeded, first.count("sent"), first.ok) == (2, 2, True)
    assert second.nothing_to_do
    assert len(receiver.requests) == 2
    assert statuses(ledger()) == {"a": "sent", "b": "sent"}
    assert attempts() == [(1, "intent", None), (1, "outcome", "sent")] * 2


def test_two_processes_at_once_send_each_event_once(warehouse, receiver, add_event, ledger):
    names = [f"e{i}" for i in range(8)]
    for name in names:
        add_event(name)
    receiver.default = Answer(hang=0.05)

    workers = [start_worker(warehouse, receiver) for _ in range(2)]
    for worker in workers:
        go(worker)
    for worker in workers:
        _, errors = worker.communicate(timeout=60)
        assert worker.returncode == 0, errors

    keys = [request.headers["Idempotency-Key"] for request in receiver.requests]
    assert len(keys) == len(set(keys)) == len(names)
    assert [row["status"] for row in ledger()] == ["sent"] * len(names)
    assert [row["attempts"] for row in ledger()] == [1] * len(names)


def test_threads_of_one_process_send_each_event_once(warehouse, receiver, add_event, ledger):
    for i in range(6):
        add_event(f"e{i}")
    failures: list[Exception] = []

    def work() -> None:
        try:
            deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(receiver.requests) == 6
    assert len(ledger()) == 6


def test_killed_between_intent_and_outcome_is_sent_again_and_said_so(warehouse, receiver, add_event, ledger, attempts, clock):
    add_event("a")
    receiver.answers.append(Answer(hang=60))
    worker = start_worker(warehouse, receiver)
    go(worker)
    receiver.wait_for(1)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    assert attempts() == [(1, "intent", None)]
    assert statuses(ledger()) == {"a": "sending"}

    clock.time = ledger()[0]["claimed_at"] + timedelta(minutes=1)
    channels = [WebhookChannel(receiver.url)]
    within_lease = deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert (within_lease.waiting, len(receiver.requests)) == (1, 1)

    clock.advance(minutes=10)
    after_lease = deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert (after_lease.count("sent"), after_lease.unknown) == (1, 1)
    assert [row["attempts"] for row in ledger()] == [2]
    assert attempts() == [
        (1, "intent", None),
        (1, "outcome", "unknown"),
        (2, "intent", None),
        (2, "outcome", "sent"),
    ]
    first, second = receiver.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_killed_at_the_last_attempt_is_dead(warehouse, receiver, add_event, ledger, clock):
    add_event("a")
    channels = [WebhookChannel(receiver.url)]
    policy = DeliveryPolicy(max_attempts=1)
    deliver(warehouse, [], policy, NOW)
    warehouse.insert(
        "alert_deliveries",
        [
            {
                "delivery_id": "d",
                "event_id": "a",
                "channel": "webhook",
                "status": "sending",
                "attempts": 1,
                "claimed_at": clock(),
            }
        ],
    )
    clock.advance(hours=1)

    report = deliver(warehouse, channels, policy, NOW, clock=clock)

    assert report.count("dead") == 1
    assert not report.ok
    assert receiver.requests == []


def test_a_slow_worker_whose_lease_was_lost_does_not_overwrite_the_other(warehouse, receiver, add_event, ledger, attempts, clock):
    add_event("a")

    class SlowChannel:
        name = "webhook"

        def send(self, message: AlertMessage) -> Any:
            clock.advance(hours=1)
            other = deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)
            assert other.count("sent") == 1
            raise TimeoutError

    deliver(warehouse, [SlowChannel()], DeliveryPolicy(), NOW, clock=clock)

    assert [(row["status"], row["attempts"], row["error"]) for row in ledger()] == [("sent", 2, None)]
    assert (1, "outcome", "failed") in attempts()


def test_a_slow_worker_does_not_close_the_attempt_that_another_is_sending(warehouse, add_event, ledger, clock):
    event = add_event("a")
    slow, other = Ledger(warehouse, "slow"), Ledger(warehouse, "other")
    slow.seed(["webhook"], DeliveryPolicy(), clock())
    row = {**event, **ledger()[0]}
    first = Delivery(**{name: row[name] for name in Delivery.__slots__ if name in row})
    assert slow.claim([first], clock()) == [first]
    second = replace(first, status="sending", attempts=1)
    assert other.claim([second], clock()) == [second]
    assert slow.claim([second], clock()) == []

    slow.record([Outcome(first, SendResult(True), "sent", clock())], [], clock())
    assert [(row["status"], row["claimed_by"], row["attempts"]) for row in ledger()] == [("sending", "other", 2)]


def test_500_then_recovery_after_the_pause(warehouse, receiver, add_event, ledger, clock):
    add_event("a")
    channels = [WebhookChannel(receiver.url)]
    receiver.answers.append(Answer(500, body="overloaded"))

    first = deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert (first.count("failed"), first.ok) == (1, False)
    row = ledger()[0]
    assert (row["status"], row["error"]) == ("failed", "HTTP 500 overloaded")
    assert row["next_attempt_at"] == clock() + timedelta(seconds=30)

    assert deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock).waiting == 1
    clock.advance(seconds=31)
    assert deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock).count("sent") == 1
    assert [(row["status"], row["attempts"], row["error"]) for row in ledger()] == [("sent", 2, None)]


def test_a_receiver_that_never_answers_costs_one_timeout_and_not_the_other_channel(warehouse, receiver, add_event, ledger, clock):
    for name in ("a", "b", "c"):
        add_event(name)
    receiver.default = Answer(hang=60)
    healthy = Receiver()
    try:
        channels = [WebhookChannel(receiver.url, timeout=0.5), SlackChannel(healthy.url)]
        started = datetime.now()
        report = deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
        assert datetime.now() - started < timedelta(seconds=10)
    finally:
        healthy.close()

    assert (report.count("failed"), report.count("sent"), report.waiting) == (1, 3, 2)
    assert len(receiver.requests) == 1
    errors = [row["error"] for row in ledger() if row["status"] == "failed"]
    assert errors == ["no answer (ReadTimeout)"]


def test_a_receiver_that_takes_the_message_and_dies_is_tried_again(warehouse, receiver, add_event, ledger, clock):
    add_event("a")
    receiver.answers.append(Answer(die=True))
    channels = [WebhookChannel(receiver.url)]

    assert deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock).count("failed") == 1
    clock.advance(minutes=1)
    assert deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock).count("sent") == 1
    assert len({request.headers["Idempotency-Key"] for request in receiver.requests}) == 1


def test_nobody_listens(warehouse, receiver, add_event, ledger, clock):
    add_event("a")
    url = receiver.url
    receiver.close()
    report = deliver(warehouse, [WebhookChannel(url), ConsoleChannel()], DeliveryPolicy(), NOW, clock=clock)
    assert (report.count("failed"), report.count("sent")) == (1, 1)


@pytest.mark.parametrize("asked", ["3600", "Fri, 31 Dec 2099 23:59:59 GMT"])
def test_429_waits_as_long_as_the_receiver_asks(warehouse, receiver, add_event, ledger, clock, asked):
    add_event("a")
    receiver.answers.append(Answer(429, headers={"Retry-After": asked}))

    deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)

    assert ledger()[0]["status"] == "failed"
    assert ledger()[0]["next_attempt_at"] >= clock() + timedelta(hours=1)


def test_400_is_rejected_for_good_and_the_next_message_goes_on(warehouse, receiver, add_event, ledger, clock):
    add_event("a")
    add_event("b")
    receiver.answers.append(Answer(400, body="unknown field"))
    channels = [WebhookChannel(receiver.url)]

    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    clock.advance(days=1)
    again = deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)

    assert again.nothing_to_do
    assert sorted(statuses(ledger()).values()) == ["rejected", "sent"]
    assert "HTTP 400 unknown field" in [row["error"] for row in ledger()]


def test_dead_after_the_last_attempt(warehouse, receiver, add_event, ledger, attempts, clock):
    add_event("a")
    receiver.default = Answer(503)
    channels = [WebhookChannel(receiver.url)]
    policy = DeliveryPolicy(max_attempts=3)
    for _ in range(5):
        deliver(warehouse, channels, policy, NOW, clock=clock)
        clock.advance(hours=2)

    assert statuses(ledger()) == {"a": "dead"}
    assert len(receiver.requests) == 3
    assert [outcome for _, phase, outcome in attempts() if phase == "outcome"] == ["failed", "failed", "dead"]


def test_a_channel_that_raises_does_not_stop_the_others(warehouse, receiver, add_event, ledger, clock):
    add_event("a")

    class BrokenChannel:
        name = "a_broken_one"

        def send(self, message: AlertMessage) -> Any:
            raise KeyError("secret-value")

    report = deliver(warehouse, [BrokenChannel(), WebhookChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)

    assert (report.count("failed"), report.count("sent")) == (1, 1)
    assert not any("secret-value" in (row["error"] or "") for row in ledger())


def test_a_backfill_pages_nobody(warehouse, receiver, add_event, ledger):
    add_event("old", window_end=NOW - timedelta(days=8))
    add_event("new", window_end=NOW - timedelta(days=6))

    report = deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW)

    assert (report.count("suppressed"), report.count("sent")) == (1, 1)
    assert statuses(ledger()) == {"old": "suppressed", "new": "sent"}
    assert [row["error"] for row in ledger()] == [None, "older than 7 days"]


def test_resolved_goes_only_where_the_opening_went(warehouse, receiver, add_event, ledger):
    quiet = Receiver()
    try:
        channels = [WebhookChannel(receiver.url), SlackChannel(quiet.url)]
        policy = DeliveryPolicy(minimum_severity={"slack": "alert"})
        add_event("opening", incident_id="i", severity="warning", window_end=NOW - timedelta(days=2))
        add_event("end", incident_id="i", severity="warning", event_type="resolved")
        deliver(warehouse, channels, policy, NOW)
    finally:
        quiet.close()

    assert len(receiver.requests) == 2
    assert quiet.requests == []
    rows = {(row["event_id"], row["channel"]): row["status"] for row in ledger()}
    assert rows == {
        ("opening", "webhook"): "sent",
        ("end", "webhook"): "sent",
        ("end", "slack"): "suppressed",
    }


def test_resolved_waits_for_an_opening_that_is_still_being_tried(warehouse, receiver, add_event, ledger, clock):
    add_event("opening", incident_id="i", window_end=NOW - timedelta(days=2))
    add_event("end", incident_id="i", event_type="resolved")
    receiver.answers.append(Answer(500))
    channels = [WebhookChannel(receiver.url)]

    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert statuses(ledger()) == {"opening": "failed", "end": "pending"}
    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert statuses(ledger()) == {"opening": "failed", "end": "pending"}

    clock.advance(minutes=1)
    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert statuses(ledger()) == {"opening": "sent", "end": "sent"}


def test_resolved_of_an_opening_that_was_rejected_is_suppressed(warehouse, receiver, add_event, ledger):
    add_event("opening", incident_id="i", window_end=NOW - timedelta(days=2))
    add_event("end", incident_id="i", event_type="resolved")
    receiver.answers.append(Answer(404))

    deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW)

    assert statuses(ledger()) == {"opening": "rejected", "end": "suppressed"}
    assert len(receiver.requests) == 1


def test_two_channels_of_one_name_are_refused(warehouse, receiver):
    with pytest.raises(ValueError, match="must differ: webhook, webhook"):
        deliver(warehouse, [WebhookChannel(receiver.url), WebhookChannel(receiver.url)], DeliveryPolicy(), NOW)
