"""A dbt project whose feedback can be collected, and the processes that do it."""

# ruff: noqa: S603 - our own command line

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.engine import make_url

from ml_monitor.feedback.event import COLUMNS
from ml_monitor.feedback.keys import hashed
from ml_monitor.feedback.serve import Place
from ml_monitor.warehouse import Warehouse

KEY = "mlm_the_key_of_a_benchmark"
_COMMAND = [sys.executable, "-c", "from ml_monitor.cli import app; app()", "--verbose", "feedback"]
_TYPES = {"value": "double precision", **dict.fromkeys(("occurred_at", "received_at", "loaded_at"), "timestamp")}


def make(directory: Path, url: str | None = None, **settings: Any) -> Place:
    """Write the project; the warehouse is a DuckDB file in it that does not exist yet, or the PostgreSQL of an URL."""
    directory.mkdir(parents=True, exist_ok=True)
    output: dict[str, Any] = {"type": "duckdb", "path": str(directory / "warehouse.duckdb")}
    if url:
        login = make_url(url)
        output = {"type": "postgres", "host": login.host, "port": login.port, "user": login.username, "dbname": login.database}
    key = {"name": "bench", "sha256": hashed(KEY), "source": "users", "scopes": ["read", "write"], "rate": 1e6, "burst": 1000000}
    project = {"name": "bench", "profile": "bench", "vars": {"ml_monitor__monitors": {"flight_delay": {}}}}
    _write(directory / "dbt_project.yml", project)
    _write(directory / "profiles.yml", {"bench": {"target": "dev", "outputs": {"dev": output}}})
    _write(directory / "feedback.yml", {"keys": [key], **settings})
    return Place(directory)


def make_tables(place: Place) -> Warehouse:
    """The tables that `dbt build` would make."""
    duckdb_url = f"duckdb:///{place.project_dir / 'warehouse.duckdb'}"
    profile = yaml.safe_load((place.project_dir / "profiles.yml").read_text())["bench"]["outputs"]["dev"]
    warehouse = Warehouse(duckdb_url, lock_timeout=60) if profile["type"] == "duckdb" else place.warehouse()
    columns = ", ".join(f"{name} {_TYPES.get(name, 'varchar')}" for name in (*COLUMNS, "loaded_at"))
    warehouse.execute("create schema if not exists ml_monitor")
    warehouse.execute(f"create table {warehouse.table('feedback_events')} ({columns})")
    bookmark = "buffer_id varchar, last_sequence bigint, flushed_at timestamp"
    warehouse.execute(f"create table {warehouse.table('feedback_bookmarks')} ({bookmark})")
    return warehouse


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A command that runs until it is stopped or killed; `arguments` follow `ml-monitor feedback`."""

    def __init__(self, place: Place, *arguments: str, log: Path, environment: dict[str, str] | None = None) -> None:
        command = [*_COMMAND, *arguments, "--project-dir", str(place.project_dir)]
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **(environment or {})})
        self.pid = self._process.pid

    def kill(self) -> None:
        """End it like the out-of-memory killer would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """End it in order."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=60)

    def children(self) -> list[int]:
        """Process ids of what it started."""
        text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    @property
    def running(self) -> bool:
        """Whether it still does."""
        return self._process.poll() is None


def serve(place: Place, port: int, *options: str, log: Path, environment: dict[str, str] | None = None) -> Process:
    """Start the server and wait until it listens."""
    process = Process(place, "serve", "--port", str(port), *options, log=log, environment=environment)
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        if not process.running:
            break
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log.read_text()}")


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content))
