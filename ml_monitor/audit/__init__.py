"""Evidence for an audit: what was known when, exported with checksums that show any later change."""

from ml_monitor.audit.asof import Known, as_of, labels_as_of, restatements
from ml_monitor.audit.bundle import Exported, export
from ml_monitor.audit.errors import AuditError, EmptyRange
from ml_monitor.audit.explain import Explanation, explain
from ml_monitor.audit.witness import seal

__all__ = [
    "AuditError",
    "EmptyRange",
    "Explanation",
    "Exported",
    "Known",
    "as_of",
    "explain",
    "export",
    "labels_as_of",
    "restatements",
    "seal",
]
