"""Dead letters, the dry run, TLS that fails and a clock that goes back, against real receivers."""

from datetime import timedelta

import pytest

from ml_monitor.alerts import DeliveryPolicy, deliver, preview
from ml_monitor.alerts.channels import SlackChannel, WebhookChannel
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer, Receiver


@pytest.fixture
def slack():
    server = Receiver()
    yield server
    server.close()


def by_channel(rows):
    return {row["channel"]: row["status"] for row in rows}


def test_a_dead_letter_is_told_once_through_the_other_channel(warehouse, receiver, slack, add_event, ledger, clock):
    add_event("a")
    receiver.default = Answer(503)
    channels = [WebhookChannel(receiver.url), SlackChannel(slack.url)]
    for _ in range(4):
        deliver(warehouse, channels, DeliveryPolicy(max_attempts=2), NOW, clock=clock)
        clock.advance(hours=2)

    assert by_channel(ledger()) == {"webhook": "dead", "slack": "sent", "slack: dead letters of webhook": "sent"}
    assert len(slack.requests) == 2
    assert b"not delivered to webhook" not in slack.requests[0].body
    assert b"not delivered to webhook" in slack.requests[1].body


def test_a_wrong_token_is_told_in_the_same_pass(warehouse, receiver, slack, add_event, ledger, clock):
    add_event("a")
    receiver.default = Answer(401)
    deliver(warehouse, [WebhookChannel(receiver.url), SlackChannel(slack.url)], DeliveryPolicy(), NOW, clock=clock)
    assert by_channel(ledger())["slack: dead letters of webhook"] == "sent"


def test_a_meta_alert_is_retried_and_raises_none_itself(warehouse, receiver, slack, add_event, ledger, clock):
    add_event("a")
    receiver.default = Answer(404)
    slack.answers.extend([Answer(200), Answer(500), Answer(200)])
    channels = [WebhookChannel(receiver.url), SlackChannel(slack.url)]
    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert by_channel(ledger())["slack: dead letters of webhook"] == "failed"
    clock.advance(minutes=5)
    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert by_channel(ledger())["slack: dead letters of webhook"] == "sent"

    add_event("b")
    slack.default = Answer(404)
    for _ in range(2):
        deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    rows = [(row["channel"], row["status"]) for row in ledger() if row["event_id"] == "b"]
    assert sorted(rows) == [
        ("slack", "rejected"),
        ("slack: dead letters of webhook", "rejected"),
        ("webhook", "rejected"),
        ("webhook: dead letters of slack", "rejected"),
    ]


def test_the_end_of_an_incident_that_could_not_be_told_is_told_elsewhere(warehouse, receiver, slack, add_event, ledger, clock):
    add_event("opening", incident_id="i", window_end=NOW - timedelta(days=2))
    add_event("end", incident_id="i", event_type="resolved")
    receiver.answers.extend([Answer(200), Answer(410)])
    deliver(warehouse, [WebhookChannel(receiver.url), SlackChannel(slack.url)], DeliveryPolicy(), NOW, clock=clock)
    letters = [row for row in ledger() if row["channel"] == "slack: dead letters of webhook"]
    assert [(row["event_id"], row["status"]) for row in letters] == [("end", "sent")]


@pytest.mark.parametrize("channel", [WebhookChannel, SlackChannel])
def test_tls_that_fails_is_tried_again_and_its_url_is_in_no_error(warehouse, receiver, add_event, ledger, clock, channel):
    add_event("a")
    url = receiver.url.replace("http:", "https:") + "/secret-path"
    deliver(warehouse, [channel(url)], DeliveryPolicy(), NOW, clock=clock)
    (row,) = ledger()
    assert row["status"] == "failed"
    assert "no answer" in row["error"] and "secret-path" not in row["error"]
    assert receiver.requests == []


def test_a_claim_from_before_the_clock_went_back_is_not_held_for_ever(warehouse, receiver, add_event, ledger, clock):
    add_event("a")
    channels = [WebhookChannel(receiver.url)]

    class Died(BaseException):
        pass

    class DyingChannel:
        name = "webhook"

        def send(self, message):
            raise Died

    with pytest.raises(Died):
        deliver(warehouse, [DyingChannel()], DeliveryPolicy(), NOW, clock=clock)
    clock.advance(days=-1)
    report = deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    assert (report.count("sent"), report.unknown) == (1, 1)


def test_the_dry_run_foretells_the_pass_and_leaves_no_trace(warehouse, receiver, add_event, ledger, attempts, clock):
    add_event("opening", incident_id="i", window_end=NOW - timedelta(days=2))
    add_event("end", incident_id="i", event_type="resolved")
    add_event("orphan", event_type="resolved")
    add_event("old", window_end=NOW - timedelta(days=30))
    channels = [WebhookChannel(receiver.url)]

    planned = preview(warehouse, channels, DeliveryPolicy(), NOW, clock())
    assert (receiver.requests, ledger(), attempts()) == ([], [], [])

    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock)
    came_true = {"send": "sent", "suppress": "suppressed"}
    assert {plan.event_id: came_true[plan.action] for plan in planned} == {r["event_id"]: r["status"] for r in ledger()}
    assert {plan.event_id for plan in planned if plan.action == "send"} == {"opening", "end"}
