"""Slack threads and PagerDuty acknowledgements, against real receivers."""

import json
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import PagerDutyChannel, SlackBotChannel
from ml_monitor.alerts.settings import ChannelConfigError, ChannelSettings
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer

TOKEN = "xoxb-secret"


def posted(stamp):
    return Answer(body=json.dumps({"ok": True, "channel": "C1", "ts": stamp}), headers={"Content-Type": "application/json"})


def refused(reason, code=200, **headers):
    body = json.dumps({"ok": False, "error": reason})
    return Answer(code, body=body, headers={"Content-Type": "application/json", **headers})


def calls(receiver):
    """Method and arguments of every call."""
    read = []
    for request in receiver.requests:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        text = request.body.decode()
        body = json.loads(text) if text.startswith("{") else {key: one for key, (one,) in parse_qs(text).items()}
        read.append((request.path.rsplit("/", 1)[1], body))
    return read


@pytest.fixture
def channel(receiver):
    return SlackBotChannel(TOKEN, "alerts", receiver.url.removesuffix("hook"))


@pytest.fixture
def acknowledge(warehouse):
    def add(incident, action_id="act"):
        row = {"action_id": action_id, "alert_key": "key", "incident_id": incident, "monitor": "flight_delay"}
        said = {"action": "acknowledged", "note": "on it", "actor": "ann", "acted_at": NOW}
        warehouse.insert("alert_actions", [{**row, **said}])

    return add


def test_an_incident_is_a_thread_and_its_end_rewrites_the_first_message(
    warehouse, receiver, channel, add_event, acknowledge, ledger, clock
):
    add_event("opening", incident_id="i", window_end=NOW - timedelta(days=3))
    receiver.answers.append(posted("1.0"))
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock)
    acknowledge("i")
    add_event("worse", incident_id="i", event_type="escalated", window_end=NOW - timedelta(days=2))
    add_event("end", incident_id="i", event_type="resolved")
    receiver.answers.extend([posted(f"{number}.0") for number in range(2, 6)])
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock)

    methods = [(method, body["channel"], body.get("thread_ts"), body.get("ts")) for method, body in calls(receiver)]
    assert methods == [
        ("chat.postMessage", "alerts", None, None),
        ("chat.postMessage", "C1", "1.0", None),
        ("chat.update", "C1", None, "1.0"),
        ("chat.postMessage", "C1", "1.0", None),
        ("chat.postMessage", "C1", "1.0", None),
    ]
    update, answer = calls(receiver)[2][1], calls(receiver)[4][1]
    assert "resolved" in json.dumps(update["blocks"])
    assert "acknowledged by ann: on it" in json.dumps(answer["blocks"])
    assert {row["event_id"]: row["provider_reference"] for row in ledger()}["opening"] == "C1/1.0"


def test_a_first_message_that_was_deleted_does_not_stop_the_answer(warehouse, receiver, channel, add_event, ledger, clock):
    add_event("opening", incident_id="i", window_end=NOW - timedelta(days=3))
    add_event("end", incident_id="i", event_type="resolved")
    receiver.answers.extend([posted("1.0"), refused("message_not_found"), posted("2.0")])
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock)
    assert [row["status"] for row in ledger()] == ["sent", "sent"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (refused("invalid_auth"), "rejected"),
        (refused("internal_error"), "failed"),
        (refused("ratelimited", 429, **{"Retry-After": "900"}), "failed"),
        (Answer(die=True), "failed"),
    ],
)
def test_what_slack_answers_ends_up_in_the_ledger_without_the_token(
    warehouse, receiver, channel, add_event, ledger, clock, answer, status
):
    add_event("a")
    receiver.answers.append(answer)
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock)
    (row,) = ledger()
    assert row["status"] == status
    assert TOKEN not in row["error"]
    if answer.headers.get("Retry-After"):
        assert row["next_attempt_at"] - clock() == timedelta(seconds=900)


def test_pagerduty_is_told_of_an_acknowledgement_once_and_only_of_what_it_knows(
    warehouse, receiver, add_event, acknowledge, ledger
):
    receiver.default = Answer(202)
    channels = [PagerDutyChannel("key", receiver.url)]
    policy = DeliveryPolicy(minimum_severity={"pagerduty": "alert"})
    add_event("a", incident_id="known")
    add_event("b", incident_id="quiet", severity="warning")
    deliver(warehouse, channels, policy, NOW)
    acknowledge("known", "one")
    acknowledge("quiet", "two")
    report = deliver(warehouse, channels, policy, NOW)
    assert (report.seeded, report.count("sent")) == (1, 1)
    assert deliver(warehouse, channels, policy, NOW).nothing_to_do
    trigger, acknowledged = [json.loads(request.body) for request in receiver.requests]
    assert trigger["event_action"] == "trigger"
    assert acknowledged == {"routing_key": "key", "event_action": "acknowledge", "dedup_key": "known"}


def test_the_bot_comes_from_the_environment_and_takes_the_place_of_the_webhook(receiver):
    bot = {"ML_MONITOR_SLACK_BOT_TOKEN": TOKEN, "ML_MONITOR_SLACK_CHANNEL": "C1"}
    settings = ChannelSettings.from_environment(bot)
    assert [type(channel).__name__ for channel in settings.channels()] == ["ConsoleChannel", "SlackBotChannel"]
    assert TOKEN not in repr(settings)
    for wrong in ({"ML_MONITOR_SLACK_BOT_TOKEN": TOKEN}, {**bot, "ML_MONITOR_SLACK_WEBHOOK_URL": receiver.url}):
        with pytest.raises(ChannelConfigError, match="ML_MONITOR_SLACK_CHANNEL"):
            ChannelSettings.from_environment(wrong).channels()
