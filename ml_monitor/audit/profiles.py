"""The counts behind a verdict: each family of metrics is made of a profile of its own."""

# ruff: noqa: S608 - only names of our own are put into SQL; values are bound

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_monitor.warehouse import Row, Warehouse

_KEYS = {
    *("monitor", "model_version", "segment", "segment_value", "window_start", "window_number", "updated_at", "feature", "bin"),
    *("category", "outcome", "score", "part", "key_1", "key_2", "key_3", "key_4", "metric", "metric_id", "series"),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """Where a family of metrics is counted."""

    table: str
    model: str
    """What the monitor's own model is called, behind its name."""
    where: str = "1 = 1"
    """Which of its rows, of a cell, are of a metric."""
    grain: str | None = None
    """What the windows are summed to; without it the rows are shown as they are."""


# Values, missing, invalid, unseen and other; what is left out counts the same rows once more.
_FEATURES = Profile(
    "feature_profiles", "feature_profile", "feature = :feature and (bin > 0 or bin between -4 and -1)", "bin, category"
)
_OUTCOMES = Profile(
    "outcome_profiles", "outcome_profile", "outcome not in ('class_score', 'unlabelled_class_score')", "outcome, score"
)
_SERVICE = Profile("service_profiles", "service_profile")
_PROFILES: dict[str, Profile | None] = {
    "performance": _OUTCOMES,
    "estimated_performance": _OUTCOMES,
    "behaviour": Profile("behaviour_profiles", "behaviour_profile", "part <> 'window'"),
    "service": _SERVICE,
    "operational": _SERVICE,
    "custom": Profile("custom_profiles", "custom_profile", "metric = :metric"),
    "business": None,
}


def profile_of(family: str) -> Profile | None:
    """The profile of a family of metrics; None where they are made of rows alone."""
    return _PROFILES.get(family, _FEATURES)


def profile_rows(warehouse: Warehouse, spec: Mapping[str, Any], verdict: Row, start: datetime) -> list[Row]:
    """What the profile has counted for a verdict, without the counts that the monitor's privacy hides.

    Args:
        warehouse: The warehouse.
        spec: The resolved monitor.
        verdict: A row of `verdicts`.
        start: Begin of its first window.
    """
    profile = profile_of(verdict["family"])
    if profile is None:
        return []
    cell = "segment = :segment and segment_value = :segment_value"
    if verdict["segment"] == "raters":
        cell = "part = 'pair' and key_1 || ' x ' || key_2 = :segment_value"
    shown, order = f"{profile.grain}, sum(n) as n", f"group by {profile.grain} order by {profile.grain}"
    if profile.grain is None:
        shown, order = "*", "order by window_start, model_version"
    rows = warehouse.query(
        f"select {shown} from {warehouse.table(profile.table)} where monitor = :monitor and {cell} and {profile.where} "
        f"and window_start >= :start and window_start < :until {order}",
        {**verdict, "start": start, "until": verdict["window_end"]},
    )
    return [_published(row, (spec.get("privacy") or {}).get("minimum_cell", 1)) for row in rows]


def _published(row: Row, minimum: int) -> Row:
    if row["n"] and row["n"] < minimum:
        return {name: value if name in _KEYS else None for name, value in row.items()}
    return {name: None if name.startswith("n_") and value and value < minimum else value for name, value in row.items()}
