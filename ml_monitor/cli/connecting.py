"""Commands that connect BI tools."""

from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, ProjectDir
from ml_monitor.cli.run import Context, Exit, errors_for_people

bi = typer.Typer(
    name="bi",
    help="Files for BI tools: MetricFlow semantic models, a dashboard for Superset.\n\n"
    "Exit codes: 0 did it, 1 failed, 3 nothing to do.",
    no_args_is_help=True,
)


@bi.command()
def semantics(
    directory: Annotated[
        Path | None, typer.Option("--directory", help="Where the files go.", show_default="models/monitoring in the project")
    ] = None,
    project_dir: ProjectDir = Path(),
    as_json: AsJson = False,
) -> None:
    """Write MetricFlow semantic models and metrics into the project, and a time spine if it has none.

    Nothing that is there is overwritten.

    Example: [green]ml-monitor bi semantics && dbt parse && mf query --metrics ml_monitor_incidents --group-by metric_time[/green]
    """
    context = Context(project_dir, None, None, None, as_json)
    with errors_for_people(context):
        from ml_monitor.bi import add_semantic_layer

        made = add_semantic_layer(context.project, directory or context.project.root / "models" / "monitoring")
        for path in made.written:
            context.say(f"wrote {path}")
        if not made.written:
            context.say("nothing to do: the files are there")
        content = {"status": "done" if made.written else "nothing_to_do", "files": [str(path) for path in made.written]}
        context.finish(content, Exit.DONE if made.written else Exit.NOTHING_TO_DO)


@bi.command()
def superset(
    uri: Annotated[
        str, typer.Option("--uri", help="SQLAlchemy URI of the warehouse as Superset reaches it; its password is left out.")
    ],
    output: Annotated[Path, typer.Option("--output", help="The ZIP file; never written over.", dir_okay=False)] = Path(
        "ml_monitor_superset.zip"
    ),
    schema: Annotated[
        str | None, typer.Option("--schema", help="Schema of the package's tables.", show_default="the project's")
    ] = None,
    project_dir: ProjectDir = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the dashboard for Apache Superset as the ZIP file that Superset imports.

    Example: [green]ml-monitor bi superset --uri postgresql+psycopg2://reader@warehouse:5432/analytics[/green]
    """
    context = Context(project_dir, None, None, None, as_json)
    with errors_for_people(context):
        from ml_monitor.bi import superset_bundle

        chosen = schema or context.project.package_schema()
        superset_bundle(output, uri, chosen)
        context.say(f"wrote {output} for schema {chosen}")
        context.finish({"status": "done", "file": str(output), "schema": chosen})
