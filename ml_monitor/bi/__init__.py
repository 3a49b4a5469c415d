"""What BI tools import: MetricFlow semantic models over the tables of the package, a dashboard for Superset."""

from ml_monitor.bi.errors import BiError
from ml_monitor.bi.semantics import SemanticLayer, add_semantic_layer
from ml_monitor.bi.superset import superset_bundle, superset_files

__all__ = ["BiError", "SemanticLayer", "add_semantic_layer", "superset_bundle", "superset_files"]
