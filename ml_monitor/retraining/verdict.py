"""Whether a challenger may replace the champion. Pure."""

from collections.abc import Sequence

from ml_monitor.retraining.comparison import METRICS, Comparison, is_better, is_worse
from ml_monitor.retraining.spec import MonitorSpec

SEGMENT_ROWS = 200
"""A declared segment with fewer held-out rows cannot stop a promotion; a protected one can."""


def judge(comparisons: Sequence[Comparison], spec: MonitorSpec, *, champion: str, challenger: str) -> tuple[bool, str]:
    """Whether the challenger may replace the champion, and why.

    On at least `retraining.min_rows` rows it must be better on the primary metric (`roc_auc`, `mae`) with the whole 95 %
    interval, and not worse with the whole interval on a metric of `retraining.no_regression`, nor on the primary metric in a
    declared segment of at least `SEGMENT_ROWS` rows or in a protected one of any size.

    Args:
        comparisons: Of one run.
        spec: The monitor.
        champion: Name, for the words.
        challenger: Name, for the words.
    """
    metrics = {metric.name: metric for metric in METRICS[spec.task]}
    first = METRICS[spec.task][0]
    whole = {one.metric: one for one in comparisons if one.segment == "__all__"}
    overall = whole[first.name]
    names = f"{challenger} against {champion}"
    if overall.difference is None or overall.lower_bound is None or overall.upper_bound is None:
        return False, f"{names}: {first.name} cannot be compared on {overall.sample_size} rows"
    figures = (
        f"{names}: {first.name} {overall.challenger_value:.4g} against {overall.champion_value:.4g} on "
        f"{overall.sample_size} held-out rows, difference {overall.difference:+.4g} "
        f"[{overall.lower_bound:+.4g}, {overall.upper_bound:+.4g}]"
    )
    if overall.sample_size < spec.policy.min_rows:
        return False, f"{figures}: too few, {spec.policy.min_rows} are needed (retraining.min_rows)"
    if not is_better(first, overall):
        return False, f"{figures}: not better beyond chance"
    regressed = [
        f"{name} ({whole[name].difference:+.4g})"
        for name in spec.policy.no_regression
        if name in whole and is_worse(metrics[name], whole[name])
    ]
    harmed = [
        f"{one.segment} {one.segment_value} ({one.difference:+.4g} on {one.sample_size} rows)"
        for one in comparisons
        if one.segment != "__all__"
        and one.metric == first.name
        and (one.sample_size >= SEGMENT_ROWS or one.segment in spec.protected)
        and is_worse(first, one)
    ]
    if regressed:
        return False, f"{figures}, but worse in {', '.join(regressed)}"
    if harmed:
        return False, f"{figures}, but worse for {', '.join(harmed)}"
    return True, figures
