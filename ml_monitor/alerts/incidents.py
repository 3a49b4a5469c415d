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
from ml_monitor.warehouse import Row, Warehouse

_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Suspect:
    """What alarming features have upstream in common."""

    node: str
    columns: tuple[str, ...]
    path: str | None
    last_change: str | None
    """Time, author and subject of the last commit to its file; None for sources and outside of git."""


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


def incidents(warehouse: Warehouse, manifest: Mapping[str, Any], root: Path) -> list[Incident]:
    """The open alerts grouped, newest first.

    Alerts of one monitor that opened in one window are one incident, unless their features come from different places: then those
    that share a model, source or column upstream are one, with that as the suspect, and each other feature is one of its own.

    Args:
        warehouse: The warehouse.
        manifest: `manifest.json` after a run of dbt.
        root: Directory of the dbt project, for the history of its files.
    """
    rows = warehouse.query(f"""
        select monitor, state, metric, feature, segment, segment_value, model_version, span, incident_id, opened_at
        from {warehouse.table("alert_states")} where is_open
        order by opened_at desc, monitor, metric, feature, segment, segment_value, span
    """)
    logs = {row["monitor"]: row for row in warehouse.query(f"select monitor, spec from {warehouse.table('monitors')}")}
    features = warehouse.query(f"select monitor, feature, column_name from {warehouse.table('features')}")
    lineage = Lineage(manifest)
    found: list[Incident] = []
    for (monitor, opened_at), alerts in _by(rows, "monitor", "opened_at").items():
        log = _node(manifest, json.loads(logs[monitor]["spec"])["predictions"]) if monitor in logs else None
        made_of = {
            row["feature"]: lineage.ancestors(Column(log, row["column_name"]))
            for row in features
            if log and row["monitor"] == monitor
        }
        for node, chosen in group(alerts, made_of):
            columns = [made_of[name] for name in {row["feature"] for row in chosen} if name in made_of]
            suspect = _suspect(manifest, root, node, columns) if node else None
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


def _suspect(manifest: Mapping[str, Any], root: Path, node: str, made_of: list[frozenset[Column]]) -> Suspect:
    content = manifest.get("nodes", {}).get(node) or manifest.get("sources", {}).get(node) or {}
    columns = {column.name for columns in made_of for column in columns if column.node == node}
    is_source = str(node).startswith("source.")
    path = None if is_source else content.get("original_file_path")
    return Suspect(node, tuple(sorted(columns)), path, _last_change(root, path) if path else None)


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
