"""Commands that fill the operational log."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people


def collect(
    url: Annotated[list[str] | None, typer.Option("--url", metavar="NAME=URL", help="Measure the response of this URL.")] = None,
    disk: Annotated[list[Path] | None, typer.Option("--disk", help="Disks to measure.", show_default="/")] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0.01, help="Seconds to wait for a response.")] = 10.0,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Append CPU, memory, disk, GPU and response times to the operational log. Run it every minute.

    Example: [green]ml-monitor collect --url api=https://models.example.com/health[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.errors import MlMonitorError
        from ml_monitor.service import Endpoint, append
        from ml_monitor.service import collect as look

        endpoints = [Endpoint(*_named(one, "--url")) for one in url or []]
        try:
            found = look(endpoints, disk or [Path("/")], timeout, context.now)
        except ModuleNotFoundError as error:
            raise MlMonitorError("collect needs psutil: pip install 'dbt-ml-monitor[infrastructure]'") from error
        written = append(context.warehouse, found)
        context.say(f"{written} measurements")
        context.finish({"status": "done", "written": written})


def import_prometheus(
    url: Annotated[str, typer.Option("--url", envvar="ML_MONITOR_PROMETHEUS_URL", help="Prometheus, without /api.")],
    query: Annotated[list[str], typer.Option("--query", metavar="NAME=PROMQL", help="What to import, and its name in the log.")],
    step: Annotated[int, typer.Option("--step", min=1, help="Seconds between values.")] = 300,
    history_days: Annotated[int, typer.Option("--history-days", min=1, help="How far back a first import goes.")] = 7,
    overlap_minutes: Annotated[int, typer.Option("--overlap-minutes", min=0, help="Look again so far before the newest.")] = 60,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Append values of Prometheus to the operational log, from where it ends. Run it as often as you like.

    Example: [green]ml-monitor import-prometheus --url http://prometheus:9090 --query 'api_errors=sum(rate(errors[5m]))'[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.service import Query, import_range

        queries = [Query(*_named(one, "--query")) for one in query]
        spans = {
            "step": timedelta(seconds=step),
            "history": timedelta(days=history_days),
            "overlap": timedelta(minutes=overlap_minutes),
        }
        written = {one.measure: import_range(context.warehouse, url, one, **spans, now=context.now) for one in queries}
        for measure, count in written.items():
            context.say(f"{measure}: {count} new values")
        context.finish({"status": "done", "written": written}, Exit.DONE if any(written.values()) else Exit.NOTHING_TO_DO)


def _named(text: str, option: str) -> tuple[str, str]:
    from ml_monitor.service import ServiceError

    name, found, value = text.partition("=")
    if not (found and name and value):
        raise ServiceError(f"{option} must be NAME=VALUE")
    return name, value
