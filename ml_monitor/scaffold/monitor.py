"""The files and the configuration block of one monitor."""

import keyword
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ml_monitor.errors import MlMonitorError
from ml_monitor.scaffold.descriptions import properties
from ml_monitor.settings import MONITORS_VAR

KINDS = ("reference", "feature_profile", "outcome_profile")
OPTIONAL_KINDS = {
    "chunks": "chunk_rows",
    "labels": "labels",
    "behaviour_profile": "behaviour",
    "review_queue": "review",
    "feature_moments": "multivariate",
    "custom_profile": "metrics",
    "service_profile": "service",
    "model_comparison": "comparison",
    "selective_profile": "selective",
    "error_profile": "error_profile",
    "label_reference": "label_drift",
    "label_profile": "label_drift",
}
"""Further one-line models, with the key of the configuration that asks for each."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Model names are <name>__feature_profile, and Postgres cuts identifiers at 63 characters.
_LONGEST_NAME = 40
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STEP = "  "


class ScaffoldError(MlMonitorError):
    """A name that cannot be used, or a file that is there already."""


def validate_name(name: str) -> str:
    """Return the name if it can be part of model names.

    Raises:
        ScaffoldError: It cannot.
    """
    fits = _NAME.fullmatch(name) and len(name) <= _LONGEST_NAME and "__" not in name and not name.endswith("_")
    if not fits or keyword.iskeyword(name):
        raise ScaffoldError(
            f"monitor name {name!r} cannot be part of model names. Allowed: lower case letters, digits and "
            f"single underscores, starting with a letter, at most {_LONGEST_NAME} characters: flight_delay."
        )
    return name


def add_files(
    name: str, directory: Path, *, optional: Iterable[str] = (), spec: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write the one-line models of a monitor, and what they and their columns are beside them: all of them or none.

    Args:
        name: Of the monitor.
        directory: Where they go.
        optional: Those of `OPTIONAL_KINDS` that its configuration asks for. Of a monitor that is there already only those are
            written that it lacks.
        spec: Its configuration, as far as it is there.

    Raises:
        ScaffoldError: The name does not fit, or one of the files is there.
    """
    validate_name(name)
    models = {kind: directory / f"{name}__{kind}.sql" for kind in (*KINDS, *optional)}
    if all(models[kind].exists() for kind in KINDS):
        models = {kind: path for kind, path in models.items() if not path.exists()} or models
    files = {path: f"{{{{ ml_monitor.{kind}('{name}') }}}}\n" for kind, path in models.items()}
    files |= {path.with_suffix(".yml"): properties(name, kind, spec or {}) for kind, path in models.items()}
    present = [str(path) for path in files if path.exists()]
    if present:
        raise ScaffoldError(f"nothing written, already there: {', '.join(present)}")
    directory.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return list(files)


def config_block(
    name: str,
    predictions: str = "my_predictions",
    features: Mapping[str, str] | None = None,
    roles_to_name: Mapping[str, str] | None = None,
) -> str:
    """The configuration of a monitor as YAML, to stand under `vars.ml_monitor__monitors`.

    Roles that no column has by its default name stand there as comments to fill in.
    """
    lines = [
        f"{name}:",
        f"{_STEP}predictions: {predictions}  # a model, or source.table",
        f"{_STEP}task: binary  # or multiclass, regression, ranking",
        f"{_STEP}reference: {{trailing: 28}}  # or {{relation: a_model}}, or {{from: a_date, to: a_date}}",
        *(f"{_STEP}# {role}: a_column  # the log has no {default}" for role, default in (roles_to_name or {}).items()),
        f"{_STEP}features:",
    ]
    listed = features or {"my_number": "numeric", "my_category": "categorical"}
    lines += [f"{_STEP * 2}{_key(feature)}: {kind}" for feature, kind in listed.items()]
    return "\n".join(lines) + "\n"


def insert_config(text: str, name: str, block: str) -> str | None:
    """`dbt_project.yml` with the monitor added and every other line as it was, or None if that is not safe.

    The result is parsed again and must be the old configuration and the new monitor, nothing else.
    """
    try:
        before = yaml.safe_load(text)
        monitor = yaml.safe_load(block)
        after = _insert_lines(text, block)
        expected = _with_monitor(before, name, monitor[name])
        return after if after is not None and yaml.safe_load(after) == expected else None
    except (yaml.YAMLError, AttributeError, TypeError):
        return None


def _insert_lines(text: str, block: str) -> str | None:
    lines = text.splitlines()
    start = _find(lines, r"vars:\s*(#.*)?")
    if start is None:
        if any(re.match(r"vars\s*:", line) for line in lines):
            return None
        return "\n".join([*lines, "", "vars:", f"{_STEP}{MONITORS_VAR}:", *_indent(block, 2 * _STEP)]) + "\n"
    declared = _find(lines, rf"\s+{MONITORS_VAR}:\s*(\{{\s*\}})?\s*(#.*)?", start + 1)
    if declared is None:
        if MONITORS_VAR in text:
            return None
        indent = _indent_below(lines, start) or _STEP
        new = [f"{indent}{MONITORS_VAR}:", *_indent(block, indent + _STEP)]
        return "\n".join(lines[: start + 1] + new + lines[start + 1 :]) + "\n"
    own = re.match(r"\s*", lines[declared])
    outer = own.group() if own else ""
    inner = _indent_below(lines, declared)
    indent = inner if inner is not None and len(inner) > len(outer) else outer + _STEP
    lines[declared] = re.sub(r"\{\s*\}\s*", "", lines[declared]).rstrip()
    return "\n".join(lines[: declared + 1] + _indent(block, indent) + lines[declared + 1 :]) + "\n"


def _with_monitor(before: Any, name: str, monitor: Any) -> dict[str, Any]:
    variables = dict(before.get("vars") or {})
    variables[MONITORS_VAR] = {**(variables.get(MONITORS_VAR) or {}), name: monitor}
    return {**before, "vars": variables}


def _find(lines: list[str], pattern: str, start: int = 0) -> int | None:
    return next((i for i in range(start, len(lines)) if re.fullmatch(pattern, lines[i])), None)


def _indent_below(lines: list[str], above: int) -> str | None:
    for line in lines[above + 1 :]:
        if line.strip() and not line.lstrip().startswith("#"):
            return line[: len(line) - len(line.lstrip())]
    return None


def _indent(block: str, indent: str) -> list[str]:
    return [indent + line for line in block.splitlines()]


def _key(feature: str) -> str:
    reserved = feature.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
    return feature if _PLAIN_KEY.fullmatch(feature) and not reserved else yaml.safe_dump(feature, default_style='"').strip()
