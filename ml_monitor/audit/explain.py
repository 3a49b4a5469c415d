"""Where a verdict comes from: its rows, profile, edges, configuration, compiled SQL, code and columns."""

# ruff: noqa: S608 - only quoted names and literals are put into SQL; values are bound

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ml_monitor.alerts.upstream import Column, Lineage
from ml_monitor.audit.environment import code_version
from ml_monitor.audit.errors import AuditError
from ml_monitor.audit.profiles import profile_of, profile_rows
from ml_monitor.segments import present, segment_value
from ml_monitor.settings import DbtProject, utc
from ml_monitor.warehouse import Row, Warehouse

_SERIES = ("monitor", "model_version", "metric", "feature", "segment", "segment_value", "span", "window_start")
# What a part of a verdict's name is looked up within.
_WITHIN: dict[str, tuple[str, ...]] = {
    "monitor": (),
    "metric": ("monitor",),
    "feature": ("monitor", "metric"),
    "segment": ("monitor", "metric"),
    "segment_value": ("monitor", "metric", "segment"),
}
_KEYS = {
    *("monitor", "model_version", "segment", "segment_value", "feature", "window_start", "window_end", "window_number", "span"),
    *("bin", "category", "metric", "edge_set_id", "is_excluded", "outcome", "label_age"),
}
# Families of metrics that the models of a folder of the package compute.
_FAMILIES = {
    "drift": {"drift"},
    "damage": {"drift"},
    "quality": {"data_quality"},
    "intake": {"intake"},
    "performance": {"performance"},
    "change": {"performance"},
    "comparison": {"performance"},
    "decisions": {"performance"},
    "selective": {"performance"},
    "maturity": {"performance", "estimated_performance"},
    "estimation": {"estimated_performance"},
    "custom": {"custom"},
    "service": {"service", "operational"},
    "feedback": {"behaviour", "business"},
}
_END = "model.ml_monitor.ml_monitor__alert_events"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict and all that made it."""

    verdict: Row
    configuration: dict[str, Any]
    thresholds: list[Row]
    rows_query: str
    """Reads the rows behind the value from the raw log, from the operational log, or from the table of a business figure."""
    labels_query: str | None
    """Reads the feedback of those rows, for a metric that needs labels."""
    row_count: int
    profile_table: str | None
    """The table of the profile, named for the family of the metric; a business figure has none."""
    profile: list[Row]
    edges: list[Row]
    columns: list[dict[str, str]]
    """The column of the log, and each column it is made from, to the raw ones."""
    steps: list[dict[str, str]]
    """Pairs of columns, from the log to the metric_value of the alert: `from`, `to`, and how the one is made from the other.
    Only if it was asked for."""
    models: list[dict[str, Any]]
    """The models on the way from the log to the alert, in their order, with their compiled SQL."""
    events: list[Row]
    code: dict[str, Any]
    """The commit of the project now."""
    made_by: str | None
    """Package, project and configuration that made the verdict; unknown of one that was made before they were kept."""
    built_by: str | None
    """Those of the last build: where they differ, `models` and `configuration` are not what made the verdict."""


def explain(
    warehouse: Warehouse,
    project: DbtProject,
    verdict: str,
    span: int | None = None,
    segment: str | None = None,
    *,
    by_column: bool = False,
) -> Explanation:
    """Follow a verdict back to the raw rows.

    Args:
        warehouse: The warehouse.
        project: A dbt project that was compiled or run.
        verdict: An `event_id` of `alert_events`, or `monitor/metric[/feature[/window_start]]`: without a window, the last one.
        span: How many windows the value covers, if there are several.
        segment: `column=value` of a segment; all rows if there is none.
        by_column: Follow the columns from the log to the alert too: parsing every model between takes a while.

    Raises:
        AuditError: There is no such verdict.
    """
    found = _verdict(warehouse, verdict, span, segment)
    declared = warehouse.query(
        f"select * from {warehouse.table('monitors')} where monitor = :monitor", {"monitor": found["monitor"]}
    )
    if not declared:
        raise AuditError(f"monitor {found['monitor']!r} is no longer declared: its configuration is in monitors_history")
    spec = json.loads(declared[0]["spec"])
    start = _first_window(warehouse, found, spec)
    rows_query = _rows_query(warehouse, spec, found, start)
    counted = warehouse.query(f"select count(*) as n from ({_escaped(rows_query)}) as raw_rows")[0]["n"]
    column = _column(warehouse, found)
    log = _node(project, _source(warehouse, spec, found))
    models = _models(project, log, found)
    profile = profile_of(found["family"])
    return Explanation(
        verdict=found,
        configuration=spec,
        thresholds=warehouse.query(
            f"select * from {warehouse.table('thresholds')} where monitor = :monitor and metric = :metric and span = :span",
            {name: found[name] for name in ("monitor", "metric", "span")},
        ),
        rows_query=rows_query,
        labels_query=_labels_query(warehouse, spec, found, rows_query),
        row_count=int(counted),
        profile_table=profile.table if profile else None,
        profile=profile_rows(warehouse, spec, found, start),
        edges=_edges(warehouse, found),
        columns=_columns(project, log, column) if column else [],
        steps=_steps(Lineage(project.manifest, _all_columns(warehouse)), log, spec, found, models, column)
        if by_column
        else [],
        models=models,
        events=warehouse.query(
            f"select * from {warehouse.table('alert_events')} where {_where(found)} order by created_at, event_id",
            {name: found[name] for name in _SERIES},
        ),
        code=code_version(project),
        made_by=found.get("code_version"),
        built_by=declared[0].get("code_version"),
    )


def _verdict(warehouse: Warehouse, verdict: str, span: int | None, segment: str | None) -> Row:
    known = warehouse.query(f"select * from {warehouse.table('alert_events')} where event_id = :id", {"id": verdict})
    given: dict[str, Any]
    if known:
        where, given = _where(known[0]), {name: known[0][name] for name in _SERIES}
    else:
        parts = verdict.split("/", 3)
        if len(parts) < 2:
            raise AuditError(
                f"{verdict!r} is no event_id of alert_events. Allowed besides: monitor/metric[/feature[/window_start]]."
            )
        given = {**dict(zip(("monitor", "metric", "feature"), parts, strict=False)), "segment": "__all__"}
        if segment is not None:
            given["segment"], equals, given["segment_value"] = segment.partition("=")
            if not equals:
                raise AuditError(f"the segment {segment!r} is not written as column=value")
        if len(parts) == 4:
            given["window_start"] = utc(parts[3])
        if span is not None:
            given["span"] = span
        where = _where(given)
    rows = warehouse.query(
        f"select * from {warehouse.table('verdicts')} where {where} order by window_start desc, span, feature limit 1", given
    )
    if not rows:
        raise AuditError(f"no verdict {verdict!r}{_known(warehouse, given)}")
    return rows[0]


def _known(warehouse: Warehouse, given: Mapping[str, Any]) -> str:
    for name, keys in _WITHIN.items():
        if name not in given:
            continue
        where = f" where {_where(keys)}" if keys else ""
        rows = warehouse.query(
            f"select distinct {name} as one from {warehouse.table('verdicts')}{where} order by one",
            {key: given[key] for key in keys},
        )
        values = [row["one"] for row in rows]
        if given[name] not in values:
            return f": no {name} {given[name]!r}. Known: {', '.join(map(str, values)) or 'none'}."
    return " in that window or of that span"


def _where(names: Iterable[str]) -> str:
    return " and ".join(f"{name} = :{name}" for name in _SERIES if name in names)


def _is_compared(found: Row) -> bool:
    """Whether the value is what a version differs by from another, over all the windows that are compared."""
    # A metric of the user's may end so too.
    is_ours = found["family"] == "performance" and str(found["metric"]).endswith("_difference")
    return bool(is_ours and found["model_version"] != "__all__")


def _first_window(warehouse: Warehouse, found: Row, spec: Mapping[str, Any]) -> datetime:
    windows = warehouse.table("windows")
    start: datetime = warehouse.query(
        f"""select min(first.window_start) as start from {windows} as first
        inner join {windows} as last on last.monitor = first.monitor and last.window_start = :window_start
        where first.monitor = :monitor
            and first.window_number > last.window_number - :span and first.window_number <= last.window_number""",
        {
            **{name: found[name] for name in ("monitor", "window_start")},
            "span": (spec.get("comparison") or {}).get("windows", 30) if _is_compared(found) else found["span"],
        },
    )[0]["start"]
    return start or found["window_start"]


def _source(warehouse: Warehouse, spec: Mapping[str, Any], found: Row) -> str:
    """The relation that the value comes from."""
    if found["family"] == "operational":
        return warehouse.table("service_log").replace(r"\:", ":")
    return str(spec["kpi_relations"][found["metric"]] if found["family"] == "business" else spec["predictions_relation"])


def _rows_query(warehouse: Warehouse, spec: Mapping[str, Any], found: Row, start: datetime) -> str:
    source, end = _source(warehouse, spec, found), found["window_end"]
    if found["family"] == "business":
        column = spec["behaviour"]["kpis"][found["metric"]]["at"]
        # Where days are kept as text, they are no times before they are cast.
        moment = f"cast({_named(warehouse, column)} as timestamp)"
        where = _period(moment, *_shown(warehouse, spec, source, column, start, end))
    elif found["family"] == "operational":
        declared = spec["service"]["operational"][found["metric"]]
        where = _period("measured_at", start, end) + [
            f"{column} = {_literal(declared[column])}" for column in ("measure", "service") if declared.get(column)
        ]
    else:
        where = _period(_named(warehouse, spec["predicted_at"]), start, end) + _cell(warehouse, spec, found)
    return f"select * from {source}\nwhere " + "\n    and ".join(where)


def _labels_query(warehouse: Warehouse, spec: Mapping[str, Any], found: Row, rows_query: str) -> str | None:
    if found["family"] != "performance" or not spec.get("feedback_relation"):
        return None
    column = _named(warehouse, spec["prediction_id"])
    return (
        f"select feedback.* from {spec['feedback_relation']} as feedback\n"
        f"inner join (\n{rows_query}\n) as predictions on predictions.{column} = feedback.{column}"
    )


def _named(warehouse: Warehouse, column: str) -> str:
    return warehouse.quote(column).replace(r"\:", ":")


def _period(moment: str, start: datetime, end: datetime) -> list[str]:
    return [f"{moment} >= {_literal(start)}", f"{moment} < {_literal(end)}"]


def _shown(
    warehouse: Warehouse, spec: Mapping[str, Any], source: str, column: str, start: datetime, end: datetime
) -> tuple[datetime, datetime]:
    """The ends of a period as the column shows them: of dates, those of the monitor's time zone."""
    text = f"cast({warehouse.quote(column)} as varchar)"
    rows = warehouse.query(f"select {text} as shown from {_escaped(source)} where {text} is not null limit 1")
    if not spec.get("timezone") or not rows or len(rows[0]["shown"]) != len("2026-01-01"):
        return start, end
    zone = ZoneInfo(spec["timezone"])
    first, last = (one.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) for one in (start, end))
    return first, last


def _cell(warehouse: Warehouse, spec: Mapping[str, Any], found: Row) -> list[str]:
    """The segment and version of a verdict, in the names that the profiles give their rows."""
    where = []
    is_hashed = (spec.get("privacy") or {}).get("hash_categories")
    columns = spec["segment_columns"].get(found["segment"], [])
    # Of a hashed segment only who has the salt can find the rows: these are those of every value.
    if columns and not is_hashed:
        where += _segment(warehouse, segment_value(_named(warehouse, column) for column in columns), found)
    if found["model_version"] != "__all__" and spec.get("model_version") and not _is_compared(found):
        where.append(f"{present(_named(warehouse, spec['model_version']))} = {_literal(found['model_version'])}")
    return where


def _segment(warehouse: Warehouse, value: str, found: Row) -> list[str]:
    """The rows of a segment value; `__other__` has those that no value has that is kept apart."""
    if found["segment_value"] != "__other__":
        return [f"{value} = {_literal(found['segment_value'])}"]
    rows = warehouse.query(
        f"select distinct segment_value as kept from {warehouse.table('feature_profiles')} "
        "where monitor = :monitor and segment = :segment and segment_value <> '__other__' order by kept",
        {"monitor": found["monitor"], "segment": found["segment"]},
    )
    return [f"{value} not in ({', '.join(_literal(row['kept']) for row in rows)})"] if rows else []


def _literal(value: object) -> str:
    """A value of our own tables as an SQL literal: no backslash escapes in DuckDB and PostgreSQL."""
    text = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    quoted = "'" + text.replace("'", "''") + "'"
    return f"timestamp {quoted}" if isinstance(value, datetime) else quoted


def _escaped(sql: str) -> str:
    return sql.replace(":", r"\:")


def _edges(warehouse: Warehouse, found: Row) -> list[Row]:
    return warehouse.query(
        "select edge_set_id, bin, bin_kind, lower_bound, upper_bound, category, n, frozen_at "
        f"from {warehouse.table('reference_bins')} "
        "where monitor = :monitor and feature = :feature and segment = :segment and segment_value = :segment_value order by bin",
        {name: found[name] for name in ("monitor", "feature", "segment", "segment_value")},
    )


def _column(warehouse: Warehouse, found: Row) -> str | None:
    rows = warehouse.query(
        f"select column_name from {warehouse.table('features')} where monitor = :monitor and feature = :feature",
        {name: found[name] for name in ("monitor", "feature")},
    )
    return str(rows[0]["column_name"]) if rows else None


def _node(project: DbtProject, relation: str) -> str | None:
    nodes = {**project.manifest.get("nodes", {}), **project.manifest.get("sources", {})}
    return next((one for one, node in nodes.items() if node.get("relation_name") == relation), None)


def _columns(project: DbtProject, log: str | None, column: str) -> list[dict[str, str]]:
    if log is None:
        return []
    return [{"node": one.node, "column": one.name} for one in sorted(Lineage(project.manifest).ancestors(Column(log, column)))]


def _all_columns(warehouse: Warehouse) -> dict[tuple[str, str, str], list[str]]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in warehouse.query(
        "select table_catalog as a, table_schema as b, table_name as c, column_name as d from information_schema.columns"
    ):
        found.setdefault((str(row["a"]), str(row["b"]), str(row["c"])), []).append(str(row["d"]))
    return found


def _steps(
    lineage: Lineage, log: str | None, spec: Mapping[str, Any], found: Row, models: list[dict[str, Any]], column: str | None
) -> list[dict[str, str]]:
    """How the number went: the log's columns are counted by the profile, and from there sqlglot follows column by column."""
    counted_in = profile_of(found["family"])
    names = [one["node"] for one in models]
    profile = next((one for one in names if counted_in and one.endswith(f".{found['monitor']}__{counted_in.model}")), None)
    if profile is None or log is None:
        return []
    steps = _relevant(lineage.steps(Column(_END, "metric_value"), set(names[names.index(profile) :])), found["metric"], profile)
    # Only what comes from the profile: a threshold or a window is no part of the number.
    reached: set[Column] = {one for pair in steps for one in pair if one.node == profile}
    first = sorted(one.name for one in reached)
    grown = bool(reached)
    while grown:
        more = {target for source, target in steps if source in reached} - reached
        reached |= more
        grown = bool(more)
    counted = [column] if column else [spec[name] for name in ("score", "prediction") if spec.get(name)]
    place = {name: number for number, name in enumerate(names)}
    followed = sorted(
        ((source, target) for source, target in steps if source in reached and target in reached),
        key=lambda pair: (place.get(pair[1].node, 0), pair),
    )
    return [
        {"from": f"{log}.{one}", "to": f"{profile}.{other}", "how": "counted in the bins of the profile"}
        for one in counted
        for other in first
    ] + [
        {"from": f"{source.node}.{source.name}", "to": f"{target.node}.{target.name}", "how": "computed"}
        for source, target in followed
    ]


def _relevant(steps: list[tuple[Column, Column]], metric: str, profile: str) -> list[tuple[Column, Column]]:
    """Without keys, which say where a number stands, and without the other metrics of a table that has a column for each."""
    named = {(source.node, target) for source, target in steps if source.name == metric}
    return [
        (source, target)
        for source, target in steps
        if source.name not in _KEYS and ((source.node, target) not in named or source.name == metric) and target.node != profile
    ]


def _models(project: DbtProject, log: str | None, found: Row) -> list[dict[str, Any]]:
    """What lies between the log and the alert and computes this family of metrics, sources first."""
    nodes = project.manifest.get("nodes", {})
    parents = {one: list(node.get("depends_on", {}).get("nodes", [])) for one, node in nodes.items()}
    after: dict[str, bool] = {}

    def comes_from_log(one: str) -> bool:
        if one not in after:
            after[one] = False
            after[one] = one == log or any(map(comes_from_log, parents.get(one, [])))
        return after[one]

    order: list[str] = []

    def visit(one: str) -> None:
        if one in order or not comes_from_log(one) or _is_other(nodes.get(one, {}), found):
            return
        for up in sorted(parents.get(one, [])):
            visit(up)
        order.append(one)

    visit(_END)
    return [
        {
            "node": one,
            "path": nodes[one].get("original_file_path"),
            "source_sha256": nodes[one].get("checksum", {}).get("checksum"),
            "compiled_sha256": hashlib.sha256(nodes[one]["compiled_code"].encode()).hexdigest()
            if nodes[one].get("compiled_code")
            else None,
            "compiled": nodes[one].get("compiled_code"),
        }
        for one in order
        if one in nodes
    ]


def _is_other(node: Mapping[str, Any], found: Row) -> bool:
    """A model of another monitor, or one that computes another family of metrics."""
    declared = node.get("config", {}).get("meta", {}).get("ml_monitor") or {}
    if declared.get("name") not in (None, found["monitor"]):
        return True
    folder = str(node.get("original_file_path") or "").split("/")
    families = _FAMILIES.get(folder[1]) if node.get("package_name") == "ml_monitor" and len(folder) > 2 else None
    if families is None or node.get("name") == "ml_monitor__windows":
        return False
    # Of performance, and computed where the estimates are.
    return found["family"] not in families and (found["metric"], folder[1]) != ("concept_drift", "estimation")
