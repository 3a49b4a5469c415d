"""Commands that change which model is the champion."""

import getpass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people

if TYPE_CHECKING:
    from ml_monitor.retraining import ModelVersion

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
    reason: Annotated[str | None, typer.Option("--reason", help="Why it is asked for by hand; kept in the warehouse.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run in flight whose process is dead.")] = False,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Train a challenger, compare it with the champion, and promote it if it is better.

    Every step is written to the warehouse, and so is the reason why nothing is done. A challenger that loses is a
    success too (status kept); with nothing to react to, or within the cool-down, the exit code is 3. A run that was
    interrupted, because the model registry was down, is taken up where it stopped.

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
            reason=f"asked for by {getpass.getuser()}" + (f": {reason}" if reason else "") if trigger is Trigger.manual else None,
            resume=resume,
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


def approve(
    monitor: Annotated[str, typer.Argument(help="The monitor whose challenger waits.")],
    version: Annotated[str, typer.Argument(help="The challenger.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the warehouse.")] = "approved",
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Let a challenger serve that won and waits for a person (promotion: manual or shadow).

    Refused if another champion serves than the one it was compared with.

    Example: [green]ml-monitor approve flight_delay r20130701 --reason "seen by the team"[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.retraining import approve as run

        done = run(context.warehouse, monitor, version, now=context.now, reason=reason, actor=getpass.getuser())
        _stage_of(context, done)


def reject(
    monitor: Annotated[str, typer.Argument(help="The monitor whose challenger waits.")],
    version: Annotated[str, typer.Argument(help="The challenger.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the warehouse.")],
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a challenger that waits for a person. The champion stays.

    Example: [green]ml-monitor reject flight_delay r20130701 --reason "the storm week is in its rows"[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.retraining import reject as run

        done = run(context.warehouse, monitor, version, now=context.now, reason=reason, actor=getpass.getuser())
        _stage_of(context, done)


def register(
    monitor: Annotated[str, typer.Argument(help="The monitor that the version belongs to.")],
    version: Annotated[str, typer.Argument(help="Its name in the prediction log.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the warehouse.")],
    artifact: Annotated[
        Path | None, typer.Option("--artifact", help="Its joblib file, if it may be scored and rolled back to.", dir_okay=False)
    ] = None,
    validation: Annotated[
        float | None, typer.Option("--validation", help="Its roc_auc or mae on held-out rows: what it is held to.")
    ] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Make known that a version trained elsewhere serves from now on. Retraining needs a champion to beat.

    Example: [green]ml-monitor register flight_delay v1 --reason "first release"[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.retraining import register_version as run

        done = run(
            context.warehouse,
            monitor,
            version,
            now=context.now,
            artifact_uri=str(artifact.resolve()) if artifact else None,
            validation=validation,
            reason=reason,
            actor=getpass.getuser(),
        )
        _stage_of(context, done)


def guard(
    monitor: Annotated[str, typer.Argument(help="The monitor whose champion is watched.")],
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Compare a new champion with the one before it, and end the time of a challenger in shadow.

    By the policy of the monitor a champion that is worse is rolled back, or a person is told. With nothing to watch
    the exit code is 3.

    Example: [green]ml-monitor guard flight_delay[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.retraining import check_guards

        guards = check_guards(context.warehouse, monitor, now=context.now, project_dir=context.project.root)
        for one in guards:
            context.say(f"{monitor}: {one.kind} {one.model_version} {one.status}: {one.reason}")
        if not guards:
            context.say(f"{monitor}: nothing to watch")
        content = {"monitor": monitor, "guards": [one.to_dict() for one in guards]}
        context.finish(content, Exit.DONE if guards else Exit.NOTHING_TO_DO)


def _stage_of(context: Context, version: "ModelVersion") -> None:
    context.say(f"{version.monitor}: {version.model_version} is {version.stage}")
    context.finish({"monitor": version.monitor, "model_version": version.model_version, "stage": version.stage})
