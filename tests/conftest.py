"""Fixtures shared by all tests."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_caches import keep_what_never_changes
from tests.project import Project
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


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A Postgres server of this test session, without fsync."""
    # Debian keeps the server's programs out of the PATH.
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    path = os.pathsep.join([*map(str, reversed(debian)), os.environ.get("PATH", "")])
    initdb_program, control_program = (shutil.which(name, path=path) for name in ("initdb", "pg_ctl"))
    if initdb_program is None or control_program is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a Postgres server: tests/install_system_packages.sh installs it")
        pytest.skip("no Postgres server is installed (on Debian: apt-get install postgresql)")
    # Not pytest's directory, which only the user who runs the tests may enter: the server refuses to be root.
    directory = Path(tempfile.mkdtemp(prefix="ml-monitor-postgres-"))
    as_user = ["/usr/sbin/runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(directory, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = str(directory / "data")
    initdb = [*as_user, initdb_program, "-D", data, "-U", "monitor", "--auth=trust", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd="/")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
    control = [*as_user, control_program, "-D", data, "-w", "-l", str(directory / "log")]
    subprocess.run([*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    yield f"postgresql+psycopg2://monitor@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    shutil.rmtree(directory)
