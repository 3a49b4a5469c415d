"""The command line as a user runs it."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ml_monitor.cli import app
from tests.macros import macros
from tests.project import REPOSITORY

COMMANDS = ("init", "add", "check", "status", "report", "deliver", "exporter", "collect", "import-prometheus", "retrain", "rollback")


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "140", "NO_COLOR": "1", "TERM": "dumb"})


@pytest.fixture
def project_dir(tmp_path: Path) -> Path:
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    return tmp_path


def test_help_is_cheap():
    code = (
        "import sys; from ml_monitor.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'sklearn', 'sqlalchemy', 'duckdb', 'httpx', 'pydantic', 'dbt', 'dagster'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches(command):
    done = run(command, "--help")
    assert done.exit_code == 0
    text = re.sub(r"\s+", " ", done.stdout)
    assert f"ml-monitor {command}" in text.split("Example: ")[1]


def test_one_version():
    package, pyproject = (REPOSITORY / name for name in ("dbt_project.yml", "pyproject.toml"))
    declared = {yaml.safe_load(package.read_text())["version"], tomllib.loads(pyproject.read_text())["project"]["version"]}
    assert declared == {run("--version").stdout.strip(), macros("audit").package_version()}


def test_errors_are_one_line_for_people_and_one_object_for_programs(tmp_path):
    for_people = run("status", "--project-dir", str(tmp_path))
    assert for_people.exit_code == 1
    assert "dbt_project.yml does not exist" in for_people.stderr
    assert "Traceback" not in for_people.output

    for_programs = run("status", "--project-dir", str(tmp_path), "--json")
    assert for_programs.exit_code == 1
    assert json.loads(for_programs.stdout)["error"] == "ProjectError"


def test_init_twice(project_dir):
    first = run("init", "--local", "../package", "--project-dir", str(project_dir), "--json")
    again = run("init", "--local", "../package", "--project-dir", str(project_dir), "--json")
    assert (first.exit_code, json.loads(first.stdout)["status"]) == (0, "done")
    assert (again.exit_code, json.loads(again.stdout)["status"]) == (3, "nothing_to_do")


@pytest.mark.parametrize("arguments", [[], ["--local", "a", "--git", "b"], ["--local", "a", "--revision", "v1"]])
def test_init_wants_one_place(project_dir, arguments):
    assert run("init", *arguments, "--project-dir", str(project_dir)).exit_code == 2
    assert not (project_dir / "packages.yml").exists()


def test_add_prints_what_to_declare(project_dir):
    done = run("add", "churn", "--project-dir", str(project_dir))
    assert done.exit_code == 0
    assert "    churn:" in done.stdout
    assert len(list((project_dir / "models" / "monitoring").iterdir())) == 6
    assert "churn" not in (project_dir / "dbt_project.yml").read_text()


def test_add_writes_when_asked_and_never_twice(project_dir):
    done = run("add", "churn", "--write", "--json", "--project-dir", str(project_dir))
    assert json.loads(done.stdout)["config_written"] is True
    assert "churn:" in (project_dir / "dbt_project.yml").read_text()

    again = run("add", "churn", "--project-dir", str(project_dir))
    assert again.exit_code == 1
    assert "nothing written, already there" in again.stderr


def test_add_says_when_it_cannot_write_and_fails(project_dir):
    config = project_dir / "dbt_project.yml"
    text = config.read_text() + "\nvars: {ml_monitor__monitors: {}}\n"
    config.write_text(text)
    done = run("add", "churn", "--write", "--project-dir", str(project_dir))
    assert done.exit_code == 1
    assert "could not be changed safely" in done.output.replace("\n", " ")
    assert config.read_text() == text


def test_add_refuses_a_name_that_is_a_trick(project_dir):
    done = run("add", "x'); drop table users; --", "--project-dir", str(project_dir))
    assert done.exit_code == 1
    assert not (project_dir / "models").exists()


def test_a_secret_that_is_wrong_is_not_shown(project_dir):
    done = run("deliver", "--webhook-url", "hunter2", "--project-dir", str(project_dir))
    assert done.exit_code == 1
    assert "ML_MONITOR_WEBHOOK_URL" in done.stderr
    assert "hunter2" not in done.output


def test_a_now_that_is_no_time(project_dir):
    (project_dir / "profiles.yml").write_text("shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n")
    (project_dir / "shop.duckdb").touch()
    done = run("deliver", "--now", "soon", "--project-dir", str(project_dir), "--json")
    assert done.exit_code == 1
    assert "'soon' is no time" in json.loads(done.stdout)["message"]
