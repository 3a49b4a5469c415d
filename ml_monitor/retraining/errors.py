"""Errors of retraining."""

from ml_monitor.errors import MlMonitorError


class RetrainingError(MlMonitorError):
    """A run, version or dataset that cannot be used as asked."""


class RunInFlight(RetrainingError):  # noqa: N818 - says what is the case
    """Another process has started a run of the monitor meanwhile."""


class TrainerError(RetrainingError):
    """The user's training code cannot be found, raised, or returned what is not a model or not scores."""


class TrainerTimeout(TrainerError):  # noqa: N818 - says what happened
    """The user's code did not end within its time limit and was killed."""


class RegistryError(RetrainingError):
    """The model registry refused what it was asked, or is not installed."""


class RegistryUnreachable(RegistryError):  # noqa: N818 - says what happened
    """The model registry does not answer. The run stays as it is, to be resumed."""


class GateError(RetrainingError):
    """The training rows do not meet the expectations of the gate."""


class ArtifactError(RetrainingError):
    """A stored file is missing, or is not the one that was recorded."""
