"""What a rule would have raised over the history in the warehouse, and the threshold that keeps to a budget of false alarms."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_monitor.alerts.rules import Floats, Rule, incidents, levels, scores
from ml_monitor.errors import MlMonitorError
from ml_monitor.warehouse import Row, Warehouse

_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
_BUDGET = re.compile(r"(\d+(?:\.\d+)?)/(day|week|month|year)")
_GRID = 400
_PLACE = ("feature", "segment", "segment_value")


class ReplayError(MlMonitorError):
    """A replay that cannot be made."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one feature or segment over the windows that have enough rows."""

    feature: str
    segment: str
    segment_value: str
    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    values: Floats
    healthy: NDArray[np.bool_]
    confirmed: NDArray[np.bool_]
    """Windows in incidents that somebody called useful: what alarms there is no false alarm."""


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


@dataclass(frozen=True, slots=True)
class History:
    """The series of a monitor's metric."""

    monitor: str
    metric: str
    span: int
    series: tuple[Series, ...]

    @property
    def days(self) -> float:
        """Length of the history."""
        starts = [series.starts[0] for series in self.series]
        return (max(series.ends[-1] for series in self.series) - min(starts)).total_seconds() / 86400


def budget_per_day(text: str) -> float:
    """`2/month` as alerts a day.

    Raises:
        ReplayError: Another text.
    """
    found = _BUDGET.fullmatch(text)
    if not found or float(found[1]) <= 0:
        raise ReplayError(f"{text!r} is not a budget: a number of alerts per day, week, month or year, such as 2/month")
    return float(found[1]) / _DAYS[found[2]]


def declared_rule(warehouse: Warehouse, monitor: str, metric: str) -> tuple[Rule, int]:
    """The rule of a metric as the warehouse has it (without what features and segments declare), and its span.

    Raises:
        ReplayError: The monitor has no rule for the metric.
    """
    rows = warehouse.query(
        f"""
        select rule, direction, warn_threshold, alert_threshold, clear_threshold, baseline, open_after, open_within,
            resolve_after, span
        from {warehouse.table("alert_rules")} where monitor = :monitor and metric = :metric and specificity = 0
        """,
        {"monitor": monitor, "metric": metric},
    )
    if not rows:
        known = warehouse.query(
            f"select distinct metric from {warehouse.table('alert_rules')} where monitor = :monitor order by metric",
            {"monitor": monitor},
        )
        raise ReplayError(
            f"monitor {monitor!r} has no threshold for {metric!r}. It has: {', '.join(row['metric'] for row in known) or 'none'}"
        )
    row = rows[0]
    return (
        Rule(
            kind=row["rule"],
            side=row["direction"],
            alert=row["alert_threshold"],
            warn=row["warn_threshold"],
            clear=row["clear_threshold"],
            baseline=row["baseline"],
            open_after=row["open_after"],
            open_within=row["open_within"],
            resolve_after=row["resolve_after"],
        ),
        row["span"],
    )


def read_history(warehouse: Warehouse, monitor: str, metric: str, span: int, *, by_segment: bool = False) -> History:
    """The windows of a metric that are large enough to be judged, with what people said about their alerts.

    Raises:
        ReplayError: There is none.
    """
    rows = warehouse.query(
        f"""
        select found.feature, found.segment, found.segment_value, found.window_start, found.window_end, found.metric_value,
            monitors.healthy_windows, monitors.healthy_from, monitors.healthy_to
        from {warehouse.table("metric_values")} as found
        inner join {warehouse.table("monitors")} as monitors on monitors.monitor = found.monitor
        where found.monitor = :monitor and found.metric = :metric and found.span = :span and found.model_version = '__all__'
            and found.metric_value is not null and (found.family in ('intake', 'operational')
                or found.sample_size >= monitors.min_rows)
        order by found.feature, found.segment, found.segment_value, found.window_start
        """,
        {"monitor": monitor, "metric": metric, "span": span},
    )
    useful = _useful(warehouse, monitor, metric)
    by_place: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if by_segment or row["segment"] == "__all__":
            by_place.setdefault(tuple(row[name] for name in _PLACE), []).append(row)
    if not by_place:
        raise ReplayError(f"monitor {monitor!r} has no values of {metric!r} over {span} windows that have enough rows")
    return History(monitor, metric, span, tuple(_series(place, found, useful) for place, found in by_place.items()))


def replay(history: History, rule: Rule) -> list[Replayed]:
    """The alerts that the rule would have raised, in the order of time."""
    found = [
        alert
        for series in history.series
        for alert in _alerts(series, scores(series.values, rule, history.span, series.healthy), rule)
    ]
    return sorted(found, key=lambda alert: (alert.opened_at, alert.feature, alert.segment_value))


def solve(history: History, rule: Rule, per_day: float) -> Rule:
    """The rule with the most sensitive alert threshold whose false alarms keep to the budget, here and for every threshold above.

    Warnings are left out: only alerts are counted. The budget does not pay for alerts that people called useful.

    Raises:
        ReplayError: The history is too short, or the rule cannot be that quiet.
    """
    scored = [(series, scores(series.values, rule, history.span, series.healthy)) for series in history.series]
    pooled = np.concatenate([score[np.isfinite(score)] for _, score in scored])
    if not len(pooled):
        raise ReplayError(f"the history of {history.metric!r} is too short for the rule {rule.kind}")
    grid = np.unique(np.quantile(pooled, 1 - np.geomspace(1, 0.1 / len(pooled), _GRID)))
    sign = -1.0 if rule.kind == "value" and rule.side == "below" else 1.0
    allowed = per_day * history.days
    best = float(grid[-1])
    for threshold in grid[::-1]:
        candidate = replace(rule, alert=sign * float(threshold), warn=None, clear=None)
        false = sum(not alert.confirmed for series, score in scored for alert in _alerts(series, score, candidate))
        if false > allowed:
            break
        best = float(threshold)
    # Without order in time one value in baseline + 1 is a new extreme, beyond every percentile below 100; fewer here are luck.
    extremes = len(pooled) * (2 if rule.side == "both" else 1) / (rule.baseline + 1)
    if rule.kind == "percentile" and (best >= 100 or extremes > allowed):
        raise ReplayError(
            f"no percentile below 100 keeps to the budget: {len(history.series)} series with a baseline of {rule.baseline} "
            "windows see new extremes more often. Give a longer --baseline, a larger --budget or another --rule"
        )
    return replace(rule, alert=sign * best, warn=None, clear=None)


def summary(history: History, rule: Rule, alerts: Sequence[Replayed]) -> dict[str, Any]:
    """JSON-able: the rule, the alerts, and how many a month nobody called useful."""
    false = sum(not alert.confirmed and alert.severity == "alert" for alert in alerts)
    return {
        "monitor": history.monitor,
        "metric": history.metric,
        "span": history.span,
        "rule": rule.kind,
        "side": rule.side,
        "warn": rule.warn,
        "alert": rule.alert,
        "days": history.days,
        "series": len(history.series),
        "alerts": [{name: getattr(alert, name) for name in Replayed.__slots__} for alert in alerts],
        "unconfirmed_per_month": false / history.days * _DAYS["month"],
    }


def _alerts(series: Series, score: Floats, rule: Rule) -> list[Replayed]:
    judged = np.flatnonzero(~np.isnan(score))
    level, calm = levels(score[judged], rule)
    found = []
    for incident in incidents(level, calm, rule):
        first, last = judged[incident.opened], judged[incident.resolved if incident.resolved is not None else -1]
        found.append(
            Replayed(
                series.feature,
                series.segment,
                series.segment_value,
                incident.severity,
                series.ends[first],
                None if incident.resolved is None else series.ends[last],
                float(series.values[first]),
                bool(series.confirmed[first : last + 1].any()),
            )
        )
    return found


def _series(place: tuple[str, ...], rows: list[Row], useful: dict[tuple[str, ...], list[tuple[datetime, datetime]]]) -> Series:
    starts = tuple(row["window_start"] for row in rows)
    since, to, windows = rows[0]["healthy_from"], rows[0]["healthy_to"], rows[0]["healthy_windows"]
    healthy = [
        since <= start < to if since is not None else place_in_series < windows for place_in_series, start in enumerate(starts)
    ]
    spans = useful.get(place, [])
    return Series(
        feature=place[0],
        segment=place[1],
        segment_value=place[2],
        starts=starts,
        ends=tuple(row["window_end"] for row in rows),
        values=np.array([float(row["metric_value"]) for row in rows]),
        healthy=np.array(healthy),
        confirmed=np.array([any(first <= start <= last for first, last in spans) for start in starts]),
    )


def _useful(warehouse: Warehouse, monitor: str, metric: str) -> dict[tuple[str, ...], list[tuple[datetime, datetime]]]:
    rows = warehouse.query(
        f"""
        select events.incident_id, events.feature, events.segment, events.segment_value, min(events.window_start) as first,
            max(case when events.event_type = 'resolved' then events.window_start end) as last
        from {warehouse.table("alert_events")} as events
        inner join (
            select incident_id, verdict, row_number() over (partition by incident_id order by acted_at desc, action_id) as recency
            from {warehouse.table("alert_actions")} where verdict is not null
        ) as said on said.incident_id = events.incident_id and said.recency = 1 and said.verdict = 'useful'
        where events.monitor = :monitor and events.metric = :metric
        group by events.incident_id, events.feature, events.segment, events.segment_value
        """,
        {"monitor": monitor, "metric": metric},
    )
    found: dict[tuple[str, ...], list[tuple[datetime, datetime]]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in _PLACE), []).append((row["first"], row["last"] or datetime.max))
    return found
