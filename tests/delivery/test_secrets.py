"""No secret of a channel is in the warehouse, on the screen, in a log or in an answer of the command, whatever goes wrong."""

import logging

import pytest

from ml_monitor.alerts import ChannelSettings, DeliveryPolicy, deliver
from tests.delivery.conftest import NOW
from tests.delivery.receiver import Answer, Receiver
from tests.delivery.test_email import free_port

MARK = "s3cr3t"
TABLES = ("alert_events", "alert_deliveries", "alert_delivery_attempts", "alert_actions")


def environment(url, closed):
    """Every channel that has a secret, each with one that can be told."""
    return {
        "ML_MONITOR_WEBHOOK_URL": f"{url}/{MARK}-webhook?token={MARK}",
        "ML_MONITOR_WEBHOOK_SECRET": f"{MARK}-signing",
        "ML_MONITOR_SLACK_BOT_TOKEN": f"xoxb-{MARK}",
        "ML_MONITOR_SLACK_CHANNEL": "C1",
        "ML_MONITOR_SLACK_API_URL": f"{url}/",
        "ML_MONITOR_PAGERDUTY_ROUTING_KEY": f"{MARK}-routing",
        "ML_MONITOR_PAGERDUTY_URL": url,
        "ML_MONITOR_TEAMS_WEBHOOK_URL": f"{url}/{MARK}-teams",
        "ML_MONITOR_EMAIL_HOST": "127.0.0.1",
        "ML_MONITOR_EMAIL_PORT": str(closed),
        "ML_MONITOR_EMAIL_USER": "me",
        "ML_MONITOR_EMAIL_PASSWORD": f"{MARK}-password",
        "ML_MONITOR_EMAIL_FROM": "a@example.org",
        "ML_MONITOR_EMAIL_TO": "b@example.org",
        "ML_MONITOR_SENTRY_DSN": url.replace("http://", f"http://{MARK}@") + "/42",
        "ML_MONITOR_APPRISE_URL": url.replace("http://", f"json://user:{MARK}@"),
        "ML_MONITOR_ANSWER_URL": "https://example.org/answers",
        "ML_MONITOR_ANSWER_SECRET": f"{MARK}-of-many-letters",
    }


@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        Answer(401, body="no"),
        Answer(429),
        Answer(500),
        Answer(die=True),
        Answer(302, {"Location": "http://example.org"}),
    ],
    ids=["taken", "wrong token", "429", "500", "dies", "redirect"],
)
def test_no_secret_is_anywhere(warehouse, add_event, clock, caplog, capfd, answer):
    receiver = Receiver()
    receiver.default = answer
    told = []
    try:
        settings = ChannelSettings.from_environment(environment(receiver.url.removesuffix("/hook"), free_port()))
        add_event("a")
        with caplog.at_level(logging.DEBUG):
            done = deliver(
                warehouse,
                settings.channels(),
                DeliveryPolicy(),
                NOW,
                clock=clock,
                progress=told.append,
                answers=settings.answer_links(),
            )
        assert MARK in str([(one.path, one.headers) for one in receiver.requests])  # they were used
    finally:
        receiver.close()
    kept = {name: warehouse.query(f"select * from {warehouse.table(name)}") for name in TABLES}
    screen = capfd.readouterr()
    # httpcore's and urllib3's own debug lines name what they request: nobody asks for them but who debugs them.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpcore", "urllib3", "httpx"))]
    for place in (kept, told, done.to_dict(), repr(settings), screen.out, screen.err, logged):
        assert MARK not in str(place)
