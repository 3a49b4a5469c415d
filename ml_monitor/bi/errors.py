"""What can go wrong."""

from ml_monitor.errors import MlMonitorError


class BiError(MlMonitorError):
    """A file for a BI tool cannot be made; nothing was written."""
