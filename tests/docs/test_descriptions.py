"""Every public model and column says in the docs what it is."""

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
