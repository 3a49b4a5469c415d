"""Setting up: the package in a project, the files and the configuration of a monitor, and their check."""

from ml_monitor.scaffold.check import Finding, check
from ml_monitor.scaffold.install import Installation, install
from ml_monitor.scaffold.monitor import OPTIONAL_KINDS, ScaffoldError, add_files, config_block, insert_config, validate_name
from ml_monitor.scaffold.propose import Proposal, propose

__all__ = [
    "OPTIONAL_KINDS",
    "Finding",
    "Installation",
    "Proposal",
    "ScaffoldError",
    "add_files",
    "check",
    "config_block",
    "insert_config",
    "install",
    "propose",
    "validate_name",
]
