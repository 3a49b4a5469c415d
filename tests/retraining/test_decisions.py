"""What was decided is kept, whether something was done or not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.retraining.conftest import NOW, World

Toy = Callable[..., World]


def kept(world: World) -> list[tuple[Any, ...]]:
    rows = sorted(world.rows("retraining_decisions"), key=lambda row: (row["decided_at"], row["last_decided_at"]))
    return [(row["action"], row["times"], row["reason"]) for row in rows]


def test_every_decision_is_kept_and_the_same_one_only_counted(toy: Toy) -> None:
    world = toy()
    for hours in range(3):
        world.retrain(now=NOW + timedelta(hours=hours), trigger="auto")
    world.trigger("k1")
    for hours in range(3, 5):
        world.retrain(now=NOW + timedelta(hours=hours), trigger="auto")
    world.trigger("k2", "labels")
    for hours in range(5, 7):
        world.retrain(now=NOW + timedelta(hours=hours), trigger="auto")
    found = kept(world)
    assert [(action, times) for action, times, _ in found] == [("skip", 3), ("launch", 1), ("skip", 1), ("skip", 2)]
    assert found[0][2] == "nothing asks for retraining"
    assert "was answered by toy:k1:a1" in found[2][2]
    assert "cooling down until 2024-03-29 03:00" in found[3][2]
    launched = next(row for row in world.rows("retraining_decisions") if row["action"] == "launch")
    assert (launched["trigger_key"], launched["trigger_kind"], launched["training_run_id"]) == ("k1", "performance", "toy:k1:a1")


def test_the_run_in_the_way_is_named(toy: Toy) -> None:
    from tests.retraining.test_run import started

    world = toy()
    run = started(world)
    world.retrain(now=NOW + timedelta(hours=1))
    [row] = world.rows("retraining_decisions")
    assert (row["action"], row["training_run_id"]) == ("skip", run)


def test_the_wish_of_a_person_keeps_its_words(toy: Toy) -> None:
    from ml_monitor.retraining import retrain

    world = toy("useless")
    retrain(
        world.warehouse, "toy", now=NOW, trigger="manual", reason="new labels from the audit", project_dir=world.directory
    )
    [run] = world.rows("training_runs")
    assert (run["trigger_kind"], run["trigger_reason"]) == ("manual", "new labels from the audit")
    assert kept(world) == [("launch", 1, "manual: new labels from the audit")]
