"""Live metrics: what the warehouse knows, in the form that Prometheus reads."""

from ml_monitor.live.collector import WarehouseCollector
from ml_monitor.live.serve import serve, write_textfile

__all__ = ["WarehouseCollector", "serve", "write_textfile"]
