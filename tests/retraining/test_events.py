"""A run that failed is told through the channels, once."""

import io
from collections.abc import Callable
from datetime import timedelta

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import ConsoleChannel
from ml_monitor.retraining import plan, start_run
from tests.retraining.conftest import NOW, World
from tests.retraining.test_run import started

Toy = Callable[..., World]


def told(world: World) -> str:
    """What a delivery prints."""
    screen = io.StringIO()
    deliver(world.warehouse, [ConsoleChannel(screen)], DeliveryPolicy(), NOW + timedelta(hours=1))
    return " ".join(screen.getvalue().split())


def test_user_code_that_raises_is_told_once(toy: Toy) -> None:
    world = toy("raises", owner="flights-team")
    result = world.retrain()
    [event] = world.rows("alert_events")
    assert event["reason"] == f"training run {result.training_run_id} failed: {result.reason}"
    assert (event["event_type"], event["severity"], event["owner"]) == ("opened", "alert", "flights-team")
    assert "the solver did not converge" in told(world)
    assert told(world) == ""


def test_an_end_that_is_no_failure_is_not_told(toy: Toy) -> None:
    world = toy("useless")
    assert world.retrain().status == "kept"
    assert world.rows("alert_events") == []


def test_every_failure_has_its_own_event(toy: Toy) -> None:
    world = toy("raises")
    for hour in range(2):
        world.retrain(now=NOW + timedelta(hours=hour))
    assert len({event["incident_id"] for event in world.rows("alert_events")}) == 2


def test_a_run_that_died_is_told_when_the_next_one_starts(toy: Toy) -> None:
    world = toy()
    dead = started(world)
    later = NOW + timedelta(hours=7)
    start_run(world.warehouse, "toy", plan(world.warehouse, "toy", now=later, trigger="manual"), now=later)
    [event] = world.rows("alert_events")
    assert dead in event["reason"] and "never ended within 6 hours" in event["reason"]
