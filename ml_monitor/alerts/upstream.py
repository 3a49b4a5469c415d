"""Where the columns of a log come from: column lineage through the compiled models of a dbt manifest, with sqlglot."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
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
        columns: Names of the columns of relations by (database, schema, table), so that a `*` can be followed exactly.
    """

    def __init__(
        self, manifest: Mapping[str, Any], columns: Mapping[tuple[str, str, str], Collection[str]] | None = None
    ) -> None:
        self._schema: dict[str, Any] = {}
        for (database, schema, table), names in (columns or {}).items():
            self._schema.setdefault(database, {}).setdefault(schema, {})[table] = dict.fromkeys(names, "text")
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

    def steps(self, end: Column, within: Collection[str]) -> list[tuple[Column, Column]]:
        """Every pair (made from, made) of columns on the way to `end`, through these models and no others."""
        found: list[tuple[Column, Column]] = []
        seen, todo = {end}, [end]
        while todo:
            child = todo.pop()
            for parent in sorted(self._parents(child)):
                if parent.node in within:
                    found.append((parent, child))
                    if parent not in seen:
                        seen.add(parent)
                        todo.append(parent)
        return found

    def _parents(self, column: Column) -> set[Column]:
        node = self._nodes.get(column.node, {})
        sql = node.get("compiled_code")
        direct = [one for one in node.get("depends_on", {}).get("nodes", []) if one in self._nodes]
        if node.get("resource_type") != "model" or not direct:
            return set()
        by_name = {Column(one, column.name) for one in direct if self._has(one, column.name)}
        if not sql:
            return by_name
        try:
            traced = list(lineage(column.name, sql, self._schema, dialect=self._dialect).walk())
        except (SqlglotError, ValueError):
            return by_name
        found = set()
        for step in traced:
            table = step.expression
            if isinstance(table, exp.Table):
                unique_id = self._by_relation.get((table.db.lower(), table.name.lower()))
                if unique_id in direct:
                    is_star = step.name.endswith("*")
                    if is_star and not self._may_have(str(unique_id), column.name):
                        continue
                    found.add(Column(str(unique_id), column.name if is_star else exp.to_column(step.name).name))
        return found or by_name

    def _has(self, unique_id: str, name: str) -> bool:
        """Whether a relation has a column; if that is not known, it may."""
        node = self._nodes[unique_id]
        database, (schema, table) = str(node.get("database") or ""), _relation(node)
        known = self._schema.get(database, {}).get(schema, {}).get(table)
        return known is None or name in known

    def _may_have(self, unique_id: str, name: str) -> bool:
        """Whether a `*` of this relation can hand on a column: not if the relation lists its columns, and others."""
        sql = self._nodes[unique_id].get("compiled_code")
        if not sql:
            return True
        try:
            query = sqlglot.parse_one(sql, dialect=self._dialect)
        except SqlglotError:
            return True
        named = {one.lower() for one in query.named_selects} if isinstance(query, exp.Query) else {"*"}
        return "*" in named or name.lower() in named


def _relation(node: Mapping[str, Any]) -> tuple[str, str]:
    name = node.get("identifier") or node.get("alias") or node.get("name")
    return str(node.get("schema") or "").lower(), str(name or "").lower()
