"""The command that carries out retention policies."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, console, errors_for_people


def retention(
    apply: Annotated[bool, typer.Option("--apply", help="Delete. Without it nothing is changed.")] = False,
    actor: Annotated[str | None, typer.Option("--actor", help="Who, for the record.", show_default="the user")] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show, or with --apply delete, the rows of logs and events that a monitor's `retention` no longer keeps.

    Only whole windows that the profiles have counted go, so no figure changes. What was deleted is recorded in
    ml_monitor__retention_actions. Exit code 3 if there is nothing to delete.

    Example: [green]ml-monitor retention --apply --actor privacy-office[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from dataclasses import asdict

        from ml_monitor import retention as policies

        if apply:
            found = policies.apply(context.warehouse, context.project, context.now, actor or getpass.getuser())
        else:
            found = policies.plan(context.warehouse, context.project, context.now)
        if not found:
            context.say("nothing to delete")
            context.finish({"status": "nothing_to_do", "deletions": []}, Exit.NOTHING_TO_DO)
        if not as_json:
            from rich.table import Table

            shown = Table("monitor", "rule", "table", "days kept", "before", "rows", "from", "to", title_justify="left")
            for one in found:
                cells = (one.monitor, one.rule, one.relation, one.keep_days, one.cutoff, one.n_rows, one.first_at, one.last_at)
                shown.add_row(*map(str, cells))
            console().print(shown)
        rows = sum(one.n_rows for one in found)
        context.say(f"deleted {rows} rows; recorded in retention_actions" if apply else f"{rows} rows; --apply deletes them")
        context.finish({"status": "done" if apply else "planned", "deletions": [asdict(one) for one in found]})
