"""Which due events have one cause, so that people are told once."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ml_monitor.alerts.incidents import Suspect, Upstream
from ml_monitor.warehouse import Row

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cause:
    """A model or source that several alerts of one window come from."""

    key: str
    """The same for events of one monitor, window and kind that have the cause."""
    suspect: Suspect


def causes(rows: Sequence[Row], upstream: Callable[[], Upstream] | None) -> Mapping[str, Cause]:
    """By event id, for events of two features or more that share a cause. What cannot be traced is told one by one."""
    by_window: dict[tuple[object, ...], dict[str, Row]] = {}
    for row in rows:
        key = (row["monitor"], row["window_start"], row["event_type"])
        by_window.setdefault(key, {})[row["event_id"]] = row
    several = {
        key: list(found.values()) for key, found in by_window.items() if len({one["feature"] for one in found.values()}) > 1
    }
    if not several or upstream is None:
        return {}
    try:
        known = upstream()
        return {
            row["event_id"]: Cause(_digest(*map(str, key), suspect.node), suspect)
            for key, found in several.items()
            for suspect, chosen in known.groups(str(key[0]), found)
            if suspect
            for row in chosen
        }
    except Exception:
        # A message too many is better than none.
        _log.exception("alerts are told one by one: their causes could not be traced")
        return {}


def _digest(*parts: str) -> str:
    return sha256("|".join(parts).encode()).hexdigest()[:32]
