"""Asset checks: whether a monitor has an open alert, and whether a raw log still comes."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource

from dagster_project.defs.models import MANIFEST, RAW_LOGS, TRANSLATOR, model_key
from dagster_project.looks import COLOURS, VERDICT_COLUMNS, metric_link, plot, table_of
from dagster_project.settings import monitoring_now, warehouse
from ml_monitor.settings import utc
from ml_monitor.warehouse import MissingTable, Row, Warehouse

INPUTS = ("drift", "data_quality", "intake")
OPEN_COLUMNS = {name: words for name, words in VERDICT_COLUMNS.items() if name not in ("monitor", "status", "alert_threshold")}
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
SEVERITIES = {"alert": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def monitor_assets() -> dict[str, dict[str, dg.AssetKey]]:
    """The profiles of each monitor by their kind."""
    found: dict[str, dict[str, dg.AssetKey]] = {}
    for node in MANIFEST["nodes"].values():
        spec = node["config"].get("meta", {}).get("ml_monitor")
        kind = node["name"].rpartition("__")[2]
        if spec and kind in ("feature_profile", "outcome_profile"):
            found.setdefault(spec["name"], {})[kind] = model_key(node["name"])
    return found


def states_of(house: Warehouse, monitor: str) -> tuple[list[Row], list[Row]]:
    """Open alerts of a monitor, the worst first, and its alert verdicts by window and family."""
    with house.transaction() as session:
        rows = session.query(
            f"select family, state, metric, feature, segment_value, metric_value, reason, opened_at "
            f"from {house.table('alert_states')} where monitor = :monitor and is_open "
            "order by case when state = 'alert' then 0 else 1 end, opened_at, metric, feature",
            {"monitor": monitor},
        )
        history = session.query(
            f"select window_end, family, count(*) as n from {house.table('verdicts')} "
            "where monitor = :monitor and status = 'alert' group by 1, 2 order by 1",
            {"monitor": monitor},
        )
    return rows, history


def build_health(monitor: str, assets: dict[str, dg.AssetKey]) -> dg.AssetChecksDefinition:
    """The two checks of a monitor: its inputs, and how good it is. A warning is a warning, an alert an error."""
    names = {"no_open_alert_on_inputs": "feature_profile", "no_open_alert_on_performance": "outcome_profile"}
    states = model_key("ml_monitor__alert_states")

    @dg.multi_asset_check(
        name=f"{monitor}_health",
        specs=[
            dg.AssetCheckSpec(
                name,
                asset=assets[kind],
                additional_deps=[states],
                description=f"Whether {monitor} has no open alert about "
                f"{'what comes in' if kind == 'feature_profile' else 'how good it is'}, as of the last pass.",
            )
            for name, kind in names.items()
            if kind in assets
        ],
        can_subset=True,
    )
    def health(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        rows: list[Row] | None
        try:
            rows, history = states_of(warehouse(), monitor)
        except MissingTable:
            rows, history = None, []
        for name, kind in names.items():
            if kind not in assets or dg.AssetCheckKey(assets[kind], name) not in context.selected_asset_check_keys:
                continue
            if rows is None:
                words = "nothing was judged yet"
                yield dg.AssetCheckResult(
                    passed=False, check_name=name, asset_key=assets[kind], severity=dg.AssetCheckSeverity.WARN, description=words
                )
                continue
            about_inputs = kind == "feature_profile"
            found = [row for row in rows if (row["family"] in INPUTS) == about_inputs]
            by_window: dict[Any, float] = {}
            for row in history:
                if (row["family"] in INPUTS) == about_inputs:
                    by_window[row["window_end"]] = by_window.get(row["window_end"], 0.0) + row["n"]
            points = [(moment, count, COLOURS["alert"]) for moment, count in sorted(by_window.items())[-90:]]
            worst = found[0]["state"] if found else "ok"
            metrics = ", ".join(dict.fromkeys(metric_link(row["metric"]) for row in found))
            yield dg.AssetCheckResult(
                passed=not found,
                check_name=name,
                asset_key=assets[kind],
                severity=SEVERITIES.get(worst, dg.AssetCheckSeverity.WARN),
                description=f"{len(found)} open, the worst: {found[0]['reason']}" if found else "no open alert",
                metadata={
                    "open_alerts": len(found),
                    "worst": worst,
                    "metrics": dg.MetadataValue.md(metrics or "none"),
                    "open": table_of(found[:10], {**OPEN_COLUMNS, "opened_at": "since"}),
                    "alert_verdicts_by_window": plot(points, f"alert verdicts of {monitor} by window"),
                },
            )

    return health


def watched_sources() -> dict[str, dict[str, Any]]:
    """The dbt sources with `freshness` and `loaded_at_field`, by their dbt id."""
    return {
        name: source
        for name, source in MANIFEST["sources"].items()
        if source.get("loaded_at_field")
        and any((source.get("freshness") or {}).get(key, {}).get("count") for key in ("warn_after", "error_after"))
    }


def build_freshness(sources: dict[str, dict[str, Any]]) -> dg.AssetChecksDefinition:
    """One check per source that declares `freshness`: how old is its newest row, by the monitoring clock."""
    keys = {name: key.key for name, key in zip(MANIFEST["sources"], RAW_LOGS, strict=True) if name in sources}

    @dg.multi_asset_check(
        name="source_freshness",
        specs=[
            dg.AssetCheckSpec("is_fresh", asset=key, description="Whether rows still come, as `freshness` of the source says.")
            for key in keys.values()
        ],
        can_subset=True,
    )
    def source_freshness(context: dg.AssetCheckExecutionContext, dbt: DbtCliResource) -> Iterator[dg.AssetCheckResult]:
        wanted = {
            name: key for name, key in keys.items() if dg.AssetCheckKey(key, "is_fresh") in context.selected_asset_check_keys
        }
        selected = [f"source:{sources[name]['source_name']}.{sources[name]['name']}" for name in wanted]
        run = dbt.cli(
            ["source", "freshness", "--select", *selected],
            manifest=MANIFEST,
            dagster_dbt_translator=TRANSLATOR,
            raise_on_error=False,
        )
        results = {one["unique_id"]: one for one in run.wait().get_artifact("sources.json")["results"]}
        now = monitoring_now(context.run.tags)
        for name, key in wanted.items():
            yield freshness_of(key, sources[name]["freshness"], results.get(name, {}), now)

    return source_freshness


def freshness_of(key: dg.AssetKey, limits: dict[str, Any], result: dict[str, Any], now: Any) -> dg.AssetCheckResult:
    """The verdict about one source. dbt measures, by the wall clock; a replay of old data has a clock of its own."""
    newest = result.get("max_loaded_at")
    if not newest:
        words = str(result.get("error") or "dbt did not say how old its newest row is")
        return dg.AssetCheckResult(passed=False, asset_key=key, check_name="is_fresh", description=words)
    age = now - utc(newest.replace("Z", "+00:00"))
    broken = [
        severity
        for limit, severity in (("error_after", dg.AssetCheckSeverity.ERROR), ("warn_after", dg.AssetCheckSeverity.WARN))
        if (allowed := limits.get(limit) or {}).get("count") and age > allowed["count"] * UNITS[allowed["period"]]
    ]
    hours = age / timedelta(hours=1)
    return dg.AssetCheckResult(
        passed=not broken,
        asset_key=key,
        check_name="is_fresh",
        severity=broken[0] if broken else dg.AssetCheckSeverity.WARN,
        description=f"the newest row is {hours:.1f} hours old",
        metadata={"newest_row": newest, "age_hours": round(hours, 2), "allowed": dg.MetadataValue.json(limits)},
    )


SOURCES = watched_sources()
health_checks = [build_health(monitor, assets) for monitor, assets in sorted(monitor_assets().items())]
freshness_checks = [build_freshness(SOURCES)] if SOURCES else []
freshness_job = dg.define_asset_job(
    "check_sources", selection=dg.AssetSelection.checks(*freshness_checks), description="Whether the raw logs still come."
)

defs = dg.Definitions(asset_checks=[*health_checks, *freshness_checks], jobs=[freshness_job] if SOURCES else [])
