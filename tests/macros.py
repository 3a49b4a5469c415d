"""Macros of the package outside dbt: for those that only work on text."""

import datetime
import re
from functools import cache
from types import SimpleNamespace
from typing import Any, NoReturn

from jinja2 import Environment

from tests.project import REPOSITORY


class MacroError(Exception):
    """What `exceptions.raise_compiler_error` says."""


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


def _return(value: Any) -> NoReturn:
    raise _ReturnError(value)


def _raise(message: str) -> NoReturn:
    raise MacroError(message)


def _call(macro: Any) -> Any:
    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            return str(macro(*arguments, **keywords))
        except _ReturnError as returned:
            return returned.value

    return call


@cache
def macros(*folders: str) -> Any:
    """The macros of these folders, with dbt's `return`, `modules` and `adapter.dispatch` to the defaults."""
    package = SimpleNamespace()
    environment = Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        {
            "return": _return,
            "ml_monitor": package,
            "modules": SimpleNamespace(re=re, datetime=datetime),
            "exceptions": SimpleNamespace(raise_compiler_error=_raise),
            "adapter": SimpleNamespace(dispatch=lambda name, _: getattr(package, f"default__{name}")),
            "dbt": SimpleNamespace(type_string=lambda: "text"),
        }
    )
    files = [file for folder in folders for file in sorted((REPOSITORY / "macros" / folder).glob("*.sql"))]
    for file in [*files, REPOSITORY / "macros" / "monitors" / "_config_error.sql"]:
        # Like dbt: a name that starts with an underscore would not be exported.
        source = file.read_text().replace("{% macro ", "{% macro dbt_macro__")
        for name, macro in vars(environment.from_string(source).module).items():
            if name.startswith("dbt_macro__"):
                setattr(package, name.removeprefix("dbt_macro__"), _call(macro))
    return package
