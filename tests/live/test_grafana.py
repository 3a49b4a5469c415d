"""Grafana's files. Grafana itself is in no package registry, so nothing here draws: its schema and every query are checked."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from grafana_foundation_sdk.models.prometheus import Dataquery

from ml_monitor.live.families import families
from ml_monitor.live.state import read_state
from ml_monitor.warehouse import Warehouse
from tests.live.conftest import fill_ledgers, make_live
from tests.live.dashboards import DASHBOARDS, load, queries, sql
from tests.project import REPOSITORY, PostgresProject

PROVISIONING = REPOSITORY / "grafana" / "provisioning"
SCHEMA = "main_ml_monitor"


@pytest.fixture(scope="module")
def postgres(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> PostgresProject:
    """The same warehouse on PostgreSQL."""
    project = make_live(tmp_path_factory.mktemp("live_postgres") / "project", PostgresProject, server=postgres_url)
    fill_ledgers(Warehouse.from_dbt(project.directory))
    return project


def variables(dashboard: dict[str, Any], project: PostgresProject) -> dict[str, list[str]]:
    """Every value of every variable, in order: one may use those before it."""
    values: dict[str, list[str]] = {}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            found = project.rows(sql(variable["query"], SCHEMA, values, "", ""))
            assert found, variable["name"]
            values[variable["name"]] = [*(str(row[0]) for row in found), "o'clock"]
    return values


def test_every_sql_panel_answers_on_postgres(postgres: PostgresProject) -> None:
    dashboard = load(REPOSITORY / "grafana" / "dashboards" / "ml_monitor_warehouse.json")
    values = variables(dashboard, postgres)
    assert set(values["feature"]) >= {"amount", "plan"} and "roc_auc" in values["metric"]
    seen = 0
    for title, form, query in queries(dashboard, "rawSql"):
        frame = postgres.frame(sql(query, SCHEMA, values, "2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z").replace(":", r"\:"))
        assert len(frame), title
        if form == "time_series":
            assert list(frame.columns) == ["time", "metric", "value"], title
            assert frame["time"].is_monotonic_increasing and frame["time"].dt.year.eq(2026).all(), title
            assert frame["value"].notna().any(), title
            assert not frame.duplicated(["time", "metric"]).any(), f"{title}: a series has two values at one time"
        seen += 1
    assert seen == len(dashboard["panels"]) == 10


def test_the_panels_keep_to_the_time_and_the_monitors_that_were_chosen(postgres: PostgresProject) -> None:
    dashboard = load(REPOSITORY / "grafana" / "dashboards" / "ml_monitor_warehouse.json")
    values = variables(dashboard, postgres)
    for title, form, query in queries(dashboard, "rawSql"):
        if form == "time_series":
            early = sql(query, SCHEMA, values, "2020-01-01T00:00:00Z", "2020-01-31T00:00:00Z").replace(":", r"\:")
            other = sql(query, SCHEMA, values | {"monitor": ["another"]}, "2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z").replace(
                ":", r"\:"
            )
            assert postgres.frame(early).empty and postgres.frame(other).empty, title


def test_the_exporter_reads_postgres(postgres: PostgresProject) -> None:
    state = read_state(Warehouse.from_dbt(postgres.directory, read_only=True), 2000)
    found = {family.name: family.samples for family in families(state)}
    stored = postgres.rows(f"select count(*) from {SCHEMA}.ml_monitor__alert_states where is_open")[0][0]
    assert len(found["ml_monitor_alert_open"]) == stored > 0
    assert (
        found["ml_monitor_last_window_end_timestamp_seconds"][0].value == datetime.fromisoformat("2026-01-11T00:00Z").timestamp()
    )


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboards_are_what_grafana_knows(path: Path) -> None:
    dashboard = load(path)
    known = json.loads(json.dumps(Dashboard.from_json(json.loads(path.read_text())), cls=JSONEncoder))
    lost = [key for key in _keys(dashboard) if key not in set(_keys(known))]
    assert not lost, f"keys that Grafana does not know: {lost}"
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, f"{panel['title']} lies over another panel"
        taken |= cells
        assert panel["title"] and panel["description"]


def test_provisioning_names_the_data_sources_of_the_dashboards_and_no_secret() -> None:
    provisioned = yaml.safe_load((PROVISIONING / "datasources" / "ml_monitor.yml").read_text())
    sources = {source["uid"]: source["type"] for source in provisioned["datasources"]}
    used = {(source["uid"], source["type"]) for path in DASHBOARDS for source in _sources(load(path))}
    assert used == set(sources.items())
    secrets = [value for source in provisioned["datasources"] for value in source.get("secureJsonData", {}).values()]
    assert secrets and all(value.startswith("$") for value in secrets)
    provider = yaml.safe_load((PROVISIONING / "dashboards" / "ml_monitor.yml").read_text())["providers"][0]
    assert provider["type"] == "file"


def test_the_prometheus_panels_are_queries_that_grafana_knows() -> None:
    dashboard = load(REPOSITORY / "grafana" / "dashboards" / "ml_monitor_prometheus.json")
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            known = json.loads(json.dumps(Dataquery.from_json(dict(target)), cls=JSONEncoder))
            assert set(target) <= set(known), panel["title"]


def _keys(value: Any, path: str = "") -> list[str]:
    """Paths of the keys that Grafana's schema fixes: what a panel type or a data source adds is its own."""
    if isinstance(value, list):
        return [key for inner in value for key in _keys(inner, path)]
    if not isinstance(value, dict) or path.endswith((".options", ".targets", ".custom", ".datasource", ".mappings")):
        return []
    return [key for name, inner in value.items() for key in (f"{path}.{name}", *_keys(inner, f"{path}.{name}"))]


def _sources(value: Any) -> list[dict[str, str]]:
    if isinstance(value, list):
        return [source for inner in value for source in _sources(inner)]
    if not isinstance(value, dict):
        return []
    own = [value["datasource"]] if isinstance(value.get("datasource"), dict) else []
    return own + [source for inner in value.values() for source in _sources(inner)]
