"""Alerts that have one cause: told as one message, in one thread, which ends when all of them do."""

import json
from datetime import timedelta
from email import message_from_bytes

import pytest

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import SendResult, SlackBotChannel, SlackChannel, TeamsChannel, WebhookChannel
from ml_monitor.alerts.channels.email import email
from ml_monitor.alerts.incidents import Upstream
from ml_monitor.settings import DbtProject
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer
from tests.delivery.test_slack_bot import TOKEN, calls, posted

CUSTOMERS, LOG = "model.shop.customers", "model.shop.log"
BANK, PEOPLE = "source.shop.raw.bank", "source.shop.raw.people"
FEATURES = {"age": "customers", "spend": "customers", "visits": "customers", "balance": "bank", "debt": "bank"}
FEATURES |= {f"calm_{number}": "people" for number in range(8)}
FIRST, SECOND = NOW - timedelta(days=2), NOW - timedelta(days=1)


def manifest():
    """A log that joins a model and two sources."""

    def node(kind, name, sql=None, parents=()):
        made = {"resource_type": kind, "schema": "main", "name": name, "source_name": "raw", "compiled_code": sql}
        return made | {"depends_on": {"nodes": list(parents)}, "original_file_path": f"models/{name}.sql"}

    columns = ", ".join(f"{relation}.{name}" for name, relation in FEATURES.items())
    made = ", ".join(f"id * 2 as {name}" for name, relation in FEATURES.items() if relation == "customers")
    log = f'select {columns} from "main"."customers" cross join "main"."bank" cross join "main"."people"'
    return {
        "metadata": {"adapter_type": "duckdb"},
        "nodes": {
            LOG: node("model", "log", log, [CUSTOMERS, BANK, PEOPLE]),
            CUSTOMERS: node("model", "customers", f'select {made} from "main"."people"', [PEOPLE]),
        },
        "sources": {BANK: node("source", "bank"), PEOPLE: node("source", "people")},
    }


@pytest.fixture
def upstream(warehouse, tmp_path):
    warehouse.execute("create table ml_monitor.ml_monitor__monitors (monitor text, spec text)")
    warehouse.execute("create table ml_monitor.ml_monitor__features (monitor text, feature text, column_name text)")
    warehouse.insert("monitors", [{"monitor": "flight_delay", "spec": json.dumps({"predictions": "log"})}])
    features = [{"monitor": "flight_delay", "feature": name, "column_name": name} for name in FEATURES]
    warehouse.insert("features", features)
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text(json.dumps(manifest()))
    return lambda: Upstream(warehouse, DbtProject(tmp_path, {}))


@pytest.fixture
def say(add_event):
    """An event of each feature, in one window."""

    def add(window_end, event_type, *features, **columns):
        for feature in features:
            event_id = f"{feature}-{event_type}-{window_end:%d}"
            add_event(
                event_id, incident_id=f"i-{feature}", feature=feature, event_type=event_type, window_end=window_end, **columns
            )

    return add


def test_each_cause_is_one_message_and_the_rest_stays_alone(warehouse, receiver, say, upstream, ledger):
    say(FIRST, "opened", "age", "spend", "visits", "balance", "debt", "__score__")
    channels = [SlackChannel(receiver.url), TeamsChannel(receiver.url + "/teams"), WebhookChannel(receiver.url + "/machine")]
    report = deliver(warehouse, channels, DeliveryPolicy(), NOW, upstream=upstream)
    assert report.count("sent") == len(ledger()) == 18, "every alert is in the ledger, whatever it was told with"
    texts = [request.body.decode() for request in receiver.requests if request.path == "/hook"]
    assert sorted(("customers" in text, "raw.bank" in text) for text in texts) == [(False, False), (False, True), (True, False)]
    (customers,) = [text for text in texts if "customers" in text]
    assert "3 alerts from" in customers and all(name in customers for name in ("age", "spend", "visits"))
    assert len([one for one in receiver.requests if one.path.endswith("/teams")]) == 3
    assert len([one for one in receiver.requests if one.path.endswith("/machine")]) == 6
    assert deliver(warehouse, channels, DeliveryPolicy(), NOW, upstream=upstream).nothing_to_do


def test_one_cause_is_one_thread_that_ends_with_the_last_of_its_alerts(warehouse, receiver, say, upstream, clock):
    channel = SlackBotChannel(TOKEN, "alerts", receiver.url.removesuffix("hook"))
    receiver.answers.extend([posted(f"{number}.0") for number in range(1, 9)])
    say(FIRST, "opened", "age", "spend", "visits", severity="warning")
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    say(SECOND, "escalated", "age")
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    say(NOW, "resolved", "age", "spend", "visits")
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    seen = [(method, body.get("thread_ts"), body.get("ts")) for method, body in calls(receiver)]
    assert seen == [
        ("chat.postMessage", None, None),
        ("chat.postMessage", "1.0", None),
        ("chat.update", None, "1.0"),
        ("chat.postMessage", "1.0", None),
    ]
    assert "3 alerts from" in calls(receiver)[2][1]["text"]


def test_an_end_of_one_is_not_written_over_the_message_of_all(warehouse, receiver, say, upstream, clock):
    channel = SlackBotChannel(TOKEN, "alerts", receiver.url.removesuffix("hook"))
    receiver.answers.extend([posted(f"{number}.0") for number in range(1, 9)])
    say(FIRST, "opened", "balance", "debt")
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    say(SECOND, "resolved", "balance")
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    assert [(method, body.get("thread_ts")) for method, body in calls(receiver)] == [
        ("chat.postMessage", None),
        ("chat.postMessage", "1.0"),
    ]


def test_alerts_that_were_told_apart_end_in_their_own_threads(warehouse, receiver, say, upstream, clock):
    channel = SlackBotChannel(TOKEN, "alerts", receiver.url.removesuffix("hook"))
    receiver.answers.extend([posted(f"{number}.0") for number in range(1, 9)])
    for day, feature in ((FIRST, "balance"), (SECOND, "debt")):
        say(day, "opened", feature)
        deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    say(NOW, "resolved", "balance", "debt")
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    updated = [body["ts"] for method, body in calls(receiver) if method == "chat.update"]
    assert sorted(updated) == ["1.0", "2.0"]


def test_a_failure_is_tried_again_as_one(warehouse, receiver, say, upstream, ledger, clock):
    say(FIRST, "opened", "balance", "debt")
    receiver.answers.append(Answer(500))
    channels = [SlackChannel(receiver.url)]
    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    assert {row["status"] for row in ledger()} == {"failed"} and len(receiver.requests) == 1
    clock.advance(minutes=1)
    deliver(warehouse, channels, DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    assert {row["status"] for row in ledger()} == {"sent"} and len(receiver.requests) == 2
    assert receiver.requests[0].body == receiver.requests[1].body


def test_what_cannot_be_traced_is_told_one_by_one(warehouse, receiver, say, caplog):
    def broken():
        raise ValueError("no manifest")

    say(FIRST, "opened", "balance", "debt")
    report = deliver(warehouse, [SlackChannel(receiver.url)], DeliveryPolicy(), NOW, upstream=broken)
    assert report.count("sent") == len(receiver.requests) == 2
    assert "could not be traced" in caplog.text


def test_a_backfill_is_not_traced(warehouse, receiver, say):
    say(NOW - timedelta(days=30), "opened", "balance", "debt")

    def asked():
        raise AssertionError("nobody is told of it")

    report = deliver(warehouse, [SlackChannel(receiver.url)], DeliveryPolicy(), NOW, upstream=asked)
    assert report.count("suppressed") == 2


def test_the_mail_of_an_end_follows_the_mail_of_all(warehouse, say, upstream, clock):
    class Mailbox:
        name, digests = "email", True

        def __init__(self):
            self.mails = []

        def send(self, message):
            mail = message_from_bytes(bytes(email(message, "monitor@example.org", ("team@example.org",))))
            self.mails.append(mail)
            return SendResult(True, 250, provider_reference=mail["Message-ID"])

    box = Mailbox()
    say(FIRST, "opened", "balance", "debt")
    deliver(warehouse, [box], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    say(SECOND, "resolved", "debt")
    deliver(warehouse, [box], DeliveryPolicy(), NOW, clock=clock, upstream=upstream)
    first, second = box.mails
    assert first["Message-ID"] in second["References"]
