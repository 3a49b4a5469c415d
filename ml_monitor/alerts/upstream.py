"""Where the columns of a log come from: column lineage through the compiled models of a dbt manifest, with sqlglot."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

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
        self._scopes: dict[str, Scope | None] = {}
        self._names: dict[str, frozenset[str]] = {}

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
        direct = [one for one in node.get("depends_on", {}).get("nodes", []) if one in self._nodes]
        if node.get("resource_type") != "model" or not direct:
            return set()
        by_name = {Column(one, column.name) for one in direct if self._has(one, column.name)}
        try:
            scope = self._scope(column.node)
            if scope is None:
                return by_name
            # Without trimming: a copy of every query for every column takes minutes where there are hundreds.
            found_lineage = lineage(
                column.name, scope.expression, {}, dialect=self._dialect, scope=scope, trim_selects=False, copy=False
            )
            traced = list(found_lineage.walk())
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

    def _scope(self, unique_id: str) -> Scope | None:
        """The compiled query of a model, read once for all of its columns; None if there is none that can be read."""
        if unique_id not in self._scopes:
            self._scopes[unique_id] = None
            query = self._query(unique_id)
            if query is not None:
                qualified = qualify(
                    query, schema=self._schema, dialect=self._dialect, validate_qualify_columns=False, identify=False
                )
                self._scopes[unique_id] = build_scope(qualified)
        return self._scopes[unique_id]

    def _query(self, unique_id: str) -> exp.Expr | None:
        sql = self._nodes.get(unique_id, {}).get("compiled_code")
        return sqlglot.parse_one(sql, dialect=self._dialect) if sql else None

    def _may_have(self, unique_id: str, name: str) -> bool:
        """Whether a `*` of this relation can hand on a column: not if the relation lists its columns, and others."""
        if unique_id not in self._names:
            try:
                query = self._query(unique_id)
            except SqlglotError:
                query = None
            named = query.named_selects if isinstance(query, exp.Query) else ["*"]
            self._names[unique_id] = frozenset(one.lower() for one in named)
        return not self._names[unique_id].isdisjoint({"*", name.lower()})


def _relation(node: Mapping[str, Any]) -> tuple[str, str]:
    name = node.get("identifier") or node.get("alias") or node.get("name")
    return str(node.get("schema") or "").lower(), str(name or "").lower()
