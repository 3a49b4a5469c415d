"""A number followed back to its rows."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from ml_monitor.audit import explain
from ml_monitor.audit.explain import _rows_query
from ml_monitor.cli import app
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import Project


def invoke(made: Project, *arguments: str):
    return CliRunner().invoke(
        app, ["explain", *arguments, "--project-dir", str(made.directory), "--profiles-dir", str(made.directory)]
    )


@pytest.mark.parametrize(("metric", "span"), [("psi", 1), ("missing_rate_increase", 2)])
def test_the_rows_are_those_of_the_profile(built: Project, metric: str, span: int) -> None:
    made = explain(
        Warehouse.from_dbt(built.directory), DbtProject.load(built.directory), f"churn/{metric}/amount/2026-01-08", span
    )
    assert (
        made.row_count
        == 60 * span
        == sum(row["n"] for row in made.profile)
        == built.rows(f"select count(*) from ({made.rows_query}) as r")[0][0]
    )
    assert len(made.edges) >= 10 and len({row["edge_set_id"] for row in made.edges}) == 1
    assert (
        made.configuration["features"]["amount"] == "numeric"
        and made.thresholds[0]["alert_threshold"] == made.verdict["alert_threshold"]
    )
    assert {"node": "source.consumer.raw.predictions", "column": "amount"} in made.columns
    names = [one["node"].split(".")[-1] for one in made.models]
    way = ["churn__feature_profile", "ml_monitor__metric_values", "ml_monitor__verdicts", "ml_monitor__alert_events"]
    assert [one for one in names if one in way] == way and "ml_monitor__performance" not in names
    assert all(one["compiled_sha256"] for one in made.models)


def test_a_metric_of_performance_has_its_labels(built: Project) -> None:
    warehouse, project = Warehouse.from_dbt(built.directory), DbtProject.load(built.directory)
    known = warehouse.query(f"select distinct metric from {warehouse.table('verdicts')} where family = 'performance'")
    assert known
    for metric in (row["metric"] for row in known):
        made = explain(warehouse, project, f"churn/{metric}/__all__/2026-01-08")
        log, day = predictions(), "2026-01-08"
        given = feedback(log)
        ids = set(log.loc[log["predicted_at"].dt.normalize() == day, "prediction_id"])
        assert set(built.frame(made.labels_query)["prediction_id"]) == ids & set(given["prediction_id"]) != set()
        names = {one["node"].split(".")[-1] for one in made.models}
        assert ("ml_monitor__estimated_performance" if metric == "concept_drift" else "ml_monitor__performance") in names
        assert not names & {"ml_monitor__drift", "ml_monitor__data_quality", "ml_monitor__expected_damage"}
    drift = explain(warehouse, project, "churn/psi/amount/2026-01-08")
    assert drift.labels_query is None and not {"ml_monitor__performance", "ml_monitor__decisions", "ml_monitor__selective_labels"} & {
        one["node"].split(".")[-1] for one in drift.models
    }


def test_the_number_is_followed_from_the_column_to_the_alert(built: Project) -> None:
    project = DbtProject.load(built.directory)
    made = explain(Warehouse.from_dbt(built.directory), project, "churn/psi/amount/2026-01-08", by_column=True)
    profile = "model.consumer.churn__feature_profile"
    assert made.steps[0] == {
        "from": "source.consumer.raw.predictions.amount",
        "to": f"{profile}.n",
        "how": "counted in the bins of the profile",
    }
    end, ends = "model.ml_monitor.ml_monitor__alert_events.metric_value", {one["to"]: one["from"] for one in made.steps}
    way = [end]
    while way[-1] in ends and not way[-1].startswith(profile):
        way.append(ends[way[-1]])
    nodes = [one.split(".")[2] for one in way]
    wanted = ["ml_monitor__alert_events", "ml_monitor__alert_history", "ml_monitor__verdicts", "ml_monitor__metric_values"]
    assert [one for one in nodes if one in wanted] == wanted and nodes[-1] == "churn__feature_profile", way


def test_rows_of_every_segment_value_are_those_that_were_counted(project: Callable[..., Project]) -> None:
    log = predictions().assign(region="north")
    log.loc[::7, "plan"] = None
    log.loc[1::50, "plan"] = "rare"
    log.loc[1::100, "region"] = None
    monitor = MONITOR | {"segments": [{"column": "plan", "min_rows": 100}, ["plan", "region"]]}
    made = project({"churn": monitor}, logs=logs(predictions=log, reference=log), now=NOW)
    made.run("-s", "+ml_monitor__windows", "+ml_monitor__monitors")
    warehouse = Warehouse.from_dbt(made.directory)
    spec = json.loads(warehouse.query(f"select spec from {warehouse.table('monitors')}")[0]["spec"])
    counted = warehouse.query(
        f"""select monitor, segment, segment_value, model_version, 'drift' as family, 'psi' as metric, window_start, sum(n) as n
        from {warehouse.table("feature_profiles")} where feature = '__all__' and bin = 0 and segment <> '__all__' group by all"""
    )
    values = {row["segment_value"] for row in counted}
    assert {"__missing__", "__other__", "basic x north", "__missing__ x north"} <= values
    for row in counted:
        found = {**row, "window_end": row["window_start"] + timedelta(days=1)}
        query = _rows_query(warehouse, spec, found, row["window_start"])
        assert made.rows(f"select count(*) from ({query}) as r") == [(row["n"],)], query


def test_an_event_names_its_verdict(built: Project) -> None:
    warehouse = Warehouse.from_dbt(built.directory)
    events = warehouse.query(f"select event_id, reason, segment, segment_value from {warehouse.table('alert_events')}")
    assert events
    for event in events[:3]:
        made = explain(warehouse, DbtProject.load(built.directory), event["event_id"])
        assert (made.verdict["segment"], made.verdict["segment_value"]) == (event["segment"], event["segment_value"])
        assert event["event_id"] in {row["event_id"] for row in made.events} and made.row_count > 0


def test_a_verdict_of_a_segment_is_asked_for_by_its_value(built: Project) -> None:
    shown = invoke(built, "churn/psi/amount/2026-01-08", "--segment", "plan=pro", "--json")
    assert shown.exit_code == 0, shown.output
    made = json.loads(shown.stdout)
    plans = predictions()
    day = plans["predicted_at"].dt.normalize() == "2026-01-08"
    assert made["verdict"]["segment_value"] == "pro"
    assert made["row_count"] == int((day & (plans["plan"] == "pro")).sum()) > 0
    for segment, words in (("plan=prp", "no segment_value 'prp'. Known: basic, pro, team"), ("paln=pro", "no segment 'paln'"), ("pro", "is not written as column=value")):
        refused = invoke(built, "churn/psi/amount", "--segment", segment)
        assert refused.exit_code == 1 and words in " ".join(refused.output.split()), refused.output


def test_the_command(built: Project) -> None:
    shown = invoke(built, "churn/psi/amount")
    assert shown.exit_code == 0 and "predicted_at" in shown.stdout and "Models, from the log to the alert" in shown.stdout
    assert "Made by: ml_monitor 0.1.0; consumer it's 3f2a91c; configuration" in shown.stdout and "Last build" not in shown.stdout
    assert "select" in json.loads(invoke(built, "churn/psi/amount", "--json").stdout)["models"][-1]["compiled"].lower()


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("nothing", "is no event_id"),
        ("chrun/psi", "no monitor 'chrun'. Known: churn"),
        ("churn/psy", "no metric 'psy'"),
        ("churn/psi/amont", "no feature 'amont'"),
        ("churn/psi/amount/2027-01-01", "in that window"),
        ("churn/psi/amount/soon", "is no time"),
        ("churn'--/psi", "no monitor"),
    ],
)
def test_unknown_verdicts(built: Project, verdict: str, words: str) -> None:
    refused = invoke(built, verdict)
    assert refused.exit_code == 1 and words in refused.output.replace("\n", " ")
