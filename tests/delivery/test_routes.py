"""Routes and digests, in whole passes against real receivers."""

import json
from datetime import timedelta

import pytest

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import SlackChannel, TeamsChannel, WebhookChannel
from ml_monitor.alerts.routes import Routes, parse
from ml_monitor.alerts.settings import ChannelConfigError, ChannelSettings
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer


def told(ledger):
    return sorted((row["event_id"], row["channel"]) for row in ledger() if row["status"] == "sent")


def test_the_route_of_a_rule_decides_which_channels_are_told(warehouse, receiver, add_event, ledger):
    add_event("named", route="pipelines", incident_id="i", window_end=NOW - timedelta(days=2))
    add_event("end", incident_id="i", event_type="resolved", route="oncall")
    add_event("direct", route="slack, webhook")
    add_event("none")
    channels = [WebhookChannel(receiver.url), SlackChannel(receiver.url), TeamsChannel(receiver.url)]
    policy = DeliveryPolicy(routes=Routes({"pipelines": ("teams",)}, default=("webhook",)))
    report = deliver(warehouse, channels, policy, NOW)

    assert told(ledger) == [
        ("direct", "slack"),
        ("direct", "webhook"),
        ("end", "teams"),
        ("named", "teams"),
        ("none", "webhook"),
    ]
    assert report.unroutable == {}


def test_an_unroutable_alert_goes_to_the_default_and_is_reported(warehouse, receiver, add_event, ledger):
    add_event("a", route="pagers")
    add_event("b", route="pagers")
    channels = [WebhookChannel(receiver.url), SlackChannel(receiver.url)]
    policy = DeliveryPolicy(routes=Routes({"pagers": ("pagerduty",)}, default=("slack",)))
    report = deliver(warehouse, channels, policy, NOW)
    assert told(ledger) == [("a", "slack"), ("b", "slack")]
    assert report.unroutable == report.to_dict()["unroutable"] == {"pagers": 2}


def test_without_a_default_that_is_configured_every_channel_is_told(warehouse, receiver, add_event, ledger):
    add_event("a", route="nowhere")
    policy = DeliveryPolicy(routes=Routes(default=("email",)))
    report = deliver(warehouse, [WebhookChannel(receiver.url), SlackChannel(receiver.url)], policy, NOW)
    assert told(ledger) == [("a", "slack"), ("a", "webhook")]
    assert report.unroutable == {"nowhere": 1}


def test_the_console_is_told_whatever_the_route():
    assert Routes().channels("slack", ["console", "slack", "webhook"]) == {"console", "slack"}


def test_routes_come_from_the_environment():
    assert parse("pipelines = slack, email; oncall=pagerduty;") == {"pipelines": ("slack", "email"), "oncall": ("pagerduty",)}
    settings = ChannelSettings.from_environment({"ML_MONITOR_ROUTES": "a=slack", "ML_MONITOR_DEFAULT_ROUTE": "email,slack"})
    assert settings.policy().routes == Routes({"a": ("slack",)}, ("email", "slack"))
    with pytest.raises(ChannelConfigError, match=r"ML_MONITOR_ROUTES: .*name=channel"):
        ChannelSettings.from_environment({"ML_MONITOR_ROUTES": "slack"})


def test_more_than_people_read_is_one_message_and_machines_get_each(warehouse, receiver, add_event, ledger, attempts, clock):
    for number in range(25):
        add_event(f"e{number:02}", severity="alert" if number == 24 else "warning")
    report = deliver(warehouse, [SlackChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)
    (request,) = receiver.requests
    body = json.loads(request.body)
    assert body["text"] == "[alert] 25 alerts: 25 opened"
    assert "10 more" in json.dumps(body["blocks"])
    assert (report.count("sent"), len(ledger())) == (25, 25)
    assert attempts() == [(1, "intent", None), (1, "outcome", "sent")] * 25

    deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)
    assert len(receiver.requests) == 26


def test_a_digest_that_fails_is_tried_again_as_one(warehouse, receiver, add_event, ledger, clock):
    for number in range(5):
        add_event(f"e{number}")
    receiver.answers.append(Answer(503))
    policy = DeliveryPolicy(digest_above=4)
    assert deliver(warehouse, [SlackChannel(receiver.url)], policy, NOW, clock=clock).count("failed") == 5
    clock.advance(minutes=1)
    assert deliver(warehouse, [SlackChannel(receiver.url)], policy, NOW, clock=clock).count("sent") == 5
    assert len(receiver.requests) == 2


def test_a_digest_of_ends_follows_that_of_the_openings(warehouse, receiver, add_event, ledger):
    for number in range(5):
        add_event(f"o{number}", incident_id=f"i{number}", window_end=NOW - timedelta(days=2))
        add_event(f"r{number}", incident_id=f"i{number}", event_type="resolved")
    deliver(warehouse, [SlackChannel(receiver.url)], DeliveryPolicy(digest_above=4), NOW)
    texts = [json.loads(request.body)["text"] for request in receiver.requests]
    assert texts == ["[alert] 5 alerts: 5 opened", "[alert] 5 alerts: 5 resolved"]


def test_a_failure_amid_a_batch_gives_the_rest_back_untouched(warehouse, receiver, add_event, ledger, attempts, clock):
    for number in range(12):
        add_event(f"e{number:02}")
    # Batches of 1, 2, 4 and 8: the failure is the second message of the last one.
    receiver.answers.extend([Answer()] * 8 + [Answer(500)])
    report = deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)
    assert (report.count("sent"), report.count("failed"), report.waiting) == (8, 1, 3)
    assert sorted((row["status"], row["attempts"]) for row in ledger()) == [("failed", 1)] + [("pending", 0)] * 3 + [("sent", 1)] * 8
    clock.advance(minutes=1)
    again = deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)
    assert (again.count("sent"), again.unknown) == (4, 0)
    assert len(receiver.requests) == 13
    assert [row["attempts"] for row in ledger() if row["attempts"] != 1] == [2]
