"""The rules of the warehouse on series in memory, to try them before they go live.

The same as `ml_monitor__rule_limits` and `ml_monitor__alert_history`, which decide; a test holds the two against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Kind = Literal["value", "sigma", "percentile", "robust", "relative"]
Side = Literal["above", "below", "both"]

_MAD_OF_NORMAL = 1.4826
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for every series of one metric."""

    kind: Kind
    side: Side
    alert: float | None
    warn: float | None = None
    clear: float | None = None
    baseline: int = 28
    open_after: int = 1
    open_within: int = 1
    resolve_after: int = 3
    severity: Literal["warning", "alert"] = "alert"
    """The most that it raises."""
    is_material: bool = False
    """Whether a value must lie beyond a level for sure, given its sample: `test: material`."""
    target: float = 0.0
    """What plain limits of both sides are measured from."""


@dataclass(frozen=True, slots=True)
class Incident:
    """From opening to resolution, as positions among the judged windows."""

    opened: int
    resolved: int | None
    severity: Literal["warning", "alert"]


def scores(
    values: Floats, rule: Rule, span: int = 1, healthy: Bools | None = None, excluded: Bools | None = None
) -> Floats:
    """How far each value is out, in the unit of the rule: beyond a level where the score is larger.

    NaN where nothing can be said.

    Args:
        values: The series in the order of its windows; NaN where there is no value or the window is excluded.
        rule: The rule.
        span: Windows that one value covers: a baseline ends where the value begins.
        healthy: Windows that `relative` compares with.
        excluded: Windows that no baseline learns from.
    """
    if rule.kind == "value":
        return {"above": values, "below": -values, "both": np.abs(values - rule.target)}[rule.side]
    found = np.full(len(values), np.nan)
    teaching = values if excluded is None else np.where(excluded, np.nan, values)
    least = 1 if rule.kind == "relative" else 5 if rule.baseline < 14 else rule.baseline / 2
    for position, value in enumerate(values):
        if rule.kind == "relative":
            past = teaching[healthy] if healthy is not None else teaching[:0]
        else:
            past = teaching[max(0, position - span - rule.baseline + 1) : max(0, position - span + 1)]
        past = past[~np.isnan(past)]
        if len(past) >= least and not np.isnan(value):
            found[position] = _score(float(value), past, rule)
    return found


def levels(score: Floats, rule: Rule, sure: Floats | None = None) -> tuple[NDArray[np.int_], Bools]:
    """Per window 0, 1 (warning) or 2 (alert), and whether it is calm.

    Args:
        score: How far each value is out.
        rule: The rule.
        sure: How far it is out for sure: beyond the alert level only as it looks is a warning.
    """
    sign = -1.0 if rule.kind == "value" and rule.side == "below" else 1.0
    level = np.zeros(len(score), dtype=int)
    for number, threshold in ((1, rule.warn), (2, rule.alert)):
        if threshold is not None:
            level[score > sign * threshold] = number
    if sure is not None and rule.alert is not None:
        level[(level == 2) & ~(sure > sign * rule.alert)] = 1
    calm = level == 0
    if rule.clear is not None:
        calm &= score <= sign * rule.clear
    return np.minimum(level, 1 if rule.severity == "warning" else 2), calm


def incidents(level: Sequence[int] | NDArray[np.int_], calm: Sequence[bool] | Bools, rule: Rule) -> list[Incident]:
    """What the state machine makes of the judged windows of a series."""
    found: list[Incident] = []
    opened, severity, calm_run = None, 0, 0
    within = max(rule.open_within, rule.open_after)
    breaching = np.flatnonzero(np.asarray(level) > 0)
    level, calm = np.asarray(level).tolist(), np.asarray(calm).tolist()
    position = -1
    while True:
        position += 1
        if opened is None:
            # Nothing happens before the next breach.
            later = np.searchsorted(breaching, position)
            position = int(breaching[later]) if later < len(breaching) else len(level)
        if position >= len(level):
            break
        now = level[position]
        recent = level[max(0, position - within + 1) : position + 1]
        calm_run = calm_run + 1 if calm[position] else 0
        if now == 2 and sum(1 for one in recent if one == 2) >= rule.open_after:
            signal = 2
        elif now > 0 and sum(1 for one in recent if one > 0) >= rule.open_after:
            signal = 1
        else:
            signal = 0
        if signal:
            opened = position if opened is None else opened
            severity = max(severity, signal)
        elif opened is not None and calm_run >= rule.resolve_after:
            found.append(_incident(opened, position, severity))
            opened, severity = None, 0
    if opened is not None:
        found.append(_incident(opened, None, severity))
    return found


def _incident(opened: int, resolved: int | None, severity: int) -> Incident:
    return Incident(opened, resolved, "alert" if severity == 2 else "warning")


def _score(value: float, past: Floats, rule: Rule) -> float:
    if rule.kind == "percentile":
        high, low = 100 * _share_below(value, past), 100 * _share_below(-value, -past)
        return {"above": high, "below": low, "both": 2 * max(high, low) - 100}[rule.side]
    if rule.kind == "sigma":
        centre = float(past.mean())
        scale = (float(past.std(ddof=1)) if len(past) > 1 else 0.0) + _ROUNDING * abs(centre)
    else:
        centre = float(np.median(past))
        spread = float(np.median(np.abs(past - centre)))
        scale = abs(centre) if rule.kind == "relative" else _MAD_OF_NORMAL * spread + _ROUNDING * abs(centre)
    distance = {"above": value - centre, "below": centre - value, "both": abs(value - centre)}[rule.side]
    if scale == 0:
        return 0.0 if distance == 0 else float(np.copysign(np.inf, distance))
    return distance / scale


def _share_below(value: float, past: Floats) -> float:
    """The largest share whose quantile, linear between neighbours, lies below the value."""
    ordered = np.sort(past)
    above = int(np.searchsorted(ordered, value, side="left"))
    if above == 0:
        return 0.0
    if above == len(ordered):
        return 1.0
    below = ordered[above - 1]
    return float((above - 1 + (value - below) / (ordered[above] - below)) / (len(ordered) - 1))
