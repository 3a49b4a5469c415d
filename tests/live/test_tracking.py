"""Metric values as runs: a real MLflow server, and offline runs of W&B that are read back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from ml_monitor.cli import app
from ml_monitor.tracking import Point, TrackingError, count_unlogged, destination, log_metrics
from ml_monitor.tracking.mlflow import MlflowDestination
from ml_monitor.tracking.points import series_name
from ml_monitor.tracking.wandb import WandbDestination
from ml_monitor.warehouse import Warehouse
from tests.live.servers import free_port
from tests.live.wandb_file import history, records
from tests.mlflow_server import mlflow_server
from tests.project import Project

mlflow = pytest.importorskip("mlflow")
NOW = datetime(2026, 1, 11)
KEYS = "monitor text, model_version text, segment text, segment_value text, feature text, window_start timestamp, span integer, metric text"
DDL = (
    "create schema ml_monitor",
    f"create table ml_monitor.ml_monitor__metric_values ({KEYS}, window_end timestamp, metric_value double)",
    f"create table ml_monitor.ml_monitor__verdicts ({KEYS}, window_end timestamp, status text)",
    "create table ml_monitor.ml_monitor__thresholds (monitor text, metric text, span integer, by_segment boolean)",
    "create table ml_monitor.ml_monitor__windows (monitor text, window_start timestamp, window_number bigint)",
    f"create table ml_monitor.ml_monitor__logged_values ({KEYS}, point_id text, destination text, window_end timestamp, step bigint, "
    "metric_value double, revision integer, batch_id text, status text, logged_at timestamp)",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as uri:
        yield uri


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Three windows of one metric with a threshold, the pooled ones judged, and one metric that nobody watches."""
    opened = Warehouse(f"duckdb:///{tmp_path}/warehouse.duckdb")
    for statement in DDL:
        opened.execute(statement)
    opened.insert("thresholds", [{"monitor": "churn", "metric": "psi", "span": 1, "by_segment": False}])
    for day in (1, 2, 3):
        key = {
            "monitor": "churn",
            "segment": "__all__",
            "segment_value": "__all__",
            "span": 1,
            "window_start": datetime(2026, 1, day),
        }
        opened.insert("windows", [{"monitor": "churn", "window_start": key["window_start"], "window_number": 100 + day}])
        key |= {"feature": "amount", "metric": "psi", "window_end": datetime(2026, 1, day + 1)}
        values = [key | {"model_version": version, "metric_value": day / 10} for version in ("__all__", "v'1|%")]
        opened.insert(
            "metric_values",
            [*values, values[0] | {"metric": "unwatched"}, values[0] | {"segment": "plan", "segment_value": "pro"}],
        )
        opened.insert("verdicts", [key | {"model_version": "__all__", "status": "ok" if day < 3 else "alert"}])
    return opened


def runs(uri: str, experiment: str) -> dict[str, Any]:
    """Run by version."""
    client = mlflow.MlflowClient(uri)
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    by_version = {run.data.tags["ml_monitor.model_version"]: run for run in found}
    assert len(by_version) == len(found)
    return by_version


def told(uri: str, run: Any, series: str) -> list[tuple[int, float, datetime]]:
    """(step, value, time) of a series, as the server has them."""
    found = mlflow.MlflowClient(uri).get_metric_history(run.info.run_id, series)
    return sorted((one.step, one.value, datetime.fromtimestamp(one.timestamp / 1000)) for one in found)


def test_each_version_is_a_run_and_twice_is_once(server: str, warehouse: Warehouse) -> None:
    to = MlflowDestination(server, "twice/{monitor}")
    assert count_unlogged(warehouse, to.name) == 9
    done = log_metrics(warehouse, to, NOW)
    assert (done.logged, done.restated, done.recovered) == (9, 0, 0)
    assert log_metrics(warehouse, MlflowDestination(server, "twice/{monitor}"), NOW).logged == 0
    assert count_unlogged(warehouse, to.name) == 0

    found = runs(server, "twice/churn")
    assert set(found) == {"all", "v'1|%"}
    for run in found.values():
        assert [one[:2] for one in told(server, run, "psi/amount")] == [(101, 0.1), (102, 0.2), (103, 0.3)]
        assert run.info.status == "FINISHED" and run.data.tags["ml_monitor.monitor"] == "churn"
    assert [one[:2] for one in told(server, found["all"], "verdict/psi/amount")] == [(101, 0), (102, 0), (103, 2)]
    assert set(found["all"].data.metrics) == {"psi/amount", "verdict/psi/amount"}


def test_a_restated_value_is_a_second_point_of_its_step_and_the_one_that_counts(server: str, warehouse: Warehouse) -> None:
    to = MlflowDestination(server, "restated/{monitor}")
    log_metrics(warehouse, to, NOW)
    table = warehouse.table("metric_values")
    warehouse.execute(
        f"update {table} set metric_value = 0.9 where window_start = timestamp '2026-01-03' and model_version = '__all__'"
    )
    done = log_metrics(warehouse, to, NOW + timedelta(days=1))
    # What nobody watches was restated too, and so was the segment without a rule.
    assert (done.logged, done.restated) == (1, 1)
    run = runs(server, "restated/churn")["all"]
    assert [one[:2] for one in told(server, run, "psi/amount")] == [(101, 0.1), (102, 0.2), (103, 0.3), (103, 0.9)]
    assert run.data.metrics["psi/amount"] == 0.9


class Dying(MlflowDestination):
    """Hands a batch over and dies before anybody knows."""

    def log(self, monitor: str, model_version: str, batch_id: str, points: Sequence[Point]) -> None:
        super().log(monitor, model_version, batch_id, points)
        raise KeyboardInterrupt


def test_what_a_dead_pass_handed_over_is_there_once(server: str, warehouse: Warehouse) -> None:
    with pytest.raises(KeyboardInterrupt):
        log_metrics(warehouse, Dying(server, "died/{monitor}"), NOW)
    done = log_metrics(warehouse, MlflowDestination(server, "died/{monitor}"), NOW + timedelta(hours=5))
    assert (done.logged, done.recovered) == (9, 9)
    for run in runs(server, "died/churn").values():
        assert [one[:2] for one in told(server, run, "psi/amount")] == [(101, 0.1), (102, 0.2), (103, 0.3)]


class InStep(MlflowDestination):
    """Waits after each batch until the other pass has handed one over too, so that both confirm at the same moment."""

    both = threading.Barrier(2, timeout=10)

    def log(self, monitor: str, model_version: str, batch_id: str, points: Sequence[Point]) -> None:
        super().log(monitor, model_version, batch_id, points)
        # Broken: the other pass came too late and found nothing to do.
        with suppress(threading.BrokenBarrierError):
            self.both.wait()


@pytest.mark.parametrize("kind", [MlflowDestination, InStep])
def test_two_passes_at_once(server: str, warehouse: Warehouse, kind: type[MlflowDestination]) -> None:
    """Both plan; or both take up what a third left."""
    experiment = f"both/{kind.__name__}/{{monitor}}"
    if kind is InStep:
        with pytest.raises(KeyboardInterrupt):
            log_metrics(warehouse, Dying(server, experiment), NOW)
    failed: list[Exception] = []

    def run() -> None:
        try:
            log_metrics(warehouse, kind(server, experiment), NOW)
        except Exception as error:
            failed.append(error)

    passes = [threading.Thread(target=run) for _ in range(2)]
    for one in passes:
        one.start()
    for one in passes:
        one.join()
    assert failed == []
    logged = warehouse.query(f"select count(*) as n from {warehouse.table('logged_values')} where status = 'logged'")
    assert logged == [{"n": 9}]
    client = mlflow.MlflowClient(server)
    found = client.search_runs([client.get_experiment_by_name(experiment.format(monitor="churn")).experiment_id])
    points = [
        one[:2] for run in found for one in told(server, run, "psi/amount") if run.data.tags["ml_monitor.model_version"] == "all"
    ]
    assert sorted(points) == [(101, 0.1), (102, 0.2), (103, 0.3)]


def test_a_server_that_is_down_loses_nothing_and_its_password_is_not_told(warehouse: Warehouse, quick: None) -> None:
    to = MlflowDestination(f"http://me:s3cret@127.0.0.1:{free_port()}")
    with pytest.raises(TrackingError) as error:
        log_metrics(warehouse, to, NOW)
    kept = warehouse.query(f"select * from {warehouse.table('logged_values')}")
    assert {row["status"] for row in kept} == {"intent"} and len(kept) == 9
    assert "s3cret" not in str(error.value) + to.name + str(kept)


def offline(directory: Path) -> list[Path]:
    return sorted(directory.glob("*/wandb/offline-run-*/run-*.wandb"))


def test_wandb_runs_on_disk_have_every_value_once(warehouse: Warehouse, tmp_path: Path) -> None:
    to = WandbDestination(tmp_path / "runs")
    assert log_metrics(warehouse, to, NOW).logged == 9
    assert log_metrics(warehouse, to, NOW).logged == 0
    files = offline(tmp_path / "runs")
    rows = {next(record.run for record in records(file) if record.HasField("run")).display_name: history(file) for file in files}
    assert set(rows) == {"churn, all versions", "churn v'1|%"}
    pooled = rows["churn, all versions"]
    assert [(row["window"], row["revision"], row["psi/amount"], row["verdict/psi/amount"]) for row in pooled] == [
        (101, 0, 0.1, 0),
        (102, 0, 0.2, 0),
        (103, 0, 0.3, 2),
    ]

    # A pass that died after writing, and one that died while it wrote.
    (tmp_path / "runs" / ".half-x").mkdir()
    warehouse.execute(f"update {warehouse.table('logged_values')} set status = 'intent'")
    assert log_metrics(warehouse, to, NOW).recovered == 9
    assert offline(tmp_path / "runs") == files


def test_the_command_logs_a_real_project_on_both(
    live: Project, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("ML_MONITOR_MLFLOW_EXPERIMENT", "command/{monitor}")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "runs"))

    def run(*arguments: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, ["log-metrics", "--json", "--project-dir", str(live.directory), *arguments])
        return done.exit_code, json.loads(done.stdout)

    code, planned = run("--dry-run")
    assert code == 0 and min(planned["planned"].values()) > 0
    code, done = run()
    assert code == 0 and {one["logged"] for one in done["destinations"]} == set(planned["planned"].values())
    assert run() == (3, {"status": "nothing_to_do", "destinations": [one | {"logged": 0} for one in done["destinations"]]})

    warehouse = Warehouse.from_dbt(live.directory)
    newest = warehouse.query(f"""
        select metric_value, segment_value from {warehouse.table("metric_values")}
        where metric = 'psi' and feature = 'amount' and span = 1 and model_version = '__all__' and segment in ('__all__', 'plan')
        order by window_start desc limit 1
    """)
    pooled = runs(server, "command/churn")["all"]
    assert pooled.data.metrics["psi/amount"] > 0.25
    assert newest[0]["metric_value"] in pooled.data.metrics.values()
    assert len(offline(tmp_path / "runs")) >= 2

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    code, wrong = run("--to", "mlflow")
    assert code == 1 and "MLFLOW_TRACKING_URI" in wrong["message"]
    code, wrong = run("--to", "neptune")
    assert code == 1 and "Allowed: mlflow, wandb" in wrong["message"]


def test_names_are_what_mlflow_takes_and_stay_apart() -> None:
    assert series_name("psi", "amount", "origin", "JFK", 7) == "psi/amount/origin/JFK/over_7"
    assert series_name("verdict/roc_auc", "__all__", "__all__", "__all__", 1) == "verdict/roc_auc"
    odd = {
        series_name("psi", feature, "__all__", "__all__", 1) for feature in ("a+b", "a=b", "a_b", "..", ".", "x" * 400, "x" * 401)
    }
    assert len(odd) == 7 and all(len(name) < 250 and ".." not in name.split("/") for name in odd)


def test_a_warehouse_without_the_ledger_says_what_to_set(tmp_path: Path, make_project: Callable[[], Path]) -> None:
    done = CliRunner().invoke(app, ["log-metrics", "--to", "wandb", "--project-dir", str(make_project())])
    assert done.exit_code == 1 and "ml_monitor__log_metrics" in done.stderr


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[[], Path]:
    def make() -> Path:
        duckdb.connect(str(tmp_path / "w.duckdb")).close()
        (tmp_path / "profiles.yml").write_text(
            json.dumps({"p": {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": str(tmp_path / "w.duckdb")}}}})
        )
        (tmp_path / "dbt_project.yml").write_text(json.dumps({"name": "p", "profile": "p"}))
        return tmp_path

    return make


def test_what_is_not_known_is_no_destination(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="Allowed: mlflow, wandb"):
        destination("comet", tmp_path, {})
