"""How the service did: latency, failures and timeouts of the prediction log, and the operational log, judged like every metric."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from ml_monitor.cli import app
from ml_monitor.service import Measurement, append
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import ALERTS, Project, project_on

SERVICE = {
    "latency_ms": "took_ms",
    "status": "http_status",
    "operational": {
        "gpu_busy": {"measure": "gpu_share", "service": "host:gpu0"},
        "cpu_peak": {"measure": "cpu_share", "statistic": "max"},
    },
}
THRESHOLDS = {
    "psi": None,
    "latency_p95": {"warn": 400, "alert": 1000},
    "error_share": {"alert": 0.2},
    "gpu_busy": {"warn": 0.8, "alert": 0.9},
}


def served(days: int = 10, start: str = "2026-01-01", seed: int = 0) -> pd.DataFrame:
    """Predictions that took about 90 ms; on 8 January ten times as long, and half of them failed."""
    log = predictions(days=days, start=start, seed=seed)
    random = np.random.default_rng(7 + seed)
    bad = log["predicted_at"].dt.date.astype(str) == "2026-01-08"
    log["took_ms"] = np.where(bad, 10, 1) * random.lognormal(4.5, 0.6, len(log))
    log["http_status"] = np.where(bad & (random.uniform(size=len(log)) < 0.5), random.choice([500, 503, 504], len(log)), 200)
    log.loc[log.index % 50 == 0, ["took_ms", "http_status"]] = np.nan
    return log


def measurements(day: int, hours: range = range(24)) -> list[Measurement]:
    start = datetime(2026, 1, day)
    load = 0.95 if day == 9 else 0.3
    return [
        Measurement("gpu", service, measure, value, start + timedelta(hours=hour))
        for hour in hours
        for service, measure, value in (
            ("host:gpu0", "gpu_share", load),
            ("host:gpu1", "gpu_share", 0.0),
            ("host", "cpu_share", hour / 100),
        )
    ]


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return served()


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, log: pd.DataFrame) -> Project:
    """A build without operational rows, then one with those of five days."""
    monitor = MONITOR | {"service": SERVICE, "thresholds": THRESHOLDS, "alerting": {"open_after": 1}, "retention": {"service": 3}}
    every = logs(predictions=log, feedback=feedback(log), reference=served(days=20, start="2025-12-01", seed=9))
    project = project_on(request.param, request, tmp_path_factory.mktemp("service") / "project", {"churn": monitor}, now=NOW, logs=every)
    project.run(*ALERTS)
    append(warehouse(project), [one for day in range(6, 11) for one in measurements(day)])
    project.run(*ALERTS)
    return project


def test_the_rows_of_an_operational_metric_are_those_of_its_log(built: Project) -> None:
    from ml_monitor.audit.explain import _labels_query, _rows_query

    house = warehouse(built)
    [declared] = house.query(f"select spec from {house.table('monitors')} where monitor = 'churn'")
    spec = json.loads(declared["spec"])
    [found] = house.query(f"select * from {house.table('verdicts')} where metric = 'gpu_busy' and span = 1 and window_start = :start", {"start": datetime(2026, 1, 9)})
    query = _rows_query(house, spec, found, found["window_start"])
    assert built.rows(f"select distinct service, measure, count(*) from ({query}) as read group by service, measure") == [("host:gpu0", "gpu_share", 24)]
    assert _labels_query(house, spec, found, query) is None


def warehouse(project: Project) -> Warehouse:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()
    return Warehouse.from_dbt(project.directory)


def values(project: Project, metric: str, **where: Any) -> pd.DataFrame:
    where = {"span": 1, "model_version": "__all__", "segment": "__all__"} | where
    condition = " and ".join(f"{name} = {value!r}" for name, value in where.items())
    return project.frame(
        f"select * from main_ml_monitor.ml_monitor__metric_values where metric = '{metric}' and {condition} order by window_start, segment_value"
    )


@pytest.mark.parametrize(("metric", "share"), [("latency_p50", 0.5), ("latency_p95", 0.95), ("latency_p99", 0.99)])
def test_quantiles_are_those_of_the_rows_but_for_the_width_of_a_bin(
    built: Project, log: pd.DataFrame, metric: str, share: float
) -> None:
    found = values(built, metric)
    days = log.groupby(log["predicted_at"].dt.floor("D"))["took_ms"]
    assert len(found) == 10
    assert found["sample_size"].tolist() == days.count().tolist()
    # Between two order statistics any value is a quantile.
    lower = days.quantile(share, interpolation="lower").to_numpy()
    upper = days.quantile(share, interpolation="higher").to_numpy()
    assert (found["metric_value"].to_numpy() >= lower / 1.05).all()
    assert (found["metric_value"].to_numpy() <= upper * 1.05).all()
    assert (found["lower_bound"] <= found["metric_value"]).all() and (found["metric_value"] <= found["upper_bound"]).all()


def test_spans_segments_and_versions_are_merged_from_the_same_counts(built: Project, log: pd.DataFrame) -> None:
    two_days = log[log["predicted_at"] >= "2026-01-09"]
    for kind, rows in [
        ({"segment": "plan", "segment_value": "pro"}, two_days[two_days["plan"] == "pro"]),
        ({"model_version": "m1"}, two_days),
    ]:
        found = values(built, "latency_p50", span=2, **kind).iloc[-1]
        assert found["sample_size"] == rows["took_ms"].count()
        assert found["metric_value"] == pytest.approx(rows["took_ms"].median(), rel=0.05)


def test_shares_are_exact_and_count_only_what_the_log_says(built: Project, log: pd.DataFrame) -> None:
    known = log[log["http_status"].notna()]
    for metric, failed in (("error_share", known["http_status"] >= 500), ("timeout_share", known["http_status"] == 504)):
        found = values(built, metric)
        expected = failed.groupby(known["predicted_at"].dt.floor("D")).mean()
        assert found["metric_value"].tolist() == pytest.approx(expected.tolist())
        assert found["sample_size"].tolist() == failed.groupby(known["predicted_at"].dt.floor("D")).count().tolist()


def test_they_are_judged_and_alarm(built: Project) -> None:
    events = built.rows(
        "select metric, family, window_start, severity from main_ml_monitor.ml_monitor__alert_events where event_type = 'opened' order by metric"
    )
    assert events == [
        ("error_share", "service", datetime(2026, 1, 8), "alert"),
        ("gpu_busy", "operational", datetime(2026, 1, 9), "alert"),
        ("latency_p95", "service", datetime(2026, 1, 8), "alert"),
    ]


def test_the_operational_log_is_measured_window_by_window(built: Project) -> None:
    gpu = values(built, "gpu_busy")
    assert gpu["window_start"].dt.day.tolist() == [6, 7, 8, 9, 10]
    assert gpu["metric_value"].tolist() == pytest.approx([0.3, 0.3, 0.3, 0.95, 0.3])
    assert gpu["sample_size"].tolist() == [24] * 5
    assert values(built, "cpu_peak")["metric_value"].tolist() == pytest.approx([0.23] * 5)


def test_nothing_new_changes_nothing_and_late_rows_change_their_window_only(built: Project) -> None:
    stamps = (
        "select metric_id, window_start, max(updated_at) from main_ml_monitor.churn__service_profile group by 1, 2 order by 1, 2"
    )
    before = built.rows(stamps)
    built.run("-s", "+ml_monitor__metric_values")
    assert built.rows(stamps) == before
    append(warehouse(built), measurements(5, range(12)))
    built.run("-s", "+ml_monitor__metric_values")
    changed = set(built.rows(stamps)) - set(before)
    assert {window.day for _, window, _ in changed} == {5}
    assert values(built, "cpu_peak")["metric_value"].iloc[0] == pytest.approx(0.11)


def test_old_measurements_go_when_they_are_counted_and_the_figures_stay(built: Project) -> None:
    figures = "select metric, window_start, span, metric_value, sample_size from main_ml_monitor.ml_monitor__metric_values where family = 'operational' order by 1, 2, 3"
    kept = "select count(*), min(measured_at) from main_ml_monitor.ml_monitor__service_log"
    built.run("-s", "ml_monitor__retention_actions")
    uncounted = [
        Measurement("gpu", service, measure, 0.5, datetime(2026, 1, 7, 12, 30))
        for service, measure in (("host:gpu0", "gpu_share"), ("host:gpu1", "gpu_share"), ("host", "cpu_share"))
    ]
    # Of a service that no metric measures, and infinite: neither was counted, nor has to be.
    append(warehouse(built), [uncounted[1], replace(uncounted[2], measure_value=float("inf"))])
    append(warehouse(built), uncounted[:1])
    before, rows = built.rows(figures), built.rows(kept)
    refused = retention(built, "--apply")
    assert refused.exit_code == 1 and "values of gpu_busy in the window of 2026-01-07" in " ".join(refused.output.split())
    assert built.rows(kept) == rows

    built.run("-s", "+ml_monitor__metric_values")
    counted = built.rows(figures)
    assert counted != before
    warehouse(built)
    old = built.rows("select count(*) from main_ml_monitor.ml_monitor__service_log where measured_at < '2026-01-08'")[0][0]
    applied = retention(built, "--apply", "--actor", "operations")
    assert applied.exit_code == 0, applied.output
    (row,) = built.rows(
        "select monitor, rule, keep_days, cutoff, n_rows, actor from main_ml_monitor.ml_monitor__retention_actions"
    )
    assert row == ("__all__", "service", 3, datetime(2026, 1, 8), old, "operations") and old > 100
    assert built.rows(kept) == [(rows[0][0] - old, datetime(2026, 1, 8))]
    append(warehouse(built), [replace(uncounted[0], measured_at=datetime(2026, 1, 9, 12, 30))])
    built.run("-s", "+ml_monitor__metric_values")
    after = built.rows(figures)
    assert [row for row in after if row[1] < datetime(2026, 1, 8)] == [row for row in counted if row[1] < datetime(2026, 1, 8)]
    assert after != counted
    warehouse(built)
    assert retention(built).exit_code == 3


def retention(built: Project, *arguments: str) -> Result:
    where = ["--project-dir", str(built.directory), "--profiles-dir", str(built.directory)]
    return CliRunner().invoke(app, ["retention", *arguments, *where])


@pytest.mark.parametrize(
    ("service", "thresholds", "words"),
    [
        ({"latency": "took_ms"}, {}, "key 'service'"),
        ({"latency_ms": 3}, {}, "key 'service.latency_ms'"),
        ({"status": "s", "error": "e"}, {}, "key 'service.status'"),
        ({"operational": {"cpu": {}}}, {}, "key 'service.operational.cpu'"),
        ({"operational": {"psi": {"measure": "x"}}}, {}, "is the name of another metric"),
        ({"operational": {"cpu": {"measure": "x", "statistic": "p42"}}}, {}, "key 'service.operational.cpu.statistic'"),
        ({"latency_ms": "took_ms"}, {"error_share": {"alert": 0.1}}, "key 'thresholds.error_share'"),
        (None, {"latency_p95": {"alert": 100}}, "key 'thresholds.latency_p95'"),
    ],
)
def test_a_wrong_configuration_says_which_key(tmp_path: Path, service: Any, thresholds: Any, words: str) -> None:
    project = Project(tmp_path / "project", {"churn": MONITOR | {"service": service, "thresholds": thresholds}}, logs=logs())
    result = project.dbt("parse")
    assert not result.success
    assert "monitor 'churn'" in str(result.exception) and words in str(result.exception)
