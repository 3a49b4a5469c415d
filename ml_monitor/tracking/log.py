"""One pass: plan in the ledger what is new or restated, hand it over batch by batch, confirm."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ml_monitor.tracking.points import Destination, Point, series_name
from ml_monitor.warehouse import Row, Warehouse

_KEYS = ("monitor", "model_version", "segment", "segment_value", "feature", "window_start", "span", "metric")
# MLflow takes a thousand in one request.
_BATCH, _PLAN, _ROWS_PER_STATEMENT = 1000, 10_000, 1000


@dataclass(frozen=True, slots=True)
class Logged:
    """What a pass did."""

    destination: str
    logged: int
    restated: int
    recovered: int
    """Values that an earlier pass had planned and not confirmed."""


def log_metrics(
    warehouse: Warehouse,
    to: Destination,
    now: datetime,
    *,
    monitor: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Logged:
    """Log every judged value, and its verdict, that the destination does not have as it is now.

    Run it as often as you like: what is logged is in the ledger `logged_values`. A value that late data have changed is logged
    again, as the next revision at the same step. A pass that dies leaves intents, which the next one hands over again; a
    destination has them once all the same.

    Args:
        warehouse: The warehouse.
        to: Where to.
        now: Monitoring clock, UTC.
        monitor: Only this one.
        say: Called with one line for each run.

    Raises:
        TrackingError: The destination failed. The batches before it are logged.
        MissingTable: `ml_monitor__log_metrics` is not set, or dbt has not run since.
    """
    recovered = logged = restated = 0
    while True:
        intents = _intents(warehouse, to.name, monitor)
        recovered += sum(len(batch) for batch in intents) if not logged else 0
        planned = _plan(warehouse, to.name, now, monitor) if not intents else 0
        batches = intents or (_intents(warehouse, to.name, monitor) if planned else [])
        if not batches:
            return Logged(to.name, logged, restated, recovered)
        for batch in batches:
            first = batch[0]
            to.log(first["monitor"], first["model_version"], first["batch_id"], [_point(row) for row in batch])
            _confirm(warehouse, to.name, first["batch_id"])
            logged += len(batch)
            restated += sum(row["revision"] > 0 for row in batch)
            version = "all versions" if first["model_version"] == "__all__" else first["model_version"]
            say(f"{first['monitor']}, {version}: {len(batch)} values")


def count_unlogged(warehouse: Warehouse, name: str, monitor: str | None = None) -> int:
    """How many values a pass would log; nothing is written."""
    intents = sum(len(batch) for batch in _intents(warehouse, name, monitor))
    found = warehouse.query(
        f"select count(*) as n from ({_unlogged(warehouse, monitor)}) as unlogged", _parameters(name, monitor)
    )
    return intents + int(found[0]["n"])


def _plan(warehouse: Warehouse, name: str, now: datetime, monitor: str | None) -> int:
    """Write intents for values that are not in the ledger as they are."""
    with warehouse.transaction(exclusive="logged_values") as session:
        order = f"order by {', '.join(_KEYS[:2])}, window_start, metric, feature, segment, segment_value, span"
        found = session.query(f"{_unlogged(warehouse, monitor)} {order} limit {_PLAN}", _parameters(name, monitor))
        rows = [row for batch in _batches(found) for row in _intent_rows(batch, name, now)]
        for first in range(0, len(rows), _ROWS_PER_STATEMENT):
            session.insert("logged_values", rows[first : first + _ROWS_PER_STATEMENT])
    return len(rows)


def _unlogged(warehouse: Warehouse, monitor: str | None) -> str:
    """Query: judged values and their verdicts that the ledger lacks, or has with another value."""
    table = warehouse.table
    same = " and ".join(f"latest.{key} = found.{key}" for key in _KEYS)
    columns = ", ".join(f"found.{key}" for key in (*_KEYS, "window_end", "metric_value"))
    keys = ", ".join(f"found.{key}" for key in _KEYS[:-1])
    level = "case found.status when 'ok' then 0e0 when 'warning' then 1e0 else 2e0 end"
    return f"""
        with found as (
            select {keys}, found.metric, found.window_end, found.metric_value
            from {table("metric_values")} as found
            inner join {table("thresholds")} as thresholds
                on thresholds.monitor = found.monitor and thresholds.metric = found.metric and thresholds.span = found.span
                and (found.segment = '__all__' or thresholds.by_segment)
            where found.metric_value is not null
            union all
            select {keys}, 'verdict/' || found.metric as metric, found.window_end, {level} as metric_value
            from {table("verdicts")} as found
            where found.status in ('ok', 'warning', 'alert')
        ),
        latest as (
            select {", ".join(_KEYS)}, metric_value, revision, row_number() over (
                partition by {", ".join(_KEYS)} order by revision desc
            ) as recency
            from {table("logged_values")} where destination = :destination
        )
        select {columns}, windows.window_number as step, coalesce(latest.revision + 1, 0) as revision
        from found
        inner join {table("windows")} as windows
            on windows.monitor = found.monitor and windows.window_start = found.window_start
        left join latest on {same} and latest.recency = 1
        where (latest.monitor is null or latest.metric_value <> found.metric_value)
            {"and found.monitor = :monitor" if monitor else ""}
    """


def _intents(warehouse: Warehouse, name: str, monitor: str | None) -> list[list[Row]]:
    """Batches that were planned and not confirmed."""
    rows = warehouse.query(
        f"""
        select * from {warehouse.table("logged_values")}
        where destination = :destination and status = 'intent' {"and monitor = :monitor" if monitor else ""}
        order by batch_id, step, point_id
        """,
        _parameters(name, monitor),
    )
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["batch_id"], []).append(row)
    # In the order of time, which is the order in which W&B draws.
    return sorted(found.values(), key=lambda batch: (batch[0]["monitor"], batch[0]["model_version"], batch[0]["step"]))


def _confirm(warehouse: Warehouse, name: str, batch_id: str) -> None:
    # Another pass may have handed over the same batch, and confirms it at this moment.
    with warehouse.transaction(exclusive="logged_values") as session:
        session.execute(
            f"""
            update {warehouse.table("logged_values")} set status = 'logged'
            where destination = :destination and batch_id = :batch_id and status = 'intent'
            """,
            {"destination": name, "batch_id": batch_id},
        )


def _batches(rows: Sequence[Row]) -> Iterable[list[Row]]:
    """Rows of one run each."""
    runs: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        runs.setdefault((row["monitor"], row["model_version"]), []).append(row)
    for run in runs.values():
        for first in range(0, len(run), _BATCH):
            yield run[first : first + _BATCH]


def _intent_rows(batch: Sequence[Row], name: str, now: datetime) -> list[Row]:
    ids = [_digest(name, *(str(row[key]) for key in _KEYS), str(row["revision"])) for row in batch]
    batch_id = _digest(*ids)
    return [
        {**row, "point_id": point_id, "destination": name, "batch_id": batch_id, "status": "intent", "logged_at": now}
        for row, point_id in zip(batch, ids, strict=True)
    ]


def _point(row: Row) -> Point:
    series = series_name(row["metric"], row["feature"], row["segment"], row["segment_value"], row["span"])
    value = float(row["metric_value"])
    return Point(series, int(row["step"]), value, row["window_end"], row["logged_at"], int(row["revision"]))


def _parameters(name: str, monitor: str | None) -> dict[str, str]:
    return {"destination": name} | ({"monitor": monitor} if monitor else {})


def _digest(*parts: str) -> str:
    return sha256("|".join(parts).encode()).hexdigest()[:32]
