"""Every public model, snapshot and column says in the docs what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MODELS = sorted((ROOT / "models").glob("*/ml_monitor__*.sql"))
DESCRIBED = {
    model["name"]: model
    for path in (ROOT / "models").glob("*/*.yml")
    for model in yaml.safe_load(path.read_text()).get("models", ())
}
SNAPSHOTS = sorted((ROOT / "snapshots").glob("*.sql"))
# What a snapshot adds to the columns of its model.
ADDED = ["recorded_at", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted"]


def test_there_are_models() -> None:
    assert len(MODELS) > 40


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_model_and_columns_are_described(path: Path) -> None:
    model = DESCRIBED[path.stem]
    assert model.get("description", "").strip()
    if "repeats_ctes()" in path.read_text():
        return  # a CTE kept as a table on some warehouses: nobody reads it but the model it belongs to
    assert model.get("columns")
    assert [column["name"] for column in model["columns"] if not column.get("description", "").strip()] == []


def test_there_are_snapshots() -> None:
    assert len(SNAPSHOTS) > 10


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_snapshot_and_columns_are_described_as_their_model(path: Path) -> None:
    (snapshot,) = yaml.safe_load(path.with_suffix(".yml").read_text())["snapshots"]
    assert snapshot["name"] == path.stem and snapshot["description"].strip()
    said = {column["name"]: column["description"].strip() for column in snapshot["columns"]}
    model = DESCRIBED[path.stem.removesuffix("_history")]
    assert {name: said[name] for name in said if name not in ADDED} == {
        column["name"]: column["description"].strip() for column in model["columns"]
    }
    assert all(said[name] for name in ADDED)
