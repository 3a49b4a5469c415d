"""What people do about alerts: append-only rows that the state machine reads at the next dbt run."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from ml_monitor.errors import MlMonitorError
from ml_monitor.warehouse import Row, Session, Warehouse

Verdict = Literal["useful", "false_alarm"]
_PREFIX = 6
_DURATION = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class ActionError(MlMonitorError):
    """An alert that cannot be acted on."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of `alert_actions`."""

    action_id: str
    alert_key: str
    incident_id: str
    monitor: str
    action: Literal["acknowledged", "snoozed"]
    until_at: datetime | None
    verdict: Verdict | None
    note: str | None
    actor: str
    acted_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def acknowledge(
    warehouse: Warehouse, *alerts: str, actor: str, now: datetime, verdict: Verdict | None = None, note: str | None = None
) -> list[Action]:
    """Say that somebody looks after incidents: they are not repeated any more, only told when they get worse or end.

    Args:
        warehouse: The warehouse.
        alerts: Incident ids or alert keys, or the first six characters or more of each. An incident may have ended.
        actor: Who.
        now: Monitoring clock, UTC.
        verdict: Whether the alert was worth it; alert precision is counted from it.
        note: Anything.

    Raises:
        ActionError: No such alert, or more than one of an id. Nothing is said about any.
    """
    return _write(warehouse, alerts, "acknowledged", None, verdict, note, actor, now)


def snooze(
    warehouse: Warehouse, *alerts: str, until: datetime, actor: str, now: datetime, note: str | None = None
) -> list[Action]:
    """Tell nobody about alerts until a time; what is still open then is told. A later snooze replaces an earlier one.

    Raises:
        ActionError: No such alert, more than one of an id, or a time that has passed. Nothing is said about any.
    """
    if until <= now:
        raise ActionError(f"a snooze must end later than now ({now:%Y-%m-%d %H:%M} UTC), not {until:%Y-%m-%d %H:%M}")
    return _write(warehouse, alerts, "snoozed", until, None, note, actor, now)


def duration(text: str) -> timedelta:
    """`8h`, `3d` or `2w` as a duration.

    Raises:
        ActionError: Another text.
    """
    found = _DURATION.fullmatch(text)
    if not found or not int(found[1]):
        raise ActionError(f"{text!r} is not a duration: a number and h, d or w, such as 8h, 3d, 2w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def precision(warehouse: Warehouse) -> list[Row]:
    """By monitor and metric: incidents that people judged, and the share of useful ones, from their last word on each."""
    return warehouse.query(f"""
        with judged as (
            select actions.*, row_number() over (partition by incident_id order by acted_at desc, action_id) as recency
            from {warehouse.table("alert_actions")} as actions
            where verdict is not null
        ),
        incidents as (
            select distinct incident_id, monitor, metric from {warehouse.table("alert_events")}
        )
        select incidents.monitor, incidents.metric, count(*) as n_judged,
            sum(case when judged.verdict = 'useful' then 1 else 0 end) as n_useful,
            avg(case when judged.verdict = 'useful' then 1e0 else 0e0 end) as alert_precision
        from judged
        inner join incidents on incidents.incident_id = judged.incident_id
        where judged.recency = 1
        group by incidents.monitor, incidents.metric
        order by incidents.monitor, incidents.metric
    """)


def _incident(session: Session, warehouse: Warehouse, alert: str) -> Row:
    """The incident that is meant: of an alert with several, the newest."""
    if not re.fullmatch(rf"[0-9a-f]{{{_PREFIX},64}}", alert):
        raise ActionError(
            f"{alert!r} is not an id: the first {_PREFIX} characters or more of an incident_id or alert_key (ml-monitor status)"
        )
    rows = session.query(
        f"""
        select alert_key, incident_id, monitor, max(window_start) as last_told
        from {warehouse.table("alert_events")}
        where incident_id like :prefix or alert_key like :prefix
        group by alert_key, incident_id, monitor
        order by last_told desc
        """,
        {"prefix": f"{alert}%"},
    )
    if not rows:
        raise ActionError(f"no alert has an id that starts with {alert} (ml-monitor status shows the open ones)")
    if len({row["alert_key"] for row in rows}) > 1:
        raise ActionError(f"{len(rows)} incidents have ids that start with {alert}: give more characters")
    return rows[0]


def _write(
    warehouse: Warehouse,
    alerts: Sequence[str],
    action: Literal["acknowledged", "snoozed"],
    until: datetime | None,
    verdict: Verdict | None,
    note: str | None,
    actor: str,
    now: datetime,
) -> list[Action]:
    """One row for each alert, of all or of none: who answers several at once is told once whether it worked."""
    known = f"select 1 as known from {warehouse.table('alert_actions')} where action_id = :action_id"
    rows = []
    with warehouse.transaction(exclusive="alert_actions") as session:
        for alert in alerts:
            incident = _incident(session, warehouse, alert)
            key = f"{incident['incident_id']}|{action}|{until}|{verdict}|{note}|{actor}|{now}"
            about = (incident["alert_key"], incident["incident_id"], incident["monitor"])
            row = Action(sha256(key.encode()).hexdigest()[:32], *about, action, until, verdict, note, actor, now)
            if not session.query(known, {"action_id": row.action_id}):
                session.insert("alert_actions", [row.to_dict()])
            rows.append(row)
    return rows
