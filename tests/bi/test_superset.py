"""The Superset bundle, imported by the real Superset in an environment of its own; it runs the query of every chart on PostgreSQL."""

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from ml_monitor.bi import superset_files
from ml_monitor.cli import app
from tests.environments import environment, plain_environment
from tests.project import PostgresProject

FILES = superset_files("postgresql://reader@warehouse/analytics", "main_ml_monitor")
CHARTS = {content["slice_name"]: content for name, content in FILES.items() if name.startswith("charts/")}
DATASETS = {content["table_name"]: content for name, content in FILES.items() if name.startswith("datasets/")}
TYPES = {"TEXT": "text", "DOUBLE PRECISION": "double precision"}
CONFIG = """
SECRET_KEY = "only for this test, as long as Superset wants it"
SQLALCHEMY_DATABASE_URI = "sqlite:///{home}/superset.db"
FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = {{"CACHE_TYPE": "SimpleCache"}}
RATELIMIT_ENABLED = False
"""


def bundle(output: Path, uri: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["bi", "superset", "--output", str(output), "--uri", uri, *arguments])


def query(chart: dict[str, Any]) -> dict[str, Any]:
    [made] = json.loads(chart["query_context"])["queries"]
    return {"metrics": []} | made | {"columns": [one if isinstance(one, str) else one["label"] for one in made["columns"]]}


@pytest.fixture(scope="module")
def imported(postgres: PostgresProject, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("superset")
    uri = postgres._url.render_as_string(hide_password=False)
    made = bundle(home / "bundle.zip", uri, "--project-dir", str(postgres.directory))
    assert made.exit_code == 0, made.output
    (home / "superset_config.py").write_text(CONFIG.format(home=home))
    python = environment(Path(__file__).with_name("superset.txt")) / "python"
    variables = plain_environment(
        SUPERSET_CONFIG_PATH=str(home / "superset_config.py"), SUPERSET_HOME=str(home), HOME=str(home), FLASK_APP="superset"
    )
    importer = Path(__file__).with_name("superset_import.py")
    command = [python, importer, home / "bundle.zip", home / "answers.json"]
    done = subprocess.run(command, cwd=home, env=variables, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    answers: dict[str, Any] = json.loads((home / "answers.json").read_text())
    return answers


def test_superset_takes_the_bundle(postgres: PostgresProject, imported: dict[str, Any]) -> None:
    assert imported["title"] == "Model monitoring"
    assert set(imported["charts"]) == set(CHARTS) and len(CHARTS) == 7
    assert {name: one["schema"] for name, one in imported["datasets"].items()} == dict.fromkeys(DATASETS, "main_ml_monitor")
    [database] = imported["databases"]
    assert (database["database_name"], database["parameters"]["database"]) == ("ml_monitor", postgres._url.database)
    [chosen] = imported["filters"]
    headline = imported["datasets"]["ml_monitor__rpt_headline"]["id"]
    assert chosen["targets"] == [{"datasetId": headline, "column": {"name": "monitor"}}]


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_answers(imported: dict[str, Any], name: str) -> None:
    answer = imported["charts"][name]
    assert (answer["status"], answer["error"]) == ("success", None)
    wanted = query(CHARTS[name])
    assert answer["colnames"] == [*wanted["columns"], *wanted["metrics"]]
    assert answer["rowcount"] > 0, answer["query"]


@pytest.mark.parametrize("name", CHARTS)
def test_the_form_asks_for_what_the_query_asks(name: str) -> None:
    form, made = CHARTS[name]["params"], query(CHARTS[name])
    assert form["viz_type"] == CHARTS[name]["viz_type"]
    groups = form.get("groupby", [])
    axes = [form["x_axis"], *([groups] if isinstance(groups, str) else groups)] if "x_axis" in form else []
    assert form.get("all_columns", axes) == made["columns"]
    assert form.get("metrics", [form["metric"]] if "metric" in form else []) == made["metrics"]
    assert [json.loads(one) for one in form.get("order_by_cols", [])] == made["orderby"]
    assert "".join(f"({one['sqlExpression']})" for one in form["adhoc_filters"]) == made["extras"]["where"]


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_says_of_its_view_what_dbt_says(postgres: PostgresProject, name: str) -> None:
    manifest = json.loads((postgres.directory / "target" / "manifest.json").read_text())
    columns = manifest["nodes"][f"model.ml_monitor.{name}"]["columns"]
    said = {
        one["column_name"]: (TYPES.get(one["type"], one["type"].lower()), one["description"]) for one in DATASETS[name]["columns"]
    }
    assert said == {column: (one["data_type"], one["description"]) for column, one in columns.items()}
    assert [one["column_name"] for one in DATASETS[name]["columns"] if one["is_dttm"]] == [
        column for column, one in columns.items() if one["data_type"] == "timestamp"
    ]
    assert "monitor" in columns and DATASETS[name]["main_dttm_col"] in {None, *columns}


def test_the_same_warehouse_gives_the_same_bytes_and_no_password(tmp_path: Path) -> None:
    uri = "postgresql+psycopg2://reader:hunter2@warehouse/analytics"
    for name in ("one.zip", "two.zip"):
        assert bundle(tmp_path / name, uri, "--schema", "analytics_ml_monitor").exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as made:
        texts = {name: made.read(name).decode() for name in made.namelist()}
    assert not any("hunter2" in text for text in texts.values())
    database = yaml.safe_load(texts["ml_monitor_superset/databases/ml_monitor.yaml"])
    # Superset asks for a password that it reads like this.
    assert database["sqlalchemy_uri"] == "postgresql+psycopg2://reader:XXXXXXXXXX@warehouse/analytics"
    schemas = [yaml.safe_load(text)["schema"] for name, text in texts.items() if "/datasets/" in name]
    assert schemas == ["analytics_ml_monitor"] * len(DATASETS)


def test_nothing_is_written_over_and_nonsense_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept.zip").write_text("kept")
    refused = bundle(tmp_path / "kept.zip", "postgresql://reader@warehouse/analytics", "--schema", "any")
    assert refused.exit_code == 1 and "exists" in refused.output and (tmp_path / "kept.zip").read_text() == "kept"
    refused = bundle(tmp_path / "none.zip", "no:where:secret", "--schema", "any")
    assert refused.exit_code == 1 and "is no SQLAlchemy URI" in refused.output and "secret" not in refused.output
    assert not (tmp_path / "none.zip").exists()
