"""The server: the API in this process, the flusher in another, so that neither waits for the other."""

import gc
import logging
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn

from ml_monitor.feedback.app import Api
from ml_monitor.feedback.buffer import Buffer
from ml_monitor.feedback.errors import FeedbackError
from ml_monitor.feedback.flush import Flushed, flush, flush_forever
from ml_monitor.feedback.receive import Reception
from ml_monitor.feedback.settings import FILE, FeedbackSettings
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse

_SECONDS_BEFORE_RESTART = 2.0
_SWITCH_SECONDS = 0.001


@dataclass(frozen=True)
class Place:
    """A dbt project with a `feedback.yml`; the warehouse need not be there yet."""

    project_dir: Path
    target: str | None = None
    profiles_dir: Path | None = None

    @property
    def settings(self) -> FeedbackSettings:
        """What `feedback.yml` says."""
        return FeedbackSettings.load(self.project_dir / FILE)

    def buffer(self) -> Buffer:
        """The project's buffer, opened."""
        settings = self.settings
        return Buffer(self.project_dir / settings.buffer.expanduser(), settings.buffer_mb)

    def reception(self, buffer: Buffer) -> Reception:
        """What decides about events.

        Raises:
            FeedbackError: No monitors, or no pepper where one is needed.
        """
        settings, monitors = self.settings, frozenset(DbtProject.load(self.project_dir).monitors)
        if not monitors:
            raise FeedbackError(f"{self.project_dir} declares no monitor, so there is nothing to give feedback about")
        return Reception(settings, monitors, settings.pepper(), buffer.secret)

    def warehouse(self) -> Warehouse:
        """The project's warehouse."""
        return Warehouse.from_dbt(self.project_dir, self.target, self.profiles_dir)

    def flush(self) -> Flushed:
        """Bring what is in the buffer into the warehouse.

        Raises:
            MlMonitorError: The warehouse is locked, absent or has no tables. Nothing is lost.
        """
        with self.buffer() as buffer:
            return flush(buffer, self.warehouse(), timedelta(hours=self.settings.keep_hours))


def flush_place(place: Place, every: float | None = None) -> None:
    """Flush a place's buffer until the parent is gone."""
    settings = place.settings
    flush_forever(place.buffer, place.warehouse, timedelta(hours=settings.keep_hours), every or settings.flush_seconds)


def serve(place: Place, host: str, port: int, *, flushing: bool = True, say: Callable[[str], None] = print) -> None:
    """Serve until a signal comes.

    Raises:
        FeedbackError: No keys, no monitors, or no pepper where one is needed.
        BufferUnavailable: The buffer cannot be opened.
    """
    settings = place.settings
    if not settings.keys:
        raise FeedbackError(f"{place.project_dir / FILE} has no keys: ml-monitor feedback key NAME --source SOURCE")
    # The thread that waits for the disk gets its turn sooner, so that fewer requests wait for it.
    sys.setswitchinterval(_SWITCH_SECONDS)
    with place.buffer() as buffer:
        reception = place.reception(buffer)
        app = Api(reception, buffer).app()
        quiet: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
        with flusher(place, flushing):
            # A full collection looks at all that was imported, for 50 ms in which nobody is answered; none of it ever goes.
            gc.collect()
            gc.freeze()
            say(f"feedback for {', '.join(sorted(reception.monitors))} on http://{host}:{port}, documented at /docs")
            uvicorn.run(app, host=host, port=port, timeout_graceful_shutdown=10, **quiet)


@contextmanager
def flusher(place: Place, wanted: bool = True) -> Iterator[None]:
    """A process that flushes, started again when it dies."""
    if not wanted:
        yield
        return
    stopping = threading.Event()
    context = multiprocessing.get_context("spawn")
    level = logging.getLogger().getEffectiveLevel()
    running = [context.Process(target=_flush_process, args=(place, level), daemon=True)]
    running[0].start()

    def watch() -> None:
        while not stopping.is_set():
            running[0].join()
            if not stopping.wait(_SECONDS_BEFORE_RESTART):
                running[0] = context.Process(target=_flush_process, args=(place, level), daemon=True)
                running[0].start()

    threading.Thread(target=watch, name="feedback-flusher", daemon=True).start()
    try:
        yield
    finally:
        stopping.set()
        running[0].terminate()
        running[0].join()


def _flush_process(place: Place, level: int) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    flush_place(place)
