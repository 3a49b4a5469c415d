"""The monitor that grows while a file of another tool is read, and what could not be carried over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ml_monitor.errors import MlMonitorError

# Side on which a value of ours is bad; what else a threshold of another tool says cannot be said here.
BAD_ABOVE = {
    "psi",
    "js_distance",
    "kl_divergence",
    "hellinger",
    "total_variation",
    "l_infinity",
    "ks",
    "wasserstein",
    "missing_rate",
    "unseen_rate",
    "log_loss",
    "brier",
    "mae",
    "rmse",
    "rmsle",
    "mape",
}
BAD_BELOW = {
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "roc_auc",
    "average_precision",
    "r2",
    "row_count",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "macro_specificity",
    "macro_roc_auc",
}
_PLAIN_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPES = ("numeric", "categorical")


class MigrationError(MlMonitorError):
    """The file cannot be read, is of another tool, or lacks what a monitor needs."""


@dataclass
class Draft:
    """A monitor's configuration in the making."""

    types: dict[str, str | None] = field(default_factory=dict)
    bounds: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    segments: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    """What was not carried over, and why or what to do instead."""

    def feature(self, column: str, kind: str | None = None) -> None:
        """A column is a feature; its type as far as the file says it. The first thing said stays."""
        self.types[column] = self.types.get(column) or kind

    def bound(self, column: str, **bounds: Any) -> None:
        """Declared limits of a column's values."""
        self.feature(column, "categorical" if "allowed" in bounds else "numeric")
        self.bounds.setdefault(column, {}).update(bounds)

    def leave(self, what: str, why: str) -> None:
        """Say once that something is not carried over."""
        if (what, why) not in self.left:
            self.left.append((what, why))

    def limit(
        self, metric: str, side: str, value: float, *, level: str = "alert", feature: str | None = None, what: str = ""
    ) -> None:
        """A threshold of a metric of ours, for all features or one; `side` is where the other tool says a value is bad.

        With several values for all, the first stays; the others are left out, said so.
        """
        named = what or metric
        bad = BAD_ABOVE if side == "above" else BAD_BELOW
        if metric not in bad:
            self.leave(f"{named} {side} {value:g}", f"{metric} is judged on its other side: no limit was written")
            return
        rule = self.thresholds.setdefault(metric, {})
        if feature is not None:
            rule = rule.setdefault("features", {}).setdefault(feature, {})
        if level in rule and rule[level] != value:
            self.leave(f"{named} {side} {value:g}", f"there is a limit of {rule[level]:g} already")
            return
        rule[level] = value

    def block(self, *, name: str, given: dict[str, str], roles: dict[str, str | None], reference: str | None) -> dict[str, Any]:
        """The configuration.

        Raises:
            MigrationError: No feature, one without a type, or one whose name is no plain column.
        """
        for column, kind in given.items():
            if kind not in _TYPES:
                raise MigrationError(f"--type {column}={kind}: a type is one of {', '.join(_TYPES)}")
            self.types[column] = kind
        odd = [column for column in self.types if not _PLAIN_COLUMN.fullmatch(column)]
        for column in odd:
            self.leave(f"column {column!r}", "its name needs quotes in SQL: rename it in the model that is the log")
            del self.types[column]
        # What the model says and what happened are columns of the log, not features.
        for column in {value for value in self.roles.values() if isinstance(value, str)}:
            self.types.pop(column, None)
        if not self.types:
            raise MigrationError(
                "the file names no features. Give them with --type COLUMN=numeric or --type COLUMN=categorical, or let "
                "`ml-monitor add` propose them from the log"
            )
        unknown = sorted(column for column, kind in self.types.items() if kind is None)
        if unknown:
            are = "is" if len(unknown) == 1 else "are"
            raise MigrationError(
                f"the file does not say whether {_listed(unknown)} {are} numeric or categorical. "
                f"Add {' '.join(f'--type {column}=numeric' for column in unknown[:3])}{' …' if len(unknown) > 3 else ''} "
                "(or =categorical)"
            )
        if "task" not in self.roles:
            self.leave("task", "the file does not say it: it is `binary` unless you write another")
        block: dict[str, Any] = {"predictions": roles.get("predictions") or f"{name}_predictions"}
        block |= {key: value for key, value in roles.items() if value and key != "predictions"}
        block |= {key: value for key, value in self.roles.items() if key not in block}
        block["reference"] = {"relation": reference or f"{name}_reference"}
        block["features"] = {
            column: {"type": kind, **self.bounds[column]} if column in self.bounds else kind
            for column, kind in self.types.items()
        }
        if self.segments:
            block["segments"] = self.segments
        if self.metrics:
            block["metrics"] = self.metrics
        thresholds = _thresholds(self.thresholds, self.types)
        if thresholds:
            block["thresholds"] = thresholds
        return block


def _thresholds(found: dict[str, dict[str, Any]], types: dict[str, str | None]) -> dict[str, Any]:
    """A rule needs a limit for all: what most features have; the others have their own, or none."""
    made: dict[str, Any] = {}
    for metric, rule in found.items():
        own = {column: limits for column, limits in rule.get("features", {}).items() if column in types}
        general = {level: value for level, value in rule.items() if level != "features"}
        if own and not general:
            general = max(own.values(), key=lambda limits: sum(other == limits for other in own.values()))
            own = {column: own.get(column) for column in types}
        own = {column: limits for column, limits in own.items() if limits != general}
        if general:
            made[metric] = {**general, **({"features": own} if own else {})}
    return made


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
