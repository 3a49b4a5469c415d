"""What the figures were computed with: code of the project, compiled models, packages. No paths, no hosts, no times of runs."""

import hashlib
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from ml_monitor.settings import DbtProject

_DISTRIBUTION = "dbt-ml-monitor"


def environment(project: DbtProject) -> dict[str, Any]:
    """Versions and hashes, in an order that does not depend on the machine."""
    metadata = project.manifest.get("metadata", {})
    nodes = project.manifest.get("nodes", {})
    return {
        "python": platform.python_version(),
        "packages": _packages(),
        "dbt": {"version": metadata.get("dbt_version"), "adapter": metadata.get("adapter_type")},
        "git": code_version(project),
        "files": {name: _file(project.root / name) for name in ("dbt_project.yml", "packages.yml", "package-lock.yml")},
        "models": {
            unique_id: {"source": node.get("checksum", {}).get("checksum"), "compiled": _text(node.get("compiled_code"))}
            for unique_id, node in sorted(nodes.items())
            if node.get("resource_type") in ("model", "snapshot")
        },
    }


def code_version(project: DbtProject) -> dict[str, Any]:
    """The commit of the project, and whether it is all there is; unknown outside of git."""
    return {"commit": _git(project.root, "rev-parse", "HEAD"), "uncommitted_changes": _changes(project.root)}


def _packages() -> dict[str, str]:
    found = {}
    try:
        names = {re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in requires(_DISTRIBUTION) or []}
    except PackageNotFoundError:
        return {}
    for name in sorted({_DISTRIBUTION, *names}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _changes(root: Path) -> bool | None:
    status = _git(root, "status", "--porcelain", "--untracked-files=no")
    return None if status is None else bool(status)


def _file(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _text(text: str | None) -> str | None:
    return hashlib.sha256(text.encode()).hexdigest() if text else None
