"""How machines and services did: measured here or imported from Prometheus, kept in the operational log."""

from ml_monitor.service.collect import Endpoint, collect
from ml_monitor.service.log import Measurement, ServiceError, append
from ml_monitor.service.prometheus import Query, import_range

__all__ = ["Endpoint", "Measurement", "Query", "ServiceError", "append", "collect", "import_range"]
