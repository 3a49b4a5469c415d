"""Sentry, CloudWatch, logging and Apprise, each against a real receiver."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.server import ThreadedMotoServer

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import AppriseChannel, CloudWatchChannel, LoggingChannel, SentryChannel
from ml_monitor.alerts.channels.json_log import json_logger
from ml_monitor.alerts.settings import ChannelConfigError, ChannelSettings
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer

KEY = "0123456789abcdef"


def dsn(receiver):
    return receiver.url.replace("http://", f"http://{KEY}@").replace("/hook", "/42")


def envelope(request):
    """The event of a Sentry envelope: a header, then pairs of item header and item, each a line."""
    body = gzip.decompress(request.body) if request.headers.get("Content-Encoding") == "gzip" else request.body
    _, item, event = body.decode().splitlines()[:3]
    assert json.loads(item)["type"] == "event"
    return json.loads(event)


def test_an_incident_is_one_issue_in_sentry(warehouse, receiver, add_event, ledger):
    add_event("opening", incident_id="i", window_end=NOW - timedelta(days=2))
    add_event("end", incident_id="i", event_type="resolved")
    deliver(warehouse, [SentryChannel(dsn(receiver), "test")], DeliveryPolicy(), NOW)

    assert [request.path for request in receiver.requests] == ["/api/42/envelope/"] * 2
    assert f"sentry_key={KEY}" in receiver.requests[0].headers["X-Sentry-Auth"]
    opened, resolved = map(envelope, receiver.requests)
    assert opened["fingerprint"] == resolved["fingerprint"] == ["i"]
    assert (opened["level"], resolved["level"]) == ("error", "info")
    assert opened["event_id"] in {row["delivery_id"] for row in ledger()}
    assert opened["tags"]["monitor"] == "flight_delay" and opened["environment"] == "test"
    assert opened["contexts"]["alert"]["Value"] == "0.4123 (threshold 0.25)"


@pytest.mark.parametrize(("answer", "status"), [(Answer(403), "rejected"), (Answer(429), "failed"), (Answer(die=True), "failed")])
def test_what_sentry_answers_is_in_the_ledger(warehouse, receiver, add_event, ledger, clock, answer, status):
    add_event("a")
    receiver.answers.append(answer)
    deliver(warehouse, [SentryChannel(dsn(receiver))], DeliveryPolicy(), NOW, clock=clock)
    (row,) = ledger()
    assert row["status"] == status
    assert KEY not in row["error"]


@pytest.fixture(scope="module")
def aws():
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def credentials(monkeypatch):
    for name, text in {"ACCESS_KEY_ID": "testing", "SECRET_ACCESS_KEY": "testing", "DEFAULT_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", text)


def test_an_alarm_can_be_set_on_the_state_of_an_alert(warehouse, aws, credentials, monkeypatch, add_event):
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", aws)
    client = boto3.client("cloudwatch")
    namespace = f"Models-{warehouse.dialect}"
    add_event("a", segment_value="Zürich")
    channel = CloudWatchChannel(namespace)
    deliver(warehouse, [channel], DeliveryPolicy(), NOW)

    (state,) = client.list_metrics(Namespace=namespace, MetricName="AlertState")["Metrics"]
    dimensions = {one["Name"]: one["Value"] for one in state["Dimensions"]}
    assert dimensions == {
        "Monitor": "flight_delay",
        "Metric": "psi",
        "Feature": "dep_hour",
        "Segment": "origin",
        "SegmentValue": "Z\\xfcrich",
        "ModelVersion": "__all__",
        "Span": "7",
    }
    client.put_metric_alarm(
        AlarmName="drift",
        Namespace=namespace,
        MetricName="AlertState",
        Dimensions=state["Dimensions"],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="ignore",
    )
    now = datetime.now(UTC)

    def largest(metric, dimensions):
        read = client.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=7200,
            Statistics=["Maximum"],
        )
        return max(point["Maximum"] for point in read["Datapoints"])

    assert largest("AlertState", state["Dimensions"]) == 2
    assert largest("MetricValue", state["Dimensions"]) == pytest.approx(0.4123)
    (events,) = client.list_metrics(Namespace=namespace, MetricName="AlertEvents")["Metrics"]
    assert {one["Name"]: one["Value"] for one in events["Dimensions"]} == {"Monitor": "flight_delay", "Severity": "alert"}


@pytest.mark.parametrize(
    ("answer", "status"), [(Answer(403, body="<x/>"), "rejected"), (Answer(500), "failed"), (Answer(die=True), "failed")]
)
def test_what_aws_answers_is_in_the_ledger(
    warehouse, receiver, credentials, monkeypatch, add_event, ledger, clock, answer, status
):
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", receiver.url)
    add_event("a")
    receiver.default = answer
    deliver(warehouse, [CloudWatchChannel("Models")], DeliveryPolicy(), NOW, clock=clock)
    assert [row["status"] for row in ledger()] == [status]
    assert len(receiver.requests) == 1


def test_the_log_is_json_by_line_and_a_log_that_cannot_be_written_is_a_failure(
    warehouse, tmp_path, add_event, ledger, clock
):
    path = tmp_path / "alerts.log"
    add_event("a")
    deliver(warehouse, [LoggingChannel(json_logger(path))], DeliveryPolicy(), NOW, clock=clock)
    (line,) = map(json.loads, path.read_text().splitlines())
    assert (line["level"], line["logger"]) == ("ERROR", "ml_monitor.alerts")
    assert line["alert"]["event"]["metric_value"] == pytest.approx(0.4123)

    add_event("b")
    deliver(warehouse, [LoggingChannel(json_logger(tmp_path / "absent" / "alerts.log"))], DeliveryPolicy(), NOW, clock=clock)
    assert {row["event_id"]: row["status"] for row in ledger()} == {"a": "sent", "b": "failed"}


def test_apprise_reaches_what_it_has_a_url_for(warehouse, receiver, add_event, ledger, clock):
    add_event("a", reason="<b>bold</b>")
    add_event("b")
    receiver.answers.extend([Answer(), Answer(500)])
    channel = AppriseChannel(receiver.url.replace("http://", "json://"))
    deliver(warehouse, [channel], DeliveryPolicy(), NOW, clock=clock)
    first = json.loads(receiver.requests[0].body)
    assert first["title"] == "flight_delay · psi of dep_hour where origin is JFK · opened"
    assert (first["type"], "Severity: alert" in first["message"]) == ("failure", True)
    assert sorted(row["status"] for row in ledger()) == ["failed", "sent"]


def test_the_environment_configures_them_and_tells_no_secret(receiver, credentials, tmp_path):
    environment = {
        "ML_MONITOR_SENTRY_DSN": dsn(receiver),
        "ML_MONITOR_CLOUDWATCH_NAMESPACE": "Models",
        "ML_MONITOR_APPRISE_URL": "json://user:hidden@localhost",
        "ML_MONITOR_LOG_FILE": str(tmp_path / "alerts.log"),
    }
    settings = ChannelSettings.from_environment(environment)
    names = [channel.name for channel in settings.channels()]
    assert names == ["console", "sentry", "cloudwatch", "apprise", "logging"]
    assert KEY not in repr(settings) and "hidden" not in repr(settings)
    for variable in ("ML_MONITOR_SENTRY_DSN", "ML_MONITOR_APPRISE_URL"):
        with pytest.raises(ChannelConfigError, match=variable) as caught:
            ChannelSettings.from_environment({variable: "no-such-secret"}).channels()
        assert "no-such-secret" not in str(caught.value)
