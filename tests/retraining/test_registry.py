"""MLflow's own client and store, on SQLite, and Weights & Biases offline. One run, as each costs a database of its own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml_monitor.retraining import RegistryUnreachable, load_model, publish_candidate, rollback
from tests.retraining.conftest import NOW, World, synthetic_logs

Toy = Callable[..., World]


def test_a_promoted_version_is_found_by_its_alias_and_scores_the_same(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("wandb")
    # The store keeps files in the working directory.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    world = toy(logs=synthetic_logs(days=40))
    world.write_spec(registry="mlflow", registry_name="found", tracking="wandb")
    result = world.retrain()
    assert result.status == "promoted"

    client = mlflow.MlflowClient()
    [version] = client.search_model_versions("name = 'found'")
    [snapshot] = world.rows("dataset_snapshots")
    assert version.tags["ml_monitor.training_run"] == result.training_run_id
    assert version.tags["ml_monitor.trigger"] == "manual: asked for by hand"
    assert version.tags["ml_monitor.dataset_sha256"] == snapshot["content_sha256"]
    # v1 was released from outside: there is no version of it to be the previous one.
    assert set(client.get_registered_model("found").aliases) == {"champion"}

    rows = pd.read_parquet(snapshot["location"])
    kept = load_model(world.warehouse, "toy", str(result.candidate_version), project_dir=world.directory)
    loaded = mlflow.pyfunc.load_model("models:/found@champion").predict(rows)
    assert np.array_equal(loaded, kept.predict_score(rows))  # type: ignore[union-attr]
    assert {file.path for file in client.list_artifacts(version.run_id)} >= {"evaluation.html", "evaluation.json"}
    assert len(list((world.directory / "artifacts").rglob("run-*.wandb"))) == 1

    rollback(world.warehouse, "toy", now=NOW, reason="worse", actor="ada")
    assert set(client.get_registered_model("found").aliases) == {"previous"}

    # As after a kill between the registry's answer and its record here.
    world.warehouse.execute("update ml_monitor.ml_monitor__training_runs set status = 'running'")
    world.warehouse.execute("update ml_monitor.ml_monitor__model_versions set registry_version = null")
    assert publish_candidate(world.warehouse, str(result.training_run_id), now=NOW, project_dir=world.directory) == "1"
    assert len(client.search_model_versions("name = 'found'")) == 1


def test_a_server_that_is_down_is_told_apart_from_one_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow")
    from ml_monitor.retraining.mlflow_registry import MlflowRegistry

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    with pytest.raises(RegistryUnreachable, match=r"MLflow at http://127\.0\.0\.1:9 does not answer"):
        MlflowRegistry("http://127.0.0.1:9").point("found", {})
