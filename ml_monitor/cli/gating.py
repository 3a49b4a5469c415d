"""Commands on the gate between data and training."""

from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, errors_for_people

gate = typer.Typer(
    name="gate",
    help="What the rows that a monitor's model is trained on must look like.",
    no_args_is_help=True,
)


@gate.callback()
def _group() -> None:
    """Keeps `init` a subcommand: an application with one command would swallow its name."""


@gate.command()
def init(
    monitor: Annotated[str, typer.Argument(help="The monitor whose reference it is made from.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File in the project.", show_default="gates/MONITOR.yml"),
    ] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Write the expectations of a monitor's training rows, made from its reference, for you to edit.

    An existing file is left alone. Name the file as [bold]gate[/bold] in the monitor's retraining block.

    Example: [green]ml-monitor gate init flight_delay[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.retraining import write_suite

        place = output or Path("gates") / f"{monitor}.yml"
        count = write_suite(context.warehouse, monitor, context.project.root / place, now=context.now)
        context.say(f"wrote {count} expectations to {place}")
        context.say(f"next: retraining: {{gate: {place.as_posix()}}} in the monitor's declaration")
        context.finish({"status": "done", "path": str(place), "expectations": count})
