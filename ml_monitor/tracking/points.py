"""One logged value, what it is called there, and what a destination must do with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from ml_monitor.errors import MlMonitorError

ALL = "__all__"
# What MLflow allows in the name of a metric; W&B allows more.
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_\-.]")
_MOST_CHARACTERS = 200


class TrackingError(MlMonitorError):
    """Values that cannot be logged. What was planned and not confirmed is logged by the next pass."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a series at a window."""

    series: str
    step: int
    value: float
    window_end: datetime
    logged_at: datetime
    """Monitoring clock of the plan, UTC."""
    revision: int
    """How often late data had changed the value before."""

    @property
    def time(self) -> datetime:
        """When it was so: the end of its window; of a restated value the time at which we learned it."""
        return self.logged_at if self.revision else self.window_end


class Destination(Protocol):
    """Where values go. A batch that is handed over twice is there once."""

    name: str
    """Stable, no secret: values logged under another name are logged anew."""

    def log(self, monitor: str, model_version: str, batch_id: str, points: Sequence[Point]) -> None:
        """Add points to the run of a model version.

        Raises:
            TrackingError: They may not be there.
        """
        ...


def series_name(metric: str, feature: str, segment: str, segment_value: str, span: int) -> str:
    """`psi/dep_hour/origin/JFK/over_7`: metric, feature, segment, span, each only where there is one.

    A character that MLflow refuses becomes `_`; then a digest of the true name keeps two apart.
    """
    parts = [*metric.split("/")]
    if feature != ALL:
        parts.append(feature)
    if segment != ALL:
        parts += [segment, segment_value]
    if span > 1:
        parts.append(f"over_{span}")
    plain = "/".join(_NOT_ALLOWED.sub("_", part) or "_" for part in parts)
    # MLflow takes a name for a path: no part of it may be a dot or two.
    if plain == "/".join(parts) and len(plain) <= _MOST_CHARACTERS and not {".", ".."} & set(parts):
        return plain
    digest = sha256("\0".join(parts).encode()).hexdigest()[:8]
    return f"{plain[:_MOST_CHARACTERS]}_{digest}"
