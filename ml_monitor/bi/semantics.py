"""Semantic models in the user's project, so that only who wants them pays for them."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ml_monitor.bi.errors import BiError
from ml_monitor.settings import DbtProject

_SEMANTICS = "ml_monitor_semantics.yml"
_SPINE = ("ml_monitor_time_spine.sql", "ml_monitor_time_spine.yml")


@dataclass(frozen=True, slots=True)
class SemanticLayer:
    """The files that were written; none if all were there."""

    written: tuple[Path, ...]


def add_semantic_layer(project: DbtProject, directory: Path) -> SemanticLayer:
    """Write the semantic models, and a time spine if the project has none. Nothing that is there is overwritten.

    Raises:
        BiError: The project was not parsed, or a file cannot be written.
    """
    if not project.manifest:
        raise BiError(f"{project.root} has no target/manifest.json: run `dbt parse` first")
    names = (_SEMANTICS, *(() if _has_time_spine(project) else _SPINE))
    wanted = [name for name in names if not (directory / name).exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            (directory / name).write_text(
                files("ml_monitor.bi").joinpath("templates", name).read_text(encoding="utf-8"), encoding="utf-8"
            )
    except OSError as error:
        raise BiError(f"cannot write into {directory}: {error}") from error
    return SemanticLayer(tuple(directory / name for name in wanted))


def _has_time_spine(project: DbtProject) -> bool:
    return any(node.get("time_spine") for node in project.manifest.get("nodes", {}).values())
