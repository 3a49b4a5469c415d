"""The command that sends."""

from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, errors_for_people


def deliver(
    webhook_url: Annotated[
        str | None, typer.Option("--webhook-url", envvar="ML_MONITOR_WEBHOOK_URL", help="Webhook for JSON.")
    ] = None,
    slack_webhook_url: Annotated[
        str | None,
        typer.Option("--slack-webhook-url", envvar="ML_MONITOR_SLACK_WEBHOOK_URL", help="Slack incoming webhook."),
    ] = None,
    max_age_days: Annotated[
        int | None,
        typer.Option(
            "--max-age-days",
            min=1,
            help="Older events are written down but not sent.",
            show_default="ml_monitor__alert_max_age_days of the project, else 7",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send and write nothing.")] = False,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Send the alert events that nobody was told of yet.

    Every event goes once to the console and to each configured channel; the ledger in the warehouse knows
    what was sent, so run it as often as you like, from as many machines. ML_MONITOR_WEBHOOK_SECRET signs the
    webhook; ML_MONITOR_PAGERDUTY_ROUTING_KEY and ML_MONITOR_TEAMS_WEBHOOK_URL add PagerDuty and Teams;
    docs/configuration.md has the variables of email, Slack threads, Sentry, CloudWatch, Apprise and log files, and
    ML_MONITOR_ROUTES; ML_MONITOR_WEBHOOK_MIN_SEVERITY and its like ([bold]warning[/bold] or
    [bold]alert[/bold]) keep a channel quiet; messages link to ML_MONITOR_REPORT_URL. Prefer the environment
    to options for URLs: they are secrets.

    Example: [green]dbt build && ml-monitor deliver[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from dataclasses import asdict
        from datetime import timedelta

        from ml_monitor.alerts import ChannelSettings, preview
        from ml_monitor.alerts import deliver as run
        from ml_monitor.alerts.incidents import Upstream

        settings = ChannelSettings.from_environment(webhook_url=webhook_url, slack_webhook_url=slack_webhook_url)
        max_age = timedelta(days=max_age_days) if max_age_days else context.project.alert_max_age()
        policy = settings.policy(max_age=max_age)
        if dry_run:
            planned = preview(context.warehouse, settings.channels(), policy, context.now)
            for plan in planned:
                context.say(f"{plan.channel}: would {plan.action} {plan.title}" + (f" ({plan.reason})" if plan.reason else ""))
            context.finish({"status": "dry_run", "planned": [asdict(plan) for plan in planned]}, Exit.DONE)
        done = run(
            context.warehouse,
            settings.channels(),
            policy,
            context.now,
            progress=context.say,
            report_url=str(settings.report_url) if settings.report_url else None,
            answers=settings.answer_links(),
            upstream=lambda: Upstream(context.warehouse, context.project),
        )
        content = done.to_dict()
        for route, count in sorted(done.unroutable.items()):
            context.say(f"route {route!r} leads to no configured channel (ML_MONITOR_ROUTES): {count} alerts went to the default")
        if done.nothing_to_do:
            context.say("nothing to deliver" + (f", {done.waiting} waiting for their next attempt" if done.waiting else ""))
            context.finish(content, Exit.NOTHING_TO_DO)
        context.say(", ".join(f"{content[key]} {key}" for key in ("sent", "failed", "rejected", "dead", "suppressed")))
        if content["suppressed"]:
            context.say(f"suppressed: older than {max_age.days} days (--max-age-days), or resolved before anything was sent")
        context.finish(content, Exit.DONE if done.ok else Exit.FAILED)
