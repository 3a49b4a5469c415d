"""Columns of a live relation, and what their types are good for."""

import re
from collections.abc import Mapping
from typing import Literal

from ml_monitor.settings import Relation
from ml_monitor.warehouse import Warehouse

Kind = Literal["number", "boolean", "text", "time", "other"]

_KINDS: tuple[tuple[str, Kind], ...] = (
    (r"timestamp|datetime|date$", "time"),
    (r"bool", "boolean"),
    (r".*\[\]|array|struct|map|list|json|interval|time", "other"),
    (r"u?(tiny|small|big|huge)?int|integer|decimal|numeric|double|float|real", "number"),
    (r"(var)?char|character|text|string|enum|uuid|user-defined", "text"),
)


def columns_of(warehouse: Warehouse, relation: Relation) -> Mapping[str, str]:
    """Name and type of the relation's columns, in order; empty if the relation does not exist."""
    database = "and table_catalog = :database" if relation.database else ""
    rows = warehouse.query(
        f"""
        select column_name, data_type from information_schema.columns
        where table_schema = :schema and table_name = :name {database}
        order by ordinal_position
        """,  # noqa: S608 - a fixed clause
        {"schema": relation.schema, "name": relation.identifier, "database": relation.database},
    )
    return {row["column_name"]: row["data_type"] for row in rows}


def kind_of(data_type: str) -> Kind:
    """What a warehouse type is, for a monitor."""
    return next((kind for pattern, kind in _KINDS if re.match(pattern, data_type.lower())), "other")
