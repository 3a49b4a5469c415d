"""How fast a delivery pass is, and what `kill -9` costs: `python -m bench.delivery`, `python -m bench.delivery --kills 1000`.

On a DuckDB file, or on the PostgreSQL of `--url`, whose schema ml_monitor is dropped.
"""

import argparse
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bench import kills, outbox, receiver
from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import WebhookChannel
from ml_monitor.warehouse import Warehouse


def throughput(url: str, events: int, keys: Path) -> float:
    """Seconds of one pass over so many due events."""
    warehouse = Warehouse(url)
    outbox.make(warehouse)
    outbox.add_events(warehouse, 0, events)
    with receiver.running(keys) as hook:
        started = time.perf_counter()
        report = deliver(warehouse, [WebhookChannel(hook)], DeliveryPolicy(), outbox.NOW)
        seconds = time.perf_counter() - started
    came = receiver.received(keys)
    if report.count("sent") != events or len(came) != events or sum(came.values()) != events:
        raise SystemExit(f"{events} events: {report.count('sent')} sent, {sum(came.values())} received")
    return seconds


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="SQLAlchemy URL of a PostgreSQL database; a DuckDB file without it")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        url = options.url or f"duckdb:///{directory}/warehouse.duckdb"
        keys = Path(directory) / "keys.txt"
        if options.kills:
            for name, figure in asdict(kills.run(url, options.kills, keys)).items():
                print(f"{name}: {figure}")
        else:
            seconds = throughput(url, options.events, keys)
            print(f"{options.events} events in one pass: {seconds:.1f} s, {options.events / seconds:.0f} per second")


if __name__ == "__main__":
    main()
