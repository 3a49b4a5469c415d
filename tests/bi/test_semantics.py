"""The semantic models: parsed by dbt, validated and queried by the real MetricFlow in an environment of its own."""

import csv
import subprocess
from pathlib import Path

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from typer.testing import CliRunner

from ml_monitor.cli import app
from tests.environments import environment, plain_environment
from tests.live.conftest import make_live
from tests.project import Project


@pytest.fixture(scope="module")
def layered(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_live(tmp_path_factory.mktemp("semantics") / "project")
    added = CliRunner().invoke(app, ["bi", "semantics", "--project-dir", str(made.directory)])
    assert added.exit_code == 0 and added.output.count("wrote") == 3, added.output
    again = CliRunner().invoke(app, ["bi", "semantics", "--project-dir", str(made.directory)])
    assert again.exit_code == 3
    made.write_config()
    made.run("--select", "ml_monitor_time_spine")
    DuckDBConnectionManager.close_all_connections()
    return made


def metricflow(made: Project, *arguments: str) -> str:
    tool = environment(Path(__file__).with_name("metricflow.txt")) / "mf"
    variables = plain_environment(DBT_PROFILES_DIR=str(made.directory), DBT_SEND_ANONYMOUS_USAGE_STATS="false", CI="true")
    done = subprocess.run(
        [tool, *arguments], cwd=made.directory, capture_output=True, text=True, env=variables, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def query(made: Project, *arguments: str) -> list[dict[str, str]]:
    output = made.directory / "answer.csv"
    output.unlink(missing_ok=True)
    metricflow(made, "query", *arguments, "--csv", str(output))
    with output.open() as lines:
        return list(csv.DictReader(lines))


def test_metricflow_finds_nothing_wrong(layered: Project) -> None:
    said = metricflow(layered, "validate-configs")
    assert "ERRORS: 0" in said.upper(), said


def test_metrics_are_the_numbers_of_the_tables(layered: Project) -> None:
    rows = query(layered, "--metrics", "ml_monitor_verdicts,ml_monitor_alert_share", "--group-by", "verdict__metric")
    found = {
        row["verdict__metric"]: (int(float(row["ml_monitor_verdicts"])), float(row["ml_monitor_alert_share"])) for row in rows
    }
    wanted = layered.rows(
        """select metric, count(*), avg(case when status = 'alert' then 1.0 else 0 end)
        from main_ml_monitor.ml_monitor__verdicts group by metric"""
    )
    assert found == {metric: (n, pytest.approx(share)) for metric, n, share in wanted}
    DuckDBConnectionManager.close_all_connections()
    rows = query(layered, "--metrics", "ml_monitor_incidents,ml_monitor_open_incidents", "--group-by", "monitor,monitor__task")
    incidents = layered.rows("select count(*), count(case when is_open then 1 end) from main_ml_monitor.ml_monitor__rpt_alerts")[
        0
    ]
    assert [
        (row["monitor__task"], int(float(row["ml_monitor_incidents"])), int(float(row["ml_monitor_open_incidents"])))
        for row in rows
    ] == [("binary", *incidents)]


def test_a_value_is_the_last_one_and_no_average(layered: Project) -> None:
    where = "{{ Dimension('verdict__metric') }} = 'psi' and {{ Dimension('verdict__feature') }} = 'amount' and "
    where += "{{ Dimension('verdict__segment') }} = '__all__' and {{ Dimension('verdict__span') }} = 1"
    rows = query(layered, "--metrics", "ml_monitor_latest_value", "--group-by", "metric_time__year", "--where", where)
    wanted = layered.rows(
        """select metric_value from main_ml_monitor.ml_monitor__verdicts
        where metric = 'psi' and feature = 'amount' and segment = '__all__' and span = 1 order by window_end desc limit 1"""
    )
    assert [float(row["ml_monitor_latest_value"]) for row in rows] == [pytest.approx(wanted[0][0], rel=1e-6)]


def test_the_files_are_not_in_the_package(layered: Project) -> None:
    assert (layered.directory / "models" / "monitoring" / "ml_monitor_semantics.yml").is_file()
    assert not list((Path(__file__).parents[2] / "models").rglob("*semantic*"))
