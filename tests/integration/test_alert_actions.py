"""From a breach to what people are told, with acknowledgements, snoozes, mutes and rules that change, on both warehouses."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from ml_monitor.alerts.actions import ActionError, acknowledge, duration, precision, snooze
from ml_monitor.cli import app
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, feedback, logs, predictions
from tests.project import ALERTS, PostgresProject, Project

EVENTS = "main_ml_monitor.ml_monitor__alert_events"
STATES = "main_ml_monitor.ml_monitor__alert_states"
SELECTED = (*ALERTS, "+ml_monitor__rpt_alerts", "ml_monitor__alert_deliveries", "ml_monitor__alert_delivery_attempts")
WATCHED: dict[str, Any] = MONITOR | {
    "thresholds": {"label_coverage": {"alert": 0.5}, "psi": None, "concept_drift": None, "row_count": None},
    "alerting": {"resolve_after": 1, "renotify_after": 1},
}
LOG = predictions()


def labelled_until(day: str) -> pd.DataFrame:
    labels = feedback(LOG, delay_hours=0)
    return labels[labels["labelled_at"] < day]


def until(day: int) -> str:
    return f"2026-01-{day:02d} 00:00:00"


def log_until(day: int) -> pd.DataFrame:
    return LOG[LOG["predicted_at"] < until(day)]


# The same SQL as in the tests around it, which run on both.
ON_ONE = pytest.mark.parametrize("make", ["duckdb"], indirect=True)


@pytest.fixture(params=["duckdb", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Project]:
    """Make the project whose labels stop on 6 January."""

    def made(**options: Any) -> Project:
        content = logs(predictions=log_until(7), feedback=labelled_until("2026-01-06"))
        options = {"now": until(7), "logs": content, "name": "consumer"} | options
        if request.param == "duckdb":
            return Project(tmp_path / "project", {"churn": WATCHED}, **options)
        return PostgresProject(
            tmp_path / "project", {"churn": WATCHED}, server=request.getfixturevalue("postgres_url"), **options
        )

    return made


def warehouse(project: Project) -> Warehouse:
    return Warehouse.from_dbt(project.directory)


def told(project: Project) -> list[tuple[str, str]]:
    rows = project.rows(
        f"select event_type, cast(window_start as date) from {EVENTS} where metric = 'label_coverage' order by window_start, event_type"
    )
    return [(kind, str(day)) for kind, day in rows]


def live(project: Project, day: int) -> None:
    """Another day of predictions without labels."""
    project.load("predictions", log_until(day))
    project.run(*SELECTED, now=until(day))


def alert_of(project: Project) -> str:
    return str(project.rows(f"select incident_id from {STATES} where metric = 'label_coverage' and is_open")[0][0])


@ON_ONE
def test_acknowledged_incidents_are_not_repeated_but_their_end_is_told(make: Callable[..., Project]) -> None:
    project = make()
    project.run()  # `status` looks at everything
    assert told(project) == [("opened", "2026-01-06")]
    live(project, 8)
    assert told(project)[-1] == ("renotified", "2026-01-07")
    house = warehouse(project)
    now = datetime(2026, 1, 8, 1)
    (action,) = acknowledge(house, alert_of(project)[:8], actor="ann", now=now, verdict="false_alarm", note="it's known; -- ok")
    assert acknowledge(house, alert_of(project), actor="ann", now=now, verdict="false_alarm", note="it's known; -- ok") == [action]
    assert len(house.query(f"select * from {house.table('alert_actions')}")) == 1, "written once"
    acknowledge(house, alert_of(project), actor="bob", now=now + timedelta(hours=1), verdict="useful")
    live(project, 9)
    live(project, 10)
    assert len(told(project)) == 2
    assert project.rows(f"select is_acknowledged from {STATES} where is_open and metric = 'label_coverage'") == [(True,)]
    found = precision(house)
    assert [(row["metric"], row["n_judged"], float(row["alert_precision"])) for row in found] == [("label_coverage", 1, 1.0)]
    where = ["--project-dir", str(project.directory), "--profiles-dir", str(project.directory)]
    seen = json.loads(CliRunner().invoke(app, ["status", "--json", *where]).stdout)
    assert [(row["metric"], row["n_judged"]) for row in seen["precision"]] == [("label_coverage", 1)]
    shown = CliRunner().invoke(app, ["status", *where]).output
    assert "Alerts that people judged" in shown and alert_of(project)[:8] in shown
    replayed = CliRunner().invoke(app, ["replay", "churn", "label_coverage", *where])
    assert "raises 1 of 1 useful ones" in " ".join(replayed.output.split()), replayed.output
    blind = json.loads(CliRunner().invoke(app, ["replay", "churn", "label_coverage", "--alert", "-1", "--json", *where]).stdout)
    assert blind["answered"] == {"useful": 1, "useful_raised": 0, "false_alarms": 0, "false_alarms_raised": 0}
    project.load("feedback", pd.concat([labelled_until("2026-01-06"), feedback(LOG, delay_hours=0).iloc[540:]]))
    live(project, 11)
    assert told(project)[-1] == ("resolved", "2026-01-10")


@ON_ONE
def test_snoozed_alerts_wake_up(make: Callable[..., Project]) -> None:
    project = make()
    project.run(*SELECTED)
    snooze(warehouse(project), alert_of(project), until=datetime(2026, 1, 9), actor="ann", now=datetime(2026, 1, 7, 1))
    live(project, 8)
    live(project, 9)
    assert told(project) == [("opened", "2026-01-06")]
    assert project.rows(f"select muted_because from {STATES} where metric = 'label_coverage' and is_open") == [("snoozed",)]
    live(project, 10)
    assert told(project) == [("opened", "2026-01-06"), ("renotified", "2026-01-09")]


def test_mutes_tell_nobody_and_end(make: Callable[..., Project]) -> None:
    project = make(
        variables={"ml_monitor__alert_mutes": "raw.mutes"},
        logs=logs(
            predictions=log_until(7),
            feedback=labelled_until("2026-01-06"),
            mutes=pd.DataFrame(
                [
                    {
                        "monitor": "churn",
                        "metric": "label_coverage",
                        "feature": "",
                        "segment": None,
                        "segment_value": None,
                        "starts_at": until(5),
                        "ends_at": until(8),
                        "reason": "labels move to another system",
                    }
                ]
            ),
        ),
    )
    project.run(*SELECTED)
    assert told(project) == []
    assert project.rows(f"select muted_because from {STATES} where is_open") == [("labels move to another system",)]
    live(project, 9)
    assert told(project) == [("opened", "2026-01-08")]


@ON_ONE
def test_quiet_hours_hold_a_warning_back(make: Callable[..., Project]) -> None:
    """By the clock of Berlin, an hour ahead in January; its night begins on the day before."""
    project = make()
    rules = WATCHED["thresholds"] | {"label_coverage": {"alert": 0.5, "severity": "warning"}}
    hours = {"from": 22, "to": 7, "timezone": "Europe/Berlin"}
    project.monitors = {"churn": WATCHED | {"thresholds": rules, "alerting": {"quiet_hours": hours}}}
    project.write_config()
    project.run(*SELECTED, now="2026-01-07 21:30:00")
    assert project.rows(f"select event_type, severity, deliver_after from {EVENTS}") == [("opened", "warning", datetime(2026, 1, 8, 6))]
    where = ["--project-dir", str(project.directory), "--profiles-dir", str(project.directory), "--json"]
    sent = []
    for now in ("2026-01-08T05:59:00", "2026-01-08T06:00:00"):
        done = CliRunner().invoke(app, ["deliver", "--now", now, *where])
        sent.append(project.rows("select status from main_ml_monitor.ml_monitor__alert_deliveries"))
    assert done.exit_code == 0 and sent == [[("pending",)], [("sent",)]]


@ON_ONE
def test_an_alert_that_no_rule_watches_any_more_is_resolved(make: Callable[..., Project]) -> None:
    project = make()
    project.run(*SELECTED)
    project.monitors = {"churn": WATCHED | {"thresholds": WATCHED["thresholds"] | {"label_coverage": None}}}
    project.write_config()
    live(project, 8)
    assert told(project) == [("opened", "2026-01-06"), ("resolved", "2026-01-06")]
    assert project.rows(f"select count(*) from {STATES} where is_open") == [(0,)]
    live(project, 9)
    assert len(told(project)) == 2, "told once"


@ON_ONE
def test_what_a_backfill_found_does_not_stay_open(make: Callable[..., Project]) -> None:
    project = make(now="2026-03-01 00:00:00")
    project.run(*SELECTED)
    assert told(project) == [("opened", "2026-01-06"), ("resolved", "2026-01-06")]
    reports = f"select is_open, resolved_at is not null from {EVENTS.replace('alert_events', 'rpt_alerts')}"
    assert project.rows(reports) == [(False, True)]
    assert project.rows(f"select count(*) from {STATES} where is_open") == [(0,)]


def test_an_incident_that_was_told_stays_open_though_nothing_is_judged_any_more(make: Callable[..., Project]) -> None:
    project = make()
    project.run(*SELECTED)
    project.run(*SELECTED, now="2026-03-01 00:00:00")
    assert ("resolved", "2026-01-06") not in told(project)
    assert project.rows(f"select count(*) from {STATES} where is_open and metric = 'label_coverage'") == [(1,)]


def test_the_commands(make: Callable[..., Project]) -> None:
    project = make()
    project.run(*SELECTED)
    where = ["--project-dir", str(project.directory), "--profiles-dir", str(project.directory)]
    runner = CliRunner()
    snoozed = runner.invoke(app, ["snooze", alert_of(project), "--for", "3d", "--json", *where])
    assert snoozed.exit_code == 0 and '"until_at": "2026-01-10T00:00:00"' in snoozed.stdout
    acknowledged = runner.invoke(app, ["ack", alert_of(project), "--verdict", "useful", "--actor", "ann", *where])
    assert acknowledged.exit_code == 0 and "acknowledged by ann" in acknowledged.output
    for wrong, words in (
        (["ack", "ffffff"], "no alert has an id"),
        (["ack", "x' or 1=1"], "is not an id"),
        (["snooze", "ffffff", "--for", "soon"], "not a duration"),
    ):
        refused = runner.invoke(app, [*wrong, *where])
        assert refused.exit_code == 1 and words in " ".join(refused.output.split())


@pytest.mark.parametrize(("text", "hours"), [("8h", 8), ("3d", 72), ("2w", 336)])
def test_durations(text: str, hours: int) -> None:
    assert duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "0d", "-1d", "d", "1m", "1.5h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ActionError, match="not a duration"):
        duration(text)
