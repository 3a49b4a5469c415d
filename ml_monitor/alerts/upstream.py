"""Where the columns of a log come from: column lineage through the compiled models of a dbt manifest, with sqlglot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

_DIALECTS = {"sqlserver": "tsql"}


@dataclass(frozen=True, slots=True, order=True)
class Column:
    """A column of a model or source, named by dbt's unique id."""

    node: str
    name: str


class Lineage:
    """Column lineage of a manifest. A model that is not compiled, or that sqlglot cannot follow, hands a column on by its name.

    Args:
        manifest: `manifest.json` as dbt wrote it after `dbt compile`, `run` or `build`.
    """

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._nodes: dict[str, Mapping[str, Any]] = {**manifest.get("nodes", {}), **manifest.get("sources", {})}
        adapter = str(manifest.get("metadata", {}).get("adapter_type") or "")
        self._dialect = _DIALECTS.get(adapter, adapter) or None
        self._by_relation = {_relation(node): unique_id for unique_id, node in self._nodes.items()}
        self._known: dict[Column, frozenset[Column]] = {}

    def ancestors(self, column: Column) -> frozenset[Column]:
        """The column itself and every column that it is made from, to the sources."""
        if column not in self._known:
            self._known[column] = frozenset({column})  # so that a cycle ends
            found = {column}
            for parent in self._parents(column):
                found |= self.ancestors(parent)
            self._known[column] = frozenset(found)
        return self._known[column]

    def _parents(self, column: Column) -> set[Column]:
        node = self._nodes.get(column.node, {})
        sql = node.get("compiled_code")
        direct = [one for one in node.get("depends_on", {}).get("nodes", []) if one in self._nodes]
        if node.get("resource_type") != "model" or not direct:
            return set()
        by_name = {Column(one, column.name) for one in direct}
        if not sql:
            return by_name
        try:
            traced = list(lineage(column.name, sql, {}, dialect=self._dialect).walk())
        except (SqlglotError, ValueError):
            return by_name
        found = set()
        for step in traced:
            table = step.expression
            if isinstance(table, exp.Table):
                unique_id = self._by_relation.get((table.db.lower(), table.name.lower()))
                if unique_id in direct:
                    # Of a `*` the columns are not known here: it hands this one on by its name.
                    name = column.name if step.name.endswith("*") else exp.to_column(step.name).name
                    found.add(Column(str(unique_id), name))
        return found or by_name


def _relation(node: Mapping[str, Any]) -> tuple[str, str]:
    name = node.get("identifier") or node.get("alias") or node.get("name")
    return str(node.get("schema") or "").lower(), str(name or "").lower()
