"""The command that logs metric values as runs."""

from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people


def log_metrics(
    to: Annotated[
        list[str] | None, typer.Option("--to", help="mlflow or wandb.", show_default="var ml_monitor__log_metrics")
    ] = None,
    monitor: Annotated[str | None, typer.Option("--monitor", help="Only this monitor.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many values would be logged; log nothing.")] = False,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Log judged metric values and verdicts as runs of the monitored model, one run per version.

    The ledger in the warehouse knows what was logged, so run it as often as you like; a value that late data have changed is
    logged again at the same step. MLflow is at MLFLOW_TRACKING_URI; Weights & Biases runs are written to WANDB_DIR, for
    `wandb sync`.

    Example: [green]dbt build && ml-monitor log-metrics --to mlflow[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from dataclasses import asdict

        from ml_monitor import tracking
        from ml_monitor.warehouse import MissingTable

        declared = context.project.variables.get("ml_monitor__log_metrics") or []
        names = to or ([declared] if isinstance(declared, str) else list(declared))
        if not names:
            raise tracking.TrackingError("nothing says where to: give --to, or set var ml_monitor__log_metrics: [mlflow]")
        where = [tracking.destination(name, context.project.root) for name in names]
        try:
            if dry_run:
                planned = {one.name: tracking.count_unlogged(context.warehouse, one.name, monitor) for one in where}
                for name, count in planned.items():
                    context.say(f"{name}: would log {count} values")
                context.finish({"status": "dry_run", "planned": planned})
            done = [tracking.log_metrics(context.warehouse, one, context.now, monitor=monitor, say=context.say) for one in where]
        except MissingTable as error:
            raise tracking.TrackingError(
                "there is no ledger ml_monitor__logged_values: set var ml_monitor__log_metrics: [mlflow] (or wandb) and run dbt"
            ) from error
        for one in done:
            context.say(f"{one.destination}: {one.logged} values logged, {one.restated} of them restated by late data")
        anything = any(one.logged for one in done)
        content = {"status": "done" if anything else "nothing_to_do", "destinations": [asdict(one) for one in done]}
        context.finish(content, Exit.DONE if anything else Exit.NOTHING_TO_DO)
