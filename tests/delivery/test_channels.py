"""What receivers get, byte for byte."""

import hashlib
import hmac
import io
import json

import pytest

from ml_monitor.alerts.channels import ConsoleChannel, SlackChannel, WebhookChannel
from ml_monitor.alerts.message import AlertMessage, message_from_event
from ml_monitor.alerts.settings import ChannelConfigError, ChannelSettings
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer

NASTY = "<!channel> & <https://evil.example|click> *bold*"


@pytest.fixture
def event():
    return {
        "event_id": "e1",
        "incident_id": "i1",
        "monitor": "flight_delay",
        "family": "drift",
        "metric": "psi",
        "feature": "dep_hour",
        "segment": "origin",
        "segment_value": NASTY,
        "model_version": "v3",
        "span": 7,
        "window_start": NOW,
        "window_end": NOW,
        "event_type": "opened",
        "severity": "alert",
        "metric_value": 0.4123,
        "threshold_value": 0.25,
        "sample_size": 5312,
        "reason": NASTY,
        "owner": "flights-team",
    }


def message(event, **changes) -> AlertMessage:
    return message_from_event({**event, **changes}, "d1", "https://example.org/report.html")


def test_webhook_signature_and_idempotency_key(event, receiver):
    result = WebhookChannel(receiver.url, secret="s3cret").send(message(event))

    assert result.accepted
    request = receiver.requests[0]
    expected = hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-ML-Monitor-Signature"] == f"sha256={expected}"
    assert request.headers["Idempotency-Key"] == "d1"
    body = json.loads(request.body)
    assert body["event"]["metric_value"] == 0.4123
    assert body["event"]["window_end"] == NOW.isoformat()
    assert body["fields"]["Rows"] == "5,312"


def test_webhook_without_secret_is_not_signed(event, receiver):
    WebhookChannel(receiver.url).send(message(event))
    assert "X-ML-Monitor-Signature" not in receiver.requests[0].headers


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), None])
def test_values_that_are_no_numbers_are_valid_json(event, receiver, figure):
    WebhookChannel(receiver.url).send(message(event, metric_value=figure, threshold_value=None, sample_size=None))
    body = json.loads(receiver.requests[0].body)
    assert body["event"]["metric_value"] is None
    assert body["fields"]["Value"] == "unknown (threshold unknown)"


def test_webhook_does_not_follow_redirects(event, receiver):
    receiver.answers.append(Answer(302, headers={"Location": receiver.url}))
    result = WebhookChannel(receiver.url).send(message(event))
    assert (result.accepted, result.response_code, len(receiver.requests)) == (False, 302, 1)


def test_slack_payload_is_block_kit_with_escaped_text(event, receiver):
    assert SlackChannel(receiver.url).send(message(event)).accepted

    payload = json.loads(receiver.requests[0].body)
    assert payload["text"].startswith("[alert] flight_delay: psi of dep_hour")
    header, section, context, actions = payload["blocks"]
    assert header["type"] == "header"
    assert header["text"]["type"] == "plain_text"
    assert len(header["text"]["text"]) <= 150
    assert section["type"] == "section"
    assert len(section["fields"]) <= 10
    assert all(field["type"] == "mrkdwn" and len(field["text"]) <= 2000 for field in section["fields"])
    assert context["type"] == "context"
    assert actions["elements"][0]["url"] == "https://example.org/report.html"

    details = dict(field["text"].strip("*").split("*\n", 1) for field in section["fields"])
    assert details["Value"] == "0.4123 (threshold 0.25)"
    assert details["Rows"] == "5,312"
    assert "last of 7 windows" in details["Window"]
    for text in (details["Reason"], details["What"], payload["text"]):
        assert "<" not in text
        assert ">" not in text
    assert "&lt;!channel&gt; &amp; " in details["Reason"]


def test_slack_texts_keep_to_the_limits(event, receiver):
    SlackChannel(receiver.url).send(message(event, reason="<&>" * 2000, monitor="m" * 300))
    header, section = json.loads(receiver.requests[0].body)["blocks"][:2]
    assert len(header["text"]["text"]) == 150
    longest = max(section["fields"], key=lambda field: len(field["text"]))["text"]
    assert len(longest) <= 2000
    assert longest.endswith("…")


def test_slack_rejections_say_what_slack_said(event, receiver):
    receiver.answers.append(Answer(403, body="invalid_token"))
    result = SlackChannel(receiver.url).send(message(event))
    assert (result.accepted, result.response_code, result.error) == (False, 403, "HTTP 403 invalid_token")


def test_slack_that_never_answers_is_given_up(event, receiver):
    receiver.default = Answer(hang=30)
    result = SlackChannel(receiver.url, timeout=1).send(message(event))
    assert (result.accepted, result.response_code) == (False, None)
    assert len(receiver.requests) == 1


def test_slack_connection_that_dies_is_not_retried_behind_the_ledger(event, receiver):
    receiver.default = Answer(die=True)
    result = SlackChannel(receiver.url).send(message(event))
    assert (result.accepted, result.response_code) == (False, None)
    assert len(receiver.requests) == 1


def test_console_shows_text_as_it_is(event):
    stream = io.StringIO()
    ConsoleChannel(stream).send(message(event, reason="[bold]not markup[/bold]"))
    assert "[bold]not markup[/bold]" in stream.getvalue()
    assert "flight_delay · psi of dep_hour" in stream.getvalue()


def test_channels_come_from_the_environment(receiver):
    settings = ChannelSettings.from_environment(
        {
            "ML_MONITOR_WEBHOOK_URL": receiver.url,
            "ML_MONITOR_SLACK_WEBHOOK_URL": "",
            "ML_MONITOR_WEBHOOK_MIN_SEVERITY": "alert",
        }
    )
    assert [channel.name for channel in settings.channels()] == ["console", "webhook"]
    assert settings.minimum_severity["webhook"] == "alert"
    assert receiver.url not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ML_MONITOR_WEBHOOK_URL", "not-a-url-hunter2"),
        ("ML_MONITOR_SLACK_WEBHOOK_URL", "ftp://hunter2"),
        ("ML_MONITOR_SLACK_MIN_SEVERITY", "hunter2"),
    ],
)
def test_bad_settings_are_refused_without_showing_them(variable, value):
    with pytest.raises(ChannelConfigError) as caught:
        ChannelSettings.from_environment({variable: value})
    assert "hunter2" not in str(caught.value)
    assert variable in str(caught.value)
