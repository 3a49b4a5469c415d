"""What every command does around its work: find the project, say errors, set the exit code."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from ml_monitor.settings import DbtProject
    from ml_monitor.warehouse import Warehouse


class Exit(IntEnum):
    """Exit codes, for cron and orchestrators."""

    DONE = 0
    FAILED = 1
    NOTHING_TO_DO = 3


@dataclass(frozen=True)
class Context:
    """The project that a command works on."""

    project_dir: Path
    target: str | None
    profiles_dir: Path | None
    now_text: str | None
    as_json: bool

    @cached_property
    def project(self) -> "DbtProject":
        """The dbt project."""
        from ml_monitor.settings import DbtProject

        return DbtProject.load(self.project_dir, self.target, self.profiles_dir)

    @cached_property
    def warehouse(self) -> "Warehouse":
        """The project's warehouse."""
        from ml_monitor.warehouse import Warehouse

        return Warehouse.from_dbt(self.project_dir, self.target, self.profiles_dir)

    @cached_property
    def now(self) -> datetime:
        """The monitoring clock."""
        from ml_monitor.settings import utc

        return utc(self.now_text) if self.now_text else self.project.monitoring_now()

    def say(self, line: str) -> None:
        """Tell a person on standard error how it goes."""
        if not self.as_json:
            typer.echo(line, err=True)

    def print_json(self, content: Mapping[str, Any]) -> None:
        """Print the one JSON object of a command."""
        typer.echo(json.dumps(content, default=_plain, indent=2 if sys.stdout.isatty() else None))

    def finish(self, content: Mapping[str, Any], code: Exit = Exit.DONE) -> NoReturn:
        """Print the result if JSON was asked for, and leave with an exit code."""
        if self.as_json:
            self.print_json(content)
        raise typer.Exit(code)


@contextmanager
def errors_for_people(context: Context) -> Iterator[None]:
    """Turn the errors that the user can act on into one message and exit code 1."""
    from ml_monitor.errors import MlMonitorError

    try:
        yield
    except MlMonitorError as error:
        if context.as_json:
            context.print_json({"status": "error", "error": type(error).__name__, "message": str(error)})
        else:
            typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
        raise typer.Exit(Exit.FAILED) from error


def console() -> "Console":
    """Standard output, wide enough for tables when it is no terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140)


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return float(cell)
    return str(cell)
