"""Decisions about deliveries, as a table."""

from datetime import datetime, timedelta

import pytest

from ml_monitor.alerts.policy import Delivery, DeliveryPolicy, classify, decide, delivery_id, pause

NOW = datetime(2024, 5, 10)
POLICY = DeliveryPolicy()
MINUTE = timedelta(minutes=1)


def delivery(**changes) -> Delivery:
    row = {"delivery_id": "d", "event_id": "e", "channel": "c", "status": "pending", "attempts": 0}
    return Delivery(**{**row, "incident_id": "i", "event_type": "opened", "window_end": NOW, **changes})


@pytest.mark.parametrize(
    ("changes", "openings", "action"),
    [
        ({}, [], "send"),
        ({"window_end": NOW - timedelta(days=7)}, [], "send"),
        ({"window_end": NOW - timedelta(days=7, seconds=1)}, [], "suppress"),
        ({"status": "failed", "attempts": 1, "window_end": NOW - timedelta(days=30)}, [], "send"),
        ({"status": "failed", "next_attempt_at": NOW + MINUTE}, [], "wait"),
        ({"status": "failed", "next_attempt_at": NOW}, [], "send"),
        ({"status": "sending", "attempts": 1, "claimed_at": NOW - 4 * MINUTE}, [], "wait"),
        ({"status": "sending", "attempts": 1, "claimed_at": NOW - 5 * MINUTE}, [], "send"),
        ({"status": "sending", "attempts": 6, "claimed_at": NOW - 5 * MINUTE}, [], "give_up"),
        ({"deliver_after": NOW + MINUTE}, [], "wait"),
        ({"deliver_after": NOW}, [], "send"),
        ({"deliver_after": NOW + MINUTE, "window_end": NOW - timedelta(days=8)}, [], "suppress"),
        ({"event_type": "resolved"}, [], "suppress"),
        ({"event_type": "resolved"}, ["rejected", "dead", "suppressed"], "suppress"),
        ({"event_type": "resolved"}, ["rejected", "failed"], "wait"),
        ({"event_type": "resolved"}, ["sending"], "wait"),
        ({"event_type": "resolved"}, ["failed", "sent"], "send"),
    ],
)
def test_decide(changes, openings, action):
    assert decide(delivery(**changes), openings, POLICY, NOW, NOW).action == action


@pytest.mark.parametrize(
    ("accepted", "code", "attempt", "status"),
    [
        (True, 200, 1, "sent"),
        (True, None, 6, "sent"),
        (False, None, 1, "failed"),
        (False, 408, 1, "failed"),
        (False, 429, 5, "failed"),
        (False, 500, 5, "failed"),
        (False, 599, 6, "dead"),
        (False, None, 6, "dead"),
        (False, 301, 1, "rejected"),
        (False, 400, 1, "rejected"),
        (False, 410, 6, "rejected"),
    ],
)
def test_classify(accepted, code, attempt, status):
    assert classify(accepted, code, attempt, POLICY) == status


@pytest.mark.parametrize(
    ("attempt", "asked", "seconds"),
    [
        (1, None, 30),
        (2, None, 60),
        (3, None, 120),
        (20, None, 3600),
        (10**6, None, 3600),
        (1, 5, 30),
        (1, 7200, 7200),
    ],
)
def test_pause(attempt, asked, seconds):
    retry_after = timedelta(seconds=asked) if asked else None
    assert pause(attempt, retry_after, POLICY) == timedelta(seconds=seconds)


def test_ids_differ_by_event_and_channel_only():
    assert delivery_id("e", "slack") == delivery_id("e", "slack")
    assert len({delivery_id(event, channel) for event in "ab" for channel in ("slack", "webhook")}) == 4


@pytest.mark.parametrize("wrong", [{"lease": timedelta(0)}, {"max_age": timedelta(-1)}, {"max_attempts": 0}])
def test_a_policy_that_makes_no_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DeliveryPolicy(**wrong)
