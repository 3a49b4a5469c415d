"""How fast feedback is received, and what `kill -9` costs: `python -m bench.feedback`, `python -m bench.feedback --kills 100`.

The warehouse is a DuckDB file, or the PostgreSQL of `--url`, whose schema ml_monitor is dropped.
"""

import argparse
import asyncio
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench import feedback_load, feedback_place
from ml_monitor.feedback.flush import flush
from ml_monitor.feedback.serve import Place
from ml_monitor.warehouse import Warehouse


@dataclass(frozen=True)
class Figures:
    """What one run gave."""

    events_per_second: float
    p50_ms: float
    p99_ms: float
    longest_ms: float
    answered: int
    refused: dict[int, int]
    lost: int
    doubled: int


@dataclass(frozen=True)
class Count:
    """What became of all events after so many kills."""

    kills: dict[str, int]
    sent: int
    answered: int
    broken: int
    """Attempts that died without an answer."""
    kept_unanswered: int
    """In the warehouse, though the answer never came: the client may send them again."""
    lost: int
    doubled: int
    unknown: int
    """In the warehouse, though nobody sent them."""


def throughput(place: Place, warehouse: Warehouse, rate: float, seconds: float) -> Figures:
    """Single events at a rate, the flusher running beside the API."""
    port = feedback_place.free_port()
    server = feedback_place.serve(place, port, log=place.project_dir / "server.log")
    asyncio.run(feedback_load.run(port, rate, lambda after: after < 2))
    began = time.perf_counter()
    seen = asyncio.run(feedback_load.run(port, rate, lambda after: after < seconds))
    took = time.perf_counter() - began
    server.stop()
    _flush_rest(place, warehouse)
    times = sorted(seen.seconds)
    found = _found(warehouse)
    return Figures(
        events_per_second=round(len(times) / took, 1),
        p50_ms=round(1000 * times[len(times) // 2], 1),
        p99_ms=round(1000 * times[len(times) * 99 // 100], 1),
        longest_ms=round(1000 * times[-1], 1),
        answered=len(times),
        refused={status: count for status, count in seen.statuses.items() if status != 201},
        lost=len(seen.answered - found.keys()),
        doubled=sum(count - 1 for count in found.values()),
    )


def kills(place: Place, warehouse: Warehouse, wanted: int, seed: int = 0, rate: float = 200) -> Count:
    """Kill the API and the flusher in turn of chance, at random moments under load, and count."""
    chance, port, done = random.Random(seed), feedback_place.free_port(), threading.Event()  # noqa: S311 - only moments
    log = place.project_dir / "server.log"
    starts = {
        "api": lambda: feedback_place.serve(place, port, "--no-flush", log=log),
        "flusher": lambda: feedback_place.Process(place, "flush", "--every", "0.1", log=log),
    }
    running = {name: start() for name, start in starts.items()}
    hit: Counter[str] = Counter()

    def strike() -> None:
        while hit.total() < wanted:
            time.sleep(chance.uniform(0.01, 1.5))
            name = chance.choice(list(starts))
            running[name].kill()
            hit[name] += 1
            running[name] = starts[name]()
        time.sleep(1)
        done.set()

    striker = threading.Thread(target=strike)
    striker.start()
    seen = asyncio.run(feedback_load.run(port, rate, lambda _: not done.is_set()))
    striker.join()
    running["api"].stop()
    running["flusher"].kill()
    _flush_rest(place, warehouse)
    found = _found(warehouse)
    return Count(
        kills=dict(hit),
        sent=len(seen.sent),
        answered=len(seen.answered),
        broken=seen.broken,
        kept_unanswered=len(found.keys() - seen.answered),
        lost=len(seen.answered - found.keys()),
        doubled=sum(count - 1 for count in found.values()),
        unknown=len(found.keys() - seen.sent),
    )


def _flush_rest(place: Place, warehouse: Warehouse) -> None:
    with place.buffer() as buffer:
        flush(buffer, warehouse, timedelta(hours=1))


def _found(warehouse: Warehouse) -> Counter[str]:
    rows = warehouse.query(f"select feedback_id, count(*) as n from {warehouse.table('feedback_events')} group by 1")  # noqa: S608
    return Counter({row["feedback_id"]: row["n"] for row in rows})


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="SQLAlchemy URL of a PostgreSQL database; a DuckDB file without it")
    parser.add_argument("--rate", type=float, default=1100, help="events per second that are due")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = feedback_place.make(Path(directory) / "project", options.url)
        if options.url:
            Warehouse(options.url).execute("drop schema if exists ml_monitor cascade")
        warehouse = feedback_place.make_tables(place)
        if options.kills:
            figures: Count | Figures = kills(place, warehouse, options.kills)
        else:
            figures = throughput(place, warehouse, options.rate, options.seconds)
    for name, figure in vars(figures).items():
        print(f"{name}: {figure}")


if __name__ == "__main__":
    main()
