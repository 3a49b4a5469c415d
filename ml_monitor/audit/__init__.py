"""Evidence for an audit: what was known when, exported with checksums that show any later change."""

from ml_monitor.audit.bundle import Exported, export
from ml_monitor.audit.errors import AuditError, EmptyRange
from ml_monitor.audit.witness import seal

__all__ = ["AuditError", "EmptyRange", "Exported", "export", "seal"]
