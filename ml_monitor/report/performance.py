"""What the performance page says: now and by segment, calibration, cut-offs, confusion, estimates, maturity of labels.

Differences between versions, groups and times are in `differences`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ml_monitor.report import words
from ml_monitor.report.differences import comparisons, decomposition, fairness
from ml_monitor.report.rows import Reading, Row, milliseconds
from ml_monitor.report.tables import Table, table

_MOST_SEGMENTS = 60
_MOST_CLASSES = 20
_MOST_CALIBRATED = 12
_MOST_WINDOWS = 90
_BAD = ("alert", "warning")


def performance(headline: Row, reading: Reading) -> dict[str, Any]:
    """The document of one monitor; None and empty lists where there is nothing to say."""
    name, unit = headline["monitor"], headline["window_unit"]
    now, cutoffs = reading.of("rpt_performance_now", name), reading.of("rpt_cutoffs", name)
    return {
        "now": _now(now, unit),
        "segments": _segments(headline, now),
        "fairness": fairness(reading.of("rpt_fairness", name), unit),
        "decomposition": decomposition(reading.of("rpt_decomposition", name), unit),
        "comparisons": comparisons(reading.of("rpt_comparisons", name)),
        "slices": _slices(reading.of("worst_slices", name), unit),
        "bins": _bins(headline, reading.of("worst_bins", name)),
        "calibration": _calibration(reading.of("rpt_calibration", name)),
        "class_calibration": _class_calibration(reading.of("rpt_class_calibration", name)),
        "cutoffs": _cutoffs([row for row in cutoffs if row["class"] == words.EVERYTHING]),
        "class_cutoffs": _class_cutoffs([row for row in cutoffs if row["class"] != words.EVERYTHING]),
        "confusion": _confusion(reading.of("rpt_confusion", name)),
        "estimate": _estimate(reading.of("rpt_estimated_performance", name), unit),
        "maturity": _maturity(reading.of("rpt_label_maturity", name)),
        "triangle": _triangle(reading.triangle(name)),
    }


def _now(rows: Sequence[Row], unit: str) -> Table:
    return table(
        ("metric", "value", "95 % interval", "labels", "over", "verdict"),
        [
            (
                row["status"] if row["status"] in _BAD else "ok",
                [
                    words.metric_name(row["metric"]),
                    words.value(row["metric_value"], row["metric"]),
                    words.interval(row["lower_bound"], row["upper_bound"], row["metric"]),
                    words.size(row["sample_size"]),
                    f"{words.over(row['span'], unit)} to {words.day(row['window_end'])}",
                    row["status"].replace("_", " ") if row["status"] != "unjudged" else "",
                ],
            )
            for row in rows
            if row["segment"] == words.EVERYTHING
        ],
    )


def _segments(headline: Row, rows: Sequence[Row]) -> dict[str, Any] | None:
    """The headline's metric by segment value, worst first."""
    metric = headline["metric"]
    found = [row for row in rows if row["segment"] != words.EVERYTHING and row["metric"] == metric]
    if not found:
        return None
    return {
        "metric": words.metric_name(metric),
        "overall": found[0]["overall_value"],
        "hidden": max(0, len(found) - _MOST_SEGMENTS),
        "rows": [
            {
                "name": f"{row['segment']} = {row['segment_value']}",
                "value": row["metric_value"],
                "low": row["lower_bound"],
                "high": row["upper_bound"],
                "status": row["status"] if row["status"] in _BAD else "ok",
                "note": f"{row['segment']} = {row['segment_value']}: {words.measured(row)} "
                f"{words.interval(row['lower_bound'], row['upper_bound'], metric)}, n = {words.size(row['sample_size'])}",
            }
            for row in found[:_MOST_SEGMENTS]
        ],
    }


def _slices(rows: Sequence[Row], unit: str) -> Table:
    return table(
        ("slice", "value", "everyone else", "q-value", "seen again", "over"),
        [
            (
                "warning" if row["is_confirmed"] else "ok",
                [
                    f"{row['segment']} = {row['segment_value']}",
                    words.measured(row),
                    words.value(row["other_value"], row["metric"]),
                    f"{row['q_value']:.2g}",
                    "not known yet" if row["is_confirmed"] is None else "yes" if row["is_confirmed"] else "no",
                    f"{words.over(row['span'], unit)} to {words.day(row['window_end'])}",
                ],
            )
            for row in rows[:_MOST_SEGMENTS]
        ],
    )


def _bins(headline: Row, rows: Sequence[Row]) -> Table:
    """Values of features with more errors than the rest, on both halves of the error profile."""
    error = "mae" if headline["task"] == "regression" else "error_rate"
    return table(
        ("value", "error", "on all other values", "q-value", "seen again", "error then", "labels"),
        [
            (
                "warning" if row["is_confirmed"] else "ok",
                [
                    f"{row['feature']} = {row['bin_label']}",
                    words.value(row["error"], error),
                    words.value(row["other_error"], error),
                    f"{row['q_value']:.2g}",
                    "too few labels" if row["newer_error"] is None else "yes" if row["is_confirmed"] else "no",
                    words.value(row["newer_error"], error),
                    words.size(row["sample_size"]),
                ],
            )
            for row in rows[:_MOST_SEGMENTS]
        ],
    )


def _calibration(rows: Sequence[Row]) -> dict[str, Any] | None:
    return {"when": _when(rows), "bands": _bands(rows, "")} if rows else None


def _class_calibration(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Each class against all others, the most frequent ones; the table has the same."""
    if not rows:
        return None
    classes = [(name, list(bands)) for name, bands in groupby(rows, key=lambda row: str(row["class"]))]
    shown = classes[:_MOST_CALIBRATED]
    return {
        "when": _when(rows),
        "hidden": len(classes) - len(shown),
        "classes": [
            {
                "name": name,
                "happened": words.size(sum(band["n_happened"] for band in bands)),
                "bands": _bands(bands, f"of {name} "),
            }
            for name, bands in shown
        ],
        "table": table(
            ("class and score", "mean score", "happened", "95 % interval", "predictions"),
            [
                (
                    "ok",
                    [
                        f"{name} · {words.percent(band['band_start'])} to {words.percent(band['band_end'])}",
                        words.percent(band["mean_score"]),
                        words.percent(band["observed_rate"]),
                        words.interval(band["lower_bound"], band["upper_bound"], "_rate"),
                        words.size(band["sample_size"]),
                    ],
                )
                for name, bands in shown
                for band in bands
            ],
        ),
    }


def _when(rows: Sequence[Row]) -> str:
    return words.period(min(row["first_window_start"] for row in rows), max(row["last_window_start"] for row in rows))


def _bands(rows: Sequence[Row], whose: str) -> list[dict[str, Any]]:
    return [
        {
            "score": band["mean_score"],
            "rate": band["observed_rate"],
            "low": band["lower_bound"],
            "high": band["upper_bound"],
            "from": band["band_start"],
            "to": band["band_end"],
            "n": band["sample_size"],
            "note": f"scores {whose}{words.percent(band['band_start'])} to {words.percent(band['band_end'])}: "
            f"it happened in {words.percent(band['observed_rate'])} "
            f"{words.interval(band['lower_bound'], band['upper_bound'], '_rate')} "
            f"of {words.size(band['sample_size'])}",
        }
        for band in rows
    ]


def _cutoffs(rows: Sequence[Row]) -> list[list[Any]]:
    """Cut-off, recall, false positive rate, precision; the highest cut-off first."""
    shares = ("recall", "false_positive_rate", "precision_at_cutoff")
    known = [row for row in rows if all(row[name] is not None for name in shares)]
    return [[round(row["cutoff"], 4), *(round(row[name], 5) for name in shares)] for row in known]


def _class_cutoffs(rows: Sequence[Row]) -> dict[str, Any] | None:
    """The same of each class against all others, the most frequent ones; a class that did not happen has no curve."""
    by_class = groupby(rows, key=lambda row: str(row["class"]))
    classes: list[dict[str, Any]] = [{"name": name, "points": _cutoffs(list(points))} for name, points in by_class]
    drawn = [found for found in classes if len(found["points"]) > 1]
    return {"classes": drawn[:_MOST_CALIBRATED], "hidden": max(0, len(drawn) - _MOST_CALIBRATED)} if drawn else None


def _confusion(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Counts by actual and predicted class; of many classes the largest, the others together."""
    if not rows:
        return None
    sizes: dict[str, float] = {}
    for row in rows:
        for side in ("actual_class", "predicted_class"):
            sizes[row[side]] = sizes.get(row[side], 0) + row["n"]
    by_size = sorted(sizes, key=lambda name: (-sizes[name], name))
    kept = sorted(by_size[:_MOST_CLASSES], key=lambda name: ("1", "0").index(name) if name in ("0", "1") else -1)
    classes = [*kept, *(["other classes"] if len(by_size) > len(kept) else [])]
    counts = [[0] * len(classes) for _ in classes]
    place = {name: number for number, name in enumerate(kept)}
    for row in rows:
        counts[place.get(row["actual_class"], len(kept))][place.get(row["predicted_class"], len(kept))] += int(row["n"])
    return {"classes": classes, "counts": counts, "when": _when(rows)}


def _estimate(windows: Sequence[Row], unit: str) -> dict[str, Any] | None:
    if not windows:
        return None
    metric, span = windows[0]["metric"], windows[0]["span"]
    return {
        "metric": words.metric_name(metric),
        "over": words.over(span, unit),
        "points": [
            [
                milliseconds(window["window_end"]),
                window["estimated_value"],
                window["lower_bound"],
                window["upper_bound"],
                window["realised_value"],
                f"to {words.day(window['window_end'])}: {words.value(window['realised_value'], metric)} by the labels, "
                f"{words.value(window['estimated_value'], metric)} "
                f"{words.interval(window['lower_bound'], window['upper_bound'], metric)} by the scores",
            ]
            for window in windows
        ],
    }


def _maturity(ages: Sequence[Row]) -> dict[str, Any] | None:
    if not ages:
        return None
    return {
        "delay": ages[0]["label_delay"],
        "ages": [
            [
                age["label_age"],
                age["development_share"],
                f"{words.counted(age['label_age'], 'window')} after the prediction: "
                f"{words.percent(age['development_share'])} of the labels are there",
            ]
            for age in ages
        ],
    }


def _triangle(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Share of the labels of each window that had come by each age: windows down, ages across."""
    windows = sorted({row["window_start"] for row in rows})[-_MOST_WINDOWS:]
    if not windows:
        return None
    place = {window: number for number, window in enumerate(windows)}
    ages = max(row["label_age"] for row in rows) + 1
    shares: list[list[float | None]] = [[None] * ages for _ in windows]
    for row in rows:
        if row["window_start"] in place and row["label_coverage"] is not None:
            shares[place[row["window_start"]]][row["label_age"]] = round(row["label_coverage"], 4)
    return {"windows": [milliseconds(window) for window in windows], "shares": shares}
