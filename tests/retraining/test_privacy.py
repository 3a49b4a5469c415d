"""Privacy mode: what a retraining tells of segments are hashes, of few rows nothing, and of the rows that a gate refuses no value."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ml_monitor.warehouse import Warehouse
from tests.retraining.conftest import World, synthetic_logs
from tests.retraining.test_gate import SUITE, gated

Toy = Callable[..., World]
SALT = "a-salt-of-the-session"
PRIVACY = {"hash_categories": True, "minimum_cell": 10}


def private_logs() -> dict[str, pd.DataFrame]:
    """An eighth of the rows in the north, and at the end two rare regions: of 4 and of 9 rows, 13 together."""
    logs = synthetic_logs()
    region = pd.Series("south", index=logs["predictions"].index)
    region.iloc[::8] = "north"
    region.iloc[-40:-24:4] = "atlantis"
    region.iloc[-39:-3:4] = "lemuria"
    logs["predictions"]["region"] = region
    return logs


def salted(world: World, salt: str | None = SALT) -> World:
    world.warehouse = Warehouse(world.warehouse.url, salt=salt)
    return world


def hashed(value: str) -> str:
    return "h" + hashlib.sha256(f"{SALT}|region|{value}".encode()).hexdigest()[:16]


def told(world: World) -> dict[str, str]:
    """All that a run leaves for people: rows of its tables, and what it wrote as text."""
    tables = ("evaluations", "training_runs", "gate_results", "alert_events", "model_versions", "retraining_decisions")
    files = (path for path in world.directory.rglob("*") if path.suffix in (".html", ".json", ".md"))
    return {name: str(world.rows(name)) for name in tables} | {path.name: path.read_text() for path in files}


def leaks(texts: dict[str, str], *words: str) -> list[tuple[str, str]]:
    # The name of the trainer is the user's.
    return [(name, word) for name, text in texts.items() for word in words if word in text.replace("wrong_in_the_north", "")]


def test_slices_are_hashed_and_rare_ones_are_one(toy: Toy) -> None:
    world = salted(toy("wrong_in_the_north", logs=private_logs(), privacy=PRIVACY, protected=["region"]))
    result = world.retrain()
    assert result.status == "kept" and f"worse for region {hashed('north')}" in (result.reason or ""), result.reason
    rows = [row for row in world.rows("evaluations") if row["segment"] == "region"]
    sizes = {row["segment_value"]: row["sample_size"] for row in rows}
    assert set(sizes) == {hashed("north"), hashed("south"), "__other__"}
    assert sizes["__other__"] == 13
    texts = told(world)
    assert hashed("north") in texts["evaluation.html"]
    assert leaks(texts, "north", "south", "atlantis", "lemuria", SALT) == []


def test_what_is_rare_together_is_not_told(toy: Toy) -> None:
    world = salted(toy(logs=private_logs(), privacy=PRIVACY | {"minimum_cell": 14}))
    assert world.retrain().status == "promoted"
    values = {row["segment_value"] for row in world.rows("evaluations") if row["segment"] == "region"}
    assert values == {hashed("north"), hashed("south")}


def test_without_the_salt_no_row_is_read(toy: Toy) -> None:
    world = salted(toy(privacy=PRIVACY), salt=None)
    result = world.retrain()
    assert result.status == "failed" and "the salt of hash_categories is not set" in (result.reason or ""), result.reason
    assert world.rows("evaluations") == [] and leaks(told(world), "north", "south") == []


def test_a_gate_says_what_is_not_met_and_not_what_it_found(toy: Toy) -> None:
    logs = private_logs()
    logs["predictions"].loc[::5, "region"] = "hyperborea"
    logs["predictions"]["x"] *= 1000
    world = salted(gated(toy(logs=logs, privacy=PRIVACY)))
    suite = world.directory / SUITE
    wanted: dict[str, Any] = yaml.safe_load(suite.read_text())
    wanted["expectations"] += [
        {"type": "expect_column_distinct_values_to_be_in_set", "kwargs": {"column": "region", "value_set": ["west"]}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "region", "min_value": 1, "max_value": 2}},
    ]
    suite.write_text(yaml.safe_dump(wanted))
    result = world.retrain()
    assert result.status == "failed"
    reason = world.rows("gate_results")[0]["reason"]
    assert "expect_column_distinct_values_to_be_in_set of region: not met" in reason and "of x: not met" in reason
    docs = {path.name: path.read_text() for path in Path(world.directory).rglob("*.html")}
    assert any("expect" in text or "Expectation" in text for text in docs.values())
    assert leaks(told(world), "hyperborea", "atlantis", SALT) == []
