"""Commands that look."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, console, errors_for_people

if TYPE_CHECKING:
    from ml_monitor.alerts.incidents import Incident

# Enough for `ack` and `snooze`.
_ID_CHARACTERS = 8
_STYLES = {"error": "red", "alert": "red", "warning": "yellow", "ok": "green"}


def check(
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Compare the configured monitors with the tables that are really there.

    Finds missing relations and columns, types that do not fit, text in numeric features, empty references,
    repeated ids, labels without predictions and times in the future. Errors make the exit code 1.

    Example: [green]dbt parse && ml-monitor check[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.scaffold import check as run

        if not context.project.monitors:
            context.say("no monitor is declared: start with ml-monitor add NAME")
            context.finish({"status": "nothing_to_do", "findings": []}, Exit.NOTHING_TO_DO)
        findings = run(context.warehouse, context.project, context.now)
        failed = any(finding.severity == "error" for finding in findings)
        if not as_json:
            if findings:
                rows = [(found.severity, found.monitor, found.key, found.message) for found in findings]
                _print("Findings", ("severity", "monitor", "key", "what"), rows)
            else:
                count = len(context.project.monitors)
                fit = "monitor fits" if count == 1 else "monitors fit"
                context.say(f"{count} {fit} the warehouse; keys and thresholds are checked by dbt parse")
        content = {"status": "failed" if failed else "ok", "findings": [asdict(found) for found in findings]}
        context.finish(content, Exit.FAILED if failed else Exit.DONE)


def status(
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what is wrong now: open alerts, the champion and last window of each monitor, the deliveries, alert precision.

    Example: [green]ml-monitor status --json | jq '.alerts[].reason'[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.alerts.message import number
        from ml_monitor.cli.overview import overview

        seen = overview(context.warehouse)
        if not as_json:
            _print(
                "Monitors",
                ("monitor", "state", "open alerts", "champion", "last window ends", "least drift found", "owner"),
                [
                    (
                        row["monitor"],
                        row["state"],
                        row["open_alerts"],
                        row["champion"] or "none registered",
                        row["last_window_end"] or "no window yet",
                        f"PSI {number(row['detectable_psi'])} ({number(row['detectable_sigma'])} σ)"
                        if row["detectable_psi"]
                        else "",
                        row["owner"] or "",
                    )
                    for row in seen["monitors"]
                ],
            )
            if seen["alerts"]:
                _print(
                    "Open alerts",
                    ("id", "state", "monitor", "what", "value", "threshold", "since", "reason"),
                    [
                        (
                            row["incident_id"][:_ID_CHARACTERS],
                            row["state"],
                            row["monitor"],
                            row["what"],
                            number(row["metric_value"]),
                            number(row["threshold_value"]),
                            row["opened_at"],
                            row["reason"] or "",
                        )
                        for row in seen["alerts"]
                    ],
                )
            if seen["deliveries"]:
                rows = [(row["channel"], row["status"], row["n"]) for row in seen["deliveries"]]
                _print("Deliveries", ("channel", "status", "messages"), rows)
            if seen["precision"]:
                judged = [
                    (row["monitor"], row["metric"], row["n_judged"], f"{row['alert_precision']:.0%}") for row in seen["precision"]
                ]
                _print("Alerts that people judged", ("monitor", "metric", "judged", "useful"), judged)
        context.finish({"status": "ok", **seen})


def report(
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.", dir_okay=False)] = Path(
        "ml_monitor_report.html"
    ),
    witness: Annotated[
        Path | None, typer.Option("--witness", help="Directory of the audit's seals, for the audit page.", file_okay=False)
    ] = None,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Write the report: one HTML file that opens without a server or a network.

    Example: [green]ml-monitor report --output report.html[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from ml_monitor.report import write_report

        path = write_report(context.warehouse, output, now=context.now, incidents=_incidents(context), witness=witness)
        context.say(f"wrote {path}")
        context.finish({"status": "done", "path": str(path)})


def _incidents(context: Context) -> list["Incident"]:
    """Open alerts with their suspects; none where dbt has left no manifest to read the lineage from."""
    from ml_monitor.alerts.incidents import incidents
    from ml_monitor.errors import MlMonitorError

    try:
        return incidents(context.warehouse, context.project)
    except MlMonitorError as error:
        context.say(f"no suspects in the report: {error}")
        return []


def _print(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table: Table = Table(title=title, title_justify="left", title_style="bold", show_lines=False)
    for column in columns:
        # What identifies a row is never cut; the words wrap.
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell), style=_STYLES.get(str(cell), "")) for cell in row))
    console().print(table)
