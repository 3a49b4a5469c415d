"""Hundreds of test projects use the same package: what dbt makes anew though nothing changed is kept, and what nobody reads is not made."""

import gc
import os
import sys
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

import parsedatetime
from dbt.clients.jinja import MacroGenerator
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.tracking import track_behavior_change_warn
from dbt_common.clients.jinja import BaseMacroGenerator, MacroFuzzEnvironment
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
_read_namespace = ManifestContext._build_namespace
_all_to_dict = ManifestContext.to_dict
_get_macro = BaseMacroGenerator.get_macro


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


class _OnDemand(dict[str, Any]):
    """A dictionary with other values that are made when asked for: a context knows twelve hundred macros, and calls twenty."""

    others: Collection[str] = ()
    make: Callable[[str], Any]

    def __missing__(self, name: str) -> Any:
        if name not in self.others:
            raise KeyError(name)
        self[name] = made = self.make(name)
        return made

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.others

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> Any:
        return {*super().keys(), *self.others}

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


def _namespace(context: ManifestContext) -> MacroNamespace:
    context._ctx = _OnDemand(context._ctx)
    return _read_namespace(context)


def _build_namespace(builder: MacroNamespaceBuilder, macros_by_package: dict[str, dict[str, Any]], ctx: dict[str, Any]) -> MacroNamespace:
    """As dbt's own, whose hundreds of thousands of functions are an eighth of a run."""

    def functions(macros: dict[str, Any]) -> _OnDemand:
        made = _OnDemand()
        made.others, made.make = macros, lambda name: MacroGenerator(macros[name], ctx, builder.node, builder.thread_ctx)
        return made

    internal: dict[str, Any] = {}
    for package in reversed(builder.internal_package_names_order):
        internal |= macros_by_package.get(package, {})
    packages = {package: functions(macros) for package, macros in macros_by_package.items() if package not in builder.internal_package_names}
    root, local = (packages.get(package, {}) for package in (builder.root_package, builder.search_package))
    return MacroNamespace(root, local, functions(internal), packages)  # type: ignore[arg-type]


def _to_dict(context: ManifestContext) -> dict[str, Any]:
    names = context._ctx
    if not isinstance(names, _OnDemand):
        return _all_to_dict(context)
    super(ManifestContext, context).to_dict()
    names.update({name: context.namespace[name] for name in names if name in context.namespace})
    names.others, names.make = context.namespace, context.namespace.__getitem__
    return names


def _macro_once(generator: BaseMacroGenerator) -> Callable[..., Any]:
    """The context of a macro is read when the macro is called: the function itself stays."""
    if "_macro" not in generator.__dict__:
        generator._macro = _get_macro(generator)  # type: ignore[attr-defined]
    return generator._macro  # type: ignore[attr-defined,no-any-return]


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
    ManifestContext._build_namespace = _namespace
    ManifestContext.to_dict = _to_dict
    BaseMacroGenerator.get_macro = _macro_once
    # Made for every result of a query, to read dates in words.
    parsedatetime.Constants = lru_cache(parsedatetime.Constants)
    BaseEvent.__init__ = _event
    EventManager.fire_event = _fire_if_read
    for module in list(sys.modules.values()):
        if getattr(module, "env_secrets", None) is _read_secrets:
            module.env_secrets = _secrets  # type: ignore[attr-defined]
    # Manifests are large and live long: a collection that walks them after every 700 allocations is a tenth of a run.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
