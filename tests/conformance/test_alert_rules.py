"""Rules in SQL against the same rules in memory, from the log to the incident: `ml-monitor replay` shows what the warehouse would do."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ml_monitor.alerts.history import Declared, History, ReplayError, declared_rules, read_history
from ml_monitor.alerts.replay import budget_per_day, replay, solve
from ml_monitor.alerts.rules import Rule, scores
from ml_monitor.cli import app
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, feedback, logs, predictions
from tests.project import ALERTS, PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
THRESHOLDS: dict[str, Any] = {
    "mean_shift": {"rule": "sigma", "side": "both", "warn": 1, "alert": 2, "clear": 0.5, "baseline": 10, "over": 2, "resolve_after": 1},
    "roc_auc": {"rule": "robust", "warn": 1, "alert": 2, "baseline": 14, "open_after": 2, "open_within": 4, "resolve_after": 2},
    "prevalence": {"rule": "percentile", "side": "both", "warn": 80, "alert": 90, "clear": 50, "baseline": 20},
    "accuracy": {"rule": "relative", "warn": 0.02, "alert": 0.04, "resolve_after": 1},
    "log_loss": {"rule": "percentile", "alert": 90, "baseline": 12, "severity": "warning"},
    "label_coverage": {"warn": 0.99, "alert": 0.5},
    "psi": {"warn": 0.05, "alert": 0.2, "over": 2, "resolve_after": 1, "features": {"plan": {"alert": 0.4}, "__prediction__": None}},
    "recall": {"warn": 0.75, "alert": 0.68, "resolve_after": 1},
    "observed_to_expected": {"warn": 0.1, "alert": 0.15, "resolve_after": 1},
    "calibration_slope": {"warn": 0.1, "alert": 0.15, "resolve_after": 1, "side": "both"},
    "volume_ratio": {"side": "below", "warn": 0.8, "alert": 0.5, "resolve_after": 1},
}
QUIET = ("label_coverage",)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    log = predictions(days=50)
    log = log[~log["predicted_at"].between("2026-02-03 06:00:00", "2026-02-03 21:00:00")]
    drifted = log["predicted_at"].between("2026-02-05", "2026-02-11")
    log = log.assign(amount=log["amount"].where(~drifted, log["amount"] * 6), plan=log["plan"].where(~drifted | (log.index % 4 == 0), "pro"))
    quiet = pd.DataFrame([{"monitor": "churn", "starts_at": "2026-01-25", "ends_at": "2026-01-28", "reason": "the feed was rebuilt"}])
    monitors = {"churn": MONITOR | {"thresholds": THRESHOLDS, "segments": [], "healthy": {"windows": 9}, "alerting": {"resolve_after": 3}}}
    options: dict[str, Any] = {
        "now": "2026-02-20 00:00:00",
        "logs": logs(predictions=log, feedback=feedback(log), excluded=quiet),
        "variables": {"ml_monitor__excluded_periods": "raw.excluded"},
    }
    directory = tmp_path_factory.mktemp(request.param) / "project"
    if request.param == "duckdb":
        made = Project(directory, monitors, **options)
    else:
        made = PostgresProject(directory, monitors, server=request.getfixturevalue("postgres_url"), **options)
    made.run(*ALERTS)
    yield made


def of(project: Project, metric: str) -> tuple[Declared, History]:
    """The rules of a metric, and its history."""
    house = Warehouse.from_dbt(project.directory)
    declared = declared_rules(house, "churn", metric)
    return declared, read_history(house, "churn", metric, declared)


@pytest.mark.parametrize("metric", [metric for metric, declared in THRESHOLDS.items() if "rule" in declared])
def test_limits(built: Project, metric: str) -> None:
    """A value is as far out as numpy says: its score is where the threshold lies."""
    declared, history = of(built, metric)
    rule = declared.rule
    compared = 0
    for series in history.series:
        found = dict(
            built.rows(
                f"select window_start, status from {MART}verdicts where metric = '{metric}' and feature = '{series.feature}'"
            )
        )
        limits = scores(series.values, rule, declared.span, series.healthy, series.excluded)
        for start, score in zip(series.starts, limits, strict=True):
            status = found[start]
            if math.isnan(score):
                assert status in ("insufficient_data", "immature")
            elif status not in ("insufficient_data", "immature"):
                expected = "alert" if score > rule.alert else "warning" if rule.warn is not None and score > rule.warn else "ok"
                assert status == expected, (start, score)
                compared += 1
    assert compared >= 30


@pytest.mark.parametrize("metric", THRESHOLDS)
def test_incidents(built: Project, metric: str) -> None:
    declared, history = of(built, metric)
    in_memory = [(alert.feature, alert.opened_at, alert.resolved_at) for alert in replay(history, declared.rule)]
    in_warehouse = built.rows(
        f"""select feature, min(window_end), max(case when event_type = 'resolved' and reason not like 'found in%' then window_end end)
        from {MART}alert_events where metric = '{metric}' group by incident_id, feature"""
    )
    assert sorted(in_memory, key=str) == sorted(in_warehouse, key=str)
    assert in_memory or metric in QUIET, "nothing was compared"


@pytest.mark.parametrize("metric", ["observed_to_expected", "calibration_slope"])
def test_a_ratio_is_judged_by_its_distance_from_one(built: Project, metric: str) -> None:
    found = built.frame(f"select * from {MART}verdicts where metric = '{metric}' and status in ('ok', 'warning', 'alert')")
    value, limit, word = found["metric_value"].astype(float), found["alert_threshold"].astype(float), found["status"]
    sure = (found["lower_bound"] > 1 + limit) | (found["upper_bound"] < 1 - limit)
    distance = (value - 1).abs()
    expected = np.where((distance > limit) & sure, "alert", np.where(distance > found["warn_threshold"], "warning", "ok"))
    assert (word == expected).all()
    breaches = found[word != "ok"]
    assert breaches["metric_value"].min() < 0.9 and breaches["metric_value"].max() > 1.1
    assert breaches["reason"].str.contains(" is further from 1 than ").all()


def test_a_material_verdict_is_that_of_the_warehouse(built: Project) -> None:
    """The statistical test of PSI, its correction for many tests, and the rule of a single feature."""
    declared, history = of(built, "psi")
    assert {series.feature: series.rule and series.rule.alert for series in history.series} == {"__score__": None, "amount": None, "plan": 0.4}
    raised = {(alert.feature, alert.severity) for alert in replay(history, declared.rule)}
    assert ("amount", "alert") in raised
    told = built.rows(f"select distinct feature, max(severity_level) from {MART}alert_history where metric = 'psi' and severity_level > 0 group by 1")
    levels = {feature: max({"warning": 1, "alert": 2}[severity] for one, severity in raised if one == feature) for feature, _ in told}
    assert levels == dict(told)


def test_what_is_excluded_is_told_to_nobody(built: Project) -> None:
    muted = built.rows(f"select distinct muted_because from {MART}alert_history where window_start = '2026-01-26 00:00:00'")
    assert muted == [("the feed was rebuilt",)]
    told = f"select count(*) from {MART}alert_events where window_start between '2026-01-25' and '2026-01-27' and event_type = 'opened'"
    assert built.rows(told) == [(0,)]


def test_severity_is_capped(built: Project) -> None:
    assert built.rows(f"select distinct severity from {MART}alert_events where metric = 'log_loss'") == [("warning",)]


def test_budget(built: Project) -> None:
    for metric, at_least in (("mean_shift", 2), ("psi", 1)):
        declared, history = of(built, metric)
        for budget in ("1/month", "4/month"):
            solved = solve(history, declared.rule, budget_per_day(budget))
            raised = [alert for alert in replay(history, solved) if alert.severity == "alert"]
            assert len(raised) <= budget_per_day(budget) * history.days
            assert solved.alert is not None and solved.warn is None
        assert len(raised) >= at_least, "not simply silent"


def test_command(built: Project) -> None:
    where = ["--project-dir", str(built.directory), "--profiles-dir", str(built.directory)]
    shown = CliRunner().invoke(app, ["replay", "churn", "mean_shift", "--rule", "robust", "--budget", "2/month", *where])
    assert shown.exit_code == 0 and "rule robust" in shown.output
    printed = CliRunner().invoke(app, ["replay", "churn", "roc_auc", "--json", *where])
    assert printed.exit_code == 0 and '"rule": "robust"' in printed.stdout
    for arguments, words in (
        (["churn", "nonsense"], "has no threshold"),
        (["churn", "roc_auc", "--rule", "sigma"], "give --alert or --budget"),
        (["churn", "roc_auc", "--budget", "few"], "is not a budget"),
    ):
        refused = CliRunner().invoke(app, ["replay", *arguments, *where])
        assert refused.exit_code == 1 and words in " ".join(refused.output.split())


def test_scores_by_hand() -> None:
    values = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 20])
    by_kind = {
        ("sigma", "above"): 15 / 2.7386127875258306,
        ("robust", "below"): -15 / 2.9652,
        ("percentile", "above"): 100.0,
        ("percentile", "below"): 0.0,
    }
    for (kind, side), expected in by_kind.items():
        rule = Rule(kind=kind, side=side, alert=3, baseline=9)
        assert scores(values, rule)[-1] == pytest.approx(expected, rel=1e-6)
    middle = np.array([1.0, 2, 3, 4, 5, 4.5])
    assert scores(middle, Rule("percentile", "above", 95, baseline=5))[-1] == pytest.approx(87.5)
    assert np.isnan(scores(middle, Rule("sigma", "above", 3, baseline=28))).all(), "too short a history"
    assert scores(np.array([0.0, 0, 0, 0, 0, 1]), Rule("robust", "above", 3, baseline=5))[-1] == np.inf
    with pytest.raises(ReplayError):
        budget_per_day("0/month")
