"""Fixtures shared by all tests."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_caches import keep_what_never_changes
from tests.postgres_server import postgres_server
from tests.project import Project, project_on
from tests.workers import GroupScheduling, longest_first

keep_what_never_changes()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    return GroupScheduling(config, log)


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    """Make projects under the test's own directory: `project(monitors, logs={...}, now=...)`."""

    def make(monitors: dict[str, Any], name: str = "project", **options: Any) -> Project:
        return Project(tmp_path / name, monitors, **options)

    return make


@pytest.fixture(params=["duckdb", "postgres"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Project]:
    """The same on DuckDB and on PostgreSQL."""

    def make(monitors: dict[str, Any], name: str = "project", **options: Any) -> Project:
        return project_on(request.param, request, tmp_path / name, monitors, **options)

    return make


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A Postgres server of this test session, without fsync."""
    with ExitStack() as running:
        try:
            url = running.enter_context(postgres_server())
        except LookupError as absent:
            if os.environ.get("CI"):
                pytest.fail(f"{absent}: CI needs one, tests/install_system_packages.sh installs it")
            pytest.skip(str(absent))
        yield url
