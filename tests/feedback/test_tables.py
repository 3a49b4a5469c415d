"""Feedback that lies in a table: dbt brings it into the ledger, each row once, and says which rows are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_monitor.warehouse import Warehouse
from tests.project import PostgresProject, Project

MONITOR = {"predictions": "raw.log", "features": {"x": "numeric"}, "reference": {"from": "2014-01-01", "to": "2014-01-03"}}
TABLE = {
    "relation": "raw.reviews",
    "id": ["team", "number"],
    "source": "experts",
    "fixed": {"monitor": "flight_delay", "kind": "correction"},
    "columns": {"prediction_id": "flight", "label": "right", "reviewer": "who's", "occurred_at": "said_at"},
    "loaded_at": "changed_at",
}


def log() -> pd.DataFrame:
    moments = pd.to_datetime(["2014-01-01", "2014-01-02"])
    return pd.DataFrame(
        {"prediction_id": ["a", "b"], "predicted_at": moments, "model_version": "v1", "y_score": 0.5, "y_pred": 1, "x": 1.0}
    )


def reviews(*rows: tuple[Any, ...]) -> pd.DataFrame:
    names = ["team", "number", "flight", "right", "who's", "said_at", "changed_at"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({"said_at": "datetime64[us]", "changed_at": "datetime64[us]"})


def row(
    number: int, day: int, label: str | None = "1", flight: str = "'; drop table x; --", changed: int | None = None
) -> tuple[Any, ...]:
    return ("t1", number, flight, label, "Ana", f"2014-02-{day:02}", f"2014-02-{changed or day:02}")


@pytest.fixture(params=["duckdb", "postgres"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    options: dict[str, Any] = {
        "logs": {"log": log(), "reviews": reviews(row(1, 1), row(2, 2), row(2, 2), row(3, 2, None))},
        "variables": {"ml_monitor__feedback_tables": {"expert_reviews": TABLE}},
    }
    if request.param == "postgres":
        return PostgresProject(
            tmp_path / "project", {"flight_delay": MONITOR}, server=request.getfixturevalue("postgres_url"), **options
        )
    return Project(tmp_path / "project", {"flight_delay": MONITOR}, **options)


def test_rows_of_a_table_become_events_once(made: Project) -> None:
    test = made.directory / "tests" / "refused.sql"
    test.parent.mkdir()
    test.write_text("{{ ml_monitor.refused_feedback('expert_reviews') }}")
    models = ("--select", "ml_monitor__feedback_events")
    made.run(*models)
    events = Warehouse.from_dbt(made.directory).table("feedback_events")
    said = f"select label, reviewer, source, client, prediction_id from {events} order by occurred_at"
    assert made.rows(said) == [("1", "Ana", "experts", "table_expert_reviews", "'; drop table x; --")] * 2
    made.run(*models)
    assert len(made.rows(said)) == 2, "again"
    made.load("reviews", reviews(row(1, 1), row(2, 2, "0", changed=3), row(3, 2, "1", changed=3), row(4, 1)))
    made.run(*models)
    assert sorted(label for label, *_ in made.rows(said)) == ["0", "1", "1", "1", "1"], "changed, ready now, and new"
    made.load("reviews", reviews(row(5, 28), row(6, 3)))
    made.run(*models)
    made.load("reviews", reviews(row(7, 3)))
    made.run(*models, "--full-refresh")
    assert len(made.rows(said)) == 7, "so far behind the bookmark that it is not looked at; and nothing is lost"
    made.load("reviews", reviews(row(1, 1, None), ("t1", None, "x", "1", "Ana", "2014-02-01", "2014-02-01")))
    assert not made.dbt("test", "--select", "refused").success
    refused = made.rows(f"select count(*), count(distinct feedback_id) from {events}")
    assert refused == [(7, 7)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"relaton": "x"}, "key 'relaton': is not a known key. Allowed: relation, id"),
        ({"id": []}, "key 'id': is required"),
        ({"columns": {"stars": "x"}}, "key 'columns.stars': is no field of an event. Allowed: monitor"),
        ({"fixed": {"monitor": "flight_delay"}}, "key 'kind': is neither in columns nor in fixed"),
        ({"lookback_days": -1}, "key 'lookback_days': -1 is not a whole number"),
    ],
)
def test_a_wrong_declaration_is_one_clear_error(project: Callable[..., Project], change: dict[str, Any], words: str) -> None:
    tables = {"expert_reviews": {**TABLE, **change}}
    made = project({"flight_delay": MONITOR}, logs={"log": log()}, variables={"ml_monitor__feedback_tables": tables})
    assert f"feedback table 'expert_reviews', {words}" in made.error("--select", "ml_monitor__feedback_events")
