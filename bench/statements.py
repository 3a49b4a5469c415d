"""What the warehouse itself worked in a dbt run: the time of its statements, as dbt's log has them."""

import json
from collections import Counter
from pathlib import Path


def seconds(log: Path) -> dict[str, float]:
    """Seconds of all statements by model, from a log with one JSON object per line; under `""` those of no model."""
    found: Counter[str] = Counter()
    for line in log.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["info"]["name"] == "SQLQueryStatus":
            node = event["data"].get("node_info") or {}
            found[str(node.get("node_name") or "")] += float(event["data"]["elapsed"])
    return dict(found)


def chain(manifest: Path) -> int:
    """Models that dbt builds, of an installed project: what costs every build its share of dbt's own time."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return sum(node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral" for node in nodes)
