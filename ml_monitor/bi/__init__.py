"""What BI tools import: MetricFlow semantic models over the tables of the package."""

from ml_monitor.bi.errors import BiError
from ml_monitor.bi.semantics import SemanticLayer, add_semantic_layer

__all__ = ["BiError", "SemanticLayer", "add_semantic_layer"]
