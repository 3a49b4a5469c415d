"""Hundreds of test projects use the same package: what dbt makes anew though nothing changed is kept, and what nobody reads is not made."""

import gc
import os
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

from dbt.clients.jinja import MacroGenerator
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.tracking import track_behavior_change_warn
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.constants import SECRET_ENV_PREFIX
from dbt_common.events import get_event_manager
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.exceptions import base as exceptions
from dbt_common.tests import enable_test_caching

_compiled: dict[tuple[type, str], CodeType] = {}
_compile = MacroFuzzEnvironment.compile
_read_secrets = exceptions.env_secrets
_make_event = BaseEvent.__init__
_fire = EventManager.fire_event


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


class _Namespace(MacroNamespace):
    """dbt's namespace as one dictionary: what is nearest wins."""

    def __init__(self, *namespaces: dict[str, Any]) -> None:
        super().__init__(*namespaces)
        self._nearest: dict[str, Any] = {}
        for names in reversed(list(self._search_order())):
            self._nearest |= names

    def __iter__(self) -> Iterator[str]:
        return iter(self._nearest)

    def __len__(self) -> int:
        return len(self._nearest)

    def __getitem__(self, name: str) -> Any:
        return self._nearest[name]


def _build_namespace(builder: MacroNamespaceBuilder, macros_by_package: dict[str, dict[str, Any]], ctx: dict[str, Any]) -> MacroNamespace:
    """As dbt's own, package by package: macro by macro, for every statement, it is a tenth of a run."""
    packages = {
        package: {macro.name: MacroGenerator(macro, ctx, builder.node, builder.thread_ctx) for macro in macros.values()}
        for package, macros in macros_by_package.items()
    }
    internal: dict[str, Any] = {}
    for package in reversed(builder.internal_package_names_order):
        internal |= packages.pop(package, {})
    local = packages.get(builder.search_package, {})
    root = packages.get(builder.root_package, {}) if builder.root_package != builder.search_package else {}
    return _Namespace(root, local, internal, packages)


def _is_read(level: EventLevel) -> bool:
    manager = get_event_manager()
    asked = any(logger.level is EventLevel.DEBUG for logger in manager.loggers)
    # dbt's own callback reads warnings.
    return level is not EventLevel.DEBUG or asked or any(callback is not track_behavior_change_warn for callback in manager.callbacks)


def _event(event: BaseEvent, *arguments: Any, **fields: Any) -> None:
    """Fill in the messages that somebody reads: the others, thousands, are a tenth of a run."""
    _make_event(event, *arguments, **(fields if _is_read(event.level_tag()) else {}))


def _fire_if_read(manager: EventManager, event: BaseEvent, level: EventLevel | None = None, **options: Any) -> None:
    if _is_read(level or event.level_tag()):
        _fire(manager, event, level, **options)


def keep_what_never_changes() -> None:
    """Use dbt's own caches for tests, and its functions as they are above."""
    enable_test_caching()
    MacroFuzzEnvironment.compile = _compile_once
    MacroNamespaceBuilder.build_namespace = _build_namespace
    BaseEvent.__init__ = _event
    EventManager.fire_event = _fire_if_read
    for module in list(sys.modules.values()):
        if getattr(module, "env_secrets", None) is _read_secrets:
            module.env_secrets = _secrets  # type: ignore[attr-defined]
    # Manifests are large and live long: a collection that walks them after every 700 allocations is a tenth of a run.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
