"""A real MLflow server: versions, tags, aliases, and what happens while it is down."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_monitor.retraining import (
    RetrainingError,
    check_guards,
    load_model,
    mirror,
    promote_candidate,
    publish_candidate,
    register_version,
    rollback,
)
from ml_monitor.retraining.spec import load_spec
from tests.live.servers import free_port
from tests.mlflow_server import mlflow_server
from tests.retraining.conftest import NOW, World

Toy = Callable[..., World]
LATER = NOW + timedelta(hours=1)

pytest.importorskip("mlflow")


class Server:
    """A tracking server and registry that can be stopped and started again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.running = ExitStack()
        self.uri = ""

    def start(self) -> None:
        self.uri = self.running.enter_context(mlflow_server(self.directory, self.port))

    def stop(self) -> None:
        self.running.close()


@pytest.fixture(scope="module")
def registry_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("mlflow"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(registry_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry_server.uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    return registry_server


def registered(toy: Toy, name: str, **policy: Any) -> World:
    world = toy()
    world.write_spec(registry="mlflow", registry_name=name, **policy)
    return world


def aliases(name: str) -> dict[str, str]:
    import mlflow

    found = mlflow.MlflowClient().get_registered_model(name).aliases
    return {alias: str(version) for alias, version in found.items()}


def versions(name: str) -> list[Any]:
    import mlflow

    return list(mlflow.MlflowClient().search_model_versions(f"name = '{name}'"))


def test_a_promoted_version_is_found_by_its_alias_and_scores_the_same(server: Server, toy: Toy) -> None:
    import mlflow

    world = registered(toy, "found")
    result = world.retrain()
    assert result.status == "promoted", result.reason
    [version] = versions("found")
    [snapshot] = world.rows("dataset_snapshots")
    assert version.tags["ml_monitor.training_run"] == result.training_run_id
    assert version.tags["ml_monitor.trigger"] == "manual: asked for by hand"
    assert version.tags["ml_monitor.dataset_sha256"] == snapshot["content_sha256"]
    # v1 was released from outside: there is no version of it to be the previous one.
    assert aliases("found") == {"champion": str(version.version)}
    row = next(v for v in world.rows("model_versions") if v["stage"] == "champion")
    assert row["registry_version"] == str(version.version)

    run = mlflow.MlflowClient().get_run(version.run_id)
    assert run.data.metrics["roc_auc"] == row["validation_value"]
    assert run.data.metrics["roc_auc.champion"] < run.data.metrics["roc_auc"]
    assert {file.path for file in mlflow.MlflowClient().list_artifacts(version.run_id)} >= {"evaluation.html", "evaluation.json"}

    rows = pd.read_parquet(snapshot["location"])
    loaded = mlflow.pyfunc.load_model("models:/found@champion").predict(rows)
    kept = load_model(world.warehouse, "toy", "r20240301", project_dir=world.directory)
    assert np.array_equal(loaded, kept.predict_score(rows))  # type: ignore[union-attr]


def test_the_next_champion_and_a_rollback_move_the_aliases(server: Server, toy: Toy) -> None:
    world = registered(toy, "moved")
    world.retrain()
    register_version(world.warehouse, "toy", "v2", now=LATER, reason="released by the team")
    assert aliases("moved") == {"previous": "1"}
    rollback(world.warehouse, "toy", now=LATER, reason="worse", actor="ada")
    assert aliases("moved") == {"champion": "1"}


def test_a_challenger_that_waits_has_its_alias(server: Server, toy: Toy) -> None:
    world = registered(toy, "waits", promotion="manual")
    world.retrain()
    assert aliases("waits") == {"challenger": "1"}


def test_a_loser_is_a_run_and_no_version(server: Server, toy: Toy) -> None:
    losing = toy("useless")
    losing.write_spec(registry="mlflow", registry_name="loses")
    assert losing.retrain(LATER).status == "kept"
    assert versions("loses") == []
    import mlflow

    experiment = mlflow.MlflowClient().get_experiment_by_name("loses")
    assert experiment is not None
    assert len(mlflow.MlflowClient().search_runs([experiment.experiment_id])) == 1


def test_a_registry_that_is_down_holds_the_run_until_it_is_back(server: Server, toy: Toy) -> None:
    world = registered(toy, "held")
    server.stop()
    with pytest.raises(RetrainingError, match=r"step 'publish' and can be resumed: MLflow at .* does not answer"):
        world.retrain()
    [run] = world.rows("training_runs")
    assert run["status"] == "running" and "does not answer" in run["error"]
    assert world.stages() == {"v1": "champion", "r20240301": "challenger"}
    [event] = world.rows("alert_events")
    assert "waits: MLflow at" in event["reason"]
    server.start()
    result = world.retrain(NOW + timedelta(days=3), trigger="auto")
    assert (result.status, result.training_run_id) == ("promoted", run["training_run_id"]), "however long it was down"
    assert len(world.rows("training_runs")) == len(versions("held")) == 1
    assert aliases("held") == {"champion": "1"}


def test_aliases_that_fell_behind_are_told_and_caught_up_with(server: Server, toy: Toy) -> None:
    world = registered(toy, "behind")
    world.retrain()
    server.stop()
    result = rollback(world.warehouse, "toy", now=LATER, reason="worse", actor="ada")
    assert result.champion_version == "v1", "the warehouse is the truth, a rollback waits for nobody"
    [event] = world.rows("alert_events")
    assert (event["metric"], event["event_type"]) == ("model_registry", "opened")
    server.start()
    assert mirror(world.warehouse, load_spec(world.warehouse, "toy"), now=LATER)
    assert aliases("behind") == {"previous": "1"}
    assert [event["event_type"] for event in world.rows("alert_events")] == ["opened", "resolved"]
    assert mirror(world.warehouse, load_spec(world.warehouse, "toy"), now=LATER)
    assert len(world.rows("alert_events")) == 2


def test_a_run_that_died_after_publishing_makes_no_second_version(server: Server, toy: Toy) -> None:
    world = registered(toy, "once")
    assert world.retrain().status == "promoted"
    # As after a kill between the registry's answer and its record here.
    world.warehouse.execute("update ml_monitor.ml_monitor__training_runs set status = 'running'")
    world.warehouse.execute("update ml_monitor.ml_monitor__model_versions set registry_version = null")
    [run] = world.rows("training_runs")
    for _ in range(2):
        assert publish_candidate(world.warehouse, run["training_run_id"], now=LATER, project_dir=world.directory) == "1"
    assert len(versions("once")) == 1


@pytest.mark.parametrize("by", ["step", "guard"])
def test_aliases_that_a_dead_process_left_behind_are_brought_up(server: Server, toy: Toy, by: str) -> None:
    import mlflow

    world = registered(toy, f"left-{by}")
    result = world.retrain()
    mlflow.MlflowClient().delete_registered_model_alias(f"left-{by}", "champion")
    if by == "step":
        promote_candidate(world.warehouse, result.training_run_id or "", now=LATER)
    else:
        check_guards(world.warehouse, "toy", now=LATER, project_dir=world.directory)
    assert aliases(f"left-{by}") == {"champion": "1"}


def test_a_registry_that_goes_down_again_is_told_again(server: Server, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    world = registered(toy, "again")
    world.retrain()
    spec = load_spec(world.warehouse, "toy")
    for hour in range(2):
        with monkeypatch.context() as away:
            away.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
            for minute in range(2):
                assert not mirror(world.warehouse, spec, now=LATER + timedelta(hours=hour, minutes=minute))
        assert mirror(world.warehouse, spec, now=LATER + timedelta(hours=hour, minutes=30))
    events = sorted(world.rows("alert_events"), key=lambda event: event["created_at"])
    assert [event["event_type"] for event in events] == ["opened", "resolved"] * 2


def test_without_an_address_the_run_fails_in_words(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    result = registered(toy, "nowhere").retrain()
    assert result.status == "failed"
    assert "needs the address of its server in MLFLOW_TRACKING_URI" in result.reason


def test_weights_and_biases_offline(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    world = toy()
    world.write_spec(tracking="wandb")
    result = world.retrain()
    assert result.status == "promoted"
    [log] = (world.directory / "artifacts").rglob("run-*.wandb")
    text = log.read_bytes()
    assert b"roc_auc.champion" in text and b"ml_monitor.dataset_sha256" in text
    assert (result.training_run_id or "").replace(":", "_").encode() in text
