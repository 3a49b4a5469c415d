"""What can go wrong with evidence."""

from ml_monitor.errors import MlMonitorError


class AuditError(MlMonitorError):
    """The evidence cannot be made or read as asked. Nothing was written."""


class EmptyRange(AuditError):  # noqa: N818 - says what happened
    """Nothing was judged in the range asked for."""
