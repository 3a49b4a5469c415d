"""Declared bounds, vanished categories, single values that take over, and segments of too many values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import Project

MART = "main_ml_monitor.ml_monitor__"


def verdict(consumer: Project, metric: str, feature: str, day: str = "2026-01-10") -> tuple[str, str]:
    rows = consumer.rows(
        f"select status, reason from {MART}verdicts where metric = '{metric}' and feature = '{feature}' and window_start = '{day}' and span = 1"
    )
    assert len(rows) == 1
    return rows[0]


def finding(consumer: Project, metric: str) -> list[tuple[Any, ...]]:
    return consumer.rows(f"select feature, worst_status from {MART}rpt_quality_findings where metric = '{metric}' and span = 1")


def segment_values(consumer: Project, table: str, segment: str) -> list[str]:
    rows = consumer.rows(f"select distinct segment_value from main_ml_monitor.churn__{table} where segment = '{segment}' order by 1")
    return [row[0] for row in rows]


def test_findings_in_the_report(anywhere: Callable[..., Project]) -> None:
    log = predictions()
    last = log.index[-60:]
    log.loc[last[:40], "amount"] = -1.0
    log.loc[last, "plan"] = log.loc[last, "plan"].replace("team", "O'Hare")
    features = {"amount": {"type": "numeric", "min": 0, "max": 1000}, "plan": {"type": "categorical", "allowed": ["basic", "pro", "team", "o'hare"]}}
    thresholds = {"vanished_rate": {"warn": 0.05, "alert": 0.2}, "point_mass_increase": {"alert": 0.5}}
    consumer = anywhere({"churn": MONITOR | {"features": features, "thresholds": thresholds}}, logs=logs(predictions=log), now=NOW)
    consumer.run("-s", "+ml_monitor__rpt_quality_findings")
    renamed = (log.loc[last, "plan"] == "O'Hare").mean()
    bounds = consumer.rows(
        f"select feature, metric_value from {MART}metric_values where metric = 'out_of_bounds_rate' and span = 1 and window_start = '2026-01-10'"
        " and segment = '__all__' and model_version = '__all__' order by feature"
    )
    assert bounds == [("amount", pytest.approx(40 / 60)), ("plan", pytest.approx(renamed))]
    assert verdict(consumer, "out_of_bounds_rate", "amount")[0] == "alert"
    assert verdict(consumer, "out_of_bounds_rate", "amount", "2026-01-09")[0] == "ok"
    status, reason = verdict(consumer, "point_mass_increase", "amount")
    assert status == "alert"
    assert reason.endswith("the value -1")
    status, reason = verdict(consumer, "vanished_rate", "plan")
    assert status == "alert"
    assert reason.endswith(": team")
    assert sorted(finding(consumer, "out_of_bounds_rate")) == [("amount", "alert"), ("plan", "alert")]
    assert finding(consumer, "point_mass_increase") == [("amount", "alert")]
    assert finding(consumer, "vanished_rate") == [("plan", "alert")]


def test_no_bounds_no_metric(project: Callable[..., Project]) -> None:
    consumer = project({"churn": MONITOR}, logs=logs(), now=NOW)
    consumer.run("-s", "+ml_monitor__data_quality")
    assert consumer.rows(f"select count(*) from {MART}data_quality where metric = 'out_of_bounds_rate'") == [(0,)]
    assert consumer.rows(f"select count(*) from {MART}feature_profiles where n_out_of_bounds is not null") == [(0,)]
    assert consumer.rows(f"select count(*) from {MART}feature_profiles where bin = -8") == [(0,)], "values are no bins"
    assert consumer.rows(f"select count(*) from {MART}reference_bins where bin in (-8, -9)") == [(0,)]


def test_bounds_declared_later_profile_the_log_again(project: Callable[..., Project]) -> None:
    consumer = project({"churn": MONITOR}, logs=logs(), now=NOW)
    consumer.run("-s", "+churn__feature_profile")
    # as a package of before would have left the table
    consumer.execute("alter table main_ml_monitor.churn__feature_profile drop column n_out_of_bounds")
    consumer.monitors["churn"]["features"] = {"amount": {"type": "numeric", "max": 1}, "plan": "categorical"}
    consumer.write_config()
    consumer.run("-s", "+ml_monitor__data_quality")
    rates = consumer.rows(
        f"select count(distinct window_start) from {MART}data_quality where metric = 'out_of_bounds_rate' and feature = 'amount'"
    )
    assert rates == [(10,)]


def test_values_of_a_large_window_are_sampled(project: Callable[..., Project]) -> None:
    log = predictions(days=2, rows=20000)
    log["amount"] = np.where(np.arange(len(log)) % 4 == 0, 7.0, log["amount"])
    consumer = project({"churn": MONITOR | {"segments": []}}, logs=logs(predictions=log), now="2026-01-03 00:00:00")
    consumer.run("-s", "+ml_monitor__data_quality")
    rows = consumer.rows(
        f"select sample_size, metric_value, lower_bound, upper_bound, detail from {MART}data_quality where metric = 'point_mass_increase'"
        " and feature = 'amount' and span = 1"
    )
    assert len(rows) == 2
    for n, value, low, high, detail in rows:
        assert 1000 < n < 1500
        assert low < 0.25 < high
        assert value == pytest.approx(0.25, abs=0.05)
        assert detail == "the value 7"


def test_segment_of_ten_thousand_values(anywhere: Callable[..., Project]) -> None:
    log = predictions(rows=2000).assign(customer=lambda frame: [f"c{i % 10000:05d}" for i in range(len(frame))])
    reference = predictions(days=5, rows=4000, start="2025-12-01").assign(
        customer=lambda frame: [f"c{i % 10000:05d}" if i >= 600 else f"c{i % 60:05d}" for i in range(len(frame))]
    )
    consumer = anywhere(
        {"churn": MONITOR | {"segments": ["customer", ["customer", "plan"]], "rolling": []}}, logs=logs(predictions=log, reference=reference), now=NOW
    )
    consumer.run("-s", "churn__reference", "churn__feature_profile", "churn__outcome_profile", "ml_monitor__feature_profiles")
    for table in ("reference", "feature_profile", "outcome_profile"):
        kept = segment_values(consumer, table, "customer")
        assert set(kept) - {"__missing__"} == {"__other__", *(f"c{i:05d}" for i in range(50))}, table
        assert len(segment_values(consumer, table, "customer x plan")) <= 52
    rows = consumer.rows(f"select sum(n) from {MART}feature_profiles where segment = 'customer' and feature = '__all__' and bin = 0")
    assert rows == [(20000,)], "every row is in a segment"


def test_options_of_segments(project: Callable[..., Project]) -> None:
    log = predictions()
    log.loc[log.index % 20 == 0, "plan"] = None
    log.loc[log.index % 20 == 1, "plan"] = "brand new"
    reference = predictions(days=20, start="2025-12-01", seed=9)
    reference.loc[reference.index[:100], "plan"] = "rare"
    monitor = MONITOR | {"segments": [{"column": "plan", "top": 50, "min_rows": 200}, {"columns": ["plan", "model_version"], "top": 1}]}
    consumer = project({"churn": monitor}, logs=logs(predictions=log, reference=reference), now=NOW)
    consumer.run("-s", "+ml_monitor__performance", "+ml_monitor__schema_changes")
    for table in ("feature_profile", "outcome_profile"):
        assert segment_values(consumer, table, "plan") == ["__missing__", "__other__", "basic", "pro", "team"], table
        assert len(segment_values(consumer, table, "plan x model_version")) == 2, table
    assert consumer.rows(f"select count(*) from {MART}schema_changes") == [(0,)], "a cross is no column"
    before = consumer.rows(f"select edge_set_id from {MART}monitors")
    consumer.monitors["churn"]["segments"] = [{"column": "plan", "top": 1}]
    consumer.write_config()
    consumer.run("-s", "+ml_monitor__performance", "+ml_monitor__schema_changes")
    assert consumer.rows(f"select edge_set_id from {MART}monitors") != before
    assert len(segment_values(consumer, "outcome_profile", "plan")) == 3, "labels are counted again too"
    values = consumer.rows(f"select distinct segment_value from {MART}performance where segment = 'plan' order by 1")
    assert len(values) == 3
    assert consumer.rows(f"select count(*) from {MART}performance where segment = 'plan x model_version'") == [(0,)]


def test_segments_before_the_reference_is_there(project: Callable[..., Project]) -> None:
    log = predictions()
    monitor = MONITOR | {"reference": {"from": "2026-01-01", "to": "2026-01-06"}}
    consumer = project({"churn": monitor}, logs=logs(predictions=log, feedback=feedback(log)), now="2026-01-05 00:00:00")
    consumer.run("-s", "+ml_monitor__performance", "+ml_monitor__schema_changes")
    assert segment_values(consumer, "outcome_profile", "plan") == ["__other__"]
    consumer.run("-s", "+ml_monitor__performance", now=NOW)
    for table in ("feature_profile", "outcome_profile"):
        assert segment_values(consumer, table, "plan") == ["basic", "pro", "team"], table


def test_a_reference_without_ids(project: Callable[..., Project]) -> None:
    reference = predictions(days=20, rows=1000, start="2025-12-01", seed=9).drop(columns="prediction_id")
    consumer = project({"churn": MONITOR}, logs=logs() | {"reference": pd.concat([reference])}, now=NOW)
    consumer.run("-s", "+ml_monitor__reference_values")
    ((n,),) = consumer.rows(f"select distinct n_sampled from {MART}reference_values where feature = 'amount'")
    assert 1000 < n < 1600
