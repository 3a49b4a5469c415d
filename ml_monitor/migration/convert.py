"""Read files of another tool and write the monitor."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ml_monitor.migration import databricks, evidently, nannyml, whylogs
from ml_monitor.migration.draft import Draft, MigrationError
from ml_monitor.scaffold import validate_name

TOOLS: Mapping[str, Callable[[Any, Draft], None]] = {
    "databricks": databricks.read,
    "evidently": evidently.read,
    "nannyml": nannyml.read,
    "whylogs": whylogs.read,
}


@dataclass(frozen=True)
class Answers:
    """What the other tool's file does not say."""

    predictions: str | None = None
    feedback: str | None = None
    reference: str | None = None
    prediction_id: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """The monitor, and what of the file it does not say."""

    name: str
    block: dict[str, Any]
    left: Sequence[tuple[str, str]]

    def yaml(self) -> str:
        """The block for `vars` of dbt_project.yml."""
        block = {"vars": {"ml_monitor__monitors": {self.name: self.block}}}
        return str(yaml.safe_dump(block, sort_keys=False, allow_unicode=True))


def convert(tool: str, files: Sequence[Path], name: str, answers: Answers) -> Imported:
    """The monitor that files of another tool describe.

    Raises:
        MigrationError: A file cannot be read, is of another tool or an unknown version, or lacks what a monitor needs.
        ScaffoldError: The name is none.
    """
    validate_name(name)
    draft = Draft()
    for path in files:
        TOOLS[tool](_parsed(path), draft)
    roles = {
        "predictions": answers.predictions,
        "feedback": answers.feedback,
        "prediction_id": answers.prediction_id,
    }
    block = draft.block(name=name, given=dict(answers.types), roles=roles, reference=answers.reference)
    return Imported(name, block, tuple(draft.left))


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MigrationError(f"cannot read {path} as text: {error}") from error
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MigrationError(f"{path} is neither JSON nor YAML: {error}") from error
