"""The gate of the latest retraining: candidate against champion, metric by metric and slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_monitor.report import words
from ml_monitor.report.rows import Row


@dataclass(frozen=True)
class Gate:
    """One comparison, and how earlier ones ended."""

    title: str
    rows: Sequence[tuple[str, tuple[str, ...]]]
    runs: Sequence[tuple[str, tuple[str, ...]]]


def latest(evaluations: Sequence[Row], runs: Sequence[Row]) -> Gate | None:
    """The newest evaluated run of a monitor; rows and runs come newest first. None before any retraining."""
    if not runs:
        return None
    newest = evaluations[0]["training_run_id"] if evaluations else None
    compared = [row for row in evaluations if row["training_run_id"] == newest]
    title = "No candidate has been compared yet"
    if compared:
        first = compared[0]
        title = f"{first['challenger_version']} against {first.get('champion_version') or 'no champion'}"
    return Gate(title, [_comparison(row) for row in compared], [_run(run) for run in runs])


def _comparison(row: Row) -> tuple[str, tuple[str, ...]]:
    metric = row["metric"]
    slice_name = "all rows" if row["segment"] == words.EVERYTHING else f"{row['segment']} = {row.get('segment_value')}"
    low, high = row.get("lower_bound"), row.get("upper_bound")
    bounds, told_apart = "", "not known"
    if low is not None and high is not None:
        bounds = f"[{low:+.3f}, {high:+.3f}]"
        told_apart = "yes" if low > 0 or high < 0 else "no, the interval holds 0"
    difference = "" if row.get("difference") is None else f"{row['difference']:+.3f}"
    return (
        "ok",
        (
            f"{words.metric_name(metric)} · {slice_name}",
            words.value(row["challenger_value"], metric),
            words.value(row.get("champion_value"), metric) if row.get("champion_value") is not None else "",
            f"{difference} {bounds}".strip(),
            told_apart,
            words.size(row["sample_size"]),
        ),
    )


def _run(run: Row) -> tuple[str, tuple[str, ...]]:
    status = "alert past" if run["status"] == "failed" else "ok"
    return status, (
        words.day(run["started_at"]),
        run["status"],
        run["candidate_version"] or "",
        run["error"] or run["reason"] or "",
    )
