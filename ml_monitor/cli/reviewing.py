"""Commands for people who review predictions."""

from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, errors_for_people

review = typer.Typer(name="review", help="Let people look at predictions, and approve or correct them.", no_args_is_help=True)


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
