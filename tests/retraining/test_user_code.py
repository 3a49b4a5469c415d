"""The user's code in a process of its own: its time, its death, its words, and how it is found."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ml_monitor.retraining import TrainerError, retrain
from ml_monitor.retraining.user_code import find_trainer
from tests.retraining.conftest import NOW, World

Toy = Callable[..., World]
SECONDS = 15
"""Enough to import scikit-learn, and what is waited for in two tests."""


def isolated(world: World, seconds: float = 120) -> tuple[str, str, list[str]]:
    """Retrain with a time limit: status, reason and what was told."""
    world.write_spec(time_limit_minutes=seconds / 60)
    told: list[str] = []
    result = retrain(
        world.warehouse, "toy", now=NOW, trigger="manual", project_dir=world.directory, progress=told.append
    )
    return result.status, result.reason, told


def test_in_a_process_of_its_own_the_result_is_the_same(toy: Toy) -> None:
    world = toy("steep")
    world.write_spec(parameters={"steepness": 2.5})
    status, _, _ = isolated(world)
    assert status == "promoted"
    version = next(v for v in world.rows("model_versions") if v["stage"] == "champion")
    assert json.loads(version["hyperparameters"]) == {"steepness": 2.5, "kind": "logistic"}
    assert version["validation_metric"] == "roc_auc"
    assert version["validation_value"] == json.loads(version["validation_metrics"])["roc_auc"]


def test_a_trainer_that_never_ends_is_killed_and_told(toy: Toy) -> None:
    world = toy("never_ends")
    began = time.monotonic()
    status, reason, told = isolated(world, SECONDS)
    assert time.monotonic() - began < 10 * SECONDS
    assert status == "failed"
    assert "did not end within 0.25 minutes (time_limit_minutes) and was killed" in reason
    assert "epoch 1 of many" in told
    assert world.stages() == {"v1": "champion"}
    assert [event["metric"] for event in world.rows("alert_events")] == ["training_run"]
    workers = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"worker train {world.directory}" not in workers


def test_a_model_that_never_ends_to_score_is_killed(toy: Toy) -> None:
    world = toy("never_scores")
    status, reason, _ = isolated(world, SECONDS)
    assert (status, world.stages()) == ("failed", {"v1": "champion", "r20240301": "rejected"})
    assert "scoring with 'r20240301' did not end" in reason


def test_a_trainer_that_takes_its_process_along_is_a_failure_in_words(toy: Toy) -> None:
    status, reason, _ = isolated(toy("dies"))
    assert status == "failed"
    assert "its process ended with code 9 and no answer: out of memory" in reason


def test_the_worker_ends_with_the_process_that_waits_for_it(toy: Toy, tmp_path: Path) -> None:
    world = toy("never_ends")
    world.write_spec(time_limit_minutes=5)
    script = (
        "import sys; from datetime import datetime; from pathlib import Path; from ml_monitor.warehouse import Warehouse;"
        "from ml_monitor.retraining import retrain;"
        "retrain(Warehouse(sys.argv[1]), 'toy', now=datetime(2024, 3, 1), trigger='manual', project_dir=Path(sys.argv[2]),"
        " progress=lambda line: print(line, flush=True))"
    )
    url = f"duckdb:///{world.database}"
    parent = subprocess.Popen(
        [sys.executable, "-c", script, url, str(world.directory)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert parent.stdout is not None
    for line in parent.stdout:
        if "epoch 1 of many" in line:
            break
    children = _children(parent.pid)
    assert children
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while any(_is_alive(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(_is_alive(child) for child in children)


def test_an_entry_point_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boosting.py").write_text("def fit(frame, features, label):\n    return None\n")
    installed = tmp_path / "boosting-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: boosting\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[ml_monitor.trainers]\nboosted = boosting:fit\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_trainer("boosted", tmp_path).__name__ == "fit"  # type: ignore[attr-defined]
    with pytest.raises(TrainerError, match=r"no entry point of the group ml_monitor\.trainers has this name\. Allowed: boosted"):
        find_trainer("bagged", tmp_path)


def _children(pid: int) -> list[int]:
    rows = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in rows.splitlines()[1:]]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
