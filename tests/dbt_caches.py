"""Hundreds of test projects use the same package: within one process its templates are parsed and compiled once."""

from types import CodeType
from typing import Any

from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.tests import enable_test_caching

_compiled: dict[tuple[type, str], CodeType] = {}
_compile = MacroFuzzEnvironment.compile


def _compile_once(environment: MacroFuzzEnvironment, source: Any, *arguments: Any, **options: Any) -> Any:
    if not isinstance(source, str) or arguments or options:
        return _compile(environment, source, *arguments, **options)
    key = (type(environment), source)
    if key not in _compiled:
        _compiled[key] = _compile(environment, source)
    return _compiled[key]


def keep_templates() -> None:
    """Use dbt's own caches for tests, and keep the code of templates: it depends on nothing but their source."""
    enable_test_caching()
    MacroFuzzEnvironment.compile = _compile_once
