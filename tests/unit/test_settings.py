"""dbt's own settings, read without dbt."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ml_monitor.settings import DbtProject, ProjectError, utc
from ml_monitor.warehouse import Warehouse

PROFILES = """
shop:
  target: "{{ env_var('SHOP_TARGET', 'dev') }}"
  outputs:
    dev: {type: duckdb, path: data/shop.duckdb, config_options: {threads: 1}}
    prod:
      type: postgres
      host: "{{ env_var('SHOP_HOST') }}"
      port: "{{ env_var('SHOP_PORT', '5433') | as_number }}"
      user: monitor
      password: "p@ss/word"
      dbname: shop
      sslmode: require
    lake: {type: spark}
"""


@pytest.fixture
def project_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("DBT_TARGET", "DBT_PROFILES_DIR", "DBT_TARGET_PATH", "SHOP_TARGET", "SHOP_HOST"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text(PROFILES)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "shop.duckdb").touch()
    return tmp_path


def test_duckdb_path_is_relative_to_the_project(project_dir):
    connection = DbtProject.load(project_dir).connection()
    assert connection.url.database == str(project_dir / "data" / "shop.duckdb")
    assert connection.duckdb_config == {"threads": 1}


def test_postgres_with_environment_variables(project_dir, monkeypatch):
    monkeypatch.setenv("SHOP_HOST", "db.example")
    url = DbtProject.load(project_dir, target="prod").connection().url
    assert (url.host, url.port, url.database, url.password) == ("db.example", 5433, "shop", "p@ss/word")
    assert url.query == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("prod", "SHOP_HOST is not set"),
        ("lake", "'spark', which Python cannot reach. Allowed: duckdb, postgres"),
        ("staging", "'staging' is not in profile 'shop' .* Known: dev, prod, lake"),
    ],
)
def test_what_is_wrong_is_said(project_dir, target, message):
    with pytest.raises(ProjectError, match=message):
        DbtProject.load(project_dir, target=target).connection()


def test_a_database_that_was_never_built_is_not_created(project_dir):
    (project_dir / "data" / "shop.duckdb").unlink()
    with pytest.raises(ProjectError, match="run `dbt build` first"):
        Warehouse.from_dbt(project_dir)
    assert not (project_dir / "data" / "shop.duckdb").exists()


def test_profiles_cannot_run_code(project_dir):
    (project_dir / "profiles.yml").write_text(
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: \"{{ ''.__class__.__mro__ }}\"}}}"
    )
    with pytest.raises(ProjectError, match=r"Allowed: env_var"):
        DbtProject.load(project_dir).connection()


def test_no_project(tmp_path):
    with pytest.raises(ProjectError, match="pass --project-dir"):
        DbtProject.load(tmp_path)


def test_the_clock_is_the_projects_or_the_wall(project_dir):
    assert abs(DbtProject.load(project_dir).monitoring_now() - utc(datetime.now().astimezone())).total_seconds() < 60
    (project_dir / "dbt_project.yml").write_text("name: shop\nvars: {ml_monitor__now: 2014-01-02 00:00:00}\n")
    assert DbtProject.load(project_dir).monitoring_now() == datetime(2014, 1, 2)


def test_the_age_of_alerts_is_the_projects_or_a_week(project_dir):
    assert DbtProject.load(project_dir).alert_max_age() == timedelta(days=7)
    config = project_dir / "dbt_project.yml"
    config.write_text("name: shop\nvars: {ml_monitor__alert_max_age_days: 3}\n")
    assert DbtProject.load(project_dir).alert_max_age() == timedelta(days=3)
    config.write_text("name: shop\nvars: {ml_monitor__alert_max_age_days: soon}\n")
    with pytest.raises(ProjectError, match="must be a whole number from 1, not 'soon'"):
        DbtProject.load(project_dir).alert_max_age()


def test_moments_are_utc():
    assert utc("2024-05-31T06:00:00+02:00") == datetime(2024, 5, 31, 4)
    assert utc("2024-05-31") == datetime(2024, 5, 31)
    with pytest.raises(ProjectError, match="ISO 8601"):
        utc("yesterday")


def test_without_a_manifest_the_schema_is_the_default(project_dir):
    project = DbtProject.load(project_dir)
    assert project.package_schema() == "ml_monitor"
    with pytest.raises(ProjectError, match="dbt parse"):
        project.relation("predictions")
