"""What a rule would have raised over the history in the warehouse, and the threshold that keeps to a budget of false alarms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml_monitor.alerts.history import Answered, History, ReplayError, Series
from ml_monitor.alerts.material import surely_beyond
from ml_monitor.alerts.rules import Bools, Floats, Rule, incidents, levels, scores

_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
_BUDGET = re.compile(r"(\d+(?:\.\d+)?)/(day|week|month|year)")
_GRID = 400


@dataclass(frozen=True, slots=True)
class Replayed:
    """One alert that the rule would have raised."""

    feature: str
    segment: str
    segment_value: str
    severity: str
    opened_at: datetime
    resolved_at: datetime | None
    value: float
    confirmed: bool
    """Whether somebody called an alert of that time useful."""


class _Scored(NamedTuple):
    series: Series
    score: Floats
    sure: Floats | None


def budget_per_day(text: str) -> float:
    """`2/month` as alerts a day.

    Raises:
        ReplayError: Another text.
    """
    found = _BUDGET.fullmatch(text)
    if not found or float(found[1]) <= 0:
        raise ReplayError(f"{text!r} is not a budget: a number of alerts per day, week, month or year, such as 2/month")
    return float(found[1]) / _DAYS[found[2]]


def replay(history: History, rule: Rule) -> list[Replayed]:
    """The alerts that the rule would have raised, in the order of time. Series with a rule of their own keep it."""
    found = _raised(history, [_score(series, rule, history.span) for series in history.series], rule)
    return sorted(found, key=lambda alert: (alert.opened_at, alert.feature, alert.segment_value))


def solve(history: History, rule: Rule, per_day: float) -> Rule:
    """The rule with the most sensitive alert threshold whose false alarms keep to the budget, here and for every threshold above.

    Warnings are left out: only alerts are counted. The budget does not pay for alerts that people called useful.

    Raises:
        ReplayError: The history is too short, or the rule cannot be that quiet.
    """
    rule = replace(rule, severity="alert")
    scored = [_score(series, rule, history.span) for series in history.series]
    tried = [one for one in scored if one.series.rule is None]
    pooled = np.concatenate([one.score[np.isfinite(one.score)] for one in tried] or [np.array([])])
    if not len(pooled):
        raise ReplayError(f"the history of {history.metric!r} is too short for the rule {rule.kind}")
    grid = np.unique(np.quantile(pooled, 1 - np.geomspace(1, 0.1 / len(pooled), _GRID)))
    sign = -1.0 if rule.kind == "value" and rule.side == "below" else 1.0
    if rule.is_material:
        grid = grid[grid > 0]
    allowed = per_day * history.days
    best = float(grid[-1])
    for threshold in grid[::-1]:
        candidate = replace(rule, alert=sign * float(threshold), warn=None, clear=None)
        raised = _raised(history, scored, candidate)
        if sum(not alert.confirmed and alert.severity == "alert" for alert in raised) > allowed:
            break
        best = float(threshold)
    # Without order in time one value in baseline + 1 is a new extreme, beyond every percentile below 100; fewer here are luck.
    extremes = len(pooled) * (2 if rule.side == "both" else 1) / (rule.baseline + 1)
    if rule.kind == "percentile" and (best >= 100 or extremes > allowed):
        raise ReplayError(
            f"no percentile below 100 keeps to the budget: {len(tried)} series with a baseline of {rule.baseline} "
            "windows see new extremes more often. Give a longer --baseline, a larger --budget or another --rule"
        )
    return replace(rule, alert=sign * best, warn=None, clear=None)


def summary(history: History, rule: Rule, alerts: Sequence[Replayed]) -> dict[str, Any]:
    """JSON-able: the rule, its alerts, how many a month nobody called useful, and how it does on those that people judged."""
    false = sum(not alert.confirmed and alert.severity == "alert" for alert in alerts)
    return {
        "monitor": history.monitor,
        "metric": history.metric,
        "span": history.span,
        "rule": rule.kind,
        "side": rule.side,
        "warn": rule.warn,
        "alert": rule.alert,
        "test": "material" if rule.is_material else "value",
        "days": history.days,
        "series": len(history.series),
        "series_with_own_rule": sum(series.rule is not None for series in history.series),
        "alerts": [{name: getattr(alert, name) for name in Replayed.__slots__} for alert in alerts],
        "unconfirmed_per_month": false / history.days * _DAYS["month"],
        "answered": _answered(history, alerts),
    }


def _answered(history: History, alerts: Sequence[Replayed]) -> dict[str, int]:
    """Of the incidents that people judged, how many the rule raises again."""
    counts = {"useful": 0, "useful_raised": 0, "false_alarms": 0, "false_alarms_raised": 0}
    for series in history.series:
        place = (series.feature, series.segment, series.segment_value)
        own = [alert for alert in alerts if (alert.feature, alert.segment, alert.segment_value) == place]
        for incident in series.answered:
            kind = "useful" if incident.is_useful else "false_alarms"
            counts[kind] += 1
            counts[f"{kind}_raised"] += any(_meet(incident, alert.opened_at, alert.resolved_at) for alert in own)
    return counts


def _meet(incident: Answered, opened_at: datetime, resolved_at: datetime | None) -> bool:
    return opened_at <= incident.last and (resolved_at is None or resolved_at > incident.first)


def _score(series: Series, rule: Rule, span: int) -> _Scored:
    own, evidence = series.rule or rule, series.evidence
    score = scores(series.values, own, span, series.healthy, series.excluded)
    if series.judged is not None:
        score = np.where(series.judged, score, np.nan)
    if evidence is None:
        return _Scored(series, score, None)
    sure = None
    if own.kind == "value" and not own.is_material:
        score = np.where(series.values <= evidence.noise_limit, -np.inf, score)
        if evidence.has_intervals:
            least = np.where(np.isnan(evidence.lower), series.values, evidence.lower)
            most = np.where(np.isnan(evidence.upper), series.values, evidence.upper)
            sure = {"above": least, "below": -most, "both": np.maximum(least - own.target, own.target - most)}[own.side]
    return _Scored(series, score, np.full(len(score), -np.inf) if evidence.is_capped else sure)


def _raised(history: History, scored: Sequence[_Scored], rule: Rule) -> list[Replayed]:
    tested = [one.series for one in scored if (one.series.rule or rule).is_material]
    beyond = [
        surely_beyond(tested, [getattr(series.rule or rule, level) for series in tested], history.alpha)
        for level in ("warn", "alert")
    ]
    found: list[Replayed] = []
    for series, score, sure in scored:
        own = series.rule or rule
        judged = np.flatnonzero(~np.isnan(score))
        level, calm = levels(score[judged], own, None if sure is None else sure[judged])
        if own.is_material:
            warn, alert = (flags.pop(0)[judged] for flags in beyond)
            level, calm = _material(warn, alert, score[judged], own, sure is not None)
        found += _alerts(series, judged, level, calm, own)
    return found


def _material(warn: Bools, alert: Bools, score: Floats, rule: Rule, is_capped: bool) -> tuple[NDArray[np.int_], Bools]:
    level = np.where(alert, 1 if is_capped or rule.severity == "warning" else 2, np.where(warn, 1, 0))
    calm = level == 0
    return level, calm if rule.clear is None else calm & (score <= rule.clear)


def _alerts(series: Series, judged: NDArray[np.int_], level: NDArray[np.int_], calm: Bools, rule: Rule) -> list[Replayed]:
    found = []
    for incident in incidents(level, calm, rule):
        open_windows = judged[incident.opened : incident.resolved]
        told = open_windows if series.muted is None else open_windows[~series.muted[open_windows]]
        if not len(told):
            continue
        opened_at = series.ends[told[0]]
        resolved_at = None if incident.resolved is None else series.ends[judged[incident.resolved]]
        found.append(
            Replayed(
                series.feature,
                series.segment,
                series.segment_value,
                incident.severity,
                opened_at,
                resolved_at,
                float(series.values[told[0]]),
                any(one.is_useful and _meet(one, opened_at, resolved_at) for one in series.answered),
            )
        )
    return found
