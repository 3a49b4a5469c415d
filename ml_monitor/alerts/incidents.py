"""Open alerts as the incidents that people work on: what opened in one window of one monitor, by what it has upstream."""

# ruff: noqa: S608 - only quoted relation names are put into SQL

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ml_monitor.alerts.message import subject
from ml_monitor.alerts.upstream import Column, Lineage
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Row, Warehouse

_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Suspect:
    """What alarming features have upstream in common."""

    node: str
    columns: tuple[str, ...]
    path: str | None
    last_change: str | None
    """Time, author and subject of the last commit to its file; else, if it is known, when dbt last ran or loaded it."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Alerts that belong together."""

    monitor: str
    opened_at: datetime
    state: str
    alerts: tuple[str, ...]
    incident_ids: tuple[str, ...]
    suspect: Suspect | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        suspect = self.suspect and {name: getattr(self.suspect, name) for name in Suspect.__slots__}
        return {name: getattr(self, name) for name in Incident.__slots__} | {"suspect": suspect}


class Upstream:
    """What the features of the monitors are made of, to tell which alerts have one cause.

    Args:
        warehouse: The warehouse.
        project: The dbt project after a run of dbt, for lineage and the history of its files.
    """

    def __init__(self, warehouse: Warehouse, project: DbtProject) -> None:
        self._warehouse = warehouse
        self._project = project
        self._manifest = project.manifest
        self._lineage = Lineage(project.manifest)
        self._known: dict[str, Mapping[str, frozenset[Column]]] = {}
        self._changes: dict[str, str | None] = {}

    def groups(self, monitor: str, alerts: list[Row]) -> list[tuple[Suspect | None, list[Row]]]:
        """Alerts of one monitor and window by their suspect; None for those that have none in common with others."""
        made_of = self._made_of(monitor)
        found: list[tuple[Suspect | None, list[Row]]] = []
        for node, chosen in group(alerts, made_of):
            columns = [made_of[name] for name in {row["feature"] for row in chosen} if name in made_of]
            found.append((self._suspect(node, columns) if node else None, chosen))
        return found

    def _suspect(self, node: str, made_of: list[frozenset[Column]]) -> Suspect:
        content = self._manifest.get("nodes", {}).get(node) or self._manifest.get("sources", {}).get(node) or {}
        columns = {column.name for columns in made_of for column in columns if column.node == node}
        path = None if node.startswith("source.") else content.get("original_file_path")
        if node not in self._changes:
            changed = _last_change(self._project.root, path) if path else None
            self._changes[node] = changed or _last_seen(self._project.target_path, node, content)
        return Suspect(node, tuple(sorted(columns)), path, self._changes[node])

    def _made_of(self, monitor: str) -> Mapping[str, frozenset[Column]]:
        if monitor not in self._known:
            table = self._warehouse.table
            logs = self._warehouse.query(f"select spec from {table('monitors')} where monitor = :monitor", {"monitor": monitor})
            log = _node(self._manifest, json.loads(logs[0]["spec"])["predictions"]) if logs else None
            features = f"select feature, column_name from {table('features')} where monitor = :monitor"
            rows = self._warehouse.query(features, {"monitor": monitor}) if log else []
            self._known[monitor] = {row["feature"]: self._lineage.ancestors(Column(str(log), row["column_name"])) for row in rows}
        return self._known[monitor]


def incidents(warehouse: Warehouse, project: DbtProject) -> list[Incident]:
    """The open alerts grouped, newest first.

    Alerts of one monitor that opened in one window are one incident, unless their features come from different places: then those
    that share a model, source or column upstream are one, with that as the suspect, and each other feature is one of its own.

    Args:
        warehouse: The warehouse.
        project: The dbt project after a run of dbt.
    """
    rows = warehouse.query(f"""
        select monitor, state, metric, feature, segment, segment_value, model_version, span, incident_id, opened_at
        from {warehouse.table("alert_states")} where is_open
        order by opened_at desc, monitor, metric, feature, segment, segment_value, span
    """)
    upstream = Upstream(warehouse, project)
    found: list[Incident] = []
    for (monitor, opened_at), alerts in _by(rows, "monitor", "opened_at").items():
        for suspect, chosen in upstream.groups(monitor, alerts):
            state = "alert" if any(row["state"] == "alert" for row in chosen) else "warning"
            ids = tuple(row["incident_id"] for row in chosen)
            found.append(Incident(monitor, opened_at, state, tuple(subject(row) for row in chosen), ids, suspect))
    return found


def group(alerts: list[Row], made_of: Mapping[str, frozenset[Column]]) -> list[tuple[str | None, list[Row]]]:
    """Alerts by what they have upstream: (node, alerts), and (None, alerts) for the rest.

    A node is suspected of two features or more, if at least half of the features made from it alarm: the one that explains
    most, and of those the one that explains least besides.
    """
    left = {row["feature"] for row in alerts if row["feature"] in made_of}
    derived: dict[str, set[str]] = {}
    for feature, columns in made_of.items():
        for column in columns:
            derived.setdefault(column.node, set()).add(feature)
    groups: list[tuple[str | None, list[Row]]] = []
    while True:
        ranked = [
            (len(left & all_of), -len(all_of), node)
            for node, all_of in derived.items()
            if len(left & all_of) >= 2 and len(left & all_of) >= _LEAST_SHARE * len(all_of)
        ]
        if not ranked:
            break
        node = max(ranked)[2]
        chosen = left & derived[node]
        groups.append((node, [row for row in alerts if row["feature"] in chosen]))
        left -= chosen
    groups += [(None, [row for row in alerts if row["feature"] == feature]) for feature in sorted(left)]
    rest = [row for row in alerts if row["feature"] not in made_of]
    return groups + ([(None, rest)] if rest else [])


def _last_seen(target: Path, node: str, content: Mapping[str, Any]) -> str | None:
    """Of a source when its newest row was loaded (`dbt source freshness`); of a model when it last ran, and its checksum."""
    name, place = ("sources.json", "max_loaded_at") if node.startswith("source.") else ("run_results.json", "timing")
    try:
        results = json.loads((target / name).read_text(encoding="utf-8"))["results"]
        found = next(one[place] for one in results if one["unique_id"] == node)
    except (OSError, ValueError, KeyError, StopIteration):
        return None
    if place == "max_loaded_at":
        return f"newest row loaded {found}"
    ended = max((step.get("completed_at") or "" for step in found), default="")
    checksum = str((content.get("checksum") or {}).get("checksum") or "")[:12]
    return f"last ran {ended}, checksum {checksum}" if ended else None


def _last_change(root: Path, path: str) -> str | None:
    try:
        log = subprocess.run(  # noqa: S603 - a list, no shell; the path comes after --
            ["git", "-C", str(root), "log", "-1", "--format=%cI %an: %s", "--", path],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return log.stdout.strip() or None


def _node(manifest: Mapping[str, Any], relation: str) -> str | None:
    """The unique id of `model` or `source.table`."""
    source, _, table = relation.rpartition(".")
    nodes = manifest.get("sources" if source else "nodes", {})
    for unique_id, node in nodes.items():
        if node.get("name") == table and (node.get("source_name") == source if source else node.get("resource_type") != "test"):
            return str(unique_id)
    return None


def _by(rows: list[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found
