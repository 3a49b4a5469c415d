"""The command line: `ml-monitor`. Thin commands; what they do is in the library."""

from ml_monitor.cli.app import app

__all__ = ["app"]
