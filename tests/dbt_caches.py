"""Hundreds of test projects use the same package: what dbt makes anew each time, though nothing changed, is made once per process."""

import gc
import os
import sys
from types import CodeType
from typing import Any

from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.constants import SECRET_ENV_PREFIX
from dbt_common.exceptions import base as exceptions
from dbt_common.tests import enable_test_caching

_compiled: dict[tuple[type, str], CodeType] = {}
_compile = MacroFuzzEnvironment.compile
_read_secrets = exceptions.env_secrets


def _compile_once(environment: MacroFuzzEnvironment, source: Any, *arguments: Any, **options: Any) -> Any:
    if not isinstance(source, str) or arguments or options:
        return _compile(environment, source, *arguments, **options)
    key = (type(environment), source)
    if key not in _compiled:
        _compiled[key] = _compile(environment, source)
    return _compiled[key]


def _secrets() -> list[str]:
    """dbt's `env_secrets`, asked thousands of times, reads only the names: decoding the whole environment each time is a tenth of a run."""
    prefix = SECRET_ENV_PREFIX.encode()
    return _read_secrets() if any(name.startswith(prefix) for name in os.environ._data) else []  # type: ignore[attr-defined]


def keep_what_never_changes() -> None:
    """Use dbt's own caches for tests, keep the code of templates, and look for secrets quickly."""
    enable_test_caching()
    MacroFuzzEnvironment.compile = _compile_once
    for module in list(sys.modules.values()):
        if getattr(module, "env_secrets", None) is _read_secrets:
            module.env_secrets = _secrets  # type: ignore[attr-defined]
    # Manifests are large and live long: a collection that walks them after every 700 allocations is a tenth of a run.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
