"""The command that Prometheus scrapes."""

from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, errors_for_people

# Prometheus gives a scrape ten seconds; a file that is locked for longer is served from the last read.
_LOCK_TIMEOUT = 3.0


def exporter(
    address: Annotated[str, typer.Option("--address", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 9733,
    textfile: Annotated[
        Path | None,
        typer.Option("--textfile", help="Write this .prom file once instead, for the node exporter.", dir_okay=False),
    ] = None,
    cache: Annotated[float, typer.Option("--cache", min=0, help="Seconds between reads of the warehouse.")] = 30.0,
    max_series: Annotated[int, typer.Option("--max-series", min=1, help="Most watched values with own series.")] = 2000,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Serve verdicts, alerts, deliveries and retraining to Prometheus, from the warehouse, read-only.

    Example: [green]ml-monitor exporter --port 9733[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.errors import MlMonitorError

        try:
            from ml_monitor.live import WarehouseCollector, serve, write_textfile
        except ModuleNotFoundError as error:
            raise MlMonitorError("the exporter needs prometheus-client: pip install 'dbt-ml-monitor[prometheus]'") from error
        from ml_monitor.warehouse import Warehouse

        warehouse = Warehouse.from_dbt(project_dir, target, profiles_dir, lock_timeout=_LOCK_TIMEOUT, read_only=True)
        collector = WarehouseCollector(warehouse, cache_seconds=cache, max_series=max_series)
        if textfile is not None:
            write_textfile(collector, textfile)
            context.say(f"wrote {textfile}")
            context.finish({"status": "done", "path": str(textfile)})
        server, thread = serve(collector, address, port)
        context.say(f"serving http://{address}:{port}/metrics")
        try:
            thread.join()
        except KeyboardInterrupt:
            server.shutdown()
