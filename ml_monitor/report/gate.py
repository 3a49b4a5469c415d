"""The gates of a monitor's retrainings: the training rows, then candidate against champion, by metric and slice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ml_monitor.report import words
from ml_monitor.report.rows import Row
from ml_monitor.report.tables import Table, table

_MOST_COMPARISONS = 12


def gate(evaluations: Sequence[Row], runs: Sequence[Row], data_gates: Sequence[Row]) -> dict[str, Any] | None:
    """What the gate page says; rows come newest first. None before any retraining."""
    if not runs:
        return None
    by_run = [list(group) for _, group in groupby(evaluations, key=lambda row: row["training_run_id"])]
    outcomes = {run["training_run_id"]: run["status"] for run in runs}
    return {
        "comparisons": [_comparison(rows, outcomes) for rows in by_run[:_MOST_COMPARISONS]],
        "runs": _runs(runs),
        "data": _data(data_gates),
    }


def _comparison(rows: Sequence[Row], outcomes: dict[str, str]) -> dict[str, Any]:
    first = rows[0]
    outcome = outcomes.get(first["training_run_id"], "")
    return {
        "title": f"{first['challenger_version']} against {first.get('champion_version') or 'no champion'}",
        "outcome": outcome,
        "when": words.day(first["created_at"]),
        "slices": [
            {
                "name": _slice(row),
                "metric": words.metric_name(row["metric"]),
                "difference": row.get("difference"),
                "low": row.get("lower_bound"),
                "high": row.get("upper_bound"),
            }
            for row in rows
        ],
        "table": table(
            ("metric and slice", "candidate", "champion", "difference", "told apart", "rows"), [_row(row) for row in rows]
        ),
    }


def _slice(row: Row) -> str:
    return "all rows" if row["segment"] == words.EVERYTHING else f"{row['segment']} = {row.get('segment_value')}"


def _row(row: Row) -> tuple[str, list[str]]:
    metric = row["metric"]
    low, high = row.get("lower_bound"), row.get("upper_bound")
    bounds, told_apart = "", "not known"
    if low is not None and high is not None:
        bounds = f"[{low:+.3f}, {high:+.3f}]"
        told_apart = "yes" if low > 0 or high < 0 else "no, the interval holds 0"
    difference = "" if row.get("difference") is None else f"{row['difference']:+.3f}"
    return (
        "ok",
        [
            f"{words.metric_name(metric)} · {_slice(row)}",
            words.value(row["challenger_value"], metric),
            words.value(row.get("champion_value"), metric) if row.get("champion_value") is not None else "",
            f"{difference} {bounds}".strip(),
            told_apart,
            words.size(row["sample_size"]),
        ],
    )


def _runs(runs: Sequence[Row]) -> Table:
    return table(
        ("started", "ended", "candidate", "why"),
        [
            (
                "alert past" if run["status"] == "failed" else "ok",
                [
                    words.day(run["started_at"]),
                    run["status"],
                    run["candidate_version"] or "",
                    run["error"] or run["reason"] or "",
                ],
            )
            for run in runs
        ],
    )


def _data(gates: Sequence[Row]) -> Table:
    return table(
        ("validated", "rows passed", "expectations not met", "why"),
        [
            (
                "ok" if one["passed"] else "alert past",
                [
                    words.day(one["created_at"]),
                    "yes" if one["passed"] else "no",
                    f"{one['failed_expectations']} of {one['expectations']}",
                    one["reason"] or "",
                ],
            )
            for one in gates
        ],
    )
