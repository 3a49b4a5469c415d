"""PagerDuty and Teams: what a receiver gets, and how its answers end up in the ledger."""

import json

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import PagerDutyChannel, TeamsChannel
from ml_monitor.alerts.settings import ChannelSettings
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer

KEY = "0123456789abcdef0123456789abcdef"
NASTY = "[click](https://evil.example) **bold**"


def bodies(receiver):
    return [json.loads(request.body) for request in receiver.requests]


def test_pagerduty_triggers_and_resolves_one_alert_per_incident(warehouse, receiver, add_event):
    add_event("opening", incident_id="i", created_at=NOW.replace(hour=1))
    add_event("end", incident_id="i", event_type="resolved")
    receiver.default = Answer(202, body='{"status": "success"}')
    url = "https://example.org/report"
    deliver(warehouse, [PagerDutyChannel(KEY, receiver.url)], DeliveryPolicy(), NOW, report_url=url)

    trigger, resolve = bodies(receiver)
    assert resolve == {"routing_key": KEY, "event_action": "resolve", "dedup_key": "i"}
    assert (trigger["event_action"], trigger["dedup_key"], trigger["routing_key"]) == ("trigger", "i", KEY)
    assert trigger["payload"]["severity"] == "critical"
    assert trigger["payload"]["summary"] == "flight_delay · psi of dep_hour where origin is JFK · opened"
    assert trigger["payload"]["timestamp"] == "2024-05-10T00:00:00Z"
    assert trigger["payload"]["custom_details"]["Value"] == "0.4123 (threshold 0.25)"
    assert trigger["links"] == [{"href": url, "text": "Report"}]


def test_pagerduty_pages_for_what_teams_could_not_tell_even_for_an_end(warehouse, receiver, add_event):
    add_event("opening", incident_id="i", severity="warning", created_at=NOW.replace(hour=1))
    add_event("end", incident_id="i", severity="warning", event_type="resolved")
    receiver.default = Answer(202)
    receiver.answers.extend([Answer(202), Answer(403)])
    channels = [TeamsChannel(receiver.url), PagerDutyChannel(KEY, receiver.url)]
    deliver(warehouse, channels, DeliveryPolicy(minimum_severity={"pagerduty": "alert"}), NOW)

    (page,) = [body for body in bodies(receiver) if "routing_key" in body]
    assert page["event_action"] == "trigger"
    assert page["dedup_key"] != "i"
    assert page["payload"]["summary"].startswith("not delivered to teams: ")
    assert page["payload"]["custom_details"]["Not delivered to"] == "teams"


def test_a_routing_key_in_an_error_is_not_logged(warehouse, receiver, add_event, ledger):
    add_event("a")
    receiver.default = Answer(400, body='{"status": "invalid event", "errors": ["routing_key is wrong"]}')
    deliver(warehouse, [PagerDutyChannel(KEY, receiver.url)], DeliveryPolicy(), NOW)
    (row,) = ledger()
    assert row["status"] == "rejected"
    assert "routing_key is wrong" in row["error"] and KEY not in row["error"]


def test_teams_gets_a_card_whose_values_are_no_markup(warehouse, receiver, add_event):
    add_event("a", reason=NASTY)
    deliver(warehouse, [TeamsChannel(receiver.url)], DeliveryPolicy(), NOW, report_url="https://example.org/report")

    (body,) = bodies(receiver)
    (attachment,) = body["attachments"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    title, facts = attachment["content"]["body"]
    assert title["color"] == "attention"
    reason = next(fact["value"] for fact in facts["facts"] if fact["title"] == "Reason")
    assert "\\[click\\]\\(" in reason and "**" not in reason
    assert attachment["content"]["actions"][0]["url"] == "https://example.org/report"


def test_teams_waits_as_long_as_it_is_asked_to(warehouse, receiver, add_event, ledger, clock):
    add_event("a")
    receiver.default = Answer(429, headers={"Retry-After": "900"})
    deliver(warehouse, [TeamsChannel(receiver.url)], DeliveryPolicy(), NOW, clock=clock)
    (row,) = ledger()
    assert (row["next_attempt_at"] - clock()).total_seconds() == 900


def test_the_environment_configures_both(receiver):
    settings = ChannelSettings.from_environment(
        {"ML_MONITOR_PAGERDUTY_ROUTING_KEY": KEY, "ML_MONITOR_TEAMS_WEBHOOK_URL": receiver.url}
    )
    assert [channel.name for channel in settings.channels()] == ["console", "pagerduty", "teams"]
    assert settings.minimum_severity["pagerduty"] == "alert"
    assert KEY not in repr(settings) and receiver.url not in repr(settings)
