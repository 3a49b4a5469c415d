"""Commands that read the configuration of another tool."""

from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson
from ml_monitor.cli.run import Context, Exit, errors_for_people

importing = typer.Typer(
    name="import",
    help="Turn the configuration of another monitoring tool into a monitor.\n\n"
    "Exit codes: 0 did it, 1 failed, or --strict and something was left out.",
    no_args_is_help=True,
)

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="What the other tool wrote, JSON or YAML.", dir_okay=False)]
Name = Annotated[str, typer.Option("--name", help="Name of the monitor, e.g. churn.")]
Predictions = Annotated[
    str | None, typer.Option("--predictions", metavar="RELATION", help="The prediction log: a model, or source.table.")
]
Feedback = Annotated[str | None, typer.Option("--feedback", metavar="RELATION", help="The feedback log, if labels come apart.")]
Reference = Annotated[str | None, typer.Option("--reference", metavar="RELATION", help="The model with the reference rows.")]
PredictionId = Annotated[
    str | None, typer.Option("--prediction-id", metavar="COLUMN", help="The column that identifies a prediction.")
]
Types = Annotated[
    list[str] | None, typer.Option("--type", metavar="COLUMN=TYPE", help="numeric or categorical; once per column.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Fail if anything of the file is left out.")]


@importing.command()
def evidently(
    files: Files,
    name: Name,
    predictions: Predictions = None,
    feedback: Feedback = None,
    reference: Reference = None,
    prediction_id: PredictionId = None,
    types: Types = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """From the JSON of an Evidently report (0.7 or later: snapshot.save_json).

    Example: [green]ml-monitor import evidently snapshot.json --name churn --type plan=categorical[/green]
    """
    _run("evidently", files, name, (predictions, feedback, reference, prediction_id), types, strict, as_json)


@importing.command()
def nannyml(
    files: Files,
    name: Name,
    predictions: Predictions = None,
    feedback: Feedback = None,
    reference: Reference = None,
    prediction_id: PredictionId = None,
    types: Types = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """From the configuration of NannyML's command line (nannyml.yaml).

    Example: [green]ml-monitor import nannyml nannyml.yaml --name churn[/green]
    """
    _run("nannyml", files, name, (predictions, feedback, reference, prediction_id), types, strict, as_json)


@importing.command()
def whylogs(
    files: Files,
    name: Name,
    predictions: Predictions = None,
    feedback: Feedback = None,
    reference: Reference = None,
    prediction_id: PredictionId = None,
    types: Types = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """From the table of a whylogs profile, a report of constraints, or both.

    Example: [green]ml-monitor import whylogs profile.json constraints.json --name churn[/green]
    """
    _run("whylogs", files, name, (predictions, feedback, reference, prediction_id), types, strict, as_json)


@importing.command()
def databricks(
    files: Files,
    name: Name,
    predictions: Predictions = None,
    feedback: Feedback = None,
    reference: Reference = None,
    prediction_id: PredictionId = None,
    types: Types = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """From the JSON of a Databricks Lakehouse monitor.

    Example: [green]ml-monitor import databricks monitor.json --name churn --type tenure=numeric[/green]
    """
    _run("databricks", files, name, (predictions, feedback, reference, prediction_id), types, strict, as_json)


def _run(
    tool: str,
    files: list[Path],
    name: str,
    given: tuple[str | None, str | None, str | None, str | None],
    types: list[str] | None,
    strict: bool,
    as_json: bool,
) -> None:
    context = Context(Path(), None, None, None, as_json)
    kinds = dict(one.split("=", 1) for one in types or [] if "=" in one)
    if len(kinds) != len(types or []):
        raise typer.BadParameter("write --type COLUMN=numeric or --type COLUMN=categorical, each column once")
    with errors_for_people(context):
        from ml_monitor.migration import Answers, convert

        made = convert(tool, files, name, Answers(*given, kinds))
        if not as_json:
            typer.echo(made.yaml(), nl=False)
        for what, why in made.left:
            context.say(f"not carried over: {what}: {why}")
        if not given[0] or not given[2]:
            context.say(f"check the names of the relations: {made.block['predictions']}, {made.block['reference']['relation']}")
        context.say(f"next: put the block into dbt_project.yml, then ml-monitor add {name} && dbt parse && ml-monitor check")
        failed = strict and bool(made.left)
        left = [{"what": what, "why": why} for what, why in made.left]
        content = {"status": "incomplete" if made.left else "done", "monitor": name, "config": made.block, "left_out": left}
        context.finish(content, Exit.FAILED if failed else Exit.DONE)
