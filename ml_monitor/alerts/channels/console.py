"""Alerts on the terminal and in the log of whatever runs the delivery."""

import logging
import sys
from typing import TextIO

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.message import AlertMessage

_log = logging.getLogger("ml_monitor.alerts")
_STYLES = {"alert": "red", "warning": "yellow"}


class ConsoleChannel:
    """Prints two lines for people and logs one structured record for machines.

    Args:
        stream: Where to print; standard error by default, because standard output is for results.
    """

    name = "console"

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: AlertMessage) -> SendResult:
        """Print the message."""
        from rich.console import Console
        from rich.text import Text

        style = "green" if message.is_resolved else _STYLES[message.severity]
        line = Text.assemble(("  ● ", style), (message.title, f"bold {style}"), f"\n    {dict(message.fields)['Reason']}")
        if message.link:
            line.append(f"\n    {message.link}")
        Console(file=self._stream or sys.stderr, soft_wrap=True).print(line)
        _log.info(message.text, extra={"alert": message.to_dict()})
        return SendResult(accepted=True)
