"""What the models of a monitor and their columns are, as the YAML that dbt puts into its docs."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_NAMED_BY_THE_USER = ("prediction_id", "label", "labelled_at")
"""Columns of resolved labels that are called what the configuration calls them."""


class _Indented(yaml.SafeDumper):  # type: ignore[misc]
    """Lists stand to the right of their key, as yamllint asks by default."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def properties(name: str, kind: str, spec: Mapping[str, Any]) -> str:
    """The properties file of the model `<name>__<kind>`, with every column described.

    Args:
        name: Of the monitor.
        kind: Of the model: one of `KINDS` or `OPTIONAL_KINDS`.
        spec: The configuration of the monitor, as far as it is there.
    """
    described = _described()[kind]
    called = {role: spec.get(role, role) for role in _NAMED_BY_THE_USER} if kind == "labels" else {}
    columns = [{"name": called.get(column, column), "description": words} for column, words in described["columns"].items()]
    model = {"name": f"{name}__{kind}", "description": described["description"].format(name=name), "columns": columns}
    text: str = yaml.dump({"models": [model]}, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=120)
    return text


@cache
def _described() -> dict[str, Any]:
    text = files("ml_monitor.scaffold").joinpath("models.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found
