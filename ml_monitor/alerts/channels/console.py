"""Alerts on the terminal and in the log of whatever runs the delivery."""

import logging
import sys
from typing import TextIO

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.message import AlertMessage

_log = logging.getLogger("ml_monitor.alerts")
_STYLES = {"alert": "red", "warning": "yellow"}


class ConsoleChannel:
    """Prints a panel for people and logs one structured record for machines.

    Args:
        stream: Where to print; standard error by default, because standard output is for results.
    """

    name = "console"

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: AlertMessage) -> SendResult:
        """Print the message."""
        from rich.console import Console
        from rich.panel import Panel
        from rich.table import Table
        from rich.text import Text

        details = Table.grid(padding=(0, 2))
        for field, detail in message.fields:
            details.add_row(Text(field, style="dim"), Text(detail))
        if message.link:
            details.add_row(Text("Report", style="dim"), Text(message.link))
        style = "green" if message.is_resolved else _STYLES[message.severity]
        panel = Panel(
            details, title=Text(message.title, style=f"bold {style}"), title_align="left", border_style=style
        )
        Console(file=self._stream or sys.stderr).print(panel)
        _log.info(message.text, extra={"alert": message.to_dict()})
        return SendResult(accepted=True)
