"""Commands with which people answer alerts."""

import getpass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people

Alert = Annotated[str, typer.Argument(help="Incident id or alert key, or its first six characters or more.")]
Note = Annotated[str | None, typer.Option("--note", help="Kept in the warehouse.")]


class Verdict(StrEnum):
    """Whether an alert was worth it."""

    useful = "useful"
    false_alarm = "false_alarm"


def ack(
    alert: Alert,
    verdict: Annotated[
        Verdict | None, typer.Option("--verdict", help="Was it worth it? Alert precision is counted from this.")
    ] = None,
    note: Note = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Who.", show_default="the user")] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Acknowledge an incident: it is not repeated, only told when it gets worse or ends.

    Example: [green]ml-monitor ack 3f9a2c --verdict useful --note "new carrier code, fixed upstream"[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.alerts.actions import acknowledge

        (done,) = acknowledge(
            context.warehouse,
            alert,
            actor=actor or getpass.getuser(),
            now=context.now,
            verdict=verdict.value if verdict else None,
            note=note,
        )
        context.say(f"{done.monitor}: incident {done.incident_id} acknowledged by {done.actor}; the next dbt run counts with it")
        context.finish(done.to_dict())


def answers(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 9735,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
) -> None:
    """Serve the page behind the links with which messages are acknowledged and snoozed.

    Set ML_MONITOR_ANSWER_URL, where this is reached, and ML_MONITOR_ANSWER_SECRET for `deliver` and here: messages then have
    the links. Who has a link can answer that incident for two weeks, so put TLS in front of it.

    Example: [green]ml-monitor answers --port 9735[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, False)
    with errors_for_people(context):
        from ml_monitor.alerts.answers import AnswerError
        from ml_monitor.alerts.settings import ChannelSettings

        links = ChannelSettings.from_environment().answer_links()
        if links is None:
            raise AnswerError("answers needs ML_MONITOR_ANSWER_URL and ML_MONITOR_ANSWER_SECRET")
        try:
            import uvicorn

            from ml_monitor.alerts.answer_app import answer_app
        except ModuleNotFoundError as error:
            raise AnswerError("answers needs starlette and uvicorn: pip install 'dbt-ml-monitor[feedback]'") from error
        app = answer_app(context.warehouse, links.secret, lambda: context.now if now else context.project.monitoring_now())
        context.say(f"answers on http://{host}:{port}, linked to as {links.url}")
        # No access log: the path is a key.
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


def snooze(
    alert: Alert,
    duration: Annotated[str, typer.Option("--for", metavar="DURATION", help="8h, 3d or 2w.")] = "1d",
    note: Note = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Who.", show_default="the user")] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Tell nobody about an alert for a while; if it is still open then, it is told again.

    A shorter snooze takes the place of a longer one.

    Example: [green]ml-monitor snooze 3f9a2c --for 3d[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.alerts.actions import duration as parsed
        from ml_monitor.alerts.actions import snooze as run

        until = context.now + parsed(duration)
        (done,) = run(context.warehouse, alert, until=until, actor=actor or getpass.getuser(), now=context.now, note=note)
        context.say(f"{done.monitor}: alert {done.alert_key} snoozed until {done.until_at:%Y-%m-%d %H:%M} UTC by {done.actor}")
        context.finish(done.to_dict())


def incidents(
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the open alerts grouped by what they have in common, with the upstream model or source to look at first.

    Alerts of one monitor and window are one incident; features that come from the same model, source or column are one,
    with that node and the last commit to it as suspect. Run dbt first: the lineage is read from its compiled models.

    Example: [green]ml-monitor incidents[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.alerts.incidents import incidents as run

        found = run(context.warehouse, context.project)
        if not as_json:
            for one in found:
                typer.echo(f"{one.state:<8} {one.monitor}, since {one.opened_at:%Y-%m-%d %H:%M} UTC: {'; '.join(one.alerts)}")
                if one.suspect:
                    typer.echo(f"         suspect: {one.suspect.node} ({', '.join(one.suspect.columns)})")
                    typer.echo(f"         last change: {one.suspect.last_change or 'unknown'}")
        context.finish({"incidents": [one.to_dict() for one in found]}, Exit.DONE if found else Exit.NOTHING_TO_DO)
