"""Commands that set up a project."""

from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people


def init(
    local: Annotated[Path | None, typer.Option("--local", help="Path of a checkout of the package.", file_okay=False)] = None,
    git: Annotated[str | None, typer.Option("--git", metavar="URL", help="Git repository of the package.")] = None,
    revision: Annotated[str | None, typer.Option("--revision", metavar="TAG", help="Tag, branch or commit of --git.")] = None,
    project_dir: ProjectDir = Path(),
    as_json: AsJson = False,
) -> None:
    """Add the dbt package to this dbt project.

    Writes the package into packages.yml and an empty [bold]ml_monitor__monitors[/bold] into the vars of
    dbt_project.yml; comments stay. Running it again changes nothing.

    Example: [green]ml-monitor init --local ../dbt-ml-monitor[/green]
    """
    if (local is None) == (git is None):
        raise typer.BadParameter("give one of --local PATH and --git URL")
    if revision is not None and git is None:
        raise typer.BadParameter("--revision goes with --git")
    context = Context(project_dir, None, None, None, as_json)
    with errors_for_people(context):
        from ml_monitor.scaffold import install

        package = {"local": local.as_posix()} if local else {"git": str(git)}
        if revision:
            package["revision"] = revision
        done = install(project_dir, package)
        for path in done.changed:
            context.say(f"changed {path}")
        for text in done.by_hand:
            context.say(f"could not be changed safely; add by hand to {text}")
        if not done.changed and not done.by_hand:
            context.say("nothing to do: the package and its var are there")
            context.finish({"status": "nothing_to_do"}, Exit.NOTHING_TO_DO)
        context.say("next: dbt deps && ml-monitor add NAME --predictions A_MODEL")
        status = "by_hand" if done.by_hand else "done"
        content = {
            "status": status,
            "changed": [str(path) for path in done.changed],
            "by_hand": list(done.by_hand),
        }
        context.finish(content, Exit.FAILED if done.by_hand else Exit.DONE)


def add(
    name: Annotated[str, typer.Argument(help="Name of the monitor, e.g. flight_delay.")],
    predictions: Annotated[
        str | None,
        typer.Option("--predictions", metavar="RELATION", help="The prediction log: a model, or source.table."),
    ] = None,
    directory: Annotated[
        Path | None,
        typer.Option("--directory", help="Where the models go.", show_default="models/monitoring in the project"),
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Put the configuration into dbt_project.yml instead of printing it."),
    ] = False,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Add a monitor: three one-line models with their descriptions, and a configuration to start from.

    With [bold]--predictions[/bold] it looks at the columns of the log and proposes the features and their
    types. A declared monitor with multivariate, metrics, comparison, selective or error_profile has a model more for each; run it
    again after adding the key. Nothing that is there is overwritten.

    Example: [green]ml-monitor add flight_delay --predictions flight_predictions --write[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.scaffold import OPTIONAL_KINDS, add_files, config_block, insert_config, propose, validate_name

        validate_name(name)
        known = context.project.monitors.get(name)
        proposal = propose(context.warehouse, context.project, predictions) if predictions else None
        spec = known if isinstance(known, dict) else {}
        optional = [kind for kind, key in OPTIONAL_KINDS.items() if spec.get(key)]
        paths = add_files(name, directory or context.project.root / "models" / "monitoring", optional=optional, spec=spec)
        for path in paths:
            context.say(f"wrote {path}")
        content: dict[str, object] = {
            "status": "done",
            "files": [str(path) for path in paths],
            "config": None,
        }
        if known is not None:
            context.finish(content)

        roles_to_name = proposal.roles_to_name if proposal else {}
        block = config_block(name, predictions or "my_predictions", proposal.features if proposal else None, roles_to_name)
        for column, reason in (proposal.left_out if proposal else {}).items():
            context.say(f"left out {column} ({reason})")
        config = context.project.root / "dbt_project.yml"
        changed = insert_config(config.read_text(encoding="utf-8"), name, block) if write else None
        if changed is not None:
            config.write_text(changed, encoding="utf-8")
            context.say(f"added {name} to {config}")
        else:
            where = "could not be changed safely; put" if write else "does not declare it; put"
            context.say(f"{config} {where} this under vars.ml_monitor__monitors:\n")
            if not as_json:
                typer.echo("".join(f"    {line}\n" for line in block.splitlines()), nl=False)
        roles = f"name the columns for {', '.join(roles_to_name)}, " if roles_to_name else ""
        context.say(f"next: {roles}review the features, then dbt parse && ml-monitor check && dbt build")
        refused = write and changed is None
        content |= {"status": "by_hand" if refused else "done", "config": block, "config_written": changed is not None}
        context.finish(content, Exit.FAILED if refused else Exit.DONE)
