"""Training runs that are killed at random moments, and what the warehouse says after each rerun.

Run it with `python -m bench.retraining_kills [KILLS]`. With `MLFLOW_TRACKING_URI` set, the registry is part of it.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ml_monitor.retraining import register_version, retrain
from ml_monitor.warehouse import Warehouse
from tests.retraining.conftest import TRAINERS, make_world, synthetic_logs, synthetic_spec

_NOW = datetime(2024, 3, 1)
_MODULE = "killed_trainers"


@dataclass(frozen=True)
class Count:
    """What became of the champion after so many kills."""

    kills: int
    same_champion: int
    """Worlds whose champion, down to the hash of its file, is that of a run nobody killed."""
    half_promoted: int
    """Worlds with two champions or none, a promotion without its deployment, or a run without an end."""
    duplicates: int
    """Versions, datasets, comparisons or deployments that are there twice, in the warehouse or the registry."""
    died_in: dict[str, int]
    """Kills by the step that the run was in."""


def run(kills: int, directory: Path, *, registry: bool = False, seed: int = 0, say: Callable[[str], None] = print) -> Count:
    """Kill a run in a new copy of the same world, run again, look, so many times.

    Args:
        kills: How many runs die.
        directory: For the worlds.
        registry: Whether the runs publish to the MLflow of `MLFLOW_TRACKING_URI`.
        seed: Of the random moments.
        say: Called with the progress.
    """
    chance = random.Random(seed)  # noqa: S311 - only moments
    untouched = _world(directory / "untouched", registry)
    began = time.monotonic()
    _in_child(lambda: _retrain(untouched))
    whole = time.monotonic() - began
    wanted = _state(untouched)
    same = half = duplicates = 0
    died_in: Counter[str] = Counter()
    dead = tries = 0
    while dead < kills:
        tries += 1
        world = _world(directory / f"world{tries}", registry)
        if not _in_child(lambda world=world: _retrain(world), kill_after=chance.uniform(0.002, whole)):
            continue
        dead += 1
        died_in[_step(world)] += 1
        _in_child(lambda world=world: _retrain(world))
        state = _state(world)
        same += state["champion"] == wanted["champion"]
        half += state["half"]
        duplicates += state["duplicates"] + (_registered(world) - 1 if registry else 0)
        shutil.rmtree(world)
        if dead % 10 == 0:
            say(f"{dead} kills: {same} same champion, {half} half-promoted, {duplicates} duplicates, died in {dict(died_in)}")
    return Count(dead, same, half, duplicates, dict(died_in))


def _world(directory: Path, registry: bool) -> Path:
    directory.mkdir(parents=True)
    (directory / f"{_MODULE}.py").write_text(TRAINERS)
    spec = synthetic_spec(f"{_MODULE}:good")
    if registry:
        spec["retraining"] |= {"registry": "mlflow", "registry_name": f"killed-{directory.name}-{os.getpid()}"}

    def make() -> None:
        world = make_world(directory, spec, synthetic_logs())
        register_version(world.warehouse, "toy", "v1", now=datetime(2024, 1, 1), reason="first release")
        world.trigger("k1")

    _in_child(make)
    return directory


def _retrain(world: Path) -> None:
    result = retrain(
        _warehouse(world), "toy", now=_NOW + timedelta(minutes=5), resume=True, project_dir=world
    )
    if result.status not in ("promoted", "skipped"):
        raise RuntimeError(f"a run that nobody killed ended as {result.status}: {result.reason}")


def _warehouse(world: Path) -> Warehouse:
    return Warehouse(f"duckdb:///{world / 'warehouse.duckdb'}")


def _step(world: Path) -> str:
    rows = _rows(world, "select status, step from {training_runs}")
    if not rows:
        return "before its start"
    return rows[0]["step"] if rows[0]["status"] == "running" else "after its end"


def _state(world: Path) -> dict[str, Any]:
    versions = _rows(world, "select model_version, stage, artifact_sha256 from {model_versions}")
    deployments = _rows(world, "select model_version, action from {deployments}")
    runs = _rows(world, "select status from {training_runs}")
    champions = [(v["model_version"], v["artifact_sha256"]) for v in versions if v["stage"] == "champion"]
    serving = [d["model_version"] for d in deployments if d["action"] == "promote"]
    compared = _rows(world, "select segment, segment_value, metric from {evaluations}")
    datasets = _rows(world, "select dataset_snapshot_id from {dataset_snapshots}")
    twice = [
        len(rows) - len({tuple(row.values()) for row in rows})
        for rows in (versions, deployments, compared, datasets)
    ]
    half = len(champions) != 1 or [c[0] for c in champions] != serving or [r["status"] for r in runs] != ["promoted"]
    return {"champion": champions, "half": int(half), "duplicates": sum(twice) + len(versions) - 2}


def _rows(world: Path, query: str) -> list[dict[str, Any]]:
    warehouse = _warehouse(world)
    names = ("training_runs", "model_versions", "deployments", "evaluations", "dataset_snapshots")
    return warehouse.query(query.format(**{name: warehouse.table(name) for name in names}))


def _registered(world: Path) -> int:
    import mlflow

    client = mlflow.MlflowClient()
    return len(client.search_model_versions(f"name = 'killed-{world.name}-{os.getpid()}'"))


def _in_child(work: Callable[[], None], kill_after: float | None = None) -> bool:
    """Run in a fork, which has everything imported and no connection; say whether it was killed."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        raise RuntimeError("a run failed that nobody had killed")
    return False


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        wanted_kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
        print(run(wanted_kills, Path(place), registry="MLFLOW_TRACKING_URI" in os.environ))
