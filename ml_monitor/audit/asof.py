"""What was known at a time: snapshots for what changes, the append-only tables for what happened."""

# ruff: noqa: S608 - only quoted names and constants are put into SQL; values are bound

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_monitor.audit.errors import AuditError
from ml_monitor.warehouse import MissingTable, Row, Warehouse

_SERIES = ("monitor", "model_version", "segment", "segment_value", "feature", "window_start", "span", "metric")
HISTORIES: dict[str, tuple[str, ...]] = {
    "monitors": ("monitor",),
    "thresholds": ("monitor", "metric", "span"),
    "alert_rules": ("rule_key",),
    "model_versions": ("monitor", "model_version"),
    "alert_states": ("alert_key",),
    "verdicts": _SERIES,
    "metric_values": _SERIES,
}
# Taken only of the metrics that the variable `ml_monitor__history_of` names.
_ON_REQUEST = "metric_values"
EVENTS = {"alert_events": "created_at", "alert_actions": "acted_at", "deployments": "effective_at"}
_BOOKKEEPING = {"recency", "known_at", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted"}


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at a time, by table."""

    at: datetime
    seen_at: datetime
    """The last snapshot by then: what changed between it and `at` is known only from the events."""
    tables: dict[str, list[Row]]


def as_of(warehouse: Warehouse, at: datetime, monitor: str | None = None) -> Known:
    """Configuration, rules, versions, alerts, verdicts and kept values as they were known at a time, and the events up to it.

    Raises:
        AuditError: The first snapshot is later, or there is no such monitor then.
        MissingTable: No snapshot was ever taken.
    """
    tables: dict[str, list[Row]] = {}
    seen = _last_snapshot(warehouse, at)
    for name, key in HISTORIES.items():
        if name == _ON_REQUEST and not _is_kept(warehouse):
            continue
        mine = " and monitor = :monitor" if monitor else ""
        rows = _histories(
            warehouse,
            f"""select * from (
                select history.*, row_number() over (
                    partition by {", ".join(key)} order by known_at desc, dbt_valid_from desc) as recency
                from (select relation.*, {_KNOWN_AT} as known_at from {warehouse.table(f"{name}_history")} as relation) as history
                where known_at <= :at{mine}
            ) as known where recency = 1 and dbt_is_deleted <> 'True' order by {", ".join(key)}""",
            {"at": at} | ({"monitor": monitor} if monitor else {}),
        )
        tables[name] = [{column: cell for column, cell in row.items() if column not in _BOOKKEEPING} for row in rows]
    if monitor and not tables["monitors"]:
        known = warehouse.query(f"select distinct monitor from {warehouse.table('monitors_history')} order by monitor")
        names = ", ".join(str(row["monitor"]) for row in known)
        raise AuditError(f"no monitor {monitor!r} was known at {at}. Known at some time: {names}.")
    for name, time in EVENTS.items():
        mine = " and monitor = :monitor" if monitor else ""
        tables[name] = warehouse.query(
            f"select * from {warehouse.table(name)} where {time} <= :at{mine} order by {time}",
            {"at": at} | ({"monitor": monitor} if monitor else {}),
        )
    declared = warehouse.query(f"select monitor, spec from {warehouse.table('monitors')} order by monitor")
    fed = [
        row["monitor"] for row in declared if json.loads(row["spec"])["feedback_relation"] and monitor in (None, row["monitor"])
    ]
    tables["labels"] = [row for name in fed for row in labels_as_of(warehouse, at, name)]
    return Known(at, seen, tables)


def labels_as_of(warehouse: Warehouse, at: datetime, monitor: str, prediction_id: str | None = None) -> list[Row]:
    """Labels of a monitor as they were known at a time, from its feedback log.

    Args:
        warehouse: The warehouse.
        at: The time, UTC, included.
        monitor: Name of the monitor.
        prediction_id: Of this prediction every label given by then, the one that counted first; without it one row, of how
            many predictions had a label and when the last one came.

    Raises:
        AuditError: No such monitor is declared, or it has no feedback log.
    """
    declared = warehouse.query(f"select monitor, spec from {warehouse.table('monitors')} order by monitor")
    specs = {row["monitor"]: json.loads(row["spec"]) for row in declared}
    if monitor not in specs:
        raise AuditError(f"no monitor {monitor!r} is declared. Known: {', '.join(specs)}.")
    spec = specs[monitor]
    if not spec["feedback_relation"]:
        raise AuditError(f"monitor {monitor!r} has no feedback log, so no label was ever known")
    log = spec["feedback_relation"].replace(":", r"\:")
    identity, label, time = (warehouse.quote(spec[name]) for name in ("prediction_id", "label", "labelled_at"))
    if prediction_id is None:
        return warehouse.query(
            f"""
            select :monitor as monitor, count(case when recency = 1 then label end) as predictions_with_a_label,
                count(label) as labels_given, max(case when label is not null then labelled_at end) as last_labelled_at
            from (
                select {label} as label, {time} as labelled_at,
                    row_number() over (partition by {identity} order by {time} desc) as recency
                from {log} where {time} <= :at and {identity} is not null
            ) as known
            """,
            {"at": at, "monitor": monitor},
        )
    return warehouse.query(
        f"select {identity} as prediction_id, {label} as label, {time} as labelled_at from {log} "
        f"where {time} <= :at and cast({identity} as varchar) = :id order by {time} desc",
        {"at": at, "id": prediction_id},
    )


def restatements(warehouse: Warehouse, start: datetime, end: datetime) -> list[Row]:
    """Verdicts, and kept values that no threshold judges, that became known in [start, end) with another value or status."""
    rows = _restated(warehouse, "verdicts", "status", start, end)
    if _is_kept(warehouse):
        judged = " and ".join(f"verdicts.{column} = versions.{column}" for column in _SERIES)
        unjudged = f" and not exists (select 1 from {warehouse.table('verdicts_history')} as verdicts where {judged})"
        rows += _restated(warehouse, _ON_REQUEST, "cast(null as varchar)", start, end, unjudged)
    return rows


def _restated(warehouse: Warehouse, name: str, status: str, start: datetime, end: datetime, where: str = "") -> list[Row]:
    key = ", ".join(_SERIES)
    before = f"over (partition by {key} order by recorded_at, dbt_valid_from)"
    values = {column: column for column in ("metric_value", "sample_size", "label_coverage")} | {"status": status}
    pairs = ", ".join(f"{value} as {column}, lag({value}) {before} as previous_{column}" for column, value in values.items())
    return _histories(
        warehouse,
        f"""select * from (
            select {key}, recorded_at as restated_at, lag(recorded_at) {before} as previous_recorded_at, {pairs}
            from {warehouse.table(f"{name}_history")} where dbt_is_deleted <> 'True'
        ) as versions
        where previous_recorded_at is not null and restated_at >= :start and restated_at < :end{where}
        order by restated_at, {key}""",
        {"start": start, "end": end},
    )


def _is_kept(warehouse: Warehouse) -> bool:
    """Whether values are kept that no threshold judges."""
    try:
        warehouse.query(f"select 1 as one from {warehouse.table(f'{_ON_REQUEST}_history')} where 1 = 0")
    except MissingTable:
        return False
    return True


_KNOWN_AT = "case when relation.dbt_is_deleted = 'True' then relation.dbt_valid_from else relation.recorded_at end"


def _last_snapshot(warehouse: Warehouse, at: datetime) -> datetime:
    rows = _histories(
        warehouse,
        f"select min(recorded_at) as first, max(case when recorded_at <= :at then recorded_at end) as last "
        f"from {warehouse.table('verdicts_history')}",
        {"at": at},
    )
    first, last = rows[0]["first"], rows[0]["last"]
    if first is None:
        raise AuditError("the snapshots are empty: run `dbt build` or `dbt snapshot` when there are verdicts")
    if last is None:
        raise AuditError(f"nothing is known of {at}: the first snapshot was taken at {first}")
    return last if isinstance(last, datetime) else datetime.fromisoformat(str(last))


def _histories(warehouse: Warehouse, sql: str, params: dict[str, Any]) -> list[Row]:
    try:
        return warehouse.query(sql, params)
    except MissingTable as error:
        raise MissingTable(f"no snapshot was taken in {warehouse.place}: run `dbt snapshot` or `dbt build` ({error})") from error
