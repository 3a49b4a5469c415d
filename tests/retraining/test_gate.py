"""The gate: a suite made from the reference, and Great Expectations on the frozen training rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml_monitor.retraining import RetrainingError, load_snapshot, take_snapshot, train_candidate, write_suite
from ml_monitor.retraining.ledger import snapshot_of
from tests.retraining.conftest import NOW, World, synthetic_logs
from tests.retraining.test_run import started

Toy = Callable[..., World]
SUITE = "gates/toy.yml"


def gated(world: World) -> World:
    """With the suite of its reference: x from -3 to 3, never missing; two regions."""
    bins: list[tuple[str, int, str, str | None, int, float | None, float | None]] = [
        ("x", 0, "total", None, 1000, -3.0, 3.0),
        ("region", 0, "total", None, 1000, None, None),
        ("region", 1, "category", "north", 500, None, None),
        ("region", 2, "category", "south", 500, None, None),
    ]
    names = ["feature", "bin", "bin_kind", "category", "n", "value_min", "value_max"]
    same = {"monitor": "toy", "edge_set_id": "e1", "segment": "__all__", "frozen_at": NOW}
    world.warehouse.insert("reference_bins", [same | dict(zip(names, row, strict=True)) for row in bins])
    write_suite(world.warehouse, "toy", world.directory / SUITE, now=NOW)
    world.write_spec(gate=SUITE)
    return world


def test_rows_like_the_reference_pass_and_the_result_is_kept(toy: Toy) -> None:
    world = gated(toy())
    result = world.retrain()
    assert result.status == "promoted", result.reason
    [gate] = world.rows("gate_results")
    assert (gate["passed"], gate["failed_expectations"], gate["reason"]) == (True, 0, "every expectation is met")
    # Rows, type, missing and range or set of two features, and three of the label.
    assert gate["expectations"] == 1 + 2 * 3 + 3
    kept = json.loads(Path(gate["result_location"]).read_text())
    assert kept["success"] and len(kept["results"]) == gate["expectations"]
    assert "toy" in Path(gate["docs_location"]).read_text()


def _other_units(logs: dict[str, Any]) -> None:
    logs["predictions"]["x"] *= 1000


def _missing(logs: dict[str, Any]) -> None:
    logs["predictions"].loc[::3, "x"] = None


def _new_region(logs: dict[str, Any]) -> None:
    logs["predictions"].loc[::5, "region"] = "west"


def _few_positives(logs: dict[str, Any]) -> None:
    logs["labels"]["label"] = (logs["labels"].index % 50 == 0).astype(float)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_other_units, "expect_column_values_to_be_between of x"),
        (_missing, "expect_column_values_to_not_be_null of x"),
        (_new_region, "expect_column_values_to_be_in_set of region"),
        (_few_positives, "expect_column_mean_to_be_between of label"),
    ],
)
def test_broken_rows_are_never_trained_on(toy: Toy, spoil: Callable[[dict[str, Any]], None], words: str) -> None:
    world = gated(toy())
    logs = synthetic_logs()
    spoil(logs)
    for name, log in logs.items():
        world.warehouse.execute(f'delete from "{name}"')
        # The logs are the user's: no table of the package.
        _refill(world, name, log)
    result = world.retrain()
    assert result.status == "failed" and words in result.reason
    [gate], [run] = world.rows("gate_results"), world.rows("training_runs")
    assert not gate["passed"] and gate["failed_expectations"] == 1 and words in gate["reason"]
    assert (run["step"], run["status"], run["error"]) == ("gate", "failed", run["reason"])
    assert words in world.rows("alert_events")[0]["reason"]
    assert world.stages() == {"v1": "champion"}
    assert not list(world.directory.rglob("model.joblib"))


def _refill(world: World, name: str, log: Any) -> None:
    import duckdb

    with duckdb.connect(str(world.database)) as connection:
        connection.register("log", log)
        connection.execute(f'insert into "{name}" select * from log')


def test_training_needs_the_gate(toy: Toy) -> None:
    world = gated(toy())
    run = started(world)
    take_snapshot(world.warehouse, run, now=NOW, project_dir=world.directory)
    with pytest.raises(RetrainingError, match="check_gate comes first"):
        train_candidate(world.warehouse, run, now=NOW, project_dir=world.directory)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no file"),
        ("expectations: []", "at least one entry"),
        ("expectations: [{column: x}]", "entry 1 has no `type`"),
        ("expectations: [", "neither YAML nor JSON"),
        ("expectations: [{type: expect_the_unexpected, kwargs: {}}]", "expect_the_unexpected"),
        (
            "expectations: [{type: expect_column_values_to_not_be_null, kwargs: {column: gone}}]",
            "cannot be evaluated",
        ),
    ],
)
def test_a_suite_that_cannot_be_used_fails_the_run_in_words(toy: Toy, content: str | None, words: str) -> None:
    world = gated(toy())
    suite = world.directory / SUITE
    suite.unlink()
    if content is not None:
        suite.write_text(content)
    result = world.retrain()
    assert result.status == "failed" and words in result.reason
    assert world.stages() == {"v1": "champion"}


def test_an_edited_suite_is_what_counts(toy: Toy) -> None:
    world = gated(toy())
    suite = world.directory / SUITE
    content = yaml.safe_load(suite.read_text())
    content["expectations"] = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "min_value": 0}}
    ]
    # JSON is YAML too.
    suite.write_text(json.dumps(content))
    assert "expect_column_values_to_be_between of x" in world.retrain().reason


def test_the_gate_sees_training_rows_only(toy: Toy) -> None:
    world = gated(toy())
    world.retrain()
    [run], [gate] = world.rows("training_runs"), world.rows("gate_results")
    snapshot = snapshot_of(world.warehouse, run["training_run_id"])
    assert snapshot is not None
    seen = json.loads(Path(gate["result_location"]).read_text())["results"][0]["result"]["observed_value"]
    assert seen == (load_snapshot(snapshot)["split"] == "train").sum()


def test_a_suite_is_never_overwritten(toy: Toy) -> None:
    world = gated(toy())
    with pytest.raises(RetrainingError, match="is there already"):
        write_suite(world.warehouse, "toy", world.directory / SUITE, now=NOW)
