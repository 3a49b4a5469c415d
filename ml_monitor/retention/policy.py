"""What a retention policy deletes: whole windows that the profiles have counted, so that no figure changes.

A profile is recomputed when the log holds another number of rows than it counted, and never for a window that the log no
longer has. So a cut-off is always the end of a window, and rows that were not counted yet are never deleted.
"""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from ml_monitor.errors import MlMonitorError
from ml_monitor.settings import DbtProject, Relation
from ml_monitor.warehouse import Session, Warehouse

_TOTAL = 0


class RetentionError(MlMonitorError):
    """A policy cannot be carried out; nothing was deleted."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Rows of one table that a policy deletes, or deleted."""

    monitor: str
    rule: str
    """`logs`, `events` or `service`; the operational log is every monitor's, so `monitor` is `__all__`."""
    relation: str
    keep_days: int
    cutoff: datetime
    """Excluded: the end of a window (logs, service), or a moment (events). UTC."""
    n_rows: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Step:
    """One table, and which of its rows go."""

    rule: str
    relation: str
    time: str
    where: str
    keep_days: int
    cutoff: datetime


def plan(warehouse: Warehouse, project: DbtProject, now: datetime) -> list[Deletion]:
    """What `apply` would delete. Reads only.

    Raises:
        RetentionError: A log is no table, or holds old rows that no profile has counted.
        MissingTable: The package tables are not there.
    """
    with warehouse.transaction() as session:
        return [
            found
            for monitor, steps in _planned(warehouse, project, session, now)
            for step in steps
            if (found := _counted(session, monitor, step)).n_rows
        ]


def apply(warehouse: Warehouse, project: DbtProject, now: datetime, actor: str) -> list[Deletion]:
    """Delete what the policies say and record it, together or not at all. Done twice it deletes nothing more.

    Args:
        warehouse: The warehouse.
        project: The dbt project, parsed: it knows the tables behind the names.
        now: The monitoring clock.
        actor: Who, for the record.

    Raises:
        RetentionError, MissingTable: As `plan`; nothing was deleted.
    """
    with warehouse.transaction() as session:
        done = []
        for monitor, steps in _planned(warehouse, project, session, now):
            found = [_counted(session, monitor, step) for step in steps]
            # Feedback first: which rows of it go is told by the predictions that go.
            for step, deletion in zip(steps, found, strict=True):
                if deletion.n_rows:
                    session.execute(f"delete from {step.relation} where {step.where}", _given(step, monitor))
                    done.append(deletion)
        session.insert("retention_actions", [_record(one, actor, now) for one in done])
    return done


def _planned(warehouse: Warehouse, project: DbtProject, session: Session, now: datetime) -> Iterator[tuple[str, list[_Step]]]:
    rows = session.query(f"select spec from {warehouse.table('monitors')} order by monitor")
    specs = [json.loads(row["spec"]) for row in rows]
    for spec in specs:
        if spec.get("retention"):
            yield spec["name"], list(_steps(warehouse, project, session, spec, now))
    yield "__all__", list(_service_steps(warehouse, session, specs, now))


def _steps(
    warehouse: Warehouse, project: DbtProject, session: Session, spec: Mapping[str, Any], now: datetime
) -> Iterator[_Step]:
    policy = spec["retention"]
    if policy.get("logs") is not None:
        yield from _log_steps(warehouse, project, session, spec, now)
    if policy.get("events") is not None:
        where = "monitor = :monitor and received_at < :cutoff"
        cutoff = now - timedelta(days=policy["events"])
        yield _Step("events", warehouse.table("feedback_events"), "received_at", where, policy["events"], cutoff)


def _log_steps(
    warehouse: Warehouse, project: DbtProject, session: Session, spec: Mapping[str, Any], now: datetime
) -> Iterator[_Step]:
    policy, days = spec["retention"], spec["retention"]["logs"]
    cutoff = _last_end(warehouse, session, spec["name"], now - timedelta(days=days))
    if cutoff is None:
        return
    predictions = _table(
        warehouse, project, session, spec["name"], "predictions", policy.get("predictions") or spec["predictions"]
    )
    log, moment, identity = _sql(predictions), warehouse.quote(spec["predicted_at"]), warehouse.quote(spec["prediction_id"])
    _all_counted(warehouse, session, spec, log, cutoff)
    given = policy.get("feedback")
    if (
        spec["feedback"]
        and given is not False
        and (given or spec["feedback"]) != (policy.get("predictions") or spec["predictions"])
    ):
        feedback = _table(warehouse, project, session, spec["name"], "feedback", given or spec["feedback"])
        labelled = warehouse.quote(spec["labelled_at"])
        where = f"{labelled} < :cutoff or {identity} in (select {identity} from {log} where {moment} < :cutoff)"
        yield _Step("logs", _sql(feedback), labelled, where, days, cutoff)
    yield _Step("logs", log, moment, f"{moment} < :cutoff", days, cutoff)


def _service_steps(warehouse: Warehouse, session: Session, specs: Sequence[Mapping[str, Any]], now: datetime) -> Iterator[_Step]:
    """The operational log is every monitor's: the longest policy decides, and all that measure it must have counted what goes."""
    policies = {spec["name"]: days for spec in specs if (days := (spec.get("retention") or {}).get("service")) is not None}
    if not policies:
        return
    days = max(policies.values())
    readers = [spec for spec in specs if _operational(spec) or spec["name"] in policies]
    ends = [_last_end(warehouse, session, spec["name"], now - timedelta(days=days)) for spec in readers]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return
    cutoff = min(known)
    for spec in readers:
        _all_measured(warehouse, session, spec, cutoff)
    yield _Step("service", warehouse.table("service_log"), "measured_at", "measured_at < :cutoff", days, cutoff)


def _operational(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    metrics: Mapping[str, Any] = (spec.get("service") or {}).get("operational") or {}
    return metrics


def _last_end(warehouse: Warehouse, session: Session, monitor: str, before: datetime) -> datetime | None:
    """The end of the last window that had ended by then."""
    ended: datetime | None = session.query(
        f"select max(window_end) as cutoff from {warehouse.table('windows')} where monitor = :monitor and window_end <= :before",
        {"monitor": monitor, "before": before},
    )[0]["cutoff"]
    return ended


def _all_measured(warehouse: Warehouse, session: Session, spec: Mapping[str, Any], cutoff: datetime) -> None:
    for metric, declared in _operational(spec).items():
        service = declared.get("service")
        # What is no number, or infinite, is not counted: the difference to itself is not 0.
        uncounted = session.query(
            f"""select min(logged.window_start) as first from (
                select windows.window_start, count(*) as n
                from {warehouse.table("service_log")} as log
                inner join {warehouse.table("windows")} as windows on windows.monitor = :monitor
                    and log.measured_at >= windows.window_start and log.measured_at < windows.window_end
                where log.measured_at < :cutoff and log.measure = :measure and log.measure_value - log.measure_value = 0
                    {"and log.service = :service" if service else ""}
                group by windows.window_start
            ) as logged
            left join (
                select window_start, sum(n) as n from {warehouse.table("service_profiles")}
                where monitor = :monitor and series = :metric
                group by window_start
            ) as counted on counted.window_start = logged.window_start
            where counted.n is null or counted.n < logged.n""",
            {"monitor": spec["name"], "metric": metric, "measure": declared["measure"], "cutoff": cutoff}
            | ({"service": service} if service else {}),
        )[0]["first"]
        if uncounted:
            raise RetentionError(
                f"monitor {spec['name']!r}: the operational log holds values of {metric} in the window of {uncounted} "
                "that were not counted: run `dbt build` first. Nothing was deleted."
            )


def _table(warehouse: Warehouse, project: DbtProject, session: Session, monitor: str, key: str, name: str) -> Relation:
    """The table behind a name: from a view nothing can be deleted, and a model that dbt builds anew would bring the rows back."""
    relation = project.relation(name)
    kinds = session.query(
        "select table_type from information_schema.tables where table_schema = :schema and table_name = :name",
        {"schema": relation.schema, "name": relation.identifier},
    )
    if not kinds:
        raise RetentionError(f"monitor {monitor!r}: {relation.quoted} is not in {warehouse.place}. Nothing was deleted.")
    if kinds[0]["table_type"] != "BASE TABLE":
        raise RetentionError(
            f"monitor {monitor!r}: {name!r} is a view, so no row of it can be deleted. Name the table under it in "
            f"`retention.{key}` (a model or source.table with the same columns). Nothing was deleted."
        )
    return relation


def _sql(relation: Relation) -> str:
    return relation.quoted.replace(":", r"\:")


def _all_counted(warehouse: Warehouse, session: Session, spec: Mapping[str, Any], log: str, cutoff: datetime) -> None:
    moment = warehouse.quote(spec["predicted_at"])
    uncounted = session.query(
        f"""select coalesce(sum(logged.n), 0) as n, min(logged.window_start) as first from (
            select windows.window_start, count(*) as n
            from {log} as log
            left join {warehouse.table("windows")} as windows
                on windows.monitor = :monitor and log.{moment} >= windows.window_start and log.{moment} < windows.window_end
            where log.{moment} < :cutoff
            group by windows.window_start
        ) as logged
        left join (
            select window_start, sum(n) as n from {warehouse.table("feature_profiles")}
            where monitor = :monitor and feature = '__all__' and segment = '__all__' and bin = {_TOTAL} and edge_set_id = :edges
            group by window_start
        ) as counted on counted.window_start = logged.window_start
        where counted.n is null or counted.n <> logged.n""",
        {"monitor": spec["name"], "cutoff": cutoff, "edges": spec["edge_set_id"]},
    )[0]
    if uncounted["n"]:
        where = f"in the window of {uncounted['first']}" if uncounted["first"] else "outside of every window"
        raise RetentionError(
            f"monitor {spec['name']!r}: the log has changed {where} and before {cutoff} since it was profiled: "
            "run `dbt build` first. Nothing was deleted."
        )


def _counted(session: Session, monitor: str, step: _Step) -> Deletion:
    found = session.query(
        f"select count(*) as n, min({step.time}) as first, max({step.time}) as last from {step.relation} where {step.where}",
        _given(step, monitor),
    )[0]
    relation = step.relation.replace(r"\:", ":")
    return Deletion(monitor, step.rule, relation, step.keep_days, step.cutoff, int(found["n"]), found["first"], found["last"])


def _record(deletion: Deletion, actor: str, now: datetime) -> dict[str, Any]:
    told = "|".join(map(str, (deletion.monitor, deletion.rule, deletion.relation, deletion.cutoff, now)))
    return {"action_id": hashlib.sha256(told.encode()).hexdigest()[:32], **asdict(deletion), "actor": actor, "acted_at": now}


def _given(step: _Step, monitor: str) -> dict[str, Any]:
    return {"cutoff": step.cutoff} | ({"monitor": monitor} if ":monitor" in step.where else {})
