"""A model card for each version: every figure in it is a row of the bundle."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

Rows = Sequence[Mapping[str, Any]]

_VERSION = ("stage", "created_at", "trainer", "artifact_sha256", "training_run_id", "validation_metrics")
_RUN = ("training_run_id", "status", "trigger_kind", "trigger_reason", "reason", "started_at", "finished_at")
_EVALUATION = (
    *("metric", "segment", "segment_value", "sample_size", "champion_version", "champion_value", "challenger_version"),
    *("challenger_value", "difference", "lower_bound", "upper_bound"),
)
_EVENT = ("window_end", "event_type", "severity", "metric", "feature", "metric_value", "threshold_value", "reason")


def safe_name(name: object) -> str:
    """A name from the data as one part of a path; two names never give the same part, and none is `.` or `..`."""
    part = quote(str(name), safe="")
    return part.replace(".", "%2E") if not part.strip(".") else part


def model_cards(tables: Mapping[str, Rows], start: datetime, end: datetime) -> dict[str, str]:
    """The cards by path in the bundle."""
    cards = {}
    for version in tables["model_versions"]:
        path = f"model_cards/{safe_name(version['monitor'])}/{safe_name(version['model_version'])}.md"
        cards[path] = _card(tables, version, start, end)
    return cards


def _card(tables: Mapping[str, Rows], version: Mapping[str, Any], start: datetime, end: datetime) -> str:
    monitor, name = version["monitor"], version["model_version"]
    declared = next((row for row in tables["monitors"] if row["monitor"] == monitor), {})
    run = [row for row in tables["training_runs"] if row["training_run_id"] == version["training_run_id"]]
    data = [row for row in tables["dataset_snapshots"] if row["training_run_id"] == version["training_run_id"]]
    evaluated = [row for row in tables["evaluations"] if row["monitor"] == monitor]
    judged = [row for row in evaluated if name in (row["champion_version"], row["challenger_version"])]
    moves = [row for row in tables["deployments"] if row["monitor"] == monitor and row["model_version"] == name]
    events = [row for row in tables["alert_events"] if row["monitor"] == monitor]
    parts = [
        f"# {text(monitor)}, version {text(name)}",
        f"Range of this bundle: {start} to {end}, UTC. What lies outside of it is not shown.",
        facts("Version", version, _VERSION),
        facts("Monitor", declared, ("description", "owner", "task", "predictions", "feedback", "reference_kind", "label_delay")),
        rows_table("Training", run, _RUN),
        rows_table("Training data", data, ("dataset_snapshot_id", "row_count", "label_cutoff", "content_sha256", "feature_list")),
        rows_table("Evaluations against another version, on the same rows", judged, _EVALUATION),
        rows_table("Deployments", moves, ("effective_at", "action", "previous_version", "reason", "actor")),
        rows_table("Alerts of the monitor, whatever the version", events, _EVENT),
    ]
    return "\n\n".join(parts) + "\n"


def facts(title: str, row: Mapping[str, Any], columns: Sequence[str]) -> str:
    """A heading and the known values of a row, one a line."""
    known = [f"| {column} | {text(row[column])} |" for column in columns if row.get(column) is not None]
    return f"## {title}\n\n" + ("\n".join(["| what | value |", "| --- | --- |", *known]) if known else "Nothing is recorded.")


def rows_table(title: str, rows: Rows, columns: Sequence[str]) -> str:
    """A heading and a table of rows."""
    if not rows:
        return f"## {title}\n\nNothing is recorded."
    lines = [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
    lines += [f"| {' | '.join(text(row.get(column)) for column in columns)} |" for row in rows]
    return f"## {title}\n\n" + "\n".join(lines)


def text(value: object) -> str:
    """A value as text that no Markdown reader takes for markup."""
    shown = "" if value is None else " ".join(str(value).split())
    for character in "\\|<>`*_[]#!":
        shown = shown.replace(character, f"&#{ord(character)};")
    return shown
