"""Fixtures shared by all tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    """Make projects under the test's own directory: `project(monitors, logs={...}, now=...)`."""

    def make(monitors: dict[str, Any], name: str = "project", **options: Any) -> Project:
        return Project(tmp_path / name, monitors, **options)

    return make
