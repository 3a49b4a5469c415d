"""Metric values as runs of the monitored model, in MLflow or Weights & Biases."""

from ml_monitor.tracking.log import Logged, count_unlogged, log_metrics
from ml_monitor.tracking.points import Destination, Point, TrackingError
from ml_monitor.tracking.settings import NAMES, destination

__all__ = ["NAMES", "Destination", "Logged", "Point", "TrackingError", "count_unlogged", "destination", "log_metrics"]
