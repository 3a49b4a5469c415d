"""Alerts grouped by what their features have upstream: a real project whose log joins two models, one of which breaks."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import yaml
from typer.testing import CliRunner

from ml_monitor.alerts.answers import Answer
from ml_monitor.alerts.incidents import Suspect, incidents
from ml_monitor.alerts.upstream import Column, Lineage
from ml_monitor.cli import app
from ml_monitor.settings import DbtProject, wall_clock
from ml_monitor.warehouse import Warehouse
from tests.delivery.receiver import Receiver
from tests.integration.logs import MONITOR, NOW, logs, predictions
from tests.integration.test_privacy import unpacked
from tests.project import Project

MODELS = {
    "customers": "select prediction_id, a1 * 2 as renamed, a2 from {{ source('raw', 'crm') }}",
    "accounts": "select prediction_id, b1, b2 from {{ source('raw', 'bank') }}",
    "scored": """
        with joined as (
            select log.*, customers.renamed as f1, customers.a2 + 0 as f2, accounts.b1 as f3, accounts.b2 as f4
            from {{ source('raw', 'predictions') }} as log
            left join {{ ref('customers') }} as customers on customers.prediction_id = log.prediction_id
            left join {{ ref('accounts') }} as accounts on accounts.prediction_id = log.prediction_id
        )
        select prediction_id, predicted_at, model_version, y_score, y_pred, f1, f2, f3, f4, amount from joined
    """,
}


def built(project: Callable[..., Project]) -> Project:
    log = predictions()
    reference = predictions(days=20, start="2025-12-01", seed=9)
    everything = pd.concat([log, reference])
    crm = pd.DataFrame({"prediction_id": everything["prediction_id"], "a1": everything["amount"], "a2": everything["amount"]})
    bank = crm.rename(columns={"a1": "b1", "a2": "b2"})
    broken = crm["prediction_id"].isin(log.loc[log["predicted_at"] >= "2026-01-10", "prediction_id"])
    crm.loc[broken, ["a1", "a2"]] = 99.0
    features = {name: reference["amount"].to_numpy() * (2 if name == "f1" else 1) for name in ("f1", "f2", "f3", "f4")}
    monitor = MONITOR | {
        "predictions": "scored",
        "features": dict.fromkeys(["f1", "f2", "f3", "f4", "amount"], "numeric"),
        "segments": [],
        "thresholds": {"concept_drift": None},
    }
    content = logs(predictions=log, reference=reference.assign(**features), crm=crm, bank=bank)
    made = project({"churn": monitor}, now=NOW, logs=content, writes_artifacts=True)
    for name, sql in MODELS.items():
        (made.directory / "models" / f"{name}.sql").write_text(sql)
    git = ["git", "-C", str(made.directory), "-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "models"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Double the amount"], check=True)
    made.run()
    return made


def test_features_from_one_model_are_one_incident_with_that_model_as_suspect(project: Callable[..., Project]) -> None:
    made = built(project)
    found = incidents(Warehouse.from_dbt(made.directory), DbtProject.load(made.directory))
    suspected = [one for one in found if one.suspect]
    assert len(suspected) == 1
    suspect = suspected[0].suspect
    assert suspect is not None and suspect.node in ("model.consumer.customers", "source.consumer.raw.crm")
    assert {alert.split(" of ")[1].split(" ")[0] for alert in suspected[0].alerts} == {"f1", "f2"}
    lineage = Lineage(json.loads((made.directory / "target" / "manifest.json").read_text()))
    sources = {one for one in lineage.ancestors(Column("model.consumer.scored", "f1")) if one.node.startswith("source")}
    assert sources == {Column("source.consumer.raw.crm", "a1")}
    where = ["--project-dir", str(made.directory), "--profiles-dir", str(made.directory)]
    shown = CliRunner().invoke(app, ["incidents", *where])
    assert shown.exit_code == 0 and "suspect: " in shown.output
    assert yaml.safe_load(CliRunner().invoke(app, ["incidents", "--json", *where]).stdout)["incidents"][0]["monitor"] == "churn"
    page = made.directory / "report.html"
    reported = CliRunner().invoke(app, ["report", "--output", str(page), *where])
    assert reported.exit_code == 0 and "no suspects" not in reported.output, reported.output
    assert suspect.node in unpacked(page.read_text())
    tell_once(made, suspect)
    if suspect.path:
        assert "Ann: Double the amount" in str(suspect.last_change) and Path(suspect.path).name == "customers.sql"


def tell_once(made: Project, suspect: Suspect) -> None:
    """Slack gets one message for f1 and f2, whose links answer both; a machine gets each."""
    warehouse, receiver = Warehouse.from_dbt(made.directory), Receiver()
    settings = {"ML_MONITOR_SLACK_WEBHOOK_URL": receiver.url, "ML_MONITOR_WEBHOOK_URL": receiver.url.replace("hook", "each")}
    settings |= {"ML_MONITOR_ANSWER_URL": "https://example.org", "ML_MONITOR_ANSWER_SECRET": "a-secret-of-many-letters"}
    settings |= {"ML_MONITOR_DIGEST_ABOVE": "1000"}
    done = CliRunner().invoke(app, ["deliver", "--json", "--project-dir", str(made.directory)], env=settings)
    receiver.close()
    assert done.exit_code == 0, done.output
    alerts = warehouse.query(f"select event_id, incident_id, feature from {warehouse.table('alert_events')}")
    both = [row for row in alerts if row["feature"] in ("f1", "f2")]
    slack = [json.loads(one.body) for one in receiver.requests if one.path == "/hook"]
    together = [one for one in slack if suspect.node in json.dumps(one)]
    assert len(together) == 1 and len(slack) == len(alerts) - len(both) + 1
    assert len([one for one in receiver.requests if one.path == "/each"]) == len(alerts)
    links = [button["url"] for block in together[0]["blocks"] if block["type"] == "actions" for button in block["elements"]]
    answer = Answer.read(links[0].rsplit("/", 1)[1], "a-secret-of-many-letters", wall_clock())
    assert sorted(answer.incident_id.split(",")) == sorted(row["incident_id"] for row in both)
    ledger = warehouse.query(
        f"select status, provider_reference from {warehouse.table('alert_deliveries')} where channel = 'slack'"
    )
    assert {row["status"] for row in ledger} == {"sent"} and len(ledger) == len(alerts)
