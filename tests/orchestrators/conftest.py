"""One small project, monitored and with a champion, for each orchestrator."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from ml_monitor.retraining import register_version
from ml_monitor.warehouse import Warehouse
from tests.dagster.small_project import prepare
from tests.environments import plain_environment

MONITOR = "flight_delay"


@dataclass(frozen=True)
class Orchestrated:
    """The project, and the environment that the orchestrator is given."""

    directory: Path
    database: Path
    environment: dict[str, str]

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(f"duckdb:///{self.database}")

    def statuses(self) -> list[str]:
        """How the training runs ended."""
        runs = self.warehouse.table("training_runs")
        return [row["status"] for row in self.warehouse.query(f"select status from {runs} order by started_at")]

    def delivered(self) -> int:
        """How many messages have been sent."""
        deliveries = self.warehouse.table("alert_deliveries")
        return self.warehouse.query(f"select count(*) as n from {deliveries} where status = 'sent'")[0]["n"]


@pytest.fixture
def orchestrated(tmp_path: Path) -> Orchestrated:
    made = prepare(tmp_path)
    directory = Path(made["ML_MONITOR_PROJECT_DIR"])
    binaries = Path(sys.executable).parent
    environment = plain_environment(
        ML_MONITOR_PROJECT_DIR=str(directory),
        ML_MONITOR_MONITORS=MONITOR,
        ML_MONITOR_PYTHON=sys.executable,
        ML_MONITOR_BIN=str(binaries),
        ML_MONITOR_DUCKDB=made["ML_MONITOR_DUCKDB"],
        PYTHONPATH=made["PYTHONPATH"],
        DO_NOT_TRACK="1",
        HOME=str(tmp_path),
    )
    project = Orchestrated(directory, Path(made["ML_MONITOR_DUCKDB"]), environment)
    # The ledger is there before the first round, with the version that serves. In a process of its own, which lets go of the file.
    where = ["--project-dir", str(directory), "--profiles-dir", str(directory), "--quiet"]
    for command in (["deps"], ["run", "--select", "tag:ml_monitor_ledger", "ml_monitor__monitors"]):
        subprocess.run([binaries / "dbt", *command, *where], env=environment, check=True)
    register_version(project.warehouse, MONITOR, "v1", now=datetime(2013, 2, 1), reason="accepted")
    return project
