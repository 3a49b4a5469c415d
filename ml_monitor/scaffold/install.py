"""The package in an existing dbt project."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ml_monitor.scaffold.monitor import ScaffoldError
from ml_monitor.settings import MONITORS_VAR, PACKAGE, DbtProject


@dataclass(frozen=True, slots=True)
class Installation:
    """What `install` changed, and what it leaves to the user."""

    changed: tuple[Path, ...]
    by_hand: tuple[str, ...]
    """Text to put into a file that could not be changed safely."""


def install(root: Path, package: dict[str, str]) -> Installation:
    """Add the package and an empty `ml_monitor__monitors`. Doing it twice changes nothing.

    Args:
        root: The dbt project.
        package: The entry: `{"local": path}` or `{"git": url, "revision": tag}`.

    Raises:
        ProjectError: `root` is no dbt project.
        ScaffoldError: `packages.yml` is not a list of packages.
    """
    project = DbtProject.load(root)
    changed: list[Path] = []
    by_hand: list[str] = []

    dependencies = project.root / "dependencies.yml"
    own = _packages(dependencies)
    packages = dependencies if own else project.root / "packages.yml"
    if not any(_is_this_package(entry, project.root, package) for entry in _packages(packages)):
        text = packages.read_text(encoding="utf-8") if packages.exists() else ""
        added = _add_package(text, package)
        if added is None:
            by_hand.append(f"{packages}:\n{_entry(package, '  ')}")
        else:
            packages.write_text(added, encoding="utf-8")
            changed.append(packages)

    if MONITORS_VAR not in project.variables:
        path = project.root / "dbt_project.yml"
        text = path.read_text(encoding="utf-8")
        declared = _declare_monitors(text)
        if declared is None:
            by_hand.append(f"{path}, under vars:\n  {MONITORS_VAR}: {{}}")
        else:
            path.write_text(declared, encoding="utf-8")
            changed.append(path)
    return Installation(tuple(changed), tuple(by_hand))


def _packages(path: Path) -> list[Any]:
    if not path.exists():
        return []
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ScaffoldError(f"{path} is not valid YAML: {error}") from error
    entries = content.get("packages") if isinstance(content, dict) else content
    if entries is not None and not isinstance(entries, list):
        raise ScaffoldError(f"{path} must hold a list under `packages`")
    return entries or []


def _is_this_package(entry: Any, root: Path, package: dict[str, str]) -> bool:
    if not isinstance(entry, dict):
        return False
    if "local" in entry:
        return _package_name(root / str(entry["local"])) == PACKAGE or entry.get("local") == package.get("local")
    if "package" in entry:
        return str(entry["package"]).endswith(f"/{PACKAGE}")
    return "git" in entry and _repository(entry["git"]) in {
        _repository(package.get("git", "")),
        "dbt-ml-monitor",
    }


def _package_name(directory: Path) -> str | None:
    try:
        content = yaml.safe_load((directory / "dbt_project.yml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return None
    return content.get("name") if isinstance(content, dict) else None


def _repository(url: Any) -> str:
    return str(url).rstrip("/").removesuffix(".git").rsplit("/", 1)[-1]


def _add_package(text: str, package: dict[str, str]) -> str | None:
    before = yaml.safe_load(text) or {}
    lines = text.rstrip("\n").splitlines()
    if not before.get("packages"):
        if "packages" in before:
            return None
        lines += ["packages:"]
        indent = "  "
    else:
        first = next((line for line in lines if line.lstrip().startswith("- ")), None)
        if first is None or lines[-1].startswith("#") or list(before)[-1] != "packages":
            return None
        indent = first[: len(first) - len(first.lstrip())]
    after = "\n".join([*lines, _entry(package, indent)]) + "\n"
    expected = {**before, "packages": [*(before.get("packages") or []), package]}
    return after if yaml.safe_load(after) == expected else None


def _entry(package: dict[str, str], indent: str) -> str:
    dumped = yaml.safe_dump([package], sort_keys=False, width=1000).rstrip("\n")
    return "\n".join(indent + line for line in dumped.splitlines())


def _declare_monitors(text: str) -> str | None:
    before = yaml.safe_load(text)
    lines = text.rstrip("\n").splitlines()
    at = next((i for i, line in enumerate(lines) if line.split("#")[0].rstrip() == "vars:"), None)
    if at is None:
        if "vars" in before:
            return None
        lines += ["", "vars:", f"  {MONITORS_VAR}: {{}}"]
    else:
        below = next((line for line in lines[at + 1 :] if line.strip() and not line.lstrip().startswith("#")), "")
        indent = below[: len(below) - len(below.lstrip())] or "  "
        lines.insert(at + 1, f"{indent}{MONITORS_VAR}: {{}}")
    after = "\n".join(lines) + "\n"
    expected = {**before, "vars": {**(before.get("vars") or {}), MONITORS_VAR: {}}}
    return after if yaml.safe_load(after) == expected else None
