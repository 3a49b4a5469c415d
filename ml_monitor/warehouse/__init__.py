"""Access to the warehouse: short connections, bound values, quoted names, errors that say what to do."""

from ml_monitor.warehouse.engine import Row, Session, Warehouse
from ml_monitor.warehouse.errors import (
    MissingTable,
    QueryFailed,
    WarehouseError,
    WarehouseLocked,
    WarehouseUnreachable,
    WriteConflict,
)

__all__ = [
    "MissingTable",
    "QueryFailed",
    "Row",
    "Session",
    "Warehouse",
    "WarehouseError",
    "WarehouseLocked",
    "WarehouseUnreachable",
    "WriteConflict",
]
