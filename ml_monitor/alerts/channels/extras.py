"""Libraries that only some channels need."""

from importlib import import_module
from typing import Any

from ml_monitor.errors import MlMonitorError


class MissingExtra(MlMonitorError):  # noqa: N818 - says what happened
    """A channel is configured whose library is not installed."""


def load(module: str, extra: str) -> Any:
    """A module of an optional dependency.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"the channel {extra} needs {module}, which is not installed: pip install 'dbt-ml-monitor[{extra}]'"
        ) from error
