"""Training runs that are killed at random moments, and what the warehouse and the registry say after each rerun.

Anywhere in the run: `python -m bench.retraining_kills --kills 25`. In its promotion, that is from the end of the comparison
on, with a real MLflow server: `python -m bench.retraining_kills --kills 25 --promotion --registry`.
"""

# ruff: noqa: S608 - only quoted relation names are put into SQL

import argparse
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sklearn.linear_model  # noqa: F401 - the trainer's: once here, not in every fork

from bench.dying import in_child
from ml_monitor.retraining import register_version, retrain
from ml_monitor.warehouse import Warehouse
from tests.mlflow_server import mlflow_server
from tests.retraining.conftest import TRAINERS, make_world, synthetic_logs, synthetic_spec

_NOW = datetime(2024, 3, 1)
_MODULE = "killed_trainers"
# What a run says when the comparison is done, and with a registry when its version is there.
_COMPARED, _PUBLISHED = "compared with", "version "


@dataclass(frozen=True)
class Count:
    """What became of the champion after so many kills."""

    kills: int
    same_champion: int
    """Worlds whose champion, down to the hash of its file, is that of a run nobody killed."""
    half_promoted: int
    """Worlds with two champions or none, a promotion without its deployment, a run without an end, or other aliases."""
    duplicates: int
    """Versions, datasets, comparisons or deployments that are there twice, in the warehouse or the registry."""
    died_in: dict[str, int]
    """Kills by the step that the run was in."""


def run(
    kills: int,
    directory: Path,
    *,
    promotion: bool = False,
    registry: str | None = None,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> Count:
    """Kill a run in a new copy of the same world, run again, look, so many times.

    Args:
        kills: How many runs die.
        directory: For the worlds.
        promotion: Whether they die in the promotion; half of them, with a registry, after their version is there.
        registry: Address of the MLflow server that the runs publish to; none if not given.
        seed: Of the random moments.
        say: Called with the progress.
    """
    chance = random.Random(seed)  # noqa: S311 - only moments
    marks = [None] if not promotion else [_COMPARED, _PUBLISHED] if registry else [_COMPARED]
    original = _make(directory / "original", registry)
    spans = {}
    for number, mark in enumerate(marks):
        untouched = _copy(original, directory / f"untouched{number}")
        began = time.time()
        in_child(lambda world=untouched, mark=mark: _retrain(world, mark))
        spans[mark] = time.time() - (_mark(untouched).stat().st_mtime if mark else began)
        wanted = _state(untouched, registry)
    same = half = duplicates = dead = tries = 0
    died_in: Counter[str] = Counter()
    while dead < kills:
        mark = marks[dead % len(marks)]
        tries += 1
        world = _copy(original, directory / f"world{tries}")
        moment = chance.uniform(0.002, spans[mark])
        if in_child(lambda world=world, mark=mark: _retrain(world, mark), moment, _mark(world) if mark else None):
            dead += 1
            died_in[_step(world, registry)] += 1
            in_child(lambda world=world: _retrain(world))
            state = _state(world, registry)
            same += state["champion"] == wanted["champion"]
            half += state["half"]
            duplicates += state["duplicates"]
            say(f"{dead} kills: {same} same champion, {half} half-promoted, {duplicates} duplicates, died in {dict(died_in)}")
        shutil.rmtree(world)
    return Count(dead, same, half, duplicates, dict(died_in))


def _make(directory: Path, registry: str | None) -> Path:
    directory.mkdir(parents=True)
    (directory / f"{_MODULE}.py").write_text(TRAINERS)
    spec = synthetic_spec(f"{_MODULE}:good")
    if registry:
        spec["retraining"] |= {"registry": "mlflow", "registry_name": _name(directory)}

    def make() -> None:
        world = make_world(directory, spec, synthetic_logs())
        register_version(world.warehouse, "toy", "v1", now=datetime(2024, 1, 1), reason="first release")
        world.trigger("k1")

    in_child(make)
    return directory


def _copy(original: Path, directory: Path) -> Path:
    """The same world, with a registered model of its own."""
    shutil.copytree(original, directory)
    monitors = _warehouse(directory).table("monitors")
    change = f"update {monitors} set spec = replace(spec, :original, :copy)"
    names = {"original": _name(original), "copy": _name(directory)}
    in_child(lambda: _warehouse(directory).execute(change, names))
    return directory


def _name(world: Path) -> str:
    return f"killed-{world.name}"


def _mark(world: Path) -> Path:
    return world / "mark"


def _retrain(world: Path, mark: str | None = None) -> None:
    def say(line: str) -> None:
        if mark and line.startswith(mark):
            _mark(world).touch()

    now = _NOW + timedelta(minutes=5)
    result = retrain(_warehouse(world), "toy", now=now, resume=True, project_dir=world, progress=say)
    if result.status not in ("promoted", "skipped"):
        raise RuntimeError(f"a run that nobody killed ended as {result.status}: {result.reason}")


def _warehouse(world: Path) -> Warehouse:
    return Warehouse(f"duckdb:///{world / 'warehouse.duckdb'}")


def _step(world: Path, registry: str | None) -> str:
    rows = _rows(world, "select status, step from {training_runs}")
    if not rows:
        return "before its start"
    if rows[0]["status"] == "running":
        return str(rows[0]["step"])
    return "promoted, aliases behind" if registry and not _aliases(registry, world) else "after its end"


def _state(world: Path, registry: str | None) -> dict[str, Any]:
    versions = _rows(world, "select model_version, stage, artifact_sha256, registry_version from {model_versions}")
    deployments = _rows(world, "select model_version, action from {deployments}")
    runs = _rows(world, "select status from {training_runs}")
    champions = [v for v in versions if v["stage"] == "champion"]
    serving = [d["model_version"] for d in deployments if d["action"] == "promote"]
    compared = _rows(world, "select segment, segment_value, metric from {evaluations}")
    datasets = _rows(world, "select dataset_snapshot_id from {dataset_snapshots}")
    twice = [
        len(rows) - len({tuple(row.values()) for row in rows})
        for rows in (versions, deployments, compared, datasets)
    ]
    duplicates = sum(twice) + len(versions) - 2
    half = [v["model_version"] for v in champions] != serving or [r["status"] for r in runs] != ["promoted"]
    if registry:
        asked = {"filter": f"name = '{_name(world)}'"}
        there = _ask(registry, "model-versions/search", asked).get("model_versions", [])
        duplicates += len(there) - 1
        half |= [{"champion": v["registry_version"]} for v in champions] != [_aliases(registry, world)]
    return {
        "champion": [(v["model_version"], v["artifact_sha256"]) for v in champions],
        "half": int(half or len(champions) != 1),
        "duplicates": duplicates,
    }


def _rows(world: Path, query: str) -> list[dict[str, Any]]:
    warehouse = _warehouse(world)
    names = ("training_runs", "model_versions", "deployments", "evaluations", "dataset_snapshots")
    return warehouse.query(query.format(**{name: warehouse.table(name) for name in names}))


def _aliases(registry: str, world: Path) -> dict[str, str]:
    model = _ask(registry, "registered-models/get", {"name": _name(world)}).get("registered_model", {})
    return {one["alias"]: str(one["version"]) for one in model.get("aliases", [])}


def _ask(registry: str, what: str, parameters: dict[str, str]) -> dict[str, Any]:
    # Not with MLflow's client: its threads would not outlive the next fork.
    answer: dict[str, Any] = httpx.get(f"{registry}/api/2.0/mlflow/{what}", params=parameters, timeout=60).json()
    return answer


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--promotion", action="store_true", help="kill in the promotion, not anywhere")
    parser.add_argument("--registry", action="store_true", help="with an MLflow server")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        uri = None
        if options.registry:
            import mlflow.pyfunc  # noqa: F401 - as above

            (place / "mlflow").mkdir()
            uri = stack.enter_context(mlflow_server(place / "mlflow"))
            os.environ["MLFLOW_TRACKING_URI"] = uri
        count = run(options.kills, place, promotion=options.promotion, registry=uri, seed=options.seed)
    for name, figure in asdict(count).items():
        print(f"{name}: {figure}")


if __name__ == "__main__":
    main()
