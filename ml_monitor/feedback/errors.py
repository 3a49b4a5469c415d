"""Errors of collecting feedback."""

from ml_monitor.errors import MlMonitorError


class FeedbackError(MlMonitorError):
    """Feedback cannot be received, kept or flushed."""


class BufferUnavailable(FeedbackError):  # noqa: N818 - says what happened
    """The buffer is full, locked or broken. Nothing was kept of what was to be written."""
