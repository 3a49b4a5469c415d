"""A Prometheus collector that reads the warehouse when it is scraped."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ml_monitor.live.families import families
from ml_monitor.live.state import LiveState, read_state
from ml_monitor.warehouse import Warehouse, WarehouseError

_log = logging.getLogger(__name__)


class WarehouseCollector(Collector):
    """Reads at scrape time, no more often than every `cache_seconds`.

    While the warehouse cannot be read (a dbt run holds the DuckDB file, a server restarts) the last state stays, with
    `ml_monitor_up` 0 and the time it was read: a gap would make Prometheus resolve alerts that are still open.

    Args:
        warehouse: Opened read-only.
        cache_seconds: Several Prometheus servers scrape; the warehouse is asked once.
        max_series: Most watched values that get series of their own.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        cache_seconds: float = 30.0,
        max_series: int = 2000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._warehouse = warehouse
        self._cache_seconds = cache_seconds
        self._max_series = max_series
        self._clock = clock
        self._lock = threading.Lock()
        self._state: LiveState | None = None
        self._read_at = 0.0
        self._asked_at: float | None = None
        self.error: WarehouseError | None = None

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: registering must not read the warehouse."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families of the state, and whether it is fresh."""
        with self._lock:
            self._refresh()
            state, read_at, up = self._state, self._read_at, self.error is None
        yield GaugeMetricFamily("ml_monitor_up", "Whether the warehouse could be read.", value=float(up))
        if state is not None:
            yield GaugeMetricFamily("ml_monitor_read_timestamp_seconds", "When the state below was read.", value=read_at)
            yield from families(state)

    def _refresh(self) -> None:
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < self._cache_seconds:
            return
        try:
            self._state = read_state(self._warehouse, self._max_series)
            self._read_at = time.time()
            self.error = None
        except WarehouseError as error:
            _log.warning("the warehouse cannot be read: %s", error)
            self.error = error
        # After the read: one that waited for a lock must not be repeated by the scrape behind it.
        self._asked_at = self._clock()
