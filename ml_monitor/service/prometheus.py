"""Import from Prometheus' query API, from where the log ends."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from ml_monitor.service.log import Measurement, ServiceError, append
from ml_monitor.warehouse import Warehouse

# Prometheus refuses more than 11,000 points of a series.
_MOST_STEPS = 10_000
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression, kept under a name."""

    measure: str
    expression: str


def import_range(
    warehouse: Warehouse, url: str, query: Query, *, step: timedelta, history: timedelta, overlap: timedelta, now: datetime
) -> int:
    """Append the values of a query at every whole step up to now; return how many are new.

    The bookmark is the log itself: the import goes on where the measure's newest value is, `overlap` earlier for
    series that arrive late. Steps are multiples of `step` since the epoch, so two imports ask for the same moments
    and nothing is there twice.

    Args:
        warehouse: The warehouse.
        url: Of Prometheus, without `/api`.
        query: What to ask.
        step: Distance of the values.
        history: How far back a first import goes.
        overlap: How far before the bookmark to look again.
        now: Monitoring clock.

    Raises:
        ServiceError: Prometheus cannot be reached or refuses the query.
    """
    seconds = int(step.total_seconds())
    newest = warehouse.query(
        f"select max(measured_at) as at from {warehouse.table('service_log')} where source = 'prometheus' and measure = :measure",
        {"measure": query.measure},
    )[0]["at"]
    start = math.ceil(_epoch(newest - overlap if newest else now - history) / seconds)
    end = math.floor(_epoch(now) / seconds)
    written = 0
    for first in range(start, end + 1, _MOST_STEPS):
        last = min(first + _MOST_STEPS - 1, end)
        written += append(warehouse, list(_ask(url, query, first * seconds, last * seconds, seconds)))
    return written


def _ask(url: str, query: Query, start: int, end: int, step: int) -> Iterator[Measurement]:
    asked = {"query": query.expression, "start": start, "end": end, "step": step}
    try:
        response = httpx.post(f"{url.rstrip('/')}/api/v1/query_range", data=asked, timeout=_TIMEOUT)
        content: dict[str, Any] = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ServiceError(f"Prometheus did not answer {query.measure!r}: {type(error).__name__}. Is its URL right?") from None
    if content.get("status") != "success":
        raise ServiceError(f"Prometheus refused {query.measure!r}: {content.get('error')}")
    for series in content["data"]["result"]:
        labels = series["metric"]
        service = ",".join(f"{name}={labels[name]}" for name in sorted(labels) if name != "__name__")
        for moment, text in series["values"]:
            value = float(text)
            if math.isfinite(value):
                at = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
                yield Measurement("prometheus", service, query.measure, value, at)


def _epoch(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()
