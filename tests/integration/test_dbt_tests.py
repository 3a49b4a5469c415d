"""The package's dbt unit tests, and the generic tests that users put in their CI."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from bench.full_year import SCHEDULED
from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import REPOSITORY, Project

OWN_TESTS = {"labels_arrive", "volume_in_bounds", "in_the_past", "labels_match", "ml_monitor_no_open_alerts_churn__feature_profile_churn"}


# With every option whose models have a unit test.
EVERYTHING = MONITOR | {
    "service": {"latency_ms": "latency_ms", "error": "failed"},
    "metrics": {"mean_amount": {"sql": "sum(amount) / count(*)", "direction": "down"}},
    "selective": {"action": "y_pred", "propensity": "y_score"},
    "error_profile": True,
    "behaviour": {"kpis": {"revenue": {"relation": "raw.sales", "at": "day", "value": "amount"}}, "lags": 1},
    "retraining": {
        "triggers": ["performance", "concept_drift", "labels", "schedule"],
        "min_new_labels": 300,
        "every_days": 90,
        "trainer": "m:train",
    },
}


def test_unit_tests_of_the_package(tmp_path: Path) -> None:
    log = predictions().assign(latency_ms=20.0, failed=0)
    sales = pd.DataFrame({"day": pd.to_datetime(["2026-01-02"]), "amount": [10.0]})
    tables = logs(predictions=log) | {"sales": sales}
    ours = Project(tmp_path / "project", {"churn": EVERYTHING}, logs=tables, now=NOW, name="ml_monitor_integration_tests")
    ours.run("--empty")
    result = ours.dbt("test", "--select", "test_type:unit")
    assert result.success, [f"{r.node.name}: {r.message}" for r in result.result if r.status != "pass"]
    declared = [test["name"] for path in (REPOSITORY / "models").glob("*/unit_tests.yml") for test in yaml.safe_load(path.read_text())["unit_tests"]]
    assert sorted(r.node.name for r in result.result) == sorted(declared), "all of them, and none that is disabled"


def test_unit_tests_stay_out_of_users_builds(project: Callable[..., Project]) -> None:
    consumer = project({"churn": MONITOR}, logs=logs(), now=NOW)
    consumer.run()
    result = consumer.dbt("test")
    assert result.success
    assert not [r for r in result.result if r.node.resource_type == "unit_test"]


@pytest.fixture
def guarded(project: Callable[..., Project]) -> Project:
    """A project whose CI has one test of each kind; prediction ids of the last day are twice in the log."""
    log = predictions()
    tests = {
        "models": [
            {
                "name": "churn__feature_profile",
                "data_tests": [
                    {"ml_monitor.no_open_alerts": {"arguments": {"monitor": "churn"}}},
                    {
                        "ml_monitor.metric_within": {
                            "name": "labels_arrive",
                            "arguments": {"monitor": "churn", "metric": "label_coverage", "minimum": 0.9},
                        }
                    },
                    {
                        "ml_monitor.metric_within": {
                            "name": "volume_in_bounds",
                            "arguments": {"monitor": "churn", "metric": "row_count", "minimum": 10, "maximum": 1000},
                        }
                    },
                ],
            },
        ],
        "sources": [
            {
                "name": "raw",
                "schema": "raw",
                "tables": [
                    {
                        "name": "predictions",
                        "columns": [{"name": "predicted_at", "data_tests": [{"ml_monitor.predicted_in_the_past": {"name": "in_the_past"}}]}],
                    },
                    {
                        "name": "feedback",
                        "data_tests": [
                            {
                                "ml_monitor.labels_have_predictions": {
                                    "name": "labels_match",
                                    "arguments": {"predictions": "source('raw', 'predictions')"},
                                }
                            }
                        ],
                    },
                    {"name": "reference"},
                ],
            }
        ],
    }
    consumer = project({"churn": MONITOR}, logs=logs(predictions=log), now=NOW)
    (consumer.directory / "models" / "sources.yml").write_text(yaml.safe_dump({"sources": tests["sources"]}))
    (consumer.directory / "models" / "tests.yml").write_text(yaml.safe_dump({"models": tests["models"]}))
    return consumer


@pytest.mark.parametrize(
    ("test", "arguments", "words"),
    [
        ("no_open_alerts", {"monitor": "chrun"}, "'chrun', key 'name': is not declared"),
        ("no_open_alerts", {"monitor": "churn", "at_least": "critical"}, '"critical" is not a state'),
        ("metric_within", {"monitor": "churn", "metric": "psy", "maximum": 1}, '"psy" is not a metric'),
        ("metric_within", {"monitor": "churn", "metric": "psi", "maximum": 1, "span": 9}, "there is no span of 9 windows"),
        ("metric_within", {"monitor": "churn", "metric": "psi", "maximum": 1, "feature": "amonut"}, '"amonut" is not a monitored feature'),
        ("metric_within", {"monitor": "churn", "metric": "psi"}, "needs minimum, maximum or both"),
        ("metric_within", {"monitor": "churn", "metric": "interval_coverage", "minimum": 0.9}, '"interval_coverage" needs the key lower'),
    ],
)
def test_a_generic_test_of_what_is_not_there_is_an_error(project: Callable[..., Project], test: str, arguments: dict[str, object], words: str) -> None:
    consumer = project({"churn": MONITOR}, logs=logs(), now=NOW)
    tests = {"models": [{"name": "churn__feature_profile", "data_tests": [{f"ml_monitor.{test}": {"name": "misspelt", "arguments": arguments}}]}]}
    (consumer.directory / "models" / "tests.yml").write_text(yaml.safe_dump(tests))
    assert words in consumer.error("-s", "ml_monitor__monitors")


def test_a_shorter_round_keeps_the_users_tests(guarded: Project) -> None:
    page = (REPOSITORY / "docs" / "how_to" / "run_from_an_orchestrator.md").read_text()
    [command] = [line for line in page.splitlines() if line.startswith("dbt build --indirect-selection")]
    assert shlex.split(command) == ["dbt", "build", *SCHEDULED], "what the page says is what was measured"
    all_of_them, fewer = (guarded.dbt("ls", *arguments).result for arguments in ([], SCHEDULED))
    tests = [node for node in all_of_them if not node.startswith("ml_monitor.") and node.split(".")[-1] in OWN_TESTS]
    assert len(tests) == 5
    assert set(tests) <= set(fewer) < set(all_of_them)
    assert not [node for node in fewer if node.startswith("ml_monitor.report.")]


@pytest.mark.parametrize(("label_delay", "status"), [(2, "pass"), (0, "fail")])
def test_labels_are_looked_at_where_they_are_due(project: Callable[..., Project], label_delay: int, status: str) -> None:
    """Labels come after two days, so the newest two windows have none."""
    log = predictions()
    within = {"ml_monitor.metric_within": {"name": "arrive", "arguments": {"monitor": "churn", "metric": "label_coverage", "minimum": 0.9}}}
    consumer = project({"churn": MONITOR | {"label_delay": label_delay}}, logs=logs(predictions=log, feedback=feedback(log, delay_hours=48)), now=NOW)
    (consumer.directory / "models" / "tests.yml").write_text(yaml.safe_dump({"models": [{"name": "churn__feature_profile", "data_tests": [within]}]}))
    consumer.run()
    assert [str(result.status) for result in consumer.dbt("test").result if result.node.name == "arrive"] == [status]


def test_drift_over_a_limit_fails_or_warns(project: Callable[..., Project]) -> None:
    log = predictions()
    log.loc[log["predicted_at"] >= "2026-01-10", "amount"] *= 50
    quiet = {"thresholds": {"psi": {"warn": 0.5}, "label_coverage": None, "mean_shift": None}}
    consumer = project({"churn": MONITOR | quiet}, logs=logs(predictions=log, feedback=feedback(log, delay_hours=0)), now=NOW)
    within = [
        {"ml_monitor.metric_within": {"name": f"{feature}_{severity}", "arguments": {"monitor": "churn", "metric": "psi", "feature": feature, "maximum": 0.5}, "config": {"severity": severity}}}
        for feature in ("amount", "plan")
        for severity in ("warn", "error")
    ]
    open_alerts = [
        {"ml_monitor.no_open_alerts": {"name": f"no_{least}", "arguments": {"monitor": "churn", "at_least": least}}} for least in ("alert", "warning")
    ]
    (consumer.directory / "models" / "tests.yml").write_text(yaml.safe_dump({"models": [{"name": "churn__feature_profile", "data_tests": within + open_alerts}]}))
    consumer.run()
    expected = {"amount_warn": "warn", "amount_error": "fail", "plan_warn": "pass", "plan_error": "pass"}
    assert outcome(consumer) == expected | {"no_alert": "pass", "no_warning": "fail"}


def outcome(consumer: Project) -> dict[str, str]:
    result = consumer.dbt("test", "--select", "package:consumer")
    return {r.node.name: str(r.status) for r in result.result}


def test_generic_tests_pass_on_a_healthy_log_and_fail_on_a_sick_one(guarded: Project) -> None:
    guarded.load("feedback", logs()["feedback"].assign(labelled_at=predictions()["predicted_at"]))
    guarded.run()
    assert guarded.rows("select metric, feature, window_start, reason from main_ml_monitor.ml_monitor__verdicts where status in ('warning', 'alert')") == []
    healthy = outcome(guarded)
    assert len(healthy) == 5
    assert set(healthy.values()) == {"pass"}

    log = predictions()
    future = log.tail(1).assign(prediction_id="future", predicted_at="2031-01-01")
    duplicates = log.tail(30)
    sick = log.drop(index=log.index[:3])
    guarded.load("predictions", pd.concat([sick, duplicates, future.astype(log.dtypes.to_dict())]))
    feedback = logs()["feedback"]
    guarded.load("feedback", feedback[feedback["labelled_at"] < "2026-01-10"])
    guarded.run()
    assert set(outcome(guarded).items()) == {
        (name, "pass" if name == "volume_in_bounds" else "fail") for name in healthy
    }
