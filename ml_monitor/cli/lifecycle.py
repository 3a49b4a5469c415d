"""Commands that change which model is the champion."""

import getpass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people

_CODES = {"promoted": Exit.DONE, "kept": Exit.DONE, "failed": Exit.FAILED, "skipped": Exit.NOTHING_TO_DO}


class Trigger(StrEnum):
    """Why to retrain."""

    auto = "auto"
    manual = "manual"


def retrain(
    monitor: Annotated[str, typer.Argument(help="The monitor whose model is trained.")],
    trigger: Annotated[
        Trigger,
        typer.Option("--trigger", help="auto: only if the warehouse has an open trigger. manual: in any case."),
    ] = Trigger.auto,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Train a challenger, compare it with the champion, and promote it if it is better.

    Every step is written to the warehouse. A challenger that loses is a success too (status kept); with
    nothing to react to, or within the cool-down, the exit code is 3.

    Example: [green]ml-monitor retrain flight_delay --trigger manual[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.retraining import retrain as run

        done = run(
            context.warehouse,
            monitor,
            now=context.now,
            trigger=trigger.value,
            project_dir=context.project.root,
            progress=context.say,
        )
        context.say(f"{monitor}: {done.status}: {done.reason}")
        context.finish(done.to_dict(), _CODES[done.status])


def rollback(
    monitor: Annotated[str, typer.Argument(help="The monitor whose model goes back.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the warehouse.")],
    to_version: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="Version.", show_default="the previous champion"),
    ] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Make an earlier version the champion again, and write down who did it and why.

    Example: [green]ml-monitor rollback flight_delay --reason "worse at JFK since Monday"[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.retraining import rollback as run

        done = run(
            context.warehouse,
            monitor,
            now=context.now,
            to_version=to_version,
            reason=reason,
            actor=getpass.getuser(),
        )
        content = done.to_dict()
        context.say(", ".join(f"{name} {detail}" for name, detail in content.items()))
        context.finish(content)
