"""Values that the logs hold, as SQL of the two warehouses reads them."""

import math
from pathlib import Path

import pytest

from ml_monitor.retraining.reading import binary_class, number
from ml_monitor.warehouse import Warehouse

# What stands in a text column, and which number it is.
TEXTS = {
    "1": 1.0, " 2.5 ": 2.5, "-3e2": -300.0, ".5": 0.5, "N/A": None, "": None, "1,5": None, "NaN": None, "inf": None, "1e400": None, "0x10": None,
}  # fmt: skip
TYPED = {
    "cast(1.5 as double precision)": 1.5,
    "cast(7 as bigint)": 7.0,
    "cast(2.25 as numeric(9, 2))": 2.25,
    "true": 1.0,
    "false": 0.0,
    "cast('NaN' as double precision)": None,
    "cast('Infinity' as double precision)": None,
    "cast(null as double precision)": None,
}


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else f"duckdb:///{tmp_path / 'w.duckdb'}"
    return Warehouse(url)


def read(warehouse: Warehouse, value: str, expression: str) -> object:
    # A column and no constant, which PostgreSQL would compute while it plans, in every branch.
    return warehouse.query(f'select {expression} as found from (select {value} as "it" offset 0) as log')[0]["found"]


def test_numbers_in_texts(warehouse: Warehouse) -> None:
    expression = number(warehouse.quote("it"), warehouse.dialect)
    found = {text: read(warehouse, f"cast('{text}' as varchar)", expression) for text in TEXTS}
    assert found == TEXTS


def test_numbers_of_every_type(warehouse: Warehouse) -> None:
    expression = number(warehouse.quote("it"), warehouse.dialect)
    found = {value: read(warehouse, value, expression) for value in TYPED}
    assert found == TYPED and not any(isinstance(one, float) and math.isnan(one) for one in found.values())


@pytest.mark.parametrize(
    ("positive", "ones", "zeros", "neither"),
    [
        (None, ["1", "Y", "TRUE", "1.0"], ["0", "n", "False", "0.0"], ["maybe", "2", ""]),
        ("it's: Churned", ["IT'S: CHURNED"], ["stays", "1"], []),
        ([2, "gone"], ["2", "2.0", "Gone"], ["1", "yes"], []),
        (True, ["true", "True"], ["false", "1"], []),
    ],
)
def test_labels(warehouse: Warehouse, positive: object, ones: list[str], zeros: list[str], neither: list[str]) -> None:
    expression = binary_class(warehouse.quote("it"), positive)
    expected = dict.fromkeys(ones, 1.0) | dict.fromkeys(zeros, 0.0) | dict.fromkeys(neither)
    values = {text: text.replace("'", "''").replace(":", r"\:") for text in expected}
    found = {text: read(warehouse, f"cast('{value}' as varchar)", expression) for text, value in values.items()}
    assert {text: one if one is None else float(one) for text, one in found.items()} == expected
    assert read(warehouse, "cast(null as varchar)", expression) is None
