"""After the promotion: guards, shadows, rollbacks by policy."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_monitor.retraining import ArtifactError, Guard, check_guards, register_version, rollback
from ml_monitor.retraining.snapshots import labelled_rows
from tests.retraining.conftest import NOW, World, synthetic_logs

Toy = Callable[..., World]


def serve(world: World, version: str, days: int, *, good: bool, a_day: int = 60, start: datetime = NOW) -> datetime:
    """Log predictions of a version after the promotion, and their labels; returns the time that is reached."""
    chance = np.random.default_rng(3)
    n = days * a_day
    x = chance.normal(size=n)
    moments = pd.Timestamp(start) + pd.to_timedelta(np.arange(n) * 86400 / a_day, unit="s")
    ids = [f"s{version}{start:%m%d}{i:05d}" for i in range(n)]
    noise = chance.normal(scale=0.05, size=n)
    score = (1 / (1 + np.exp(-2 * x)) + noise if good else 0.5 + noise).clip(0.001, 0.999)
    labels = (chance.random(n) < 1 / (1 + np.exp(-2 * x))).astype(float)
    columns = {"id": ids, "predicted at": moments, "version": version, "x": x, "region": "south", "score": score, "guess": x}
    predictions = pd.DataFrame(columns)
    feedback = pd.DataFrame({"id": ids, "label": labels, "value": x, "labelled_at": moments + pd.Timedelta(hours=1)})
    import duckdb

    with duckdb.connect(str(world.database)) as connection:
        for name, rows in (("predictions", predictions), ("labels", feedback)):
            connection.register("rows", rows)
            connection.execute(f"insert into {name} by name select * from rows")
    return start + timedelta(days=days)


def look(world: World, now: datetime) -> Guard | None:
    guards = check_guards(world.warehouse, "toy", now=now, project_dir=world.directory)
    return guards[0] if guards else None


def told(world: World) -> list[tuple[str, ...]]:
    rows = sorted(world.rows("alert_events"), key=lambda row: (row["window_end"], row["event_type"]))
    return [(row["metric"], row["model_version"], row["event_type"], row["reason"]) for row in rows]


def promoted(toy: Toy, **guard: Any) -> World:
    world = toy()
    world.write_spec(guard=guard)
    assert world.retrain().status == "promoted"
    return world


def test_a_good_champion_passes_its_window(toy: Toy) -> None:
    # v1 of the toy log is bad, and has no artefact: the new one is held against what v1 achieved.
    world = promoted(toy, days=10, action="rollback")
    first = look(world, NOW + timedelta(hours=2))
    assert first is not None and first.status == "watching" and "0 labelled rows since" in first.reason
    now = serve(world, "r20240301", 10, good=True)
    middle = look(world, now - timedelta(days=2))
    assert middle is not None and (middle.status, middle.basis) == ("watching", "expectation")
    assert middle.difference is not None and middle.difference > 0
    last = look(world, now + timedelta(hours=2))
    assert last is not None and last.status == "passed"
    assert look(world, now + timedelta(days=1)) is None
    assert world.stages() == {"v1": "previous", "r20240301": "champion"}
    assert world.rows("alert_events") == []


def test_a_forced_release_that_is_worse_is_rolled_back_and_told(toy: Toy) -> None:
    world = promoted(toy, days=14, action="rollback")
    at = NOW + timedelta(days=1)
    register_version(world.warehouse, "toy", "v2", now=at, reason="forced by the team", actor="ada")
    now = serve(world, "v2", 6, good=False, start=at)
    guard = look(world, now)
    assert guard is not None
    # The champion before has an artefact: both on the same rows.
    assert (guard.status, guard.basis, guard.model_version, guard.against_version) == ("rolled_back", "paired", "v2", "r20240301")
    assert guard.upper_bound is not None and guard.upper_bound < 0
    assert world.stages() == {"v1": "retired", "r20240301": "champion", "v2": "previous"}
    last = world.rows("deployments")[-1]
    assert (last["action"], last["actor"], last["model_version"]) == ("rollback", "guard", "r20240301")
    assert "worse than the champion before it" in last["reason"]
    assert told(world) == [
        ("champion_guard", "v2", "opened", guard.reason),
        ("champion_guard", "v2", "resolved", "'r20240301' serves again"),
    ]
    # Looking again neither rolls back again nor tells again, and a rollback is not guarded.
    assert look(world, now + timedelta(hours=1)) is None
    assert len(world.rows("deployments")) == 4 and len(told(world)) == 2


def test_by_default_a_person_is_told_and_decides(toy: Toy) -> None:
    world = promoted(toy)
    at = NOW + timedelta(days=1)
    register_version(world.warehouse, "toy", "v2", now=at, reason="forced by the team")
    guard = look(world, serve(world, "v2", 8, good=False, start=at))
    assert guard is not None and guard.status == "worse"
    assert "`ml-monitor rollback toy` brings it back" in guard.reason
    assert world.stages()["v2"] == "champion"
    assert [event[:3] for event in told(world)] == [("champion_guard", "v2", "opened")]


@pytest.mark.parametrize("end", ["rollback", "register"])
def test_the_incident_about_a_champion_ends_when_it_serves_no_more(toy: Toy, end: str) -> None:
    world = promoted(toy)
    at = NOW + timedelta(days=1)
    register_version(world.warehouse, "toy", "v2", now=at, reason="forced by the team")
    now = serve(world, "v2", 8, good=False, start=at)
    look(world, now)
    if end == "rollback":
        rollback(world.warehouse, "toy", now=now, reason="as proposed", actor="ada")
        words, status = "'r20240301' serves again, rollback by ada: as proposed", "rolled_back"
    else:
        register_version(world.warehouse, "toy", "v3", now=now, reason="mended", actor="ada")
        words, status = "'v3' serves instead, register by ada: mended", "superseded"
    opened, resolved = told(world)
    assert resolved == ("champion_guard", "v2", "resolved", words)
    assert len({row["incident_id"] for row in world.rows("alert_events")}) == 1
    [row] = [row for row in world.rows("champion_guards") if row["model_version"] == "v2"]
    assert (row["status"], row["reason"]) == (status, f"{opened[3]}; {words}")


def test_a_guard_that_died_before_its_rollback_looks_again(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    world = promoted(toy, action="rollback")
    at = NOW + timedelta(days=1)
    register_version(world.warehouse, "toy", "v2", now=at, reason="forced by the team")
    now = serve(world, "v2", 8, good=False, start=at)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr("ml_monitor.retraining.promotion.resolve_events", die)
        look(world, now)
    assert world.stages()["v2"] == "champion" and told(world) == []
    guard = look(world, now)
    assert guard is not None and guard.status == "rolled_back"
    assert [event[2] for event in told(world)] == ["opened", "resolved"]


def test_a_look_that_ends_after_a_rollback_by_hand_changes_nothing(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    world = promoted(toy)
    at = NOW + timedelta(days=1)
    register_version(world.warehouse, "toy", "v2", now=at, reason="forced by the team")
    now = serve(world, "v2", 8, good=False, start=at)

    def rows_after_a_rollback(*arguments: Any, **named: Any) -> pd.DataFrame:
        rollback(world.warehouse, "toy", now=now, reason="at once", actor="ada")
        return labelled_rows(*arguments, **named)

    monkeypatch.setattr("ml_monitor.retraining.guard.labelled_rows", rows_after_a_rollback)
    look(world, now)
    assert {row["model_version"]: row["status"] for row in world.rows("champion_guards")}["v2"] == "rolled_back"
    assert told(world) == []


def test_a_rollback_that_is_not_possible_is_refused_in_words_and_told(toy: Toy) -> None:
    world = promoted(toy, action="rollback")
    at = NOW + timedelta(days=1)
    register_version(world.warehouse, "toy", "v2", now=at, reason="forced by the team")
    Path(next(v["artifact_uri"] for v in world.rows("model_versions") if v["artifact_uri"])).unlink()
    # Its rows from the log stand in for the lost model.
    serve(world, "r20240301", 1, good=True, a_day=400)
    now = serve(world, "v2", 8, good=False, start=at)
    with pytest.raises(ArtifactError, match="no file"):
        look(world, now)
    [row] = [g for g in world.rows("champion_guards") if g["model_version"] == "v2"]
    assert (row["status"], row["basis"]) == ("worse", "expectation")
    assert "could not be rolled back" in row["reason"]
    assert world.stages()["v2"] == "champion"
    assert {event[0] for event in told(world)} == {"rollback", "champion_guard"}
    rollback(world.warehouse, "toy", now=now, to_version="v1", reason="then to the first", actor="ada")
    ends = sorted(event[::2] for event in told(world))
    assert ends == [(metric, end) for metric in ("champion_guard", "rollback") for end in ("opened", "resolved")]


def test_a_predecessor_that_is_hardly_known_condemns_nobody(toy: Toy) -> None:
    world = promoted(toy, days=10, action="rollback")
    world.write_spec(guard={"days": 4, "action": "rollback"})
    # Of v1 the four days before have 160 labelled rows, and it has no artefact.
    guard = look(world, serve(world, "r20240301", 2, good=False, a_day=200))
    assert guard is not None and guard.status == "watching"
    assert "v1 cannot score these rows, and had fewer than 200 labelled ones of its own" in guard.reason
    assert world.stages()["r20240301"] == "champion"


def test_regression_is_guarded_by_its_mean_error(toy: Toy) -> None:
    world = toy("line", task="regression", score=None, label="value")
    world.write_spec(guard={"days": 14, "action": "rollback"})
    world.retrain()
    at = NOW + timedelta(days=1)
    register_version(world.warehouse, "toy", "v2", now=at, reason="forced")
    # Truth is x and the guess of v2 is x: the old champion, who learned 3x, is the worse one.
    guard = look(world, serve(world, "v2", 8, good=True, start=at))
    assert guard is not None and (guard.status, guard.metric) == ("watching", "mae")
    assert guard.difference is not None and guard.difference < 0


def test_another_release_ends_the_watch_of_the_one_before(toy: Toy) -> None:
    world = promoted(toy)
    look(world, NOW + timedelta(hours=1))
    register_version(world.warehouse, "toy", "v2", now=NOW + timedelta(days=1), reason="release")
    look(world, NOW + timedelta(days=1, hours=1))
    assert {g["model_version"]: g["status"] for g in world.rows("champion_guards")} == {
        "r20240301": "superseded",
        "v2": "watching",
    }


@pytest.mark.parametrize(("good", "status"), [(False, "promoted"), (True, "rejected")])
def test_a_shadow_has_to_win_again_on_rows_that_came_after_its_training(toy: Toy, good: bool, status: str) -> None:
    world = toy()
    world.write_spec(promotion="shadow", shadow_days=7)
    result = world.retrain()
    assert result.status == "kept" and "runs in shadow until 2024-03-08" in result.reason
    assert world.stages() == {"v1": "champion", "r20240301": "challenger"}
    # A champion that has become good is not beaten again.
    now = serve(world, "v1", 7, good=good)
    waiting = look(world, now - timedelta(days=1))
    assert waiting is not None and (waiting.kind, waiting.status) == ("shadow", "watching")
    ended = look(world, now + timedelta(hours=2))
    assert ended is not None and ended.status == status
    expected = {"promoted": {"v1": "previous", "r20240301": "champion"}, "rejected": {"v1": "champion", "r20240301": "rejected"}}
    assert world.stages() == expected[status]
    [run] = world.rows("training_runs")
    assert "in shadow, r20240301: roc_auc" in run["reason"]


def test_a_shadow_without_rows_is_refused(toy: Toy) -> None:
    world = toy(logs=synthetic_logs())
    world.write_spec(promotion="shadow", shadow_days=2)
    world.retrain()
    ended = look(world, NOW + timedelta(days=3))
    assert ended is not None and ended.status == "rejected"
    assert "only 0 labelled rows in shadow, 200 are needed" in ended.reason


def test_a_shadow_whose_model_is_gone_is_refused_and_told(toy: Toy) -> None:
    world = toy()
    world.write_spec(promotion="shadow", shadow_days=7)
    world.retrain()
    Path(next(v["artifact_uri"] for v in world.rows("model_versions") if v["artifact_uri"])).unlink()
    ended = look(world, serve(world, "v1", 7, good=False) + timedelta(hours=2))
    assert ended is not None and ended.status == "rejected" and "it cannot be compared" in ended.reason
    assert world.stages() == {"v1": "champion", "r20240301": "rejected"}
    assert [event["metric"] for event in world.rows("alert_events")] == ["champion_guard"]


def test_a_shadow_that_won_against_a_champion_of_the_past_is_told(toy: Toy) -> None:
    world = toy()
    world.write_spec(promotion="shadow", shadow_days=7)
    world.retrain()
    now = serve(world, "v1", 7, good=False)
    register_version(world.warehouse, "toy", "v2", now=now, reason="released meanwhile")
    look(world, now + timedelta(hours=2))
    [shadow] = [g for g in world.rows("champion_guards") if g["kind"] == "shadow"]
    assert shadow["status"] == "superseded" and "no longer serves" in shadow["reason"]
    assert world.stages() == {"v1": "previous", "r20240301": "rejected", "v2": "champion"}
    assert [event["model_version"] for event in world.rows("alert_events")] == ["r20240301"]
