"""The application: global behaviour and the list of commands."""

import logging
from collections.abc import Callable
from typing import Annotated

import typer

from ml_monitor.cli.acting import ack, answers, incidents, snooze
from ml_monitor.cli.auditing import audit
from ml_monitor.cli.connecting import bi
from ml_monitor.cli.exporting import exporter
from ml_monitor.cli.feeding import feedback
from ml_monitor.cli.gating import gate
from ml_monitor.cli.importing import importing
from ml_monitor.cli.keeping import retention
from ml_monitor.cli.knowing import as_of, explain, restatements
from ml_monitor.cli.lifecycle import approve, guard, register, reject, retrain, rollback
from ml_monitor.cli.measuring import collect, import_prometheus
from ml_monitor.cli.observe import check, report, status
from ml_monitor.cli.replaying import replay
from ml_monitor.cli.reviewing import review
from ml_monitor.cli.sending import deliver
from ml_monitor.cli.setup import add, init
from ml_monitor.cli.tracking import log_metrics

app = typer.Typer(
    name="ml-monitor",
    help="Model monitoring in your warehouse: dbt computes the numbers, these commands act on them.\n\n"
    "Start with [bold]init[/bold], [bold]add[/bold] and [bold]check[/bold]; run dbt build; then "
    "[bold]status[/bold], [bold]deliver[/bold], [bold]report[/bold] and [bold]retrain[/bold].\n\n"
    "Exit codes: 0 did it, 1 failed, 3 nothing to do.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    # Local variables can hold webhook URLs and passwords.
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from ml_monitor import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log to standard error.")] = False,
) -> None:
    """Set up logging."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


_PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Set up": (init, add, check),
    "Watch": (status, report, deliver, exporter, log_metrics, collect, import_prometheus),
    "Answer": (incidents, ack, snooze, answers, replay),
    "Models": (register, retrain, approve, reject, guard, rollback),
    "Prove": (explain, as_of, restatements, retention),
}
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
app.add_typer(importing, rich_help_panel="Set up")
app.add_typer(gate, rich_help_panel="Models")
app.add_typer(audit, rich_help_panel="Prove")
app.add_typer(bi, rich_help_panel="Watch")
app.add_typer(feedback, rich_help_panel="Answer")
app.add_typer(review, rich_help_panel="Answer")
