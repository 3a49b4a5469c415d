"""A run that failed is told through the channels, once."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import ConsoleChannel
from ml_monitor.retraining import RetrainingError, plan, resume_run, start_run
from ml_monitor.retraining.ledger import load_run, recorded_step
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


def test_a_last_attempt_that_died_is_told_too(toy: Toy) -> None:
    world = toy()
    world.write_spec(max_attempts=1)
    world.trigger("fell")
    run = start_run(world.warehouse, "toy", plan(world.warehouse, "toy", now=NOW), now=NOW)
    later = world.retrain(NOW + timedelta(hours=7), trigger="auto")
    assert later.status == "skipped" and "failed 1 times" in later.reason
    [event] = world.rows("alert_events")
    assert run.training_run_id in event["reason"] and "never ended within 6 hours" in event["reason"]
    assert world.retrain(NOW + timedelta(hours=8), trigger="auto").status == "skipped"
    assert len(world.rows("alert_events")) == 1


def test_the_next_verdict_ends_what_was_told_of_earlier_runs(toy: Toy) -> None:
    world = toy("raises")
    world.retrain()
    world.write_spec(trainer=world.spec["retraining"]["trainer"].replace("raises", "good"))
    good = world.retrain(NOW + timedelta(hours=1))
    assert good.status == "promoted"
    opened, resolved = sorted(world.rows("alert_events"), key=lambda row: row["event_type"])
    assert (resolved["event_type"], resolved["incident_id"]) == ("resolved", opened["incident_id"])
    assert resolved["reason"] == f"training run {good.training_run_id} has ended with a verdict"
    assert world.retrain(NOW + timedelta(hours=2)).status != "failed"
    assert len(world.rows("alert_events")) == 2


def test_a_process_that_was_taken_for_dead_cannot_fail_a_run_that_has_ended(toy: Toy) -> None:
    world = toy()
    run = load_run(world.warehouse, started(world))
    with pytest.raises(RetrainingError, match="too late"), recorded_step(world.warehouse, run, "promote", now=NOW):
        resume_run(world.warehouse, run.training_run_id, now=NOW, project_dir=world.directory)
        raise RuntimeError("too late")
    assert [row["status"] for row in world.rows("training_runs")] == ["promoted"]
    assert world.rows("alert_events") == []
