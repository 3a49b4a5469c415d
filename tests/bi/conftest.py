"""A warehouse with open alerts on PostgreSQL, built once."""

from pathlib import Path

import pytest

from ml_monitor.warehouse import Warehouse
from tests.live.conftest import fill_ledgers, make_live
from tests.project import PostgresProject


@pytest.fixture(scope="session")
def postgres(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> PostgresProject:
    made = make_live(tmp_path_factory.mktemp("bi") / "project", PostgresProject, server=postgres_url)
    assert isinstance(made, PostgresProject)
    fill_ledgers(Warehouse.from_dbt(made.directory))
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made
