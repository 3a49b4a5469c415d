"""The commands on a project that dbt has built."""

import json
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from ml_monitor.cli import app
from ml_monitor.warehouse import Warehouse
from tests.project import Project

DAYS, ROWS = 12, 60


def predictions() -> pd.DataFrame:
    n = DAYS * ROWS
    return pd.DataFrame(
        {
            "prediction_id": [f"p{i}" for i in range(n)],
            "customer_id": range(n),
            "predicted_at": pd.Timestamp("2026-01-01") + pd.to_timedelta([i * 86400 / ROWS for i in range(n)], unit="s"),
            "model_version": "m1",
            "amount": [(i % 17) + (100.0 if i >= (DAYS - 2) * ROWS else 0.0) for i in range(n)],
            "plan": ["basic" if i % 3 else "pro" for i in range(n)],
            "is_new": [i % 2 == 0 for i in range(n)],
            "y_score": [(i % 100) / 100 for i in range(n)],
            "y_pred": [int(i % 100 > 50) for i in range(n)],
        }
    )


def feedback(log: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "prediction_id": log["prediction_id"],
            "label": log["y_pred"],
            "labelled_at": log["predicted_at"] + pd.Timedelta(minutes=10),
        }
    )


def monitor(**changes: Any) -> dict[str, Any]:
    return {
        "predictions": "raw.predictions",
        "feedback": "raw.feedback",
        "reference": {"from": "2026-01-01", "to": "2026-01-06"},
        "features": {"amount": "numeric", "plan": "categorical"},
        "rolling": [2],
        "min_rows": 20,
        "owner": "shop-team",
        **changes,
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    log = predictions()
    project = Project(
        tmp_path_factory.mktemp("built"),
        {"churn": monitor()},
        now="2026-01-13 00:00:00",
        logs={"predictions": log, "feedback": feedback(log)},
    )
    project.run()
    return project


def run(project: Project, *arguments: str, **environment: str):
    return CliRunner().invoke(
        app,
        [*arguments, "--project-dir", str(project.directory), "--json"],
        env={"COLUMNS": "140", **environment},
    )


def findings(project: Project) -> dict[str, tuple[str, str]]:
    done = run(project, "check")
    content = json.loads(done.stdout)
    assert done.exit_code == (1 if any(f["severity"] == "error" for f in content["findings"]) else 0)
    return {finding["key"]: (finding["severity"], finding["message"]) for finding in content["findings"]}


def test_the_schema_comes_from_the_manifest_and_dbt_in_this_process_does_not_disturb(built):
    with duckdb.connect(str(built.database)):
        warehouse = Warehouse.from_dbt(built.directory)
        assert warehouse.schema == "main_ml_monitor"
        assert warehouse.query(f"select monitor from {warehouse.table('monitors')}") == [{"monitor": "churn"}]


def test_status_names_what_is_wrong(built):
    done = run(built, "status")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert [row["monitor"] for row in content["monitors"]] == ["churn"]
    assert content["monitors"][0]["state"] == "alert"
    assert content["monitors"][0]["last_window_end"] == "2026-01-13T00:00:00"
    judged = built.frame("""
        select span, window_start, minimum_detectable from main_ml_monitor.ml_monitor__verdicts
        where metric = 'psi' and minimum_detectable is not null
    """)
    newest = judged[judged["window_start"] == judged.groupby("span")["window_start"].transform("max")]
    assert len(newest) > 1
    assert content["monitors"][0]["detectable_psi"] == pytest.approx(newest["minimum_detectable"].max())
    assert content["monitors"][0]["detectable_sigma"] == pytest.approx(newest["minimum_detectable"].max() ** 0.5)
    assert "psi of amount" in {alert["what"] for alert in content["alerts"]}

    table = CliRunner().invoke(app, ["status", "--project-dir", str(built.directory)], env={"COLUMNS": "140"})
    assert "psi of amount" in table.stdout


def test_deliver_then_nothing_to_do(built):
    first = run(built, "deliver")
    content = json.loads(first.stdout)
    assert first.exit_code == 0, first.output
    assert content["sent"] > 0
    assert "psi of amount" in first.stderr

    second = run(built, "deliver")
    assert (second.exit_code, json.loads(second.stdout)["status"]) == (3, "nothing_to_do")


def test_a_configuration_that_fits_has_no_findings(built):
    assert findings(built) == {}


def test_add_proposes_the_features_of_the_log(built):
    done = run(built, "add", "second", "--predictions", "raw.predictions", "--directory", str(built.directory / "x"))
    assert done.exit_code == 0, done.output
    block = json.loads(done.stdout)["config"]
    assert "amount: numeric" in block
    assert "plan: categorical" in block
    assert "is_new: categorical" in block
    assert not any(name in block for name in ("customer_id", "y_score", "predicted_at", "model_version"))


def test_add_asks_for_the_columns_that_it_cannot_know(built):
    built.load("predictions_renamed", predictions().rename(columns={"y_score": "probability"}))
    sources = built.directory / "models" / "sources.yml"
    before = sources.read_text()
    declared = yaml.safe_load(before)
    declared["sources"][0]["tables"].append({"name": "predictions_renamed"})
    sources.write_text(yaml.safe_dump(declared))
    built.write_config()
    built.dbt("parse")
    done = run(built, "add", "fourth", "--predictions", "raw.predictions_renamed", "--directory", str(built.directory / "y"))
    sources.write_text(before)
    assert done.exit_code == 0, done.output
    assert "# score: a_column  # the log has no y_score" in json.loads(done.stdout)["config"]


def test_add_for_a_log_that_is_not_there(built):
    done = run(built, "add", "third", "--predictions", "raw.prediction")
    assert done.exit_code == 1
    assert "Did you mean raw.predictions" in json.loads(done.stdout)["message"]


def test_check_finds_what_does_not_fit(tmp_path):
    log = predictions()
    log["amount"] = log["amount"].astype(str)
    log.loc[:4, "amount"] = ["n/a", "x" * 200, "<none>", "12,5", "seven"]
    log.loc[5, "prediction_id"] = log.loc[6, "prediction_id"]
    log.loc[7, "predicted_at"] = pd.Timestamp("2030-01-01")
    log.loc[8, "y_score"] = 1.5
    labels = feedback(predictions())
    labels.loc[:9, "prediction_id"] = [f"unknown-{i}" for i in range(10)]
    labels["labelled_at"] = labels["labelled_at"].astype(str)
    labels["label"] = labels["label"].map({0: "stayed", 1: "churned"})
    wrong = monitor(
        reference={"from": "2020-01-01", "to": "2020-02-01"},
        features={"amount": "numeric", "plan": {"type": "numeric", "seasonal": True}, "nothing": "numeric"},
        segments=["region"],
    )
    project = Project(
        tmp_path / "wrong",
        {"churn": wrong},
        now="2026-01-13 00:00:00",
        logs={"predictions": log, "feedback": labels, "empty": log.head(0)},
    )
    project.dbt("parse")

    found = findings(project)

    severity, message = found["features.amount"]
    assert severity == "warning"
    assert "5 of 720 values of amount" in message
    assert message.count("'") == 6
    assert "x" * 50 not in message
    assert found["features.plan"][0] == "error"
    assert "720 of 720" in found["features.plan"][1]
    assert "It has: prediction_id, customer_id" in found["features.nothing"][1]
    assert "column 'region' is not in" in found["segments"][1]
    assert "2 of 720" not in found["prediction_id"][1]
    assert "1 of 720 rows" in found["prediction_id"][1]
    assert "later than now" in found["predicted_at"][1]
    assert "outside 0 to 1" in found["score"][1]
    assert found["label"][0] == "error"
    assert "neither class, e.g. 'churned', 'stayed'" in found["label"][1]
    assert "is VARCHAR. Allowed: time" in found["labelled_at"][1]
    assert found["feedback"] == (
        "warning",
        f'10 of 720 labels of "{project.database.stem}"."raw"."feedback" have a prediction_id that is not in '
        f'"{project.database.stem}"."raw"."predictions"',
    )
    assert found["reference"][0] == "error"

    project.monitors = {
        "churn": monitor(predictions="raw.empty", feedback=None, reference={"relation": "raw.empty"}),
        "lost": monitor(predictions="raw.lost"),
        "bad": {"predictions": "raw.predictions"},
        "undated": monitor(reference={"from": "2013-02-30", "to": "2013-03-30"}, healthy={"from": "2026-01-01", "to": "soon"}),
    }
    project.write_config()
    config = project.directory / "dbt_project.yml"
    config.write_text(config.read_text().replace("'2013-02-30'", "2013-02-30"))
    done = run(project, "check")
    content = [(f["severity"], f["monitor"], f["key"]) for f in json.loads(done.stdout)["findings"]]
    assert ("warning", "churn", "predictions") in content
    assert ("error", "churn", "reference") in content
    assert ("error", "lost", "predictions") in content
    assert ("error", "bad", "features") in content
    messages = {(f["monitor"], f["key"]): f["message"] for f in json.loads(done.stdout)["findings"]}
    assert messages["undated", "reference.from"] == "2013-02-30 is not a date. Allowed: YYYY-MM-DD, YYYY-MM-DD HH:MM:SS."
    assert messages["undated", "healthy.to"].startswith("soon is not a date")
