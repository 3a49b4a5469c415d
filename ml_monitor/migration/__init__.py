"""Configurations of other monitoring tools, as a block of `ml_monitor__monitors`."""

from ml_monitor.migration.convert import TOOLS, Answers, Imported, convert
from ml_monitor.migration.draft import MigrationError

__all__ = ["TOOLS", "Answers", "Imported", "MigrationError", "convert"]
