"""Errors of retraining."""

from ml_monitor.errors import MlMonitorError


class RetrainingError(MlMonitorError):
    """A run, version or dataset that cannot be used as asked."""


class TrainerError(RetrainingError):
    """The user's training code cannot be found, raised, or returned what is not a model or not scores."""


class GateError(RetrainingError):
    """The training rows do not meet the expectations of the gate."""


class ArtifactError(RetrainingError):
    """A stored file is missing, or is not the one that was recorded."""
