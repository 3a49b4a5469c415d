"""Differences on the performance page: between versions, between groups, between now and before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ml_monitor.report import words
from ml_monitor.report.rows import Row
from ml_monitor.report.tables import table

_MOST_VALUES = 20
_GAPS = {
    "selection_rate_gap": "selected (predicted positive)",
    "tpr_gap": "recall (true positive rate)",
    "fpr_gap": "false positive rate",
    "ppv_gap": "precision",
}


def comparisons(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Versions on the same rows, metric by metric; None where nothing was compared."""
    if not rows:
        return None
    first = min(row["first_predicted_at"] for row in rows)
    last = max(row["last_predicted_at"] for row in rows)
    return {
        "when": words.period(first, last),
        "metrics": [
            {
                "metric": words.metric_name(metric),
                "rows": [_whisker(f"{row['challenger']} against {row['champion']}", row["difference"], row) for row in of_metric],
            }
            for metric, of_metric in groupby(rows, key=lambda row: row["metric"])
        ],
        "table": table(
            ("versions and metric", "challenger", "champion", "difference", "p-value", "told apart", "only one right", "rows"),
            [("ok", _compared(row)) for row in rows],
        ),
    }


def _compared(row: Row) -> list[str]:
    values = [row[side] for side in ("challenger_value", "champion_value")]
    right = (row["only_challenger_right"], row["only_champion_right"])
    return [
        f"{row['challenger']} against {row['champion']} · {words.metric_name(row['metric'])}",
        *("" if value is None else words.value(value, row["metric"]) for value in values),
        _difference(row["difference"], row),
        "" if row["p_value"] is None else f"{row['p_value']:.2g}",
        "yes" if _is_apart(row) else "no, the interval holds 0",
        "" if row["metric"] != "accuracy" else f"challenger {words.size(right[0])}, champion {words.size(right[1])}",
        words.size(row["sample_size"]),
    ]


def fairness(rows: Sequence[Row], unit: str) -> dict[str, Any] | None:
    """Gaps of protected groups, metric by metric, the largest first; None where no segment is protected."""
    if not rows:
        return None
    gaps = [(metric, list(group)) for metric, group in groupby(rows, key=lambda row: row["metric"])]
    gaps.sort(key=lambda gap: list(_GAPS).index(gap[0]))
    return {
        "over": f"{words.over(rows[0]['span'], unit)} to {words.day(rows[0]['window_end'])}",
        "metrics": [
            {
                "metric": _GAPS[metric],
                "rows": [_whisker(_value_name(row), row["metric_value"], row) for row in group[:_MOST_VALUES]],
                "hidden": max(0, len(group) - _MOST_VALUES),
            }
            for metric, group in gaps
        ],
        "table": table(
            ("gap", "group minus everyone else", "told apart", "rows of the smaller side", "verdict"),
            [
                (
                    row["status"] if row["status"] in ("alert", "warning") else "ok",
                    [
                        f"{_GAPS[metric]} · {_value_name(row)}",
                        _difference(row["metric_value"], row),
                        "yes" if _is_apart(row) else "no, the interval holds 0",
                        words.size(row["sample_size"]),
                        row["reason"] or "",
                    ],
                )
                for metric, group in gaps
                for row in group[:_MOST_VALUES]
            ],
        ),
    }


def decomposition(rows: Sequence[Row], unit: str) -> dict[str, Any] | None:
    """Mix and rate of each segment's values, for the metric that the view ranks first; None where nothing can be compared."""
    drawn = [row for row in rows if row["metric_rank"] == 1]
    if not drawn:
        return None
    metric = drawn[0]["metric"]
    return {
        "metric": words.metric_name(metric),
        "over": f"{words.over(drawn[0]['span'], unit)} to {words.day(drawn[0]['window_end'])}",
        "segments": [_effects(segment, list(values)) for segment, values in groupby(drawn, key=lambda row: row["segment"])],
        "table": table(
            ("value", "mix", "rate", "share before", "share now", "before", "now", "rows now"),
            [
                (
                    "ok",
                    [
                        _value_name(row),
                        f"{row['mix_effect']:+.4f}",
                        f"{row['rate_effect']:+.4f}",
                        words.percent(row["baseline_share"]),
                        words.percent(row["share"]),
                        words.value(row["baseline_value"], metric),
                        words.value(row["metric_value"], metric),
                        words.size(row["sample_size"]),
                    ],
                )
                for row in drawn
                if row["effect_rank"] <= _MOST_VALUES
            ],
        ),
    }


def _effects(segment: str, rows: Sequence[Row]) -> dict[str, Any]:
    mix, rate = (sum(row[effect] for row in rows) for effect in ("mix_effect", "rate_effect"))
    return {
        "segment": segment,
        "words": f"{segment}: changed by {rows[0]['total_change']:+.4f}, of which mix {mix:+.4f} and rate {rate:+.4f}",
        "hidden": max(0, len(rows) - _MOST_VALUES),
        "rows": [
            {
                "name": str(row["segment_value"]),
                "mix": row["mix_effect"],
                "rate": row["rate_effect"],
                "note": _note(row),
            }
            for row in rows[:_MOST_VALUES]
        ],
    }


def _note(row: Row) -> str:
    shares = f"share {words.percent(row['baseline_share'])} to {words.percent(row['share'])}"
    values = f"{words.value(row['baseline_value'], row['metric'])} to {words.value(row['metric_value'], row['metric'])}"
    return f"{_value_name(row)}: mix {row['mix_effect']:+.4f} ({shares}), rate {row['rate_effect']:+.4f} ({values})"


def _value_name(row: Row) -> str:
    return f"{row['segment']} = {row['segment_value']}"


def _whisker(name: str, value: float, row: Row) -> dict[str, Any]:
    bad = row.get("status") in ("alert", "warning")
    return {
        "name": name,
        "value": value,
        "low": row["lower_bound"],
        "high": row["upper_bound"],
        "status": row["status"] if bad else "apart" if _is_apart(row) else "",
        "note": f"{name}: {_difference(value, row)}, n = {words.size(row['sample_size'])}",
    }


def _is_apart(row: Row) -> bool:
    low, high = row["lower_bound"], row["upper_bound"]
    return low is not None and high is not None and (low > 0 or high < 0)


def _difference(value: float, row: Row) -> str:
    low, high = row["lower_bound"], row["upper_bound"]
    bounds = "" if low is None or high is None else f" [{_signed(low)}, {_signed(high)}]"
    return f"{_signed(value)}{bounds}"


def _signed(number: float) -> str:
    """Three decimals with a sign; what rounds to 0 has no side."""
    return f"{round(number, 3) + 0.0:+.3f}"
