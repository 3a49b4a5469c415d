"""Email, to a real SMTP server."""

import socket
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels.email import EmailChannel, MailServer
from ml_monitor.alerts.ledger import Ledger
from ml_monitor.alerts.message import PastValue
from ml_monitor.alerts.settings import ChannelConfigError, ChannelSettings
from tests.delivery.conftest import NOW

SENDER, RECIPIENTS = "monitor@example.org", ("one@example.org", "two@example.org")


class Inbox:
    """Keeps the mails that it takes; `answers` come before each."""

    def __init__(self):
        self.mails, self.answers = [], []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the name that aiosmtpd calls
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return answer


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def smtp():
    # The controller cannot be asked for any free port.
    controller = Controller(Inbox(), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop()


def channel(smtp, **options):
    return EmailChannel(MailServer("127.0.0.1", smtp.port, starttls=False, **options), SENDER, RECIPIENTS)


def test_a_mail_is_text_and_html_and_runs_no_markup_of_a_log(warehouse, smtp, add_event, ledger):
    add_event("a", reason="<script>alert(1)</script>\r\nBcc: x@example.org", segment_value="x\r\nBcc: y@example.org")
    deliver(warehouse, [channel(smtp)], DeliveryPolicy(), NOW, report_url="https://example.org/r?a=1&b=2")

    ((to, mail),) = smtp.handler.mails
    (row,) = ledger()
    assert (row["status"], tuple(to), mail["Bcc"]) == ("sent", RECIPIENTS, None)
    assert mail["Message-ID"] == row["provider_reference"] == f"<{row['delivery_id']}@example.org>"
    assert mail["References"] == "<incident-a@example.org>"
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert "Value: 0.4123 (threshold 0.25)" in text
    assert "<script>" not in html and "&lt;script&gt;" in html and "a=1&amp;b=2" in html


def test_what_the_value_did_before_is_attached_as_a_picture(warehouse, smtp, add_event, ledger):
    event = add_event("a")
    keys = ("monitor", "metric", "feature", "segment", "segment_value", "model_version", "span")
    warehouse.execute(
        f"create table {warehouse.table('verdicts')} (monitor text, metric text, feature text, segment text, segment_value text, "
        "model_version text, span integer, window_end timestamp, metric_value double precision, warn_threshold double precision, "
        "alert_threshold double precision, direction text, centre double precision)"
    )
    past = {key: event[key] for key in keys} | {"warn_threshold": 0.1, "alert_threshold": 0.25, "direction": "above", "centre": 0.0}
    rows = [past | {"window_end": event["window_end"] - timedelta(days=day), "metric_value": 0.4 / (day + 1)} for day in range(70)]
    warehouse.insert("verdicts", [*rows, rows[0] | {"feature": "another"}, rows[0] | {"window_end": NOW + timedelta(days=9)}])
    distance = {"feature": "a ratio", "direction": "both", "centre": 1.0}
    warehouse.insert("verdicts", [row | distance | {"metric_value": value} for row, value in zip(rows, (0.7, 1.3), strict=False)])
    limits = [(past.value, past.warn_threshold, past.alert_threshold) for past in Ledger(warehouse, "w").history(event | distance)]
    assert limits == [(1.3, 1.1, 1.25), (0.7, 0.9, 0.75)], "the limit on the side of the value"
    deliver(warehouse, [channel(smtp)], DeliveryPolicy(), NOW)

    ((_, mail),) = smtp.handler.mails
    (picture,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    data = picture.get_content()
    assert data.startswith(b"\x89PNG") and len(data) > 5000
    assert int.from_bytes(data[16:20]) > 1000  # pixels
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in mail.get_body(("html",)).get_content()
    assert mail.get_body(("plain",)).get_content().startswith("flight_delay")


def test_a_history_that_cannot_be_drawn_stops_no_mail(warehouse, smtp, add_event, ledger, monkeypatch):
    add_event("a")
    history = tuple(PastValue(NOW - timedelta(days=day), float("nan"), None, None) for day in range(3))
    monkeypatch.setattr("ml_monitor.alerts.ledger.Ledger.history", lambda self, event: history)
    monkeypatch.setattr("ml_monitor.report.charts.render_png", lambda *arguments: 1 / 0)
    deliver(warehouse, [channel(smtp)], DeliveryPolicy(), NOW)
    assert [row["status"] for row in ledger()] == ["sent"]


def test_greylisting_is_tried_again_with_the_same_message_id(warehouse, smtp, add_event, ledger, clock):
    add_event("a")
    smtp.handler.answers = ["451 try again later"]
    assert deliver(warehouse, [channel(smtp)], DeliveryPolicy(), NOW, clock=clock).count("failed") == 1
    clock.advance(minutes=1)
    assert deliver(warehouse, [channel(smtp)], DeliveryPolicy(), NOW, clock=clock).count("sent") == 1
    assert [row["attempts"] for row in ledger()] == [2]


def test_a_refusal_is_final(warehouse, smtp, add_event, ledger):
    add_event("a")
    smtp.handler.answers = ["554 policy says no"]
    deliver(warehouse, [channel(smtp)], DeliveryPolicy(), NOW)
    assert [(row["status"], row["error"]) for row in ledger()] == [("rejected", "SMTP 554")]


def test_a_server_without_tls_gets_neither_password_nor_mail(warehouse, smtp, add_event, ledger):
    add_event("a")
    server = MailServer("127.0.0.1", smtp.port, user="me", password="s3cret")
    deliver(warehouse, [EmailChannel(server, SENDER, RECIPIENTS)], DeliveryPolicy(), NOW)
    (row,) = ledger()
    assert row["status"] == "failed" and "s3cret" not in row["error"]
    assert smtp.handler.mails == []


def test_nobody_listens(warehouse, add_event, ledger):
    add_event("a")
    server = MailServer("127.0.0.1", free_port(), starttls=False)
    deliver(warehouse, [EmailChannel(server, SENDER, RECIPIENTS)], DeliveryPolicy(), NOW)
    assert [(row["status"], row["error"]) for row in ledger()] == [("failed", "no answer (ConnectionRefusedError)")]


def test_the_environment_configures_it():
    environment = {
        "ML_MONITOR_EMAIL_HOST": "smtp.example.org",
        "ML_MONITOR_EMAIL_FROM": SENDER,
        "ML_MONITOR_EMAIL_TO": "one@example.org, two@example.org",
        "ML_MONITOR_EMAIL_PASSWORD": "s3cret",
    }
    settings = ChannelSettings.from_environment(environment)
    assert [channel.name for channel in settings.channels()] == ["console", "email"]
    assert "s3cret" not in repr(settings)
    for missing in ("ML_MONITOR_EMAIL_FROM", "ML_MONITOR_EMAIL_TO"):
        with pytest.raises(ChannelConfigError, match="ML_MONITOR_EMAIL_FROM and ML_MONITOR_EMAIL_TO"):
            ChannelSettings.from_environment({k: v for k, v in environment.items() if k != missing}).channels()
