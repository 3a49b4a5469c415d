"""What a dataset and its model were made with: enough to make them again."""

import importlib.metadata
import json
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

_GIT_SECONDS = 10


def environment(project_dir: Path) -> dict[str, Any]:
    """Python, installed packages, operating system, and the git commit of the project, if it is in a repository."""
    return {
        "python": sys.version.split()[0],
        "implementation": platform.python_implementation(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "git_commit": _git(project_dir, "rev-parse", "HEAD"),
        "git_changed_files": _changed_files(project_dir),
        "packages": dict(_packages()),
    }


@cache
def _packages() -> tuple[tuple[str, str], ...]:
    """Names and versions; reading hundreds of them takes a second, and they do not change under a process."""
    found = importlib.metadata.distributions()
    return tuple(sorted({(name, one.version) for one in found if (name := one.metadata["Name"])}))


def environment_json(project_dir: Path) -> str:
    """`environment` as JSON text."""
    return json.dumps(environment(project_dir), sort_keys=True)


def _changed_files(project_dir: Path) -> list[str] | None:
    changed = _git(project_dir, "status", "--porcelain", "--untracked-files=no")
    return None if changed is None else [line[3:] for line in changed.splitlines()]


def _git(project_dir: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(project_dir), *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.rstrip("\n") if done.returncode == 0 else None
