"""A warehouse where dbt never ran, or that lost a table: each command says which, exits with 1 and leaves nothing behind."""

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from ml_monitor.cli import app
from tests.audit.conftest import MONITOR, copied
from tests.integration.logs import NOW, logs
from tests.project import PostgresProject, Project

COMMANDS = {
    "report": ["report", "--output", "{out}/deep/report.html"],
    "status": ["status"],
    "explain": ["explain", "churn/psi/amount"],
    "as-of": ["as-of", "2026-02-01"],
    "export": ["audit", "export", "--from", "2026-01-01", "--to", "2026-01-11", "--output", "{out}"],
}


def outcome(command: str, project: Path, out: Path, *options: str) -> tuple[int, str]:
    """Exit code and all words of a command."""
    arguments = [word.format(out=out) for word in COMMANDS[command]]
    done = CliRunner().invoke(app, [*arguments, "--project-dir", str(project), "--profiles-dir", str(project), *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.parametrize(
    ("table", "failing"),
    [
        ("verdicts", {"report", "status", "explain", "export"}),
        ("windows", {"report", "status", "explain", "export"}),
        ("alert_actions", {"status", "as-of", "export"}),
        ("feature_profiles", {"explain"}),
        ("monitors_history", {"as-of"}),
    ],
)
def test_a_lost_table_is_named(built: Project, tmp_path: Path, table: str, failing: set[str]) -> None:
    copy, out = copied(built, tmp_path / "copy"), tmp_path / "out"
    name = f"ml_monitor__{table}"
    with duckdb.connect(str(copy / "warehouse.duckdb")) as connection:
        kind = connection.execute("select table_type from information_schema.tables where table_name = ?", [name]).fetchall()[0][
            0
        ]
        connection.execute(f"drop {'view' if kind == 'VIEW' else 'table'} main_ml_monitor.{name}")
    for command in COMMANDS:
        code, told = outcome(command, copy, out / command)
        assert code == (1 if command in failing else 0), (command, told)
        if command in failing:
            remedy = "run `dbt snapshot` or `dbt build`" if table.endswith("_history") else "run `dbt build` first"
            assert f"Error: {'no snapshot was taken' if table.endswith('_history') else name}" in told and name in told, told
            assert remedy in told, told
            assert not (out / command).exists(), f"{command} left something behind"


def test_where_dbt_never_ran(built: Project, tmp_path: Path) -> None:
    copy, out = copied(built, tmp_path / "copy"), tmp_path / "out"
    with duckdb.connect(str(copy / "warehouse.duckdb")) as connection:
        connection.execute("drop schema main_ml_monitor cascade")
    check(copy, out)
    (copy / "warehouse.duckdb").unlink()
    check(copy, out)


def test_where_dbt_never_ran_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    made = PostgresProject(tmp_path / "project", {"churn": MONITOR}, now=NOW, logs=logs(), server=postgres_url)
    check(made.directory, tmp_path / "out")


def check(project: Path, out: Path) -> None:
    for command in COMMANDS:
        code, told = outcome(command, project, out)
        assert code == 1 and "run `dbt" in told and len(told) < 800, (command, told)
        code, told = outcome(command, project, out, "--json")
        assert code == 1 and json.loads(told)["status"] == "error", (command, told)
        assert not out.exists()


@pytest.mark.parametrize("command", ["report", "export"])
def test_where_nothing_can_be_written(built: Project, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("no directory")
    code, told = outcome(command, built.directory, tmp_path / "file" / "out")
    assert code == 1 and "Nothing was written" in told and [path.name for path in tmp_path.iterdir()] == ["file"], told
