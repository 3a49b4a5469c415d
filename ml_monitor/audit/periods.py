"""Periodic reports of a bundle: per monitor and calendar month, and per training run. Every figure is a row of the bundle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ml_monitor.audit.cards import Rows, facts, rows_table, safe_name, text

_EVENT = ("created_at", "window_end", "event_type", "severity", "metric", "feature", "segment_value", "metric_value", "reason")
_WORST = ("window_end", "metric", "feature", "segment_value", "span", "metric_value", "sample_size", "status", "reason")
_MOVE = ("effective_at", "action", "model_version", "previous_version", "reason", "actor")
_RESTATED = ("recorded_at", "window_start", "metric", "feature", "segment_value", "metric_value", "label_coverage", "status")
_SERIES = ("model_version", "segment", "segment_value", "feature", "window_start", "span", "metric")
_RUN = ("monitor", "status", "trigger_kind", "trigger_reason", "champion_version", "candidate_version", "reason", "error")
_DATA = ("dataset_snapshot_id", "row_count", "content_sha256", "label_cutoff", "feature_list", "query", "created_at")
_GATE = ("created_at", "suite_sha256", "passed", "expectations", "failed_expectations", "reason")
_EVALUATION = (
    *("metric", "segment", "segment_value", "sample_size", "champion_version", "champion_value", "challenger_version"),
    *("challenger_value", "difference", "lower_bound", "upper_bound"),
)
_SHOWN = 50


def monitoring_reports(tables: Mapping[str, Rows], start: datetime, end: datetime) -> dict[str, str]:
    """The reports of the months that [start, end) touches, by path in the bundle; none for a month without a judged window."""
    reports = {}
    for first, until in _months(start, end):
        for declared in tables["monitors"]:
            monitor = declared["monitor"]
            mine = {
                "verdicts": _within(tables["verdicts"], monitor, "window_start", first, until),
                "events": _within(tables["alert_events"], monitor, "window_start", first, until),
                "deployments": _within(tables["deployments"], monitor, "effective_at", first, until),
                "restated": _restated(tables.get("verdicts_history", ()), monitor, first, until),
            }
            if mine["verdicts"]:
                path = f"monitoring_reports/{safe_name(monitor)}/{first:%Y-%m}.md"
                reports[path] = _monitoring(declared, mine, first, until)
    return reports


def training_reports(tables: Mapping[str, Rows]) -> dict[str, str]:
    """The reports of the training runs of the range, by path in the bundle."""
    reports = {}
    for run in tables["training_runs"]:
        identity = run["training_run_id"]
        of_run = {name: [row for row in tables[name] if row["training_run_id"] == identity] for name in _OF_RUN}
        parts = [
            f"# Training run {text(identity)} of {text(run['monitor'])}",
            f"Started {run['started_at']}, {_end(run)}, UTC.",
            facts("Run", run, _RUN),
            rows_table("Training data", of_run["dataset_snapshots"], _DATA),
            rows_table("Gate before training", of_run["gate_results"], _GATE),
            rows_table("Evaluation: champion and challenger on the same held-out rows", of_run["evaluations"], _EVALUATION),
            rows_table("What followed", of_run["deployments"], _MOVE),
        ]
        reports[f"training_reports/{safe_name(run['monitor'])}/{safe_name(identity)}.md"] = "\n\n".join(parts) + "\n"
    return reports


def _end(run: Mapping[str, Any]) -> str:
    if run["finished_at"] is not None:
        return f"finished {run['finished_at']}"
    return f"had not ended when this was exported; last step reached: {text(run.get('step')) or 'none'}"


_OF_RUN = ("dataset_snapshots", "gate_results", "evaluations", "deployments")


def _monitoring(declared: Mapping[str, Any], mine: Mapping[str, Rows], first: datetime, until: datetime) -> str:
    verdicts = mine["verdicts"]
    recorded = max(row["updated_at"] for row in verdicts)
    counts = Counter((row["family"], row["status"]) for row in verdicts)
    summary = [{"family": family, "status": status, "verdicts": n} for (family, status), n in sorted(counts.items())]
    bad = [row for row in verdicts if row["status"] in ("alert", "warning")]
    bad.sort(key=lambda row: (row["status"] != "alert", *(str(row[name]) for name in ("window_end", *_SERIES))))
    rest = f"\n\n{len(bad) - _SHOWN} more are in data/verdicts.jsonl." if len(bad) > _SHOWN else ""
    windows = {row["window_start"] for row in verdicts}
    return (
        "\n\n".join(
            [
                f"# {text(declared['monitor'])}, {first:%Y-%m-%d} to {until:%Y-%m-%d}",
                f"Windows that began in this time: {len(windows)}. Latest verdict recorded {recorded}, UTC.",
                facts("Monitor", declared, ("description", "owner", "task", "window_unit", "edge_set_id")),
                rows_table("Verdicts", summary, ("family", "status", "verdicts")),
                rows_table("Breaches", bad[:_SHOWN], _WORST) + rest,
                rows_table("Alerts", mine["events"], _EVENT),
                rows_table("Versions", mine["deployments"], _MOVE),
                rows_table("Restated since they were first known", mine["restated"], _RESTATED),
            ]
        )
        + "\n"
    )


def _within(rows: Rows, monitor: str, time: str, first: datetime, until: datetime) -> Sequence[Mapping[str, Any]]:
    return [row for row in rows if row["monitor"] == monitor and row[time] is not None and first <= row[time] < until]


def _restated(history: Rows, monitor: str, first: datetime, until: datetime) -> Sequence[Mapping[str, Any]]:
    """Each later version of a verdict on a window of this time."""
    known: set[tuple[Any, ...]] = set()
    later = []
    mine = [row for row in _within(history, monitor, "window_start", first, until) if row["dbt_is_deleted"] != "True"]
    for row in sorted(mine, key=lambda row: (row["recorded_at"], str(row["dbt_valid_from"]))):
        key = tuple(row[name] for name in _SERIES)
        if key in known:
            later.append(row)
        known.add(key)
    return later


def _months(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    months, first = [], start
    while first < end:
        year, month = divmod(first.year * 12 + first.month, 12)
        until = min(end, datetime(year, month + 1, 1))
        months.append((first, until))
        first = until
    return months
