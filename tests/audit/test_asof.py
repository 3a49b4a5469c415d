"""What was known when, from snapshots that dbt took on three days of a real project."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from ml_monitor.audit.asof import HISTORIES
from ml_monitor.cli import app
from ml_monitor.retraining import register_version
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, feedback, logs, predictions
from tests.project import PostgresProject, Project

EARLY, LATE = "2026-01-06 00:00:00", "2026-01-20 00:00:00"
# Brier scores are kept, and no threshold judges them.
KEPT = {"ml_monitor__history_of": ["brier", "psi"]}
MODEL = "{{ config(materialized='table') }} {{ ml_monitor.as_of('ml_monitor__%s_history', %s, '%s') }}"


def until(log: pd.DataFrame, column: str, time: str) -> pd.DataFrame:
    return log[log[column] < time]


def rules(alert: float, **features: Any) -> dict[str, Any]:
    return {"psi": {"warn": 0.1, "alert": alert, "features": features, "segments": {"plan=pro": {"open_after": 2}}}}


def build(made: Project, now: str) -> None:
    result = made.dbt("build", "--exclude", "resource_type:test", "resource_type:unit_test", now=now)
    assert result.success, [one.message for one in result.result if one.status != "success"]


def lived(made: Project) -> Project:
    """First half of the labels by the first day; the rest came late, and the threshold was changed meanwhile."""
    everything = logs(feedback=feedback(predictions()))
    made.monitors["churn"]["thresholds"] = rules(0.25, amount={"alert": 0.3}, plan={"alert": 0.35})
    made.variables["ml_monitor__code_version"] = "early-commit"
    made.write_config()
    made.load("predictions", until(everything["predictions"], "predicted_at", EARLY))
    early = until(everything["feedback"], "labelled_at", EARLY)
    made.load("feedback", early[::2])
    build(made, EARLY)
    warehouse = Warehouse.from_dbt(made.directory)
    register_version(warehouse, "churn", "m1", now=datetime(2026, 1, 6), reason="first release", actor="team")
    assert made.dbt("snapshot", "-s", "ml_monitor__model_versions_history", now=EARLY).success
    register_version(warehouse, "churn", "m2", now=datetime(2026, 1, 19), reason="better", actor="team")
    made.load("predictions", everything["predictions"])
    made.load("feedback", everything["feedback"])
    made.variables["ml_monitor__code_version"] = "late-commit"
    made.monitors["churn"]["thresholds"] = rules(0.5, amount={"alert": 0.9, "severity": "warning"}, plan=None)
    made.write_config()
    build(made, LATE)
    counts = [f"select count(*) from main_ml_monitor.ml_monitor__{name}_history" for name in HISTORIES]
    before = [made.rows(count) for count in counts]
    again = made.dbt("snapshot", now="2026-01-21 00:00:00")
    assert again.success and [made.rows(count) for count in counts] == before, "what has not changed has no other version"
    return made


def invoke(made: Project, *arguments: str):
    return CliRunner().invoke(app, [*arguments, "--project-dir", str(made.directory), "--profiles-dir", str(made.directory)])


def known(made: Project, time: str) -> dict[str, list[dict[str, object]]]:
    done = invoke(made, "as-of", time, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["tables"]


def check_versions(made: Project) -> None:
    """What changed has two versions, one closed when the other opened; of each thing one is open."""
    for name, key in HISTORIES.items():
        of = ", ".join(key)
        chains = made.rows(
            f"""select {of}, min(dbt_valid_from), max(dbt_valid_to),
                sum(case when dbt_valid_to = next_from then 0 else 1 end), sum(case when dbt_valid_to >= '9999-12-31' then 1 else 0 end)
            from (
                select versions.*, coalesce(lead(dbt_valid_from) over (partition by {of} order by dbt_valid_from), timestamp '9999-12-31') as next_from
                from main_ml_monitor.ml_monitor__{name}_history as versions
            ) as chained group by {of}"""
        )
        assert chains and {row[-2:] for row in chains} == {(0, 1)}, name
    changed = {
        "monitors": ("code_version like '%late-commit%'", "monitor = 'churn'", [False, True]),
        "thresholds": ("alert_threshold", "metric = 'psi'", [0.25, 0.5]),
        "model_versions": ("stage", "model_version = 'm1'", ["champion", "previous"]),
        "alert_states": ("state", "metric = 'row_count'", ["ok", "alert"]),
    }
    for name, (column, of, values) in changed.items():
        found = made.rows(
            f"select {column}, recorded_at from main_ml_monitor.ml_monitor__{name}_history where {of} order by dbt_valid_from"
        )
        assert [value for value, _ in found] == values, name
        assert [str(known)[:19] for _, known in found] == [EARLY, LATE], name


def check(made: Project) -> None:
    check_versions(made)
    then, now = known(made, "2026-01-10"), known(made, "2026-02-01")
    alert = {
        at: [row["alert_threshold"] for row in rows["thresholds"] if row["metric"] == "psi"]
        for at, rows in (("then", then), ("now", now))
    }
    assert set(alert["then"]) == {0.25} and set(alert["now"]) == {0.5}
    assert 0 < len(then["verdicts"]) < len(now["verdicts"])
    assert (
        max(str(row["window_start"]) for row in then["verdicts"])
        < EARLY
        < max(str(row["window_start"]) for row in now["verdicts"])
    )
    done = invoke(made, "restatements", "--from", "2026-01-07", "--to", "2026-02-01", "--json")
    restated = json.loads(done.stdout)["rows"]
    assert any((row["label_coverage"] or 0) > (row["previous_label_coverage"] or 1) for row in restated), restated[:3]
    for time, wanted in (("2026-01-10", {0.25}), ("2026-02-01", {0.5})):
        (made.directory / "models" / "known.sql").write_text(MODEL % ("thresholds", "['monitor', 'metric', 'span']", time))
        made.write_config()
        made.run("--select", "known")
        assert {
            float(one) for (one,) in made.rows("select alert_threshold from main_ml_monitor.known where metric = 'psi'")
        } == wanted
    check_rules(made, then["alert_rules"], now["alert_rules"])
    check_code(made, then["verdicts"], now["verdicts"], restated)
    check_values(made, then["metric_values"], now["metric_values"], restated)
    labels_then, labels_now = then["labels"][0], now["labels"][0]
    assert 0 < labels_then["predictions_with_a_label"] < labels_now["predictions_with_a_label"]
    (made.directory / "models" / "labelled.sql").write_text(
        "{{ config(materialized='table') }} {{ ml_monitor.labels_as_of('churn', '2026-01-10') }}"
    )
    made.write_config()
    made.run("--select", "labelled")
    assert made.rows("select count(*) from main_ml_monitor.labelled")[0][0] == labels_then["predictions_with_a_label"]
    one, at = made.rows("select prediction_id, labelled_at from raw.feedback order by labelled_at desc limit 1")[0]
    asked = ("--monitor", "churn", "--prediction", one, "--json")
    assert json.loads(invoke(made, "as-of", str(at), *asked).stdout)["labels"][0]["prediction_id"] == one
    assert invoke(made, "as-of", "2026-01-01", *asked).exit_code == 3
    for name in ("verdicts", "metric_values"):
        (made.directory / "models" / f"restated_{name}.sql").write_text(
            f"{{{{ config(materialized='table') }}}} {{{{ ml_monitor.restatements('{name}') }}}}"
        )
    made.write_config()
    made.run("--select", "restated_verdicts", "restated_metric_values")
    judged = [row for row in restated if row["status"]]
    assert made.rows("select count(*) from main_ml_monitor.restated_verdicts") == [(len(judged),)]
    brier = made.rows("select count(*) from main_ml_monitor.restated_metric_values where metric = 'brier'")
    assert brier == [(len(restated) - len(judged),)]


def check_rules(made: Project, then: list[dict[str, Any]], now: list[dict[str, Any]]) -> None:
    """Of features and segments too, whose columns are empty where a rule is for every one."""
    psi = [{row["rule_key"].removeprefix("churn/psi/1/"): row for row in rows if row["metric"] == "psi"} for rows in (then, now)]
    places = {"__all__/__all__/__all__", "amount/__all__/__all__", "plan/__all__/__all__", "__all__/plan/pro"}
    assert set(psi[0]) == set(psi[1]) == places
    told = [
        [
            (rows[f"{place}/__all__/__all__"][column])
            for place in ("__all__", "amount", "plan")
            for column in ("rule", "alert_threshold")
        ]
        for rows in psi
    ]
    assert told[0] == ["value", 0.25, "value", 0.3, "value", 0.35]
    assert told[1][:5] == ["value", 0.5, "value", 0.9, "off"]
    assert [rows["amount/__all__/__all__"]["severity"] for rows in psi] == ["alert", "warning"]
    assert [rows["__all__/plan/pro"]["open_after"] for rows in psi] == [2, 2]


def check_code(made: Project, then: list[dict[str, Any]], now: list[dict[str, Any]], restated: list[dict[str, Any]]) -> None:
    """A verdict that stands was made by the code of its day; what is new or restated by today's."""
    versions = [{row["code_version"].rsplit("; ", 1)[0] for row in rows} for rows in (then, now)]
    assert versions[0] == {"ml_monitor 0.1.0; consumer early-commit"}
    assert versions[1] == versions[0] | {"ml_monitor 0.1.0; consumer late-commit"}
    changed = {tuple(row[key] for key in HISTORIES["verdicts"]) for row in restated if row["status"]}
    of_restated = [row["code_version"] for row in now if tuple(row[key] for key in HISTORIES["verdicts"]) in changed]
    assert of_restated and all("late-commit" in one for one in of_restated)
    for window, commit, is_other in (("2026-01-02", "early-commit", True), ("2026-01-09", "late-commit", False)):
        shown = " ".join(invoke(made, "explain", f"churn/invalid_rate/amount/{window}").output.split())
        assert f"Made by: ml_monitor 0.1.0; consumer {commit}; configuration " in shown, shown
        assert ("Last build: ml_monitor 0.1.0; consumer late-commit; configuration " in shown) == is_other


def check_values(made: Project, then: list[dict[str, Any]], now: list[dict[str, Any]], restated: list[dict[str, Any]]) -> None:
    """Every version and segment of the metrics that are kept, and no other metric."""
    assert {row["metric"] for row in now} == {"brier", "psi"}
    (counted,) = made.rows("select count(*) from main_ml_monitor.ml_monitor__metric_values where metric in ('brier', 'psi')")
    assert 0 < len(then) < len(now) == counted[0]
    assert {row["model_version"] for row in now} == {"__all__", "m1"} and {row["segment"] for row in now} == {"__all__", "plan"}
    brier = [row for row in restated if row["metric"] == "brier"]
    assert brier and {row["status"] for row in brier} == {None}
    assert all(
        row["metric_value"] != row["previous_metric_value"] or row["sample_size"] != row["previous_sample_size"] for row in brier
    )
    keys = [
        tuple(row[key] for key in ("model_version", "segment_value", "feature", "window_start", "span", "metric"))
        for row in restated
    ]
    assert len(keys) == len(set(keys)), "a value that is judged is told once"


def test_history_is_as_it_was_known(project: Callable[..., Project]) -> None:
    made = lived(project({"churn": dict(MONITOR)}, logs=logs(), now=LATE, variables=dict(KEPT)))
    check(made)
    for time, words in (("2025-01-01", "first snapshot was taken at 2026-01-06"), ("then", "is no time")):
        refused = invoke(made, "as-of", time)
        assert refused.exit_code == 1 and words in refused.output
    refused = invoke(made, "as-of", "2026-01-10", "--monitor", "chrun")
    assert refused.exit_code == 1 and "Known at some time: churn" in refused.output
    assert "verdicts" in invoke(made, "as-of", "2026-01-10", "--monitor", "churn").output
    assert invoke(made, "restatements", "--from", "2027-01-07", "--to", "2027-02-01").exit_code == 3


def test_history_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    made = PostgresProject(
        tmp_path / "project", {"churn": dict(MONITOR)}, logs=logs(), now=LATE, variables=dict(KEPT), server=postgres_url
    )
    check(lived(made))


def test_without_snapshots(project: Callable[..., Project]) -> None:
    made = project({"churn": MONITOR}, logs=logs(), now=LATE)
    made.run("--select", "ml_monitor__monitors")
    refused = invoke(made, "as-of", "2026-01-10")
    assert refused.exit_code == 1 and "no snapshot was taken" in refused.output


@pytest.mark.parametrize(("wanted", "words"), [("brier_score", "brier_score is no metric"), (["psi", "all"], "all is no metric")])
def test_a_history_of_no_metric_is_refused(project: Callable[..., Project], wanted: object, words: str) -> None:
    message = project({"churn": MONITOR}, variables={"ml_monitor__history_of": wanted}).error()
    assert "'ml_monitor__history_of'" in message and words in message and "brier, " in message, message


@pytest.mark.parametrize("command", ["as-of", "restatements"])
def test_each_command_teaches(command: str) -> None:
    assert "Example:" in CliRunner().invoke(app, [command, "--help"]).stdout
