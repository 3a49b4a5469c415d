"""Commands that collect feedback."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ml_monitor.cli.options import AsJson, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people

if TYPE_CHECKING:
    from ml_monitor.feedback.serve import Place

feedback = typer.Typer(
    name="feedback",
    help="What people say about predictions: receive it over HTTP, keep it, bring it into the warehouse.\n\n"
    "Needs pip install 'dbt-ml-monitor\\[feedback]'. Exit codes: 0 did it, 1 failed, 3 nothing to do.",
    no_args_is_help=True,
)


@feedback.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8321,
    flushing: Annotated[bool, typer.Option("--flush/--no-flush", help="Bring events into the warehouse too.")] = True,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
) -> None:
    """Receive feedback over HTTP, as feedback.yml of the project says.

    An event is answered when it is on the disk. The warehouse may be locked or absent: events wait in the buffer.

    Example: [green]ml-monitor feedback serve --host 0.0.0.0[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, False)
    with errors_for_people(context):
        _need_extra()
        from ml_monitor.feedback.serve import serve as run

        run(_place(context), host, port, flushing=flushing, say=context.say)


@feedback.command()
def flush(
    every: Annotated[
        float | None, typer.Option("--every", min=0.1, metavar="SECONDS", help="Go on, with such pauses.", show_default="once")
    ] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring the events in the buffer into feedback_events, each exactly once.

    Example: [green]ml-monitor feedback flush[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        _need_extra()
        from dataclasses import asdict

        from ml_monitor.feedback.serve import flush_place

        place = _place(context)
        if every is not None:
            flush_place(place, every)
            return
        done = place.flush()
        some = done.events or done.known
        context.say(f"{done.events} events flushed, {done.known} were there already" if some else "nothing to flush")
        context.finish({"status": "done" if some else "nothing_to_do", **asdict(done)}, Exit.DONE if some else Exit.NOTHING_TO_DO)


@feedback.command("import")
def import_(
    names: Annotated[list[str] | None, typer.Argument(help="Imports of feedback.yml.", show_default="all")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Read this file instead of the import's path.", dir_okay=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported, and what is wrong.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Offer every row again; what is there stays once.")] = False,
    flushing: Annotated[bool, typer.Option("--flush/--no-flush", help="Bring the events into the warehouse too.")] = True,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Import feedback from files (CSV, Google Forms) and from Airtable, as imports in feedback.yml says.

    A file is imported whole or not at all. Importing it again, or a later export of the same sheet, adds only what is new.

    Example: [green]ml-monitor feedback import weekly_form --file ~/Downloads/form.csv[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        _need_extra()
        from dataclasses import asdict

        from ml_monitor.feedback.imports.place import import_place
        from ml_monitor.settings import ProjectError
        from ml_monitor.warehouse import WarehouseError

        place = _place(context)
        done = import_place(place, names or None, file=file, again=again, dry_run=dry_run, say=context.say)
        flushed = None
        if flushing and not dry_run:
            try:
                flushed = place.flush()
            except (WarehouseError, ProjectError) as error:
                context.say(f"kept, and flushed later (ml-monitor feedback flush): {error}")
        some = any(one.events for one in done)
        content = {"imports": [asdict(one) for one in done], "flushed": flushed and flushed.events}
        status = "dry_run" if dry_run else "done" if some else "nothing_to_do"
        context.finish({"status": status, **content}, Exit.DONE if some or dry_run else Exit.NOTHING_TO_DO)


@feedback.command()
def key(
    name: Annotated[str, typer.Argument(help="The client: small letters, digits, _ and -.")],
    source: Annotated[str, typer.Option("--source", help="Who is believed to speak: users, experts …")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help="write, write:KIND or read.", show_default="write")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key: it is shown once; what goes into feedback.yml is its hash.

    Example: [green]ml-monitor feedback key website --source users --scope write:thumb[/green]
    """
    context = Context(Path(), None, None, None, as_json)
    with errors_for_people(context):
        _need_extra()
        import yaml
        from pydantic import ValidationError

        from ml_monitor.feedback.errors import FeedbackError
        from ml_monitor.feedback.keys import ApiKey, hashed, new_key

        secret = new_key()
        entry = {"name": name, "sha256": hashed(secret), "source": source, "scopes": scope or ["write"]}
        try:
            ApiKey.model_validate(entry)
        except ValidationError as error:
            raise FeedbackError("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())) from error
        if not as_json:
            typer.echo(secret)
        context.say("this is the key; it is not kept anywhere. Put this into feedback.yml, and start the server again:\n")
        context.say(yaml.safe_dump({"keys": [entry]}, sort_keys=False))
        context.finish({"status": "done", "key": secret, "entry": entry})


@feedback.command()
def snippet() -> None:
    """Print one HTML file with thumbs up and down for any page: it sends to the API, and needs nothing else.

    Example: [green]ml-monitor feedback snippet > thumbs.html[/green]
    """
    from importlib.resources import files

    typer.echo(files("ml_monitor.feedback").joinpath("thumbs.html").read_text(encoding="utf-8"), nl=False)


def _place(context: Context) -> "Place":
    from ml_monitor.feedback.serve import Place

    return Place(context.project.root, context.target, context.profiles_dir)


def _need_extra() -> None:
    from importlib.util import find_spec

    from ml_monitor.errors import MlMonitorError

    if missing := [name for name in ("orjson", "starlette", "uvicorn") if find_spec(name) is None]:
        raise MlMonitorError(f"{', '.join(missing)} is not installed: pip install 'dbt-ml-monitor[feedback]'")
