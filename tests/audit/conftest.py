"""A project that dbt built once, and the bundle of it."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from ml_monitor.audit import export
from ml_monitor.retraining import register_version
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR as PLAIN
from tests.integration.logs import NOW, logs, predictions
from tests.project import Project

MONITOR = PLAIN | {
    "healthy": {"from": "2026-01-01", "to": "2026-01-06"},
    "thresholds": {
        "psi": {"warn": 0.1, "alert": 0.25, "over": 1, "by_segment": True},
        "missing_rate_increase": {"alert": 0.3, "over": 2},
    },
}
START, END = datetime(2026, 1, 1), datetime(2026, 1, 11)


def build(made: Project) -> Project:
    """Models, snapshots and a version, as a user's first day."""
    result = made.dbt("build", "--exclude", "resource_type:test", "resource_type:unit_test")
    assert result.success, result.exception
    warehouse = Warehouse.from_dbt(made.directory)
    register_version(warehouse, "churn", "m1", now=START, reason="first | <b>model</b>", actor="churn-team")
    return made


def drifting_logs():
    log = predictions()
    log.loc[log["predicted_at"] >= "2026-01-06", "amount"] *= 50
    return logs(predictions=log)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("audit") / "project", {"churn": MONITOR}, now=NOW, logs=drifting_logs())
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ML_MONITOR_CODE_VERSION", "it's 3f2a91c")
        return build(made)


@pytest.fixture(scope="session")
def exported(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("exported") / "bundle"
    export(Warehouse.from_dbt(built.directory), DbtProject.load(built.directory), output, START, END)
    return output


def copied(built: Project, directory: Path) -> Path:
    """A copy that a test may spoil."""
    shutil.copytree(built.directory, directory, symlinks=True)
    profile = directory / "profiles.yml"
    profile.write_text(profile.read_text().replace(str(built.directory), str(directory)))
    return directory
