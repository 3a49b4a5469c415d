"""The audit page: what was restated, who put which version live, what of the configuration changed, and the chain of seals."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from ml_monitor.audit import AuditError, restatements
from ml_monitor.audit.witness import seals
from ml_monitor.report import words
from ml_monitor.report.rows import Reading, Row, plain
from ml_monitor.report.tables import Table, table
from ml_monitor.warehouse import MissingTable, Warehouse

_DAYS = 90
_MOST_ROWS = 200
_NO_SNAPSHOT = "No snapshot was taken yet: run `dbt snapshot`, or `dbt build`, which takes them."


def audit(warehouse: Warehouse, reading: Reading, now: datetime, witness: Path | None) -> dict[str, Any]:
    """What the audit page says of all monitors."""
    return {
        "restatements": _restatements(warehouse, now),
        "deployments": _deployments([row for rows in reading.rows["deployments"].values() for row in rows]),
        "changes": _changes(warehouse),
        "seals": _seals(witness),
    }


def _restatements(warehouse: Warehouse, now: datetime) -> dict[str, Any]:
    start = now - timedelta(days=_DAYS)
    try:
        rows = restatements(warehouse, start, now + timedelta(seconds=1))
    except MissingTable:
        return {"note": _NO_SNAPSHOT}
    rows = [row for row in rows if row["previous_status"] != row["status"] or row["previous_metric_value"] != row["metric_value"]]
    judged = sum(row["status"] is not None for row in rows)
    others = f" Of the values that no threshold judges {len(rows) - judged} were restated." if judged < len(rows) else ""
    turned = [row for row in rows if row["previous_status"] != row["status"]]
    counts = Counter((row["monitor"], row["metric"]) for row in rows)
    return {
        "note": f"{words.counted(judged, 'verdict')} restated in the last {_DAYS} days; "
        f"{words.counted(len(turned), 'of them', 'of them')} changed status.{others}",
        "by_metric": table(
            ("monitor and metric", "restated"),
            [("ok", [f"{monitor} · {words.metric_name(metric)}", n]) for (monitor, metric), n in counts.most_common(20)],
        ),
        "rows": table(
            ("verdict", "known at", "window", "was", "is", "labels in"),
            [_restated(row) for row in sorted(turned, key=lambda row: row["restated_at"], reverse=True)[:_MOST_ROWS]],
        ),
    }


def _restated(row: Row) -> tuple[str, list[str]]:
    metric = row["metric"]
    was, now = (
        f"{row[f'{which}status'].replace('_', ' ')} {words.value(plain(row[f'{which}metric_value']), metric)}"
        for which in ("previous_", "")
    )
    return (
        row["status"] if row["status"] in ("alert", "warning") else "ok",
        [
            f"{row['monitor']} · {words.subject(row)}",
            words.day(row["restated_at"]),
            f"{words.day(row['window_start'])}, span {row['span']}",
            was,
            now,
            words.percent(plain(row["label_coverage"])) if plain(row["label_coverage"]) is not None else "",
        ],
    )


def _deployments(rows: Sequence[Row]) -> Table:
    return table(
        ("monitor and version", "when", "how", "who", "before", "why"),
        [
            (
                "ok",
                [
                    f"{row['monitor']} · {row['model_version']}",
                    words.day(row["effective_at"]),
                    row["action"],
                    row.get("actor") or "not recorded",
                    row.get("previous_version") or "",
                    row["reason"] or "",
                ],
            )
            for row in sorted(rows, key=lambda row: row["effective_at"], reverse=True)[:_MOST_ROWS]
        ],
    )


def _changes(warehouse: Warehouse) -> dict[str, Any]:
    try:
        specs = warehouse.query(
            f"""select monitor, spec, recorded_at, dbt_is_deleted from {warehouse.table("monitors_history")}
            order by monitor, recorded_at, dbt_valid_from"""
        )
        limits = warehouse.query(
            f"""select monitor, metric, span, warn_threshold, alert_threshold, recorded_at, dbt_is_deleted
            from {warehouse.table("thresholds_history")} order by monitor, metric, span, recorded_at, dbt_valid_from"""
        )
    except MissingTable:
        return {"note": _NO_SNAPSHOT}
    found = [*_spec_changes(specs), *_limit_changes(limits)]
    found.sort(key=lambda change: change[0], reverse=True)
    return {
        "note": "" if found else "Nothing has changed since the first snapshot.",
        "rows": table(
            ("known at", "monitor", "what", "was", "is"), [("ok", [words.day(at), *rest]) for at, *rest in found[:_MOST_ROWS]]
        ),
    }


Change = tuple[datetime, str, str, str, str]


def _spec_changes(rows: Sequence[Row]) -> Iterator[Change]:
    for monitor, group in groupby(rows, key=lambda row: str(row["monitor"])):
        before: dict[str, Any] | None = None
        for row in group:
            if str(row["dbt_is_deleted"]) == "True":
                yield row["recorded_at"], monitor, "monitor", "declared", "removed"
                before = None
                continue
            spec = json.loads(row["spec"])
            for key in sorted(spec.keys() | (before or {}).keys()) if before is not None else ():
                if before is not None and before.get(key) != spec.get(key):
                    yield row["recorded_at"], monitor, key, _short(before.get(key)), _short(spec.get(key))
            before = spec


def _limit_changes(rows: Sequence[Row]) -> Iterator[Change]:
    for key, group in groupby(rows, key=lambda row: (str(row["monitor"]), str(row["metric"]), row["span"])):
        monitor, metric, span = key
        what = f"threshold of {words.metric_name(metric)}, span {span}"
        before: str | None = None
        for row in group:
            now = "removed" if str(row["dbt_is_deleted"]) == "True" else _limits(row)
            if before is not None and before != now:
                yield row["recorded_at"], monitor, what, before, now
            before = now


def _limits(row: Row) -> str:
    parts = [(name, plain(row[f"{name}_threshold"])) for name in ("warn", "alert")]
    return ", ".join(f"{name} {value:g}" for name, value in parts if value is not None) or "none"


def _short(value: Any) -> str:
    text = "not set" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _seals(witness: Path | None) -> dict[str, Any]:
    if witness is None:
        return {"note": "No directory of seals was given (`ml-monitor report --witness DIRECTORY`).", "chain": []}
    numbers = sorted(path.stem for path in witness.glob("[0-9]*.json"))
    if not numbers:
        return {"note": f"There is no seal in {witness}.", "chain": []}
    try:
        good = seals(witness)
    except AuditError as error:
        return {"note": str(error), "broken": True, "chain": [[number, "", ""] for number in numbers]}
    chain = [[f"{one['number']:06d}", f"{one.get('from', '')} to {one.get('to', '')}", one["head"]] for _, one in good]
    return {"note": f"{words.counted(len(chain), 'seal')}, each over the one before it: the chain is whole.", "chain": chain}
