"""Commands for people who review predictions."""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people

review = typer.Typer(
    name="review",
    help="Let people look at predictions, and approve or correct them.\n\nExit codes: 0 did it, 1 failed, 3 nothing to do.",
    no_args_is_help=True,
)

Monitor = Annotated[str, typer.Argument(help="A monitor that declares review.")]
Prediction = Annotated[str, typer.Argument(help="The prediction.")]
Reviewer = Annotated[str, typer.Option("--reviewer", help="Who looks at it.", envvar="ML_MONITOR_REVIEWER")]
Hold = Annotated[float, typer.Option("--hold", min=0.1, metavar="MINUTES", help="After that it is free again.")]
ClaimedAt = Annotated[str | None, typer.Option("--now", metavar="TIME", help="ISO 8601, UTC.", show_default="the current time")]


@review.command("next")
def take_next(
    monitor: Monitor,
    reviewer: Reviewer,
    hold: Hold = 30,
    now: ClaimedAt = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Take the first prediction of the queue that nobody holds, or the one that you hold already.

    Example: [green]ml-monitor review next flight_delay --reviewer ann[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.review.claims import claim_next

        item = claim_next(context.warehouse, monitor, reviewer, _moment(now), hold=timedelta(minutes=hold))
        if item is None:
            context.say("nothing to review")
            context.finish({"status": "nothing_to_do"}, Exit.NOTHING_TO_DO)
        if not as_json:
            typer.echo(item.prediction_id)
        context.say(f"predicted {item.prediction} ({item.reason}), yours until {item.expires_at:%H:%M} UTC")
        context.finish({"status": "done", **asdict(item)})


@review.command("claim")
def take(
    monitor: Monitor,
    prediction_id: Prediction,
    reviewer: Reviewer,
    hold: Hold = 30,
    now: ClaimedAt = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Take one prediction of the queue, or hold it longer.

    Example: [green]ml-monitor review claim flight_delay UA-1545 --reviewer ann[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.review.claims import claim

        item = claim(context.warehouse, monitor, prediction_id, reviewer, _moment(now), hold=timedelta(minutes=hold))
        context.say(f"{prediction_id} is yours until {item.expires_at:%H:%M} UTC")
        context.finish({"status": "done", **asdict(item)})


@review.command("release")
def let_go(
    monitor: Monitor,
    prediction_id: Prediction,
    reviewer: Reviewer,
    answered: Annotated[bool, typer.Option("--answered", help="It was answered: nobody is asked, but in a dispute.")] = False,
    now: ClaimedAt = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Let go of a prediction.

    Example: [green]ml-monitor review release flight_delay UA-1545 --reviewer ann[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.review.claims import release

        held = release(context.warehouse, monitor, prediction_id, reviewer, _moment(now), answered=answered)
        context.say("released" if held else f"{reviewer} did not hold it")
        context.finish({"status": "done" if held else "nothing_to_do"}, Exit.DONE if held else Exit.NOTHING_TO_DO)


@review.command("app")
def review_app(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8322,
    key: Annotated[str, typer.Option("--key", help="Key of feedback.yml that answers are given with, by its name.")] = "review",
    user_header: Annotated[
        str | None, typer.Option("--user-header", help="Header in which a proxy says who is logged in.", show_default="ask")
    ] = None,
    flushing: Annotated[bool, typer.Option("--flush/--no-flush", help="Bring answers into the warehouse too.")] = True,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
) -> None:
    """Serve the reviewers' page: a prediction with its features and score, approve or correct it, the next from the queue.

    It has no login of its own: put a proxy before it, and name its header.

    Example: [green]ml-monitor review app --user-header X-Forwarded-User[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, False)
    with errors_for_people(context):
        from ml_monitor.review.serve import serve_page

        serve_page(
            context.project.root, context.target, context.profiles_dir, key, host, port,
            user_header=user_header, flushing=flushing, say=context.say,
        )  # fmt: skip


def _moment(text: str | None) -> datetime:
    """Claims are a matter of people: the clock on the wall, whatever time the monitoring has reached."""
    from ml_monitor.settings import utc, wall_clock

    return utc(text) if text else wall_clock()
