"""The operational log: append-only, and what is in it already is not written again."""

# ruff: noqa: S608 - only quoted relation names are put into SQL; values are bound

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from ml_monitor.errors import MlMonitorError
from ml_monitor.warehouse import Warehouse


class ServiceError(MlMonitorError):
    """A measurement that cannot be taken or imported."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value at one time (UTC without zone)."""

    source: str
    service: str
    measure: str
    measure_value: float
    measured_at: datetime

    @property
    def measurement_id(self) -> str:
        """Identifies it whoever writes it."""
        key = "|".join((self.source, self.service, self.measure, self.measured_at.isoformat()))
        return sha256(key.encode()).hexdigest()[:32]


def append(warehouse: Warehouse, measurements: Sequence[Measurement]) -> int:
    """Write those that are not there yet, all or none; return how many."""
    if not measurements:
        return 0
    new = {one.measurement_id: one for one in measurements}
    moments = [one.measured_at for one in measurements]
    known = f"""
        select measurement_id from {warehouse.table("service_log")}
        where measured_at >= :first and measured_at <= :last
    """
    with warehouse.transaction(exclusive="service_log") as session:
        for row in session.query(known, {"first": min(moments), "last": max(moments)}):
            new.pop(row["measurement_id"], None)
        session.insert("service_log", [{"measurement_id": key, **asdict(one)} for key, one in new.items()])
    return len(new)
