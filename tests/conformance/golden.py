"""One log with every nasty case, and what must come of it by numpy, scipy and scikit-learn alone: no SQL, no code of ours.

A day is a case. Names of columns and categories hold every kind of quote, backslashes, Jinja, line breaks and Unicode.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.conformance import flights

DAYS = pd.date_range("2026-01-01", periods=9)
ROWS, SPAN = 48, 3
# The day after is open: it has rows, and no metric.
OPEN = DAYS[-1] + pd.Timedelta(days=1)
NOW = str(OPEN + pd.Timedelta(hours=12))
TYPICAL, WOBBLE, ONE_ROW, ALL_MISSING, FLAT, EMPTY_BINS, NO_NUMBERS, UNSEEN, EMPTY = DAYS

SMOOTH = "größe \"x\" it's \\ `{{ 1 }}` %"
CATEGORY = "κατηγορία 'a' \"b\" \\ `c`; drop table x --"
NUMERIC = [SMOOTH, "constant", "gone", "never", "ties", "flat", "numbers", "floats"]
CATEGORICAL = [CATEGORY, "word"]
VALUES = np.array(["O'Brien \"x\"", "日本 | %", "", "a,b", "{{ 1 }}", "back\\slash", "new\nline", "😀", " padded ", "`tick`", "null", "<b>&amp;"])
NEW_VALUES = np.array(["it's new \\", "\"; select 1 --", "ÅÄÖ"])
# What is in the column `numbers` for no number, and so is invalid.
NO_NUMBER = ["NaN", "Infinity", "-inf", "1e300", "abc", "", "1,5"]


def _features(n: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            SMOOTH: random.normal(size=n),
            "constant": 3.5,
            "gone": random.exponential(size=n).round(2),
            "never": np.full(n, np.nan),
            "ties": random.poisson(1.5, size=n),
            "flat": random.normal(size=n).round(1),
            "numbers": random.normal(100, 10, size=n).round(3),
            "raw_floats": random.uniform(size=n).round(4),
            CATEGORY: VALUES[random.integers(0, len(VALUES), size=n)],
            "word": random.choice(["x", "y"], size=n, p=[0.9, 0.1]),
        }
    )
    frame.loc[random.uniform(size=n) < 0.1, "gone"] = np.nan
    frame.loc[random.uniform(size=n) < 0.05, CATEGORY] = None
    return frame.assign(numbers=frame["numbers"].astype(str), kind="")


def _day(place: int, day: pd.Timestamp) -> pd.DataFrame:
    n = 1 if day == ONE_ROW else 0 if day == EMPTY else ROWS
    frame = _features(n, 100 + place)
    if day == WOBBLE:
        frame[SMOOTH] += 1
    if day == ALL_MISSING:
        frame[["gone", CATEGORY]] = None
    if day == FLAT:
        frame["flat"] = 0.3
    if day == EMPTY_BINS:
        frame[SMOOTH] = frame[SMOOTH].clip(-0.05, 0.05)
        frame.loc[::2, "constant"] = 3.75
        frame["word"] = "y"
    if day == NO_NUMBERS:
        frame.loc[: 2 * len(NO_NUMBER) - 1, "numbers"] = NO_NUMBER * 2
        frame.loc[:8, "kind"] = ["nan", "inf", "-inf"] * 3
    if day == UNSEEN:
        frame[CATEGORY] = NEW_VALUES[np.arange(n) % 3]
        frame["constant"] = 4.0
    moments = day + pd.to_timedelta(np.arange(n) * 20, unit="min")
    number = np.arange(n)
    return frame.assign(
        prediction_id=[f"{place}-{i:03d}" for i in range(n)],
        predicted_at=moments,
        version=np.where(number % 3 == 0, "v'1", "v2"),
        # Every third case was shown to both versions.
        case_id=[f"{place}-{i}" for i in number - (number % 3 == 1)],
    )


def _scores(log: pd.DataFrame, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    score = random.uniform(size=len(log)).round(3)
    label = (random.uniform(size=len(log)) < score**1.5).astype(int)
    propensity = np.where(score > 0.6, 0.9, 0.2)
    acted = random.uniform(size=len(log)) < propensity
    return log.assign(score=score, prediction=(score > 0.6).astype(int), label=label, propensity=propensity, acted=acted)


LOG = _scores(pd.concat([_day(*numbered) for numbered in enumerate([*DAYS, OPEN])], ignore_index=True), 1)
REFERENCE = _scores(_features(400, 7), 2)
REFERENCE = REFERENCE.assign(
    prediction_id=[f"r{i}" for i in range(len(REFERENCE))], predicted_at=pd.Timestamp("2025-12-01") + pd.to_timedelta(np.arange(len(REFERENCE)), unit="h"), version="v0"
)
FEEDBACK = LOG[["prediction_id", "label"]].assign(labelled_at=LOG["predicted_at"] + pd.Timedelta(hours=5))
FEEDBACK = FEEDBACK[LOG["predicted_at"].dt.normalize() != ALL_MISSING]
HUGE_N, HUGE_SHIFT = 100_000, 0.02


def huge(shift: float, start: str) -> pd.DataFrame:
    """A day of so many rows that everything is significant."""
    random = np.random.default_rng(int(shift * 1000))
    return pd.DataFrame(
        {
            "prediction_id": np.arange(HUGE_N),
            "predicted_at": pd.Timestamp(start) + pd.to_timedelta(np.arange(HUGE_N) * 86_000_000 // HUGE_N, unit="ms"),
            "x": random.normal(shift, 1, size=HUGE_N).round(4),
            "c": random.choice(["a", "b", "c"], size=HUGE_N, p=[0.5 + shift, 0.3 - shift, 0.2]),
        }
    )


def wrong() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two days of what cannot be right about predictions and labels; the second day has no label."""
    n = 80
    log = pd.DataFrame({"prediction_id": [f"w{i:02d}" for i in range(n)], "predicted_at": DAYS[0] + pd.to_timedelta(np.arange(n) * 36, unit="min")})
    log = log.assign(x=np.arange(n) % 7, score=(np.arange(n) % 11) / 10, prediction=np.where(np.arange(n) % 11 > 5, "yes", "no"))
    log.loc[:3, "score"] = [1.5, -0.1, np.nan, 1e300]
    log.loc[4:6, "prediction"] = "maybe"
    log.loc[79, "prediction_id"] = "w78"
    labels = log.iloc[:40][["prediction_id"]].assign(label=np.where(np.arange(40) % 3 == 0, "TRUE", "f"), labelled_at=log["predicted_at"] + pd.Timedelta(minutes=30))
    labels.loc[7:8, "label"] = "?"
    labels.loc[10:14, "labelled_at"] -= pd.Timedelta(hours=1)
    again = labels.loc[20:22].assign(label=["true", "false", None], labelled_at=lambda rows: rows["labelled_at"] + pd.Timedelta(hours=2))
    orphans = pd.DataFrame({"prediction_id": ["o1", "o2"], "label": ["true", "false"], "labelled_at": DAYS[0] + pd.Timedelta(hours=12)})
    return log, pd.concat([labels, again, orphans], ignore_index=True)


MONITORS: dict[str, Any] = {
    "nasty": {
        "predictions": "golden_log",
        "feedback": "raw.golden_feedback",
        "reference": {"relation": "golden_reference"},
        "model_version": "version",
        "score": "score",
        "prediction": "prediction",
        "features": dict.fromkeys(NUMERIC, "numeric") | dict.fromkeys(CATEGORICAL, "categorical") | {"ties": {"type": "numeric", "min": 0, "max": 3}},
        "segments": [CATEGORY, ["word", CATEGORY]],
        "protected": [CATEGORY],
        "calibration": {"windows": 3},
        "label_drift": True,
        "comparison": {"on": "case_id"},
        "selective": {"action": "acted", "propensity": "propensity"},
        "retraining": {"triggers": ["drift", "performance", "labels", "schedule"], "min_new_labels": 50, "every_days": 5, "cooldown_days": 2},
        "costs": {"fp": 5, "fn": 20},
        "multivariate": [SMOOTH, "ties", "flat", "constant"],
        "metrics": {"mean_of_smooth": {"sql": 'sum("' + SMOOTH.replace('"', '""') + '") / count(*)', "direction": "both"}},
        "thresholds": {"js_distance": {"warn": 0.2, "alert": 0.3}, "roc_auc": {"alert": 0.9}, "ks": {"alert": 0.4}},
        "rolling": [SPAN],
        "min_rows": 10,
    },
    "floored": {
        "predictions": "golden_log",
        "reference": {"relation": "golden_reference"},
        "task": "regression",
        "model_version": None,
        "prediction": "score",
        "features": {SMOOTH: "numeric", "gone": "numeric", CATEGORY: "categorical"},
        "smoothing": {"floor": flights.FLOOR},
        "rolling": [],
        "min_rows": 10,
    },
    "moving": {
        "predictions": "golden_log",
        "feedback": "raw.golden_feedback",
        "reference": {"trailing": 3},
        "model_version": "version",
        "score": "score",
        "prediction": "prediction",
        "features": {SMOOTH: "numeric", "constant": "numeric", "gone": "numeric", CATEGORY: "categorical"},
        "thresholds": {"psi": {"warn": 0.1, "alert": 0.25, "test": "value"}},
        "rolling": [SPAN],
        "min_rows": 10,
        "label_delay": 1,
    },
    "wrong": {
        "predictions": "raw.wrong_log",
        "feedback": "raw.wrong_labels",
        "reference": {"trailing": 1},
        "model_version": None,
        "score": "score",
        "prediction": "prediction",
        "features": {"x": "numeric"},
        "thresholds": {"roc_auc": {"alert": 0.6}, "accuracy": {"warn": 0.9}},
        "rolling": [],
        "min_rows": 5,
    },
    "huge": {
        "predictions": "raw.huge_log",
        "reference": {"relation": "raw.huge_reference"},
        "model_version": None,
        "prediction": "x",
        "task": "regression",
        "features": {"x": "numeric", "c": "categorical"},
        "rolling": [],
    },
}

# The models that the monitors read: a column with NaN and infinities, which no data frame can hand to every warehouse.
FLOATS = """
select *,
    case {% for name, number in {'nan': 'NaN', 'inf': 'Infinity', '-inf': '-Infinity'}.items() %}
    when kind = '{{ name }}' then cast('{{ number }}' as {{ ml_monitor.type_double() }}) {% endfor %}
    else raw_floats end as floats
from {{ source('raw', '%s') }}
"""
LOG_MODELS = {"golden_log": FLOATS.replace("%s", "golden_rows"), "golden_reference": FLOATS.replace("%s", "golden_reference_rows")}
MODELS = LOG_MODELS | {
    "golden_exact": "{{ ml_monitor.exact_drift('nasty') }}",
    "golden_weeks": "{{ ml_monitor.rolled_up_drift('nasty', 'week') }}",
    "golden_quality_weeks": "{{ ml_monitor.rolled_up_quality('nasty', 'week') }}",
}
VARIABLES = {"ml_monitor__excluded_periods": "raw.excluded", "ml_monitor__alert_mutes": "raw.mutes"}


def logs() -> dict[str, pd.DataFrame]:
    """The tables of schema `raw`."""
    return {
        "golden_rows": LOG.drop(columns="label"),
        "golden_reference_rows": REFERENCE,
        "golden_feedback": FEEDBACK,
        "wrong_log": wrong()[0],
        "wrong_labels": wrong()[1],
        "huge_log": huge(HUGE_SHIFT, "2026-01-02"),
        "huge_reference": huge(0.0, "2025-12-01"),
        "excluded": pd.DataFrame({"monitor": ["moving"], "starts_at": [WOBBLE], "ends_at": [ONE_ROW], "reason": ["it's a \"test\""]}),
        "mutes": pd.DataFrame(
            {"monitor": ["nasty"], "metric": ["unseen_rate"], "feature": [None], "segment": [None], "segment_value": [None], "starts_at": [UNSEEN],
             "ends_at": [OPEN], "reason": ["known"]}
        ).astype({"feature": str, "segment": str, "segment_value": str}).replace("None", ""),
    }


@dataclass(frozen=True)
class Side:
    """One feature in some rows: its values, and how many rows have none or an invalid one."""

    values: pd.Series
    missing: int
    invalid: int


def side(rows: pd.DataFrame, feature: str) -> Side:
    """What is a value, what is missing, what is invalid."""
    if feature == "floats":
        broken = rows["kind"] != ""
        return Side(rows.loc[~broken, "raw_floats"], 0, int(broken.sum()))
    if feature == "numbers":
        broken = rows[feature].isin(NO_NUMBER)
        return Side(rows.loc[~broken, feature].astype(float), 0, int(broken.sum()))
    return Side(rows[feature].dropna(), int(rows[feature].isna().sum()), 0)


def drift(reference: pd.DataFrame, window: pd.DataFrame, feature: str, smoothing: str = "jeffreys", edges: pd.DataFrame | None = None) -> dict[str, float]:
    """Every drift metric of one feature in one window; those without `_with_missing` only if both sides have values. Of a segment, `edges` is
    the whole reference, whose quantiles are the edges; what needs more of it than edges is then left out."""
    kind = "categorical" if feature in CATEGORICAL or feature == "prediction" else "numeric"
    base, now = side(reference, feature), side(window, feature)
    found: dict[str, float] = {}
    r = c = np.zeros(1, dtype=int)
    frozen = side(edges if edges is not None else reference, feature).values
    if edges is not None:
        r, c = (flights.bin_counts(frozen, values, kind)[1] for values in (base.values, now.values))
    elif len(base.values):
        r, c = flights.bin_counts(base.values, now.values, kind)
    if len(base.values) and len(now.values):
        found = flights.distances(r, c, smoothing) | (flights.without_unseen(frozen, r, c, smoothing) if kind == "categorical" else {})
        if kind == "numeric" and edges is None:
            found |= flights.moments(base.values, now.values, r, c)
    if len(base.values) or base.missing:
        others = [(s.missing, s.invalid) if kind == "numeric" else (s.missing,) for s in (base, now)]
        together = flights.distances(np.append(r, others[0]), np.append(c, others[1]), smoothing)
        found |= {f"{name}_with_missing": value for name, value in together.items()}
    return found


def trailing_psi(frozen: pd.DataFrame, log: pd.DataFrame, day: pd.Timestamp, span: int, days: int, feature: str) -> float | None:
    """PSI of the days up to this one against so many before them, in the bins of what is frozen; None if one of these has no value."""
    kind, edges = "categorical" if feature in CATEGORICAL else "numeric", side(frozen, feature).values
    if edges.empty:
        return None
    first = day - pd.Timedelta(days=span - 1)
    parts = [log[(log["predicted_at"] >= start) & (log["predicted_at"] < end)] for start, end in ((first - pd.Timedelta(days=days), first), (first, day + pd.Timedelta(days=1)))]
    counted = [flights.bin_counts(edges, side(rows, feature).values, kind)[1] for rows in parts]
    # One side may have an unseen category, the other none.
    base, now = (np.append(counts, np.zeros(max(map(len, counted)) - len(counts))) for counts in counted)
    return flights.distances(base, now, "jeffreys")["psi"] if base.sum() and now.sum() else None


def quality(reference: pd.DataFrame, window: pd.DataFrame, feature: str) -> dict[str, float]:
    """The rates of one feature in one window."""
    base, now = side(reference, feature), side(window, feature)
    found = {"missing_rate": now.missing / len(window), "missing_rate_increase": now.missing / len(window) - base.missing / len(reference)}
    if feature in NUMERIC:
        found["invalid_rate"] = now.invalid / len(window)
        if len(now.values):
            low, high = base.values.min(), base.values.max()
            found["out_of_range_rate"] = ((now.values < low) | (now.values > high)).mean() if len(base.values) else 0.0
    elif len(now.values):
        found["unseen_rate"] = (~now.values.isin(base.values)).mean()
    if feature == "ties":
        found["out_of_bounds_rate"] = ((now.values < 0) | (now.values > 3)).mean()
    return found


def windows(log: pd.DataFrame, version: str = "__all__", spans: tuple[int, ...] = (1, SPAN)) -> list[tuple[tuple[pd.Timestamp, int], pd.DataFrame]]:
    """(day, span) -> its rows, of the days that have any."""
    log = log if version == "__all__" else log[log["version"] == version]
    found = []
    for day in DAYS:
        for span in spans:
            rows = log[(log["predicted_at"] >= day - pd.Timedelta(days=span - 1)) & (log["predicted_at"] < day + pd.Timedelta(days=1))]
            if len(rows):
                found.append(((day, span), rows))
    return found
