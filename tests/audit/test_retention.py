"""Retention: old rows go, whole windows at a time, and no figure changes."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from typer.testing import CliRunner

from ml_monitor.cli import app
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import PostgresProject, Project

KEEPING = MONITOR | {"retention": {"logs": 5, "events": 5}, "label_delay": 0}
LATE = """insert into raw.predictions
    select 'late', timestamp '%s', model_version, amount, plan, y_score, y_pred from raw.predictions limit 1"""
SCHEMA = "main_ml_monitor.ml_monitor__"
KEPT = ("feature_profiles", "outcome_profiles", "metric_values", "verdicts", "alert_events", "alert_states", "windows")


def made_logs():
    """Labels that are two days late, one of no prediction, an old feedback event and a new one."""
    log = predictions()
    labels = feedback(log, delay_hours=50)
    labels.loc[len(labels)] = {"prediction_id": "nobody", "label": 1, "labelled_at": labels["labelled_at"].min()}
    return logs(predictions=log, feedback=labels)


def build(made: Project) -> None:
    made.run()
    DuckDBConnectionManager.close_all_connections()


def invoke(made: Project, *arguments: str):
    where = ["--project-dir", str(made.directory), "--profiles-dir", str(made.directory)]
    return CliRunner().invoke(app, ["retention", *arguments, *where])


def figures(made: Project) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for name in KEPT:
        frame = made.frame(f"select * from {SCHEMA}{name}").drop(columns=["updated_at"], errors="ignore").round(9)
        found[name] = sorted(map(str, frame[sorted(frame.columns)].itertuples(index=False)))
    return found


def counts(made: Project) -> tuple[int, int]:
    return made.rows("select (select count(*) from raw.predictions), (select count(*) from raw.feedback)")[0]


def apply(made: Project) -> None:
    """Built, planned and applied."""
    build(made)
    warehouse = Warehouse.from_dbt(made.directory)
    times = {"old": "2026-01-02", "new": "2026-01-09"}
    warehouse.insert(
        "feedback_events",
        [{"feedback_id": name, "monitor": "churn", "kind": "thumbs", "received_at": time} for name, time in times.items()],
    )
    rows = counts(made)
    planned = invoke(made, "--json")
    assert planned.exit_code == 0, planned.output
    deletions = json.loads(planned.stdout)["deletions"]
    assert [(one["rule"], one["n_rows"]) for one in deletions] == [("logs", 301), ("logs", 300), ("events", 1)]
    assert {str(one["cutoff"])[:10] for one in deletions} == {"2026-01-06"}
    assert counts(made) == rows, "a plan changes nothing"

    applied = invoke(made, "--apply", "--actor", "privacy-office")
    assert applied.exit_code == 0 and "deleted 602 rows" in applied.output, applied.output
    assert counts(made) == (rows[0] - 300, rows[1] - 301)
    recorded = made.frame(f"select * from {SCHEMA}retention_actions")
    assert len(recorded) == 3 and set(recorded["actor"]) == {"privacy-office"} and set(recorded["keep_days"]) == {5}
    assert made.rows(f"select feedback_id from {SCHEMA}feedback_events") == [("new",)]
    assert invoke(made, "--apply").exit_code == 3


def test_old_rows_go_and_the_figures_stay(project: Callable[..., Project]) -> None:
    made = project({"churn": KEEPING}, logs=made_logs(), now=NOW)
    apply(made)
    before = figures(made)
    # A late row of the days that are left: its window is counted again, beside those that the log no longer has.
    made.execute(LATE % "2026-01-09 12:00:00")
    build(made)
    after = figures(made)
    for name in ("feature_profiles", "outcome_profiles", "metric_values", "verdicts"):
        kept = set(after[name])
        gone = [row for row in before[name] if row not in kept]
        assert not [row for row in gone if not re.search(r"2026-01-(08|09|1\d)", row)], name
    assert set(before["alert_events"]) <= set(after["alert_events"]) and after["windows"] == before["windows"]
    counted = f"select sum(n) from {SCHEMA}feature_profiles where feature = '__all__' and segment = '__all__' and bin = 0"
    assert made.rows(counted)[0][0] == 601

    made.execute(LATE % "2026-01-02 12:00:00")
    refused = invoke(made, "--apply")
    assert refused.exit_code == 1 and "run `dbt build` first" in refused.output.replace("\n", " ")


def test_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    apply(PostgresProject(tmp_path / "project", {"churn": KEEPING}, logs=made_logs(), now=NOW, server=postgres_url))


def test_a_view_is_refused_and_its_table_is_named(project: Callable[..., Project]) -> None:
    made = project({"churn": KEEPING | {"predictions": "seen"}}, logs=made_logs(), now=NOW)
    (made.directory / "models" / "seen.sql").write_text("select * from {{ source('raw', 'predictions') }}")
    made.run("--select", "+ml_monitor__monitors", "+ml_monitor__windows", "ml_monitor__retention_actions")
    DuckDBConnectionManager.close_all_connections()
    refused = invoke(made, "--apply")
    assert refused.exit_code == 1 and "'seen' is a view" in refused.output and "retention.predictions" in refused.output


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"retention": 30}, ["key 'retention'", "logs, events"]),
        ({"retention": {"log": 30}}, ["key 'retention'", "logs, events"]),
        ({"retention": {"logs": 0}}, ["key 'retention.logs'", "from 1"]),
        ({"retention": {"feedback": True}}, ["key 'retention.feedback'", "false, to leave it"]),
        ({"retention": {"logs": 30}, "retraining": {"train_days": 60}}, ["key 'retention.logs'", "train_days 60"]),
        ({"retention": {"logs": 30}, "comparison": {"on": "amount"}}, ["key 'retention.logs'", "does not go with comparison"]),
    ],
)
def test_wrong_config(project: Callable[..., Project], change: dict[str, object], words: list[str]) -> None:
    message = project({"churn": MONITOR | change}).error()
    assert all(word in message for word in words), message
