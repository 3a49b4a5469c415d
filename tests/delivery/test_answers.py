"""The links in messages with which people acknowledge and snooze: forged, stale, followed by robots, pressed by people."""

import json
import re
import socket
import threading
import time
from datetime import timedelta

import httpx
import pytest
import uvicorn

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.answer_app import answer_app
from ml_monitor.alerts.answers import Answer, AnswerError, AnswerLinks
from ml_monitor.alerts.channels import PagerDutyChannel, SlackChannel, TeamsChannel, WebhookChannel
from ml_monitor.alerts.settings import ChannelConfigError, ChannelSettings
from tests.delivery.conftest import NOW

SECRET = "a-secret-of-many-letters"


@pytest.fixture
def incident():
    return "a1b2c3d4e5f6"


@pytest.fixture
def server(warehouse, clock):
    """The application, served as the command does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(answer_app(warehouse, SECRET, lambda: NOW, clock), port=port, log_level="error", access_log=False)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


def links(server, receiver, warehouse, channel, clock):
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock, answers=AnswerLinks(server, SECRET))
    return [re.sub(r"\\u0026", "&", found) for found in re.findall(rf"{server}/[\w-]+", receiver.requests[-1].body.decode())]


@pytest.mark.parametrize("channel", [SlackChannel, TeamsChannel, WebhookChannel, lambda url: PagerDutyChannel("k", url)])
def test_a_message_is_answered_by_its_links(warehouse, receiver, add_event, clock, server, incident, channel):
    add_event("a", incident_id=incident)
    acknowledge, snooze = links(server, receiver, warehouse, channel(receiver.url), clock)
    actions = f"select * from {warehouse.table('alert_actions')} order by action"

    shown = httpx.get(acknowledge)
    assert shown.status_code == 200 and incident in shown.text and shown.headers["Referrer-Policy"] == "no-referrer"
    assert httpx.head(acknowledge).status_code < 500
    assert warehouse.query(actions) == []  # what only looks, such as a mail scanner, does nothing

    form = {"actor": "ann", "verdict": "false_alarm", "note": "<b>known</b>"}
    assert "Acknowledged by ann" in httpx.post(acknowledge, data=form).text
    assert "Snoozed until 2024-05-13" in httpx.post(snooze, data={"for": "3d"}).text
    first, second = warehouse.query(actions)
    assert (first["action"], first["actor"], first["verdict"], first["note"]) == (
        "acknowledged",
        "ann",
        "false_alarm",
        "<b>known</b>",
    )
    assert (second["action"], second["until_at"], second["incident_id"]) == ("snoozed", NOW + timedelta(days=3), incident)


def test_a_link_that_was_changed_cut_or_is_old_answers_nothing(warehouse, receiver, add_event, clock, server, incident):
    add_event("a", incident_id=incident, feature="<script>")
    acknowledge, _ = links(server, receiver, warehouse, WebhookChannel(receiver.url), clock)
    token = acknowledge.rsplit("/", 1)[1]
    changed = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    for wrong in (
        changed,
        token[:20],
        token[1:],
        "x",
        AnswerLinks(server, "another-secret-as-long")
        .of({"event_type": "opened", "incident_id": incident}, "t", NOW)[0][1]
        .rsplit("/", 1)[1],
    ):
        assert httpx.post(f"{server}/{wrong}").status_code == 403
    assert "<script>" not in httpx.get(acknowledge).text
    assert httpx.post(acknowledge, content=b"note=" + b"x" * 20_000).status_code == 413
    clock.advance(days=16)
    assert "was good until" in httpx.post(acknowledge).text
    assert warehouse.query(f"select * from {warehouse.table('alert_actions')}") == []


def test_a_link_answers_all_incidents_of_its_message_or_none(warehouse, receiver, add_event, clock, server, incident):
    add_event("a", incident_id=incident)
    for kind, said in ("ack", "Acknowledge"), ("snooze", "Snoozed"):
        for others, status, rows in ("000000000000", 400, 0), (incident[:6], 200, 1):
            event = {"event_type": "opened", "incident_id": f"{incident},{others}"}
            label = {"ack": 0, "snooze": 1}[kind]
            answered = httpx.post(AnswerLinks(server, SECRET).of(event, "t", NOW)[label][1])
            found = warehouse.query(f"select * from {warehouse.table('alert_actions')} where action like '{said.lower()}%'")
            assert (answered.status_code, len(found)) == (status, rows)


def test_an_unknown_duration_is_refused(warehouse, receiver, add_event, clock, server, incident):
    add_event("a", incident_id=incident)
    _, snooze = links(server, receiver, warehouse, WebhookChannel(receiver.url), clock)
    assert httpx.post(snooze, data={"for": "for ever"}).status_code == 400


def test_an_end_has_no_links_and_a_message_sent_again_has_the_same():
    made = AnswerLinks("https://example.org/", SECRET)
    event = {"event_type": "opened", "incident_id": "i"}
    assert made.of(event | {"event_type": "resolved"}, "t", NOW) == ()
    assert made.of(event, "t", NOW) == made.of(event, "t", NOW + timedelta(hours=3))
    (_, acknowledge), (_, snooze) = made.of(event, "t", NOW)
    assert [Answer.read(link.rsplit("/", 1)[1], SECRET, NOW).kind for link in (acknowledge, snooze)] == ["ack", "snooze"]
    with pytest.raises(AnswerError, match="not complete"):
        Answer.read("é", SECRET, NOW)


def test_the_environment_needs_both_and_a_long_secret():
    url = {"ML_MONITOR_ANSWER_URL": "https://example.org/answers"}
    made = ChannelSettings.from_environment(url | {"ML_MONITOR_ANSWER_SECRET": SECRET}).answer_links()
    assert made == AnswerLinks("https://example.org/answers", SECRET)
    assert ChannelSettings.from_environment({}).answer_links() is None
    with pytest.raises(ChannelConfigError, match="need each other"):
        ChannelSettings.from_environment(url).answer_links()
    with pytest.raises(ChannelConfigError, match="ML_MONITOR_ANSWER_SECRET") as error:
        ChannelSettings.from_environment(url | {"ML_MONITOR_ANSWER_SECRET": "short"})
    assert "short" not in str(error.value).replace("shorter", "")


def test_the_webhook_gets_links_but_no_history(warehouse, receiver, add_event, clock):
    add_event("a")
    deliver(warehouse, [WebhookChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)
    body = json.loads(receiver.requests[-1].body)
    assert body["answers"] == {} and "history" not in body
