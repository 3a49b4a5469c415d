"""What a newcomer sees in Dagster's UI: links to the docs, layers as kinds, row counts, the worst verdicts, small plots."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import base64
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from ml_monitor.report.glossary import metric_pages
from ml_monitor.warehouse import MissingTable, Row, Warehouse, WarehouseError

DOCS = os.environ.get("ML_MONITOR_DOCS_URL", "https://github.com/dbt-ml-monitor/dbt-ml-monitor/blob/main/docs").rstrip("/")
PAGES = {
    "alerts": "alerting.md",
    "audit": "audit.md",
    "change": "metrics/change_detection.md",
    "comparison": "metrics/model_comparisons.md",
    "custom": "metrics/custom.md",
    "damage": "metrics/expected_damage.md",
    "decisions": "metrics/cost.md",
    "drift": "metrics/README.md",
    "estimation": "metrics/estimated_performance.md",
    "feedback": "feedback.md",
    "governance": "privacy.md",
    "intake": "metrics/README.md",
    "maturity": "metrics/nowcast.md",
    "performance": "metrics/README.md",
    "profiles": "architecture.md",
    "quality": "metrics/README.md",
    "registry": "configuration.md",
    "report": "how_to/read_the_report.md",
    "retraining": "retraining.md",
    "selective": "metrics/selective_labels.md",
    "service": "live_metrics.md",
    "verdicts": "definitions.md",
}
LAYERS = {
    "alerts": "alert",
    "audit": "history",
    "ledgers": "ledger",
    "profiles": "profile",
    "registry": "config",
    "report": "report",
    "verdicts": "verdict",
}
FAMILIES = {
    "ml_monitor__drift": "drift",
    "ml_monitor__data_quality": "data_quality",
    "ml_monitor__intake": "intake",
    "ml_monitor__performance": "performance",
    "ml_monitor__estimated_performance": "estimated_performance",
    "ml_monitor__custom_metrics": "custom",
    "ml_monitor__behaviour": "behaviour",
    "ml_monitor__kpi_values": "business",
}
# Models that compute some metrics of a family: their verdicts are those of the metrics that they hold.
PARTS = (
    "ml_monitor__change_detection",
    "ml_monitor__decisions",
    "ml_monitor__label_nowcast",
    "ml_monitor__performance_when_due",
    "ml_monitor__selective_labels",
    "ml_monitor__service",
)
# Models of another shape, with the metrics that their numbers are in.
FINDINGS = {
    "ml_monitor__model_comparisons": ("accuracy_difference", "roc_auc_difference", "brier_difference", "mae_difference"),
    "ml_monitor__performance_decomposition": ("mix_effect", "rate_effect"),
    "ml_monitor__worst_slices": ("worst_slice_gap", "worst_slice_damage"),
}
COLOURS = {"alert": "#c0362c", "warning": "#e3a037", "ok": "#8fa89b"}
WORST = 10


METRIC_PAGES: dict[str, str] = dict(
    re.findall(r"^\| \[`(\w+)`\]\((\w+\.md)\)", (metric_pages() / "README.md").read_text(encoding="utf-8"), re.M)
)
"""Page of each metric, from the index of the docs."""


def metric_link(metric: str) -> str:
    """The metric's name as a link to its page; of a custom metric, to the page about them."""
    return f"[{plain(metric)}]({DOCS}/metrics/{METRIC_PAGES.get(metric, 'custom.md')})"


def plain(text: object) -> str:
    """Text of data in Markdown: every sign of it is escaped, and it stays in its cell."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(str(text).split()))


def described(description: str | None, folder: str) -> str | None:
    """A description with a link to the page about it."""
    page = PAGES.get(folder)
    return f"{description or ''}\n\n[How it is defined, and when it lies]({DOCS}/{page})" if page else description


def table_of(rows: Sequence[Row], columns: Mapping[str, str]) -> dg.MetadataValue:
    """Rows as a Markdown table; `metric` is a link.

    Args:
        rows: The rows.
        columns: Key to heading.
    """
    if not rows:
        return dg.MetadataValue.md("none")

    def cell(row: Row, name: str) -> str:
        value = row[name]
        if name == "metric":
            return metric_link(value)
        if isinstance(value, float):
            return f"{value:.4g}"
        return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else plain("" if value is None else value)

    lines = [f"| {' | '.join(columns.values())} |", f"|{'---|' * len(columns)}"]
    return dg.MetadataValue.md("\n".join([*lines, *(f"| {' | '.join(cell(row, name) for name in columns)} |" for row in rows)]))


def plot(points: Sequence[tuple[datetime, float, str]], what: str) -> dg.MetadataValue:
    """Bars over time as a picture in Markdown.

    Args:
        points: Moment, height, colour.
        what: What the bars are, for who cannot see them.
    """
    width, height = 640, 90
    most = max((value for _, value, _ in points), default=0.0) or 1.0
    step = width / max(len(points), 1)
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{height - value / most * height:.1f}" width="{max(step - 1, 0.5):.1f}" '
        f'height="{value / most * height:.1f}" fill="{colour}"/>'
        for i, (_, value, colour) in enumerate(points)
    )
    first, last = (f"{points[i][0]:%Y-%m-%d}" for i in (0, -1)) if points else ("", "")
    words = (
        f'<text x="0" y="{height + 14}">{first}</text><text x="{width}" y="{height + 14}" text-anchor="end">{last}</text>'
        f'<text x="{width / 2}" y="{height + 14}" text-anchor="middle">highest: {most:.4g}</text>'
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 20}" width="{width}" height="{height + 20}" '
        f'font-family="sans-serif" font-size="11" fill="#888">{bars}{words}</svg>'
    )
    return dg.MetadataValue.md(f"![{plain(what)}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})")


def kinds_of(kinds: Iterable[str], folder: str) -> set[str]:
    """The kinds of a dbt asset with its layer: what it is for, beside how it is made. Dagster shows three."""
    return {*sorted(kinds)[:2], LAYERS.get(folder, "metric" if folder in PAGES else "log")}


def with_metadata(events: Iterable[Any], nodes: Mapping[str, Mapping[str, Any]], house: Callable[[], Warehouse]) -> Iterator[Any]:
    """The events of a dbt run, with what is said about each table that was built.

    The tables are looked at when dbt is through, since a DuckDB file has one process at a time. A run that fails
    still tells what it has built.

    Args:
        events: From `dbt.cli(...).stream()`.
        nodes: Of the manifest, by their dbt id.
        house: Opens the warehouse.
    """
    held: list[Any] = []
    try:
        for event in events:
            held.append(event)
    except Exception:
        yield from held
        raise
    ids = {
        id(event): event.metadata["unique_id"].value for event in held if isinstance(event, dg.Output | dg.AssetMaterialization)
    }
    said: dict[str, dict[str, Any]] = {}
    try:
        said = metadata_of(house(), [nodes[name] for name in ids.values() if name in nodes])
    except Exception as error:
        # What is said about a table never fails the build that made it.
        dg.get_dagster_logger().warning(f"no metadata: {error}")
    for event in held:
        name = ids.get(id(event))
        yield event.with_metadata({**event.metadata, **said.get(name, {})}) if name else event


def metadata_of(house: Warehouse, nodes: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is said about tables that a run has built, by their dbt id; one connection for all. A locked warehouse says nothing.

    Args:
        house: The warehouse.
        nodes: Nodes of the manifest, tables of the package or of a monitor.
    """
    found: dict[str, dict[str, Any]] = {}
    try:
        with house.transaction() as session:
            for node in nodes:
                relation = node["relation_name"].replace(":", r"\:")
                said = found.setdefault(node["unique_id"], {})
                if node["config"]["materialized"] != "view":
                    count = session.query(f"select count(*) as n from {relation}")[0]["n"]
                    said["dagster/row_count"] = int(count)
                name = node["name"]
                if name in FAMILIES:
                    said |= _verdicts(session.query, house.table("verdicts"), "family = :family", {"family": FAMILIES[name]})
                elif name in PARTS:
                    said |= _verdicts(session.query, house.table("verdicts"), f"metric in (select metric from {relation})", {})
                elif name in FINDINGS:
                    listed = ", ".join(f"'{metric}'" for metric in FINDINGS[name])
                    said |= _verdicts(session.query, house.table("verdicts"), f"metric in ({listed})", {})
                elif name.endswith("__feature_profile") or name.endswith("__outcome_profile"):
                    said |= _volume(session.query, relation, name.rpartition("__")[2])
    except (MissingTable, WarehouseError) as error:
        dg.get_dagster_logger().info(f"no metadata: {error}")
    return found


def worst_verdicts(query: Any, verdicts: str, where: str, parameters: Mapping[str, Any]) -> list[Row]:
    """The worst verdicts of the last window of each monitor, alerts first."""
    rows: list[Row] = query(
        f"""
        with last_windows as (select monitor as m, max(window_end) as e from {verdicts}
            where {where} and status in ('alert', 'warning', 'ok') group by 1)
        select monitor, metric, feature, segment_value, status, metric_value, alert_threshold, sample_size, window_end, reason
        from {verdicts} inner join last_windows on monitor = m and window_end = e
        where {where} and status in ('alert', 'warning')
        order by case when status = 'alert' then 0 else 1 end, monitor, metric, feature, segment_value limit {WORST}
        """,
        parameters,
    )
    return rows


VERDICT_COLUMNS = {
    "monitor": "monitor",
    "metric": "metric",
    "feature": "feature",
    "segment_value": "segment",
    "status": "status",
    "metric_value": "value",
    "alert_threshold": "alert at",
    "reason": "why",
}


def _verdicts(query: Any, verdicts: str, where: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    worst = worst_verdicts(query, verdicts, where, parameters)
    bad = query(
        f"""
        select window_end, sum(case when status = 'alert' then 1 else 0 end) as alerts, count(*) as n
        from {verdicts} where {where} and status in ('alert', 'warning', 'ok') group by 1 order by 1 desc limit 90
        """,
        parameters,
    )
    points = [(row["window_end"], float(row["alerts"]), COLOURS["alert"]) for row in reversed(bad)]
    return {
        "worst_status": worst[0]["status"] if worst else "ok",
        "worst_verdicts": table_of(worst, VERDICT_COLUMNS),
        "alerts_by_window": plot(points, "alert verdicts by window"),
    }


def _volume(query: Any, relation: str, kind: str) -> dict[str, Any]:
    """Rows of the log by window."""
    whole = " and feature = '__all__' and bin = 0" if kind == "feature_profile" else " and outcome <> 'orphan'"
    rows = query(
        f"select window_start, sum(n) as n from {relation} where segment = '__all__'{whole} group by 1 order by 1 desc limit 90"
    )
    points = [(row["window_start"], float(row["n"] or 0), COLOURS["ok"]) for row in reversed(rows)]
    return {"windows": len(rows), "rows_by_window": plot(points, "rows by window")} if rows else {"windows": 0}
