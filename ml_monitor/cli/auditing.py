"""Commands that make and check evidence."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people

audit = typer.Typer(
    name="audit",
    help="Evidence for an audit: export it, seal it, prove that nothing was altered.\n\n"
    "Exit codes: 0 did it or intact, 1 failed or not intact, 3 nothing in the range.",
    no_args_is_help=True,
)


@audit.command()
def export(
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="Start, included: ISO 8601, UTC.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="End, excluded: ISO 8601, UTC.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory to make.")] = Path("ml_monitor_audit"),
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the evidence bundle of a range: tables, model cards, hashes and a verifier that needs only Python.

    Equal tables give equal bytes. It is written whole or not at all, and never over something.

    Example: [green]ml-monitor audit export --from 2013-04-01 --to 2013-07-01 --output q2[/green]
    """
    context = Context(project_dir, target, profiles_dir, None, as_json)
    with errors_for_people(context):
        from ml_monitor.audit import EmptyRange
        from ml_monitor.audit import export as run
        from ml_monitor.settings import utc

        try:
            made = run(context.warehouse, context.project, output, utc(start), utc(end))
        except EmptyRange as empty:
            context.say(str(empty))
            context.finish({"status": "nothing_to_do", "message": str(empty)}, Exit.NOTHING_TO_DO)
        for name in made.absent:
            context.say(f"absent: {name} was never made" + (" (dbt snapshot)" if name.endswith("_history") else ""))
        context.say(f"wrote {made.path}: {sum(made.rows.values())} rows of {len(made.rows)} tables")
        context.say("keep this elsewhere, where nobody who can write the bundle can write:")
        if not as_json:
            typer.echo(made.head)
        context.finish({"status": "done", **asdict(made)})


@audit.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="The directory that `audit export` made.")],
    witness: Annotated[str | None, typer.Option("--witness", help="A seal, a kept manifest, or the head that was kept.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what was altered, dropped, added or reordered in a bundle, and where. Exit code 1 if anything was.

    Without a witness it proves only that the bundle agrees with itself.

    Example: [green]ml-monitor audit verify q2 --witness seals/000001.json[/green]
    """
    context = Context(Path(), None, None, None, as_json)
    with errors_for_people(context):
        from ml_monitor.audit import AuditError
        from ml_monitor.audit import verify as checks

        try:
            findings = checks.verify(bundle, witness)
        except checks.Unreadable as error:
            raise AuditError(str(error)) from error
        if not as_json:
            for finding in findings:
                typer.echo(str(finding))
        if findings:
            context.say(f"{bundle} is not intact: {len(findings)} findings")
        else:
            limit = "" if witness else ", as far as its own manifest tells: give --witness for more"
            context.say(f"{bundle} is intact{limit}")
        content = {"status": "altered" if findings else "intact", "findings": [asdict(one) for one in findings]}
        context.finish(content, Exit.FAILED if findings else Exit.DONE)


@audit.command()
def seal(
    bundle: Annotated[Path, typer.Argument(help="The directory that `audit export` made.")],
    witness: Annotated[Path, typer.Option("--witness", help="Directory of the seals, outside of reach of the bundle's writers.")],
    as_json: AsJson = False,
) -> None:
    """Keep the seal of a bundle: numbered, chained to the seals before, refused if the bundle is not intact.

    Prints the head of the chain, to publish: a git tag, a message, a ticket.

    Example: [green]git tag audit-$(ml-monitor audit seal q2 --witness /mnt/witness)[/green]
    """
    context = Context(Path(), None, None, None, as_json)
    with errors_for_people(context):
        from ml_monitor.audit import seal as run

        made = run(bundle, witness)
        context.say(f"seal {made.number} is {made.path}")
        if not as_json:
            typer.echo(made.head)
        context.finish({"status": "done", **asdict(made)})
