"""Registering, approving, rolling back, loading."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ml_monitor.retraining import (
    ArtifactError,
    RetrainingError,
    approve,
    champion,
    load_model,
    register_version,
    reject,
    rollback,
)
from tests.retraining.conftest import NOW, World

Toy = Callable[..., World]
LATER = NOW + timedelta(days=1)


def back(world: World, to_version: str | None = None) -> str:
    result = rollback(
        world.warehouse, "toy", now=LATER, to_version=to_version, reason="complaints", actor="ada"
    )
    return result.champion_version


def test_register_makes_the_old_champion_the_previous_one(toy: Toy) -> None:
    world = toy()
    for version in ("v2", "v3", "v3"):
        register_version(world.warehouse, "toy", version, now=NOW, reason="release", actor="ada")
    assert world.stages() == {"v1": "retired", "v2": "previous", "v3": "champion"}
    assert [d["model_version"] for d in world.rows("deployments")] == ["v1", "v2", "v3"]
    with pytest.raises(RetrainingError, match="already known as previous"):
        register_version(world.warehouse, "toy", "v2", now=NOW, reason="release")
    with pytest.raises(ArtifactError, match="no file /nowhere"):
        register_version(world.warehouse, "toy", "v4", now=NOW, reason="release", artifact_uri="/nowhere")
    with pytest.raises(RetrainingError, match="no monitor 'absent'"):
        register_version(world.warehouse, "absent", "v4", now=NOW, reason="release")


def test_register_in_another_stage_serves_nothing(toy: Toy) -> None:
    world = toy()
    register_version(world.warehouse, "toy", "v0", now=NOW, stage="retired", reason="history")
    assert world.stages() == {"v1": "champion", "v0": "retired"}
    assert len(world.rows("deployments")) == 1


def test_rollback_and_back_again(toy: Toy) -> None:
    world = toy()
    world.retrain()
    assert back(world) == "v1"
    assert world.stages() == {"v1": "champion", "r20240301": "previous"}
    assert back(world) == "r20240301"
    assert world.stages() == {"v1": "previous", "r20240301": "champion"}
    assert back(world) == "v1"
    deployments = world.rows("deployments")
    assert [d["action"] for d in deployments] == ["register", "promote", "rollback", "rollback", "rollback"]
    assert len({d["deployment_id"] for d in deployments}) == 5
    assert (deployments[2]["actor"], deployments[2]["reason"]) == ("ada", "complaints")
    assert (deployments[2]["model_version"], deployments[2]["previous_version"]) == ("v1", "r20240301")


def test_rollback_to_a_named_version(toy: Toy) -> None:
    world = toy()
    for version in ("v2", "v3"):
        register_version(world.warehouse, "toy", version, now=NOW, reason="release")
    assert back(world, "v1") == "v1"
    assert world.stages() == {"v1": "champion", "v2": "retired", "v3": "previous"}


def test_rollback_with_nowhere_to_go(toy: Toy) -> None:
    world = toy("useless")
    with pytest.raises(RetrainingError, match="nothing served before 'v1'"):
        back(world)
    world.retrain()
    with pytest.raises(RetrainingError, match=r"cannot roll back to 'r20240301'. Allowed: none"):
        back(world, "r20240301")
    with pytest.raises(RetrainingError, match="cannot roll back to 'v1'"):
        back(world, "v1")
    world.warehouse.execute("delete from ml_monitor.ml_monitor__model_versions")
    with pytest.raises(RetrainingError, match="no champion to roll back"):
        back(world)


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_rollback_to_a_version_whose_artefact_is_not_the_recorded_one(toy: Toy, harm: str) -> None:
    world = toy()
    world.retrain()
    register_version(world.warehouse, "toy", "v2", now=LATER, reason="release")
    path = Path(next(v["artifact_uri"] for v in world.rows("model_versions") if v["artifact_uri"]))
    path.unlink() if harm == "missing" else path.write_bytes(b"something else")
    words = "no file" if harm == "missing" else "recorded was"
    with pytest.raises(ArtifactError, match=words):
        back(world)
    with pytest.raises(ArtifactError, match=words):
        load_model(world.warehouse, "toy", "r20240301", project_dir=world.directory)
    assert world.stages() == {"v1": "retired", "r20240301": "previous", "v2": "champion"}


def test_models_that_cannot_be_loaded(toy: Toy) -> None:
    world = toy()
    with pytest.raises(RetrainingError, match=r"no version 'v7'. Allowed: v1"):
        load_model(world.warehouse, "toy", "v7")
    with pytest.raises(ArtifactError, match="released from outside"):
        load_model(world.warehouse, "toy", "v1")


def test_manual_promotion_waits_for_approval(toy: Toy) -> None:
    world = toy()
    world.write_spec(promotion="manual")
    result = world.retrain()
    assert (result.status, result.champion_version) == ("kept", "v1")
    assert "waits for approval" in result.reason
    assert world.stages() == {"v1": "champion", "r20240301": "challenger"}
    approve(world.warehouse, "toy", "r20240301", now=LATER, reason="looks right", actor="ada")
    assert world.stages() == {"v1": "previous", "r20240301": "champion"}
    last = world.rows("deployments")[-1]
    assert (last["action"], last["actor"], last["training_run_id"]) == (
        "promote",
        "ada",
        result.training_run_id,
    )
    with pytest.raises(RetrainingError, match=r"'r20240301' is no challenger. Allowed: none waits"):
        approve(world.warehouse, "toy", "r20240301", now=LATER, reason="again", actor="ada")


def test_approval_of_a_comparison_that_no_longer_holds(toy: Toy) -> None:
    world = toy()
    world.write_spec(promotion="manual")
    world.retrain()
    register_version(world.warehouse, "toy", "v2", now=LATER, reason="release")
    with pytest.raises(RetrainingError, match="compared with 'v1', but 'v2' serves now"):
        approve(world.warehouse, "toy", "r20240301", now=LATER, reason="late", actor="ada")
    serving = champion(world.warehouse, "toy")
    assert serving is not None
    assert (serving.model_version, serving.created_at) == ("v2", datetime(2024, 3, 2))


def test_a_challenger_that_waits_can_be_refused(toy: Toy) -> None:
    world = toy()
    world.write_spec(promotion="manual")
    world.retrain()
    refused = reject(world.warehouse, "toy", "r20240301", now=LATER, reason="a storm is in its rows", actor="ada")
    assert refused.stage == "rejected"
    assert world.stages() == {"v1": "champion", "r20240301": "rejected"}
    [run] = world.rows("training_runs")
    assert run["status"] == "kept" and run["reason"].endswith("; rejected by ada: a storm is in its rows")
    assert len(world.rows("deployments")) == 1
    with pytest.raises(RetrainingError, match=r"is no challenger\. Allowed: none waits"):
        approve(world.warehouse, "toy", "r20240301", now=LATER, reason="after all", actor="bob")


def test_a_rollback_of_another_champion_than_expected_is_refused(toy: Toy) -> None:
    world = toy()
    world.retrain()
    with pytest.raises(RetrainingError, match="'r20240301' serves, not 'v2' any more: nothing was rolled back"):
        rollback(world.warehouse, "toy", now=LATER, expected_champion="v2", reason="late", actor="ada")
    assert world.stages()["r20240301"] == "champion"
