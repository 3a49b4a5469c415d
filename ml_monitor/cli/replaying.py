"""The command that tries a rule on history."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ml_monitor.cli.options import AsJson, Now, ProfilesDir, ProjectDir, Target
from ml_monitor.cli.run import Context, Exit, console, errors_for_people


class Kind(StrEnum):
    """Kinds of rules."""

    value = "value"
    sigma = "sigma"
    percentile = "percentile"
    robust = "robust"
    relative = "relative"


class Side(StrEnum):
    """Which side is bad."""

    above = "above"
    below = "below"
    both = "both"


def replay(
    monitor: Annotated[str, typer.Argument(help="The monitor.")],
    metric: Annotated[str, typer.Argument(help="A metric that has a threshold.")],
    rule: Annotated[Kind | None, typer.Option("--rule", help="Kind of rule.", show_default="the declared one")] = None,
    side: Annotated[Side | None, typer.Option("--side", help="Which side is bad.", show_default="the declared one")] = None,
    warn: Annotated[float | None, typer.Option("--warn", help="Beyond it: warning.")] = None,
    alert: Annotated[float | None, typer.Option("--alert", help="Beyond it: alert.")] = None,
    baseline: Annotated[int | None, typer.Option("--baseline", min=5, max=400, help="Windows to learn from.")] = None,
    budget: Annotated[
        str | None,
        typer.Option("--budget", metavar="N/PERIOD", help="Solve the alert threshold for at most so many alerts: 2/month."),
    ] = None,
    by_segment: Annotated[
        bool, typer.Option("--by-segment", help="Segments too, which a rule that is declared for them has anyway.")
    ] = False,
    project_dir: ProjectDir = Path(),
    target: Target = None,
    profiles_dir: ProfilesDir = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show the alerts that a rule would have raised over history, before it goes live.

    Nothing is written. Without options, the rules that are declared; with them, another rule for the metric, while single
    features and segments keep their own. With --budget, the most sensitive threshold that would have kept to it; alerts
    that somebody acknowledged as useful are not counted against it. What people said about past alerts is held against
    what the rule raises.

    Example: [green]ml-monitor replay flight_delay psi --rule robust --budget 2/month[/green]
    """
    context = Context(project_dir, target, profiles_dir, now, as_json)
    with errors_for_people(context):
        from dataclasses import replace

        from ml_monitor.alerts import history as histories
        from ml_monitor.alerts import replay as replays

        rules = histories.declared_rules(context.warehouse, monitor, metric)
        declared = rules.rule
        tried = replace(
            declared,
            kind=rule.value if rule else declared.kind,
            side=side.value if side else declared.side,
            baseline=baseline or declared.baseline,
        )
        if tried.kind != declared.kind and alert is None and budget is None:
            raise histories.ReplayError(
                f"thresholds of another kind of rule say nothing about {tried.kind}: give --alert or --budget"
            )
        if alert is not None or warn is not None:
            tried = replace(tried, alert=alert, warn=warn, clear=None)
        tried = replace(tried, is_material=tried.is_material and tried.kind == "value")
        history = histories.read_history(context.warehouse, monitor, metric, rules, by_segment=by_segment)
        if budget is not None:
            tried = replays.solve(history, tried, replays.budget_per_day(budget))
        raised = replays.replay(history, tried)
        content = replays.summary(history, tried, raised)
        if not as_json:
            _show(content)
        context.finish(content, Exit.DONE)


def _show(content: dict[str, object]) -> None:
    from rich.table import Table

    alerts = content["alerts"]
    title = f"{content['monitor']}: {content['metric']}"
    shown = Table("opened", "resolved", "severity", "feature", "segment", "value", "", title=title)
    for one in alerts if isinstance(alerts, list) else []:
        resolved = f"{one['resolved_at']:%Y-%m-%d %H:%M}" if one["resolved_at"] else "open"
        segment = "" if one["segment"] == "__all__" else f"{one['segment']} = {one['segment_value']}"
        word, value = "useful" if one["confirmed"] else "", f"{one['value']:.4g}"
        opened = f"{one['opened_at']:%Y-%m-%d %H:%M}"
        shown.add_row(opened, resolved, one["severity"], one["feature"], segment, value, word)
    console().print(shown)
    thresholds = ", ".join(f"{level} {content[level]:.4g}" for level in ("warn", "alert") if isinstance(content[level], float))
    console().print(
        f"rule {content['rule']} (test {content['test']}), side {content['side']}, {thresholds}; "
        f"{content['series']} series over {content['days']:.0f} days; "
        f"{content['unconfirmed_per_month']:.2f} alerts a month that nobody called useful"
    )
    said = content["answered"]
    if isinstance(said, dict) and said["useful"] + said["false_alarms"]:
        console().print(
            f"of the alerts that people judged it raises {said['useful_raised']} of {said['useful']} useful ones "
            f"and {said['false_alarms_raised']} of {said['false_alarms']} false alarms"
        )
