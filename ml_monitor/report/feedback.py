"""The feedback page: what people said of the predictions, the labels that came of it, how they behave, and whom to ask next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_monitor.report import words
from ml_monitor.report.rows import ByMonitor, by_monitor
from ml_monitor.report.tables import Table, table
from ml_monitor.warehouse import MissingTable, Warehouse

# Read as far as the tables are there. Nothing that a person wrote is shown, only counts and reasons.
_QUERIES = {
    "feedback_events": """
        select monitor, kind, source, count(*) as n, count(distinct prediction_id) as n_predictions, max(occurred_at) as newest
        from {table} group by monitor, kind, source order by monitor, count(*) desc, kind, source""",
    "labels": """
        select monitor, source, rule, status, count(*) as n, avg(agreement) as agreement
        from {table} group by monitor, source, rule, status order by monitor, count(*) desc, source, rule, status""",
    "behaviour": """
        select monitor, metric, span, window_end, metric_value, lower_bound, upper_bound, sample_size from (
            select latest.*, row_number() over (partition by monitor, metric order by window_start desc, span desc) as recency
            from {table} as latest
            where segment = '__all__' and model_version = '__all__' and feature = '__all__' and metric_value is not null
        ) as ranked where recency = 1 order by monitor, metric""",
    "review_queue": """
        select monitor, prediction_id, queue_date, place, reason, status from (
            select queue.*, row_number() over (partition by monitor order by queue_date desc, place) as position
            from {table} as queue where status <> 'answered'
        ) as ranked where position <= 40 order by monitor, position""",
    "kpi_correlations": """
        select monitor, kpi, metric, feature, lag, correlation, lower_bound, upper_bound, sample_size from (
            select found.*, row_number() over (partition by monitor, kpi order by abs(correlation) desc) as position
            from {table} as found where correlation is not null
        ) as ranked where position <= 5 order by monitor, kpi, position""",
}


def read(warehouse: Warehouse) -> Mapping[str, ByMonitor]:
    """The rows of each part, by monitor."""
    found: dict[str, ByMonitor] = {}
    for name, sql in _QUERIES.items():
        try:
            found[name] = by_monitor(warehouse.query(sql.format(table=warehouse.table(name))))
        except MissingTable:
            found[name] = {}
    return found


def feedback(monitor: str, unit: str, found: Mapping[str, ByMonitor]) -> list[dict[str, Any]] | None:
    """The parts of the page that have something to say; None if none has."""
    parts = [
        _part("What was said", "", _events(found["feedback_events"].get(monitor, []))),
        _part(
            "Labels that came of it",
            "By who said it and the rule that made it a label; agreement is the share of the votes for the label.",
            _labels(found["labels"].get(monitor, [])),
        ),
        _part("How people act on the predictions", "", _behaviour(found["behaviour"].get(monitor, []), unit)),
        _part(
            "Business figures that go with a metric",
            "Correlation over windows, with the figure so many windows later. It is no proof of a cause.",
            _kpis(found["kpi_correlations"].get(monitor, [])),
        ),
        _part(
            "Whom to ask next",
            "Why each was chosen; only random ones stand for all.",
            _queue(found["review_queue"].get(monitor, [])),
        ),
    ]
    return [part for part in parts if part["rows"]] or None


def _part(title: str, note: str, shown: Table) -> dict[str, Any]:
    return {"title": title, "note": note, **shown}


def _events(rows: list[Any]) -> Table:
    return table(
        ("kind", "source", "events", "predictions", "newest"),
        [
            (
                "ok",
                [
                    row["kind"],
                    row["source"] or "",
                    words.size(row["n"]),
                    words.size(row["n_predictions"]),
                    words.day(row["newest"]),
                ],
            )
            for row in rows
        ],
    )


def _labels(rows: list[Any]) -> Table:
    return table(
        ("source", "rule", "status", "predictions", "agreement"),
        [
            (
                "ok" if row["status"] == "resolved" else "warning past",
                [
                    row["source"] or "not known",
                    row["rule"] or "",
                    row["status"],
                    words.size(row["n"]),
                    words.percent(row["agreement"]) if row["agreement"] is not None else "",
                ],
            )
            for row in rows
        ],
    )


def _behaviour(rows: list[Any], unit: str) -> Table:
    return table(
        ("metric", "value", "95 % interval", "rows", "over"),
        [
            (
                "ok",
                [
                    words.metric_name(row["metric"]),
                    words.value(row["metric_value"], row["metric"]),
                    words.interval(row["lower_bound"], row["upper_bound"], row["metric"]),
                    words.size(row["sample_size"]),
                    f"{words.over(row['span'], unit)} to {words.day(row['window_end'])}",
                ],
            )
            for row in rows
        ],
    )


def _kpis(rows: list[Any]) -> Table:
    return table(
        ("figure and metric", "later by", "correlation", "95 % interval", "windows"),
        [
            (
                "ok",
                [
                    f"{row['kpi']} · {words.metric_name(row['metric'])}"
                    + ("" if row["feature"] == words.EVERYTHING else f" of {words.feature_name(row['feature'])}"),
                    row["lag"],
                    f"{row['correlation']:+.2f}",
                    "" if row["lower_bound"] is None else f"[{row['lower_bound']:+.2f}, {row['upper_bound']:+.2f}]",
                    words.size(row["sample_size"]),
                ],
            )
            for row in rows
        ],
    )


def _queue(rows: list[Any]) -> Table:
    return table(
        ("prediction", "queue of", "place", "why it was chosen", "status"),
        [
            ("ok", [row["prediction_id"], str(row["queue_date"])[:10], row["place"], row["reason"] or "", row["status"]])
            for row in rows
        ],
    )
