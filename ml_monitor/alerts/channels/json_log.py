"""Alerts to Python's logging, one JSON object per line."""

import json
import logging
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.message import AlertMessage

_LEVELS = {"alert": logging.ERROR, "warning": logging.WARNING}


class LoggingChannel:
    """Logs each message with the record's attribute `alert`, for the handlers and formatters of your program.

    Args:
        logger: Where to log. `json_logger(path)` makes one that writes lines of JSON to a file.
    """

    name = "logging"

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def send(self, message: AlertMessage) -> SendResult:
        """Log the message."""
        level = logging.INFO if message.is_resolved else _LEVELS[message.severity]
        try:
            self._logger.log(level, "%s", message.title, extra={"alert": message.to_dict()})
        except OSError as error:
            return SendResult(False, error=f"the log cannot be written ({type(error).__name__})")
        return SendResult(True)


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, and the alert itself."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if hasattr(record, "alert"):
            line["alert"] = record.alert
        return json.dumps(line, allow_nan=False)


class _HonestFileHandler(WatchedFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name in logging
        # Logging would print the failure and go on; the ledger must know that nothing was written.
        raise


def json_logger(path: Path) -> logging.Logger:
    """A logger of its own that appends to a file and takes up a new one when the file is rotated."""
    handler = _HonestFileHandler(path, delay=True)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("ml_monitor.alerts", logging.INFO)
    logger.addHandler(handler)
    return logger
