"""Commands that say what was known when."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ml_monitor.cli.options import AsJson, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, console, errors_for_people


def as_of(
    time: Annotated[str, typer.Argument(metavar="TIME", help="ISO 8601, UTC, on the monitoring clock.")],
    monitor: Annotated[str | None, typer.Option("--monitor", help="Only this one.")] = None,
    prediction: Annotated[
        str | None, typer.Option("--prediction", metavar="ID", help="Only the labels of this prediction; needs --monitor.")
    ] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what was known at a time: configuration, rules, versions, alerts, verdicts, labels, whatever changed since.

    What changes comes from the dbt snapshots: it is as fresh as the last one taken by then. What happened comes from the
    append-only tables and is exact. With --json every row.

    Example: [green]ml-monitor as-of 2013-06-01 --json | jq '.tables.thresholds'[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.audit import as_of as run
        from ml_monitor.settings import utc

        if prediction is not None:
            _label(context, utc(time), monitor, prediction)
        known = run(context.warehouse, utc(time), monitor)
        if not as_json:
            _show(known.tables)
            context.say(f"snapshots as of {known.seen_at}, the last one by {known.at}; events to {known.at}")
        context.finish({"status": "done", "at": known.at, "seen_at": known.seen_at, "tables": known.tables})


def restatements(
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="Restated from then, included.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="Restated before then.")],
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """List the verdicts that late rows, late labels or a backfill changed after they were known.

    Also the values that no threshold judges, of the metrics that the variable ml_monitor__history_of keeps.

    Example: [green]ml-monitor restatements --from 2013-06-01 --to 2013-07-01[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.audit import restatements as run
        from ml_monitor.settings import utc

        rows = run(context.warehouse, utc(start), utc(end))
        if not as_json:
            from rich.table import Table

            shown = Table("known at", "monitor", "metric", "feature", "window", "was", "is", "labelled", title="Restatements")
            for row in rows:
                was, now = ((row[f"{which}status"], row[f"{which}metric_value"]) for which in ("previous_", ""))
                labelled = "" if row["label_coverage"] is None else f"{row['label_coverage']:.0%}"
                pair = [f"{status or 'not judged'} {'' if value is None else f'{value:.4g}'}" for status, value in (was, now)]
                cells = (row["restated_at"], row["monitor"], row["metric"], row["feature"], row["window_start"], *pair, labelled)
                shown.add_row(*map(str, cells))
            console().print(shown)
        context.finish({"status": "done" if rows else "nothing_to_do", "rows": rows}, Exit.DONE if rows else Exit.NOTHING_TO_DO)


def explain(
    verdict: Annotated[
        str,
        typer.Argument(
            metavar="VERDICT", help="An event_id, or monitor/metric[/feature[/window_start]]; the last window if none is given."
        ),
    ],
    span: Annotated[int | None, typer.Option("--span", min=1, help="How many windows the value covers.")] = None,
    segment: Annotated[
        str | None, typer.Option("--segment", metavar="COLUMN=VALUE", help="A segment; all rows if none is given.")
    ] = None,
    by_column: Annotated[
        bool, typer.Option("--columns", help="Also which columns lead from the log to the alert; takes a while.")
    ] = False,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Follow a number back: the rows it was computed from, their profile, the edges, the configuration, the SQL and the code.

    With --json the compiled SQL of every model on the way, too.

    Example: [green]ml-monitor explain flight_delay/psi/temp/2013-06-01 --span 7[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from dataclasses import asdict

        from ml_monitor.audit import explain as run

        made = run(context.warehouse, context.project, verdict, span, segment, by_column=by_column)
        if not as_json:
            from rich.text import Text

            found = made.verdict
            is_other = made.made_by != made.built_by
            changes = " and uncommitted changes" if made.code["uncommitted_changes"] else ""
            lines = [
                f"{found['monitor']}: {found['metric']} of {found['feature']}, {found['status']}: {found['reason']}",
                f"value {found['metric_value']}, n {found['sample_size']}, span {found['span']}, window {found['window_start']}",
                f"\nRows ({made.row_count}):\n{made.rows_query}",
                *([f"\nTheir labels:\n{made.labels_query}"] if made.labels_query else []),
                f"\nProfile: {len(made.profile)} cells of {made.profile_table or 'none, the rows are the figure'}",
                f"Edges: {len(made.edges)}, set {', '.join(sorted({str(row['edge_set_id']) for row in made.edges})) or 'none'}",
                f"Made by: {made.made_by or 'not recorded'}",
                *([f"Last build: {made.built_by}. The models below are of that build, not of the verdict."] if is_other else []),
                f"Code: commit {made.code['commit'] or 'unknown'}{changes}",
                "\nColumns:",
                *(f"  {one['node']}.{one['column']}" for one in made.columns),
                *(["\nColumns, from the log to the alert:"] if made.steps else []),
                *(f"  {one['from']} -> {one['to']}" for one in made.steps),
                "\nModels, from the log to the alert:",
                *(f"  {one['node']}  compiled {(one['compiled_sha256'] or 'not yet')[:12]}" for one in made.models),
            ]
            console().print(Text("\n".join(lines)))
        context.finish({"status": "done", **asdict(made)})


def _label(context: Context, at: datetime, monitor: str | None, prediction: str) -> NoReturn:
    from ml_monitor.audit import labels_as_of

    if monitor is None:
        raise typer.BadParameter("--prediction goes with --monitor")
    rows = labels_as_of(context.warehouse, at, monitor, prediction)
    if not rows:
        context.say(f"no label of {prediction} was known at {at}")
        context.finish({"status": "nothing_to_do", "labels": []}, Exit.NOTHING_TO_DO)
    if not context.as_json:
        for number, row in enumerate(rows):
            typer.echo(f"{row['labelled_at']}  {row['label']}{'' if number == 0 else '  (superseded)'}")
    context.finish({"status": "done", "labels": rows})


def _show(tables: dict[str, list[dict[str, object]]]) -> None:
    from rich.table import Table

    shown = Table("what", "known", "", title="Known then", title_justify="left")
    words = {"model_versions": "stage", "alert_states": "state", "verdicts": "status", "alert_events": "event_type"}
    for name, rows in tables.items():
        counts = Counter(str(row[words[name]]) for row in rows) if name in words else {}
        shown.add_row(name, str(len(rows)), ", ".join(f"{word} {n}" for word, n in sorted(counts.items())))
    console().print(shown)
