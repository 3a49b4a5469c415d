"""The history of a metric as the warehouse has judged it: values, how sure they are, and what people said about their alerts."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ml_monitor.alerts.rules import Bools, Floats, Rule
from ml_monitor.errors import MlMonitorError
from ml_monitor.warehouse import Row, Warehouse

_PLACE = ("feature", "segment", "segment_value")
_KEYS = ("monitor", "metric", "feature", "segment", "segment_value", "model_version", "span", "window_start")
# A breach that sampling explains is none; the 99.9 % point, as in the macro `chi_squared_critical`.
_NOISE_Z = 3.090232306167813
# Metrics whose value sampling alone may explain.
_TESTED = ("psi", "psi_with_missing", "psi_without_unseen")


class ReplayError(MlMonitorError):
    """A replay that cannot be made."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure the values of a series are, window by window; NaN where that is not known."""

    lower: Floats
    upper: Floats
    noise_limit: Floats
    """PSI that sampling alone explains."""
    scale: Floats
    """PSI over it is chi-squared with `df` degrees of freedom when nothing has drifted."""
    df: Floats
    has_intervals: bool
    """Whether an alert needs an interval that lies beyond the level."""
    is_capped: bool
    """Seasonal drift is a warning at most."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An incident of the past that somebody judged."""

    first: datetime
    """Start of its first window."""
    last: datetime
    """End of its last window."""
    is_useful: bool


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one feature or segment over its windows."""

    feature: str
    segment: str
    segment_value: str
    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    values: Floats
    """NaN where a window has none."""
    healthy: Bools
    judged: Bools | None = None
    """Windows that are judged: large enough, mature, with a reference. None: all."""
    excluded: Bools | None = None
    muted: Bools | None = None
    """Windows of which nobody is told."""
    evidence: Evidence | None = None
    rule: Rule | None = None
    """A rule of its own, which holds whatever is tried for the metric."""
    answered: tuple[Answered, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """The series of a monitor's metric."""

    monitor: str
    metric: str
    span: int
    series: tuple[Series, ...]
    alpha: float = 0.05
    """Rate of false discoveries of `test: material`."""

    @property
    def days(self) -> float:
        """Length of the history."""
        starts = [series.starts[0] for series in self.series]
        return (max(series.ends[-1] for series in self.series) - min(starts)).total_seconds() / 86400


@dataclass(frozen=True, slots=True)
class Declared:
    """The rules of a metric as the warehouse has them."""

    rule: Rule
    span: int
    by_segment: bool
    special: tuple[tuple[dict[str, str], Rule | None], ...]
    """Rules of features and segments, the closest first, with the columns that they ask for; None: no rule."""


def declared_rules(warehouse: Warehouse, monitor: str, metric: str) -> Declared:
    """The rules of a metric.

    Raises:
        ReplayError: The monitor has no rule for the metric.
    """
    rows = warehouse.query(
        f"""
        select rules.*, thresholds.test, metrics.target
        from {warehouse.table("alert_rules")} as rules
        left join {warehouse.table("thresholds")} as thresholds
            on thresholds.monitor = rules.monitor and thresholds.metric = rules.metric and thresholds.span = rules.span
        inner join {warehouse.table("metrics")} as metrics
            on metrics.metric = rules.metric and metrics.monitor in ('__all__', rules.monitor)
        where rules.monitor = :monitor and rules.metric = :metric
        order by rules.specificity desc, coalesce(rules.segment, '')
        """,
        {"monitor": monitor, "metric": metric},
    )
    general = [row for row in rows if not row["specificity"]]
    if not general:
        known = warehouse.query(
            f"select distinct metric from {warehouse.table('alert_rules')} where monitor = :monitor order by metric",
            {"monitor": monitor},
        )
        raise ReplayError(
            f"monitor {monitor!r} has no threshold for {metric!r}. It has: {', '.join(row['metric'] for row in known) or 'none'}"
        )
    special = tuple(
        ({name: str(row[name]) for name in _PLACE if row[name] is not None}, None if row["rule"] == "off" else _rule(row))
        for row in rows
        if row["specificity"]
    )
    return Declared(_rule(general[0]), general[0]["span"], bool(general[0]["by_segment"]), special)


def read_history(warehouse: Warehouse, monitor: str, metric: str, declared: Declared, *, by_segment: bool = False) -> History:
    """The windows of a metric, with what people said about their alerts.

    Raises:
        ReplayError: Nothing of it can be judged.
    """
    join = " and ".join(f"{{}}.{key} = found.{key}" for key in _KEYS)
    rows = warehouse.query(
        f"""
        select found.*, monitors.healthy_windows, monitors.healthy_from, monitors.healthy_to, monitors.min_rows, monitors.alpha,
            windows.is_excluded, features.is_seasonal, verdicts.status, verdicts.rule as judged_by, verdicts.dispersion,
            history.muted_because
        from {warehouse.table("metric_values")} as found
        inner join {warehouse.table("monitors")} as monitors on monitors.monitor = found.monitor
        inner join {warehouse.table("windows")} as windows
            on windows.monitor = found.monitor and windows.window_start = found.window_start
        left join {warehouse.table("features")} as features
            on features.monitor = found.monitor and features.feature = found.feature
        left join {warehouse.table("verdicts")} as verdicts on {join.format(*["verdicts"] * len(_KEYS))}
        left join {warehouse.table("alert_history")} as history on {join.format(*["history"] * len(_KEYS))}
        where found.monitor = :monitor and found.metric = :metric and found.span = :span and found.model_version = '__all__'
        order by found.feature, found.segment, found.segment_value, found.window_start
        """,
        {"monitor": monitor, "metric": metric, "span": declared.span},
    )
    by_place: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if by_segment or declared.by_segment or row["segment"] == "__all__":
            by_place.setdefault(tuple(row[name] for name in _PLACE), []).append(row)
    answered = _answered(warehouse, monitor, metric)
    series = []
    for place, found in by_place.items():
        rule = _closest(place, declared)
        if rule is not None and any(_is_judged(row) for row in found):
            series.append(_series(place, found, None if rule is declared.rule else rule, answered.get(place, ())))
    if not series:
        raise ReplayError(f"monitor {monitor!r} has no values of {metric!r} over {declared.span} windows that have enough rows")
    return History(monitor, metric, declared.span, tuple(series), float(rows[0]["alpha"]))


def _rule(row: Row) -> Rule:
    return Rule(
        kind=row["rule"],
        side=row["direction"],
        alert=row["alert_threshold"],
        warn=row["warn_threshold"],
        clear=row["clear_threshold"],
        baseline=row["baseline"],
        open_after=row["open_after"],
        open_within=row["open_within"],
        resolve_after=row["resolve_after"],
        severity=row["severity"] or "alert",
        is_material=row["test"] == "material" and row["rule"] == "value",
        target=row["target"],
    )


def _closest(place: tuple[str, ...], declared: Declared) -> Rule | None:
    asked = dict(zip(_PLACE, place, strict=True))
    return next((rule for wanted, rule in declared.special if wanted.items() <= asked.items()), declared.rule)


def _is_judged(row: Row) -> bool:
    if row["metric_value"] is None or row["status"] in ("immature", "no_reference"):
        return False
    if row["family"] not in ("intake", "operational", "business") and row["sample_size"] < row["min_rows"]:
        return False
    # Where a rule that learns had too little to learn from, another may have enough.
    return bool(row["status"] != "insufficient_data" or row["judged_by"] != "value")


def _series(place: tuple[str, ...], rows: Sequence[Row], rule: Rule | None, answered: Sequence[Answered]) -> Series:
    starts = tuple(row["window_start"] for row in rows)
    since, to, windows = rows[0]["healthy_from"], rows[0]["healthy_to"], rows[0]["healthy_windows"]
    healthy = [since <= start < to if since is not None else number < windows for number, start in enumerate(starts)]
    return Series(
        feature=place[0],
        segment=place[1],
        segment_value=place[2],
        starts=starts,
        ends=tuple(row["window_end"] for row in rows),
        values=_floats(rows, "metric_value"),
        healthy=np.array(healthy),
        judged=np.array([_is_judged(row) for row in rows]),
        excluded=np.array([bool(row["is_excluded"]) for row in rows]),
        # A snooze was about an alert of the rule that was there, and would have been about none of another.
        muted=np.array([row["muted_because"] not in (None, "snoozed") for row in rows]),
        evidence=_evidence(rows),
        rule=rule,
        answered=tuple(answered),
    )


def _evidence(rows: Sequence[Row]) -> Evidence:
    family, metric = rows[0]["family"], rows[0]["metric"]
    df, noise = _floats(rows, "n_bins") - 1, _floats(rows, "noise_floor")
    df, noise = np.where(df > 0, df, np.nan), np.where(noise > 0, noise, np.nan)
    critical = df * (1 - 2 / (9 * df) + _NOISE_Z * np.sqrt(2 / (9 * df))) ** 3
    dispersion = _floats(rows, "dispersion")
    return Evidence(
        lower=_floats(rows, "lower_bound"),
        upper=_floats(rows, "upper_bound"),
        noise_limit=noise / df * critical if metric in _TESTED else np.full(len(rows), np.nan),
        scale=noise / df * np.where(np.isnan(dispersion), 1.0, dispersion),
        df=df,
        has_intervals=family in ("performance", "estimated_performance", "service", "behaviour"),
        is_capped=family == "drift" and bool(rows[0]["is_seasonal"]),
    )


def _floats(rows: Sequence[Row], column: str) -> Floats:
    return np.array([np.nan if row[column] is None else float(row[column]) for row in rows])


def _answered(warehouse: Warehouse, monitor: str, metric: str) -> dict[tuple[str, ...], list[Answered]]:
    rows = warehouse.query(
        f"""
        select events.incident_id, events.feature, events.segment, events.segment_value, said.verdict,
            min(events.window_start) as first, max(case when events.event_type = 'resolved' then events.window_end end) as last
        from {warehouse.table("alert_events")} as events
        inner join (
            select incident_id, verdict, row_number() over (partition by incident_id order by acted_at desc, action_id) as recency
            from {warehouse.table("alert_actions")} where verdict is not null
        ) as said on said.incident_id = events.incident_id and said.recency = 1
        where events.monitor = :monitor and events.metric = :metric
        group by events.incident_id, events.feature, events.segment, events.segment_value, said.verdict
        """,
        {"monitor": monitor, "metric": metric},
    )
    found: dict[tuple[str, ...], list[Answered]] = {}
    for row in rows:
        one = Answered(row["first"], row["last"] or datetime.max, row["verdict"] == "useful")
        found.setdefault(tuple(row[name] for name in _PLACE), []).append(one)
    return found
