"""Two ways out: an HTTP server, or a file for the node exporter's textfile collector."""

from pathlib import Path
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server, write_to_textfile

from ml_monitor.errors import MlMonitorError
from ml_monitor.live.collector import WarehouseCollector


class ExportError(MlMonitorError):
    """The address or the file cannot be used."""


def serve(collector: WarehouseCollector, address: str, port: int) -> tuple[WSGIServer, Thread]:
    """Serve `/metrics` in a thread of its own.

    Raises:
        ExportError: The address is taken or is not ours.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    try:
        return start_http_server(port, address, registry)
    except OSError as error:
        raise ExportError(f"cannot listen on {address}:{port}: {error}. Choose another with --address and --port.") from error


def write_textfile(collector: WarehouseCollector, path: Path) -> None:
    """Write the metrics to a file that is replaced in one step, so that nobody reads half of it.

    Raises:
        ExportError: The warehouse cannot be read (a file with `ml_monitor_up 0` is written), or the file not written.
    """
    if path.suffix != ".prom":
        raise ExportError(f"{path} must end in .prom: the textfile collector reads no other file")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error}") from error
    if collector.error is not None:
        raise ExportError(f"{path} says ml_monitor_up 0: {collector.error}")
