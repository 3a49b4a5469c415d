"""The exporter: what a real Prometheus sees of a real warehouse."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from ml_monitor.cli import app
from ml_monitor.live import WarehouseCollector
from ml_monitor.warehouse import QueryFailed, Warehouse
from tests.live.dashboards import load, queries
from tests.live.servers import eventually, exporter, program, prometheus
from tests.project import REPOSITORY, Project

RULES = REPOSITORY / "prometheus" / "ml_monitor.rules.yml"
SCHEMA = "main_ml_monitor.ml_monitor__"


def samples(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    return {
        family.name: [(sample.labels, sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(text)
    }


def scraped(url: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    return samples(httpx.get(url, timeout=30).text)


def rows(project: Project, query: str) -> list[tuple[Any, ...]]:
    """Beside an exporter that reads the same file."""
    return [tuple(row.values()) for row in Warehouse.from_dbt(project.directory, read_only=True).query(query)]


def run(*arguments: str, project: Project) -> Any:
    where = ["--project-dir", str(project.directory), "--profiles-dir", str(project.directory)]
    return CliRunner().invoke(app, ["exporter", *arguments, *where])


def test_prometheus_scrapes_it_and_the_shipped_rules_fire(live: Project, tmp_path: Path) -> None:
    program("prometheus", "prometheus")
    expected = rows(live, f"select count(*) from {SCHEMA}alert_states where is_open and state = 'alert'")[0][0]
    assert expected > 0
    with (
        exporter(live.directory, "--cache", "0") as metrics,
        prometheus(tmp_path / "prometheus", metrics.split("/")[2], RULES) as server,
    ):

        def ask(query: str) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = httpx.get(f"{server}/api/v1/query", params={"query": query}).json()["data"]["result"]
            return found

        firing = eventually(
            lambda: ask('ALERTS{alertname="MlMonitorAlertOpen", alertstate="firing"}'), "the alert of the package in Prometheus"
        )
        assert len(firing) == expected
        assert {alert["metric"]["monitor"] for alert in firing} == {"churn"}
        pushed = ask('ml_monitor_metric_value{metric="psi", feature="amount", span="1", segment="__all__"}')
        stored = rows(
            live,
            f"select metric_value from {SCHEMA}verdicts where metric = 'psi' and feature = 'amount' and span = 1"
            " and segment = '__all__' order by window_start desc limit 1",
        )
        assert [float(one["value"][1]) for one in pushed] == pytest.approx([float(stored[0][0])], rel=1e-12)
        assert ask("ml_monitor_champion_info")[0]["metric"]["model_version"] == 'm"1\\\n', "labels are escaped"
        for name in ("MlMonitorTrainingFailed", "MlMonitorDeadLetters"):
            eventually(lambda name=name: ask(f'ALERTS{{alertname="{name}", alertstate="firing"}}'), name)
        # Those with a `for` are pending: they would fire.
        for name in ("MlMonitorStale", "MlMonitorDeliveryStuck", "MlMonitorNobodyDelivers"):
            eventually(lambda name=name: ask(f'ALERTS{{alertname="{name}"}}'), name)
        dashboard = load(REPOSITORY / "grafana" / "dashboards" / "ml_monitor_prometheus.json")
        for title, _, query in queries(dashboard, "expr"):
            assert ask(query.replace("$monitor", "churn")), f"the panel {title!r} is empty"


def test_every_series_agrees_with_the_warehouse(live: Project) -> None:
    found: dict[str, Any] = {}
    with exporter(live.directory) as metrics:
        found = scraped(metrics)
    assert found["ml_monitor_up"] == [({}, 1.0)]
    counts = {(labels["monitor"], labels["status"]): n for labels, n in found["ml_monitor_verdicts"]}
    assert counts == {
        (monitor, status): n
        for monitor, status, n in rows(
            live,
            f"select monitor, status, count(*) from {SCHEMA}verdicts"
            f" where (span, window_start) in (select (span, max(window_start)) from {SCHEMA}verdicts group by span) group by all",
        )
    }
    assert len(found["ml_monitor_alert_open"]) == rows(live, f"select count(*) from {SCHEMA}alert_states where is_open")[0][0]
    deliveries = {labels["status"]: n for labels, n in found["ml_monitor_deliveries"]}
    assert deliveries == {"sent": 1, "failed": 1, "dead": 1}
    waiting = found["ml_monitor_delivery_oldest_waiting_timestamp_seconds"]
    assert waiting == [({"channel": "slack", "status": "failed"}, 1768006800.0)], "2026-01-10 01:00 UTC"
    events = rows(live, f"select count(distinct event_id) from {SCHEMA}alert_events")[0][0]
    assert found["ml_monitor_events_not_queued"] == [({}, events - 1)]
    assert found["ml_monitor_training_runs"] == [({"monitor": "churn", "status": "failed"}, 1.0)]
    assert found["ml_monitor_last_window_end_timestamp_seconds"] == [({"monitor": "churn"}, 1768089600.0)], "2026-01-11 UTC"


def test_the_worst_series_survive_a_limit(live: Project) -> None:
    with exporter(live.directory, "--max-series", "2") as metrics:
        found = scraped(metrics)
    total = sum(n for _, n in found["ml_monitor_verdicts"])
    assert len(found["ml_monitor_metric_value"]) == 2
    assert [value for _, value in found["ml_monitor_verdict"]] == [2.0, 2.0]
    assert found["ml_monitor_verdicts_left_out"] == [({}, total - 2)]


def test_what_was_read_stays_while_the_file_is_locked(live: Project) -> None:
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with exporter(live.directory, "--cache", "0") as metrics:
        before = scraped(metrics)
        holder = subprocess.Popen(
            [sys.executable, "-c", hold, str(live.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout and holder.stdout.readline() == "held\n"
        during = scraped(metrics)
        holder.communicate("")
        after = scraped(metrics)
    assert (before["ml_monitor_up"], during["ml_monitor_up"], after["ml_monitor_up"]) == ([({}, 1.0)], [({}, 0.0)], [({}, 1.0)])
    assert during["ml_monitor_alert_open"] == before["ml_monitor_alert_open"]
    assert during["ml_monitor_read_timestamp_seconds"] == before["ml_monitor_read_timestamp_seconds"]
    assert after["ml_monitor_read_timestamp_seconds"] > before["ml_monitor_read_timestamp_seconds"]


def test_scrapes_within_the_cache_ask_the_warehouse_once(live: Project) -> None:
    time = 0.0
    collector = WarehouseCollector(Warehouse.from_dbt(live.directory, read_only=True), cache_seconds=30, clock=lambda: time)

    def read_at() -> float:
        return next(f.samples[0].value for f in collector.collect() if f.name == "ml_monitor_read_timestamp_seconds")

    first = read_at()
    time = 29.0
    assert read_at() == first
    time = 31.0
    assert read_at() > first


def test_the_textfile(live: Project, tmp_path: Path) -> None:
    path = tmp_path / "ml_monitor.prom"
    path.write_text("old")
    assert run("--textfile", str(path), project=live).exit_code == 0
    assert samples(path.read_text())["ml_monitor_up"] == [({}, 1.0)]
    assert [file.name for file in tmp_path.iterdir()] == ["ml_monitor.prom"], "no half-written file is left"
    checked = subprocess.run(
        [program("promtool", "prometheus"), "check", "metrics"], input=path.read_text(), capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    refused = run("--textfile", str(tmp_path / "metrics.txt"), project=live)
    assert refused.exit_code == 1 and "must end in .prom" in refused.output


def test_a_warehouse_without_tables_is_up_0_and_an_error(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text("shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n")
    duckdb.connect(str(tmp_path / "shop.duckdb")).close()
    path = tmp_path / "ml_monitor.prom"
    where = ["--project-dir", str(tmp_path), "--profiles-dir", str(tmp_path)]
    done = CliRunner().invoke(app, ["exporter", "--textfile", str(path), *where])
    assert done.exit_code == 1 and "dbt build" in " ".join(done.output.split())
    assert samples(path.read_text()) == {"ml_monitor_up": [({}, 0.0)]}


def test_a_port_that_is_taken(live: Project) -> None:
    with exporter(live.directory) as metrics:
        port = metrics.split(":")[2].split("/")[0]
        done = run("--port", port, project=live)
    assert done.exit_code == 1 and "cannot listen" in done.output


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_it_cannot_write(kind: str, live: Project, request: pytest.FixtureRequest) -> None:
    if kind == "duckdb":
        warehouse = Warehouse.from_dbt(live.directory, read_only=True)
    else:
        warehouse = Warehouse(request.getfixturevalue("postgres_url"), read_only=True)
    assert warehouse.query("select 1 as one") == [{"one": 1}]
    with pytest.raises(QueryFailed, match="read-only"):
        warehouse.execute("create table written (id integer)")


def test_the_shipped_rules_pass_promtool_and_know_only_series_that_exist(live: Project, tmp_path: Path) -> None:
    promtool = program("promtool", "prometheus")
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(RULES.with_suffix(".test.yml"))]):
        checked = subprocess.run([promtool, *command], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    path = tmp_path / "ml_monitor.prom"
    run("--textfile", str(path), project=live)
    groups = yaml.safe_load(RULES.read_text())["groups"]
    named = {name for group in groups for rule in group["rules"] for name in re.findall(r"ml_monitor_\w+", rule["expr"])}
    assert named and named <= set(samples(path.read_text()))
