"""Where the dbt project is, how dbt is called and what time it is for the monitors."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject
from packaging.version import Version

from ml_monitor import settings
from ml_monitor.warehouse import Warehouse

NOW_TAG = "ml_monitor/now"
MONITOR_TAG = "ml_monitor/monitor"
FIRST_DAY = "ML_MONITOR_FIRST_DAY"

PROJECT_DIR = Path(os.environ.get("ML_MONITOR_PROJECT_DIR", ".")).absolute()
PROJECT = settings.DbtProject.load(PROJECT_DIR)
AUTOMATION = bool(os.environ.get("ML_MONITOR_AUTOMATION"))
SENSOR_STATUS = dg.DefaultSensorStatus.RUNNING if AUTOMATION else dg.DefaultSensorStatus.STOPPED
SCHEDULE_STATUS = dg.DefaultScheduleStatus.RUNNING if AUTOMATION else dg.DefaultScheduleStatus.STOPPED


def dbt_executable() -> str:
    """Return the path of `dbt`: on PATH, else beside this Python (a venv that was not activated)."""
    beside = Path(sys.executable).parent
    found = shutil.which("dbt") or shutil.which("dbt", path=str(beside))
    if found is None:
        raise RuntimeError(
            f"dbt was found neither on PATH nor in {beside}: install dbt-core and the adapter of your "
            "warehouse into the environment that runs Dagster"
        )
    return found


class Dbt(DbtCliResource):
    """dbt without what dagster-dbt asks of it beforehand and nobody needs here, seconds each."""

    @cached_property
    def _cli_version(self) -> Version:
        """`dbt --version` imports every adapter that is installed; a dbt of another environment is asked all the same."""
        if Path(self.dbt_executable).parent != Path(sys.executable).parent:
            return super()._cli_version
        return Version(version("dbt-core"))

    # It parses all macros before each step, for metadata of columns: `looks.with_metadata` reads the warehouse.
    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        return None


def load_dbt_project(*, refresh: bool = False) -> DbtProject:
    """Return the dbt project, parsed if it has no manifest yet or on request.

    A manifest that is there is used as it is: every run loads the code location again, and a parse takes
    longer than many a run.
    """
    project = DbtProject(PROJECT_DIR)
    if refresh or not project.manifest_path.exists():
        dbt = Dbt(project_dir=project, dbt_executable=dbt_executable())
        for command in (["deps"] if project.has_uninstalled_deps else []) + ["parse"]:
            dbt.cli([command, "--quiet"], target_path=project.target_path).wait()
    return project


def first_day(project: settings.DbtProject = PROJECT) -> str:
    """Return the day that the daily partitions begin with: `ML_MONITOR_FIRST_DAY`, else the first that a monitor names.

    Raises:
        ProjectError: There is neither, or it is no date.
    """
    declared = os.environ.get(FIRST_DAY)
    named = {FIRST_DAY: declared} if declared else {
        f"monitor '{name}', key '{key}.from'": monitor[key]["from"]
        for name, monitor in project.monitors.items()
        for key in ("reference", "healthy", "calibration")
        if isinstance(monitor, dict) and isinstance(monitor.get(key), dict) and monitor[key].get("from")
    }
    if not named:
        raise settings.ProjectError(
            f"no monitor names a day that its log has: say the first one in the environment, such as {FIRST_DAY}=2026-01-31"
        )
    return min(_day(where, moment) for where, moment in named.items())


def _day(where: str, moment: object) -> str:
    try:
        return f"{settings.utc(str(moment)):%Y-%m-%d}"
    except settings.ProjectError as error:
        raise settings.ProjectError(f"{where}: {error}") from error


def fixed_now() -> datetime | None:
    """Return the monitoring clock that the dbt project sets to replay old data; None in a live project."""
    return PROJECT.monitoring_now() if PROJECT.variables.get(settings.NOW_VAR) else None


def monitoring_now(tags: Mapping[str, str]) -> datetime:
    """Return the monitoring clock of a run: its tag `ml_monitor/now`, else the project's."""
    return settings.utc(tags[NOW_TAG]) if NOW_TAG in tags else PROJECT.monitoring_now()


def warehouse(lock_timeout: float = 60.0) -> Warehouse:
    """Return the warehouse of the dbt project."""
    return Warehouse.from_dbt(PROJECT_DIR, lock_timeout=lock_timeout)
