"""Two sets of outputs for the same rows: values, differences and their 95 % intervals."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from ml_monitor.retraining.spec import Task

Array = np.ndarray[Any, np.dtype[np.float64]]

RESAMPLES = 1000
SEED = 0
ALPHA = 0.05
CALIBRATION_BINS = 10
DECISION_THRESHOLD = 0.5
_SMALLEST = 1e-15
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is judged. `higher_is_better` is None where neither direction is better (bias)."""

    name: str
    higher_is_better: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of champion and challenger on the same rows. `difference` is challenger minus champion;
    values and bounds are None where they are not defined, e.g. the AUC of one class."""

    segment: str
    segment_value: str
    metric: str
    sample_size: int
    champion_value: float | None
    challenger_value: float | None
    difference: float | None
    lower_bound: float | None
    upper_bound: float | None
    p_value: float | None = None


METRICS: dict[Task, tuple[Metric, ...]] = {
    "binary": (
        Metric("roc_auc", True),
        Metric("log_loss", False),
        Metric("brier", False),
        Metric("accuracy", True),
        Metric("calibration_error", False),
    ),
    "regression": (Metric("mae", False), Metric("rmse", False), Metric("bias", None)),
}
"""By task; the first one decides about promotion."""


def compare(
    task: Task,
    label: Array,
    champion: Array,
    challenger: Array,
    segment: str = "__all__",
    segment_value: str = "__all__",
) -> list[Comparison]:
    """All metrics of a task for one set of rows.

    The metric that decides has the interval of its paired test, see `primary`; the others have percentile
    intervals of a paired bootstrap with a fixed seed. Accuracy takes both models at a score of 0.5. The calibration
    error has no interval: with equally many rows in each bin its own noise is of its size.

    Args:
        task: `binary` or `regression`.
        label: Truth, 0 and 1 or a number.
        champion: Its outputs for these rows.
        challenger: Its outputs for the same rows.
        segment: Where the rows come from, carried into the result.
        segment_value: Likewise.
    """

    def result(metric: str, a: float, b: float, bounds: tuple[float, float] | None) -> Comparison:
        lower, upper = bounds or (None, None)
        return Comparison(segment, segment_value, metric, len(label), a, b, b - a, lower, upper)

    first = primary(task, label, champion, challenger, segment, segment_value)
    results = [first]
    losses = [_ROW_LOSSES[task](label, output) for output in (champion, challenger)]
    values = [_summaries(task, loss.mean(axis=0)) for loss in losses]
    bounds = _bootstrap(task, *losses)
    results += [
        result(name, float(values[0][index]), float(values[1][index]), bounds[index])
        for index, name in enumerate(_BOOTSTRAPPED[task])
        if name != first.metric
    ]
    if task == "binary":
        errors = calibration_error(label, champion), calibration_error(label, challenger)
        results.append(result("calibration_error", errors[0], errors[1], None))
    return results


def primary(
    task: Task,
    label: Array,
    champion: Array,
    challenger: Array,
    segment: str = "__all__",
    segment_value: str = "__all__",
    *,
    alpha: float = ALPHA,
) -> Comparison:
    """The metric that decides, with the paired test of its difference: DeLong's for the AUC (DeLong et al. 1988, Biometrics 44),
    the mean difference over its standard error for the mean absolute error.

    Args:
        task: See `compare`, as for the arrays and the segment.
        label: Truth.
        champion: Its outputs.
        challenger: Its outputs.
        segment: Where the rows come from.
        segment_value: Likewise.
        alpha: Level of the interval, two-sided.
    """
    test = _roc_auc if task == "binary" else _mean_error
    a, b, error = test(label, champion, challenger)
    name = METRICS[task][0].name
    if a is None or b is None or error is None:
        difference = b - a if a is not None and b is not None else None
        return Comparison(segment, segment_value, name, len(label), a, b, difference, None, None)
    return _tested(Comparison(segment, segment_value, name, len(label), a, b, b - a, None, None), error, alpha)


def unpaired(
    task: Task, before: tuple[Array, Array], after: tuple[Array, Array], *, alpha: float = ALPHA
) -> Comparison:
    """The metric that decides for two models on rows of their own: label and output of the one before, label and output of
    the one after. The interval takes both as random."""
    (a, error_a), (b, error_b) = (_alone(task, label, output) for label, output in (before, after))
    name = METRICS[task][0].name
    size = len(after[0])
    if a is None or b is None or error_a is None or error_b is None:
        return Comparison("__all__", "__all__", name, size, a, b, None, None, None)
    found = Comparison("__all__", "__all__", name, size, a, b, b - a, None, None)
    return _tested(found, float(np.hypot(error_a, error_b)), alpha)


def calibration_error(label: Array, output: Array) -> float:
    """Mean distance between score and share of positives, over bins with equally many rows."""
    groups = np.array_split(np.argsort(output, kind="stable"), min(CALIBRATION_BINS, len(output)))
    return float(sum(len(rows) * abs(output[rows].mean() - label[rows].mean()) for rows in groups) / len(output))


def calibration_table(label: Array, output: Array) -> list[dict[str, float | int]]:
    """Rows of the calibration curve: mean score, share of positives and number of rows of each bin."""
    groups = np.array_split(np.argsort(output, kind="stable"), min(CALIBRATION_BINS, len(output)))
    return [
        {"score": float(output[rows].mean()), "positives": float(label[rows].mean()), "rows": len(rows)} for rows in groups
    ]


def _tested(found: Comparison, error: float, alpha: float) -> Comparison:
    difference = found.difference or 0.0
    reach = NormalDist().inv_cdf(1 - alpha / 2) * error
    apart = 0.0 if difference else 1.0
    p_value = 2 * NormalDist().cdf(-abs(difference) / error) if error > 0 else apart
    return replace(found, lower_bound=difference - reach, upper_bound=difference + reach, p_value=p_value)


def is_better(metric: Metric, comparison: Comparison) -> bool:
    """Whether the whole interval says that the challenger is better."""
    return _beyond_zero(comparison, upwards=metric.higher_is_better)


def is_worse(metric: Metric, comparison: Comparison) -> bool:
    """Whether the whole interval says that the challenger is worse."""
    better = metric.higher_is_better
    return _beyond_zero(comparison, upwards=None if better is None else not better)


def _beyond_zero(comparison: Comparison, *, upwards: bool | None) -> bool:
    lower, upper = comparison.lower_bound, comparison.upper_bound
    if upwards is None or lower is None or upper is None:
        return False
    return lower > 0 if upwards else upper < 0


def _roc_auc(label: Array, champion: Array, challenger: Array) -> tuple[float | None, float | None, float | None]:
    """Both areas and the standard error of their difference, rows being paired."""
    positive = label == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return None, None, None
    placements = [_placements(positive, output) for output in (champion, challenger)]
    first, second = (float(of_positive.mean()) for of_positive, _ in placements)
    if min(n_positive, n_negative) < 2:
        return first, second, None
    # The variance of the difference is the variance of the differences: rows are paired.
    of_positive = placements[1][0] - placements[0][0]
    of_negative = placements[1][1] - placements[0][1]
    return first, second, float(np.sqrt(of_positive.var(ddof=1) / n_positive + of_negative.var(ddof=1) / n_negative))


def _mean_error(label: Array, champion: Array, challenger: Array) -> tuple[float | None, float | None, float | None]:
    """Both mean absolute errors and the standard error of their difference, rows being paired."""
    if not len(label):
        return None, None, None
    first, second = np.abs(champion - label), np.abs(challenger - label)
    error = float(np.sqrt((second - first).var(ddof=1) / len(label))) if len(label) > 1 else None
    return float(first.mean()), float(second.mean()), error


def _alone(task: Task, label: Array, output: Array) -> tuple[float | None, float | None]:
    """The metric that decides, of one model, and its standard error."""
    if task == "binary":
        # Against a model that says the same of every row, whose area is exactly 0.5, the difference has the model's own error.
        _, value, error = _roc_auc(label, np.zeros(len(label)), output)
    else:
        value, _, error = _mean_error(label, output, label)
    return value, error


def _placements(positive: np.ndarray[tuple[int], np.dtype[np.bool_]], output: Array) -> tuple[Array, Array]:
    """For each row the share of the other class on its right side, ties counted half."""
    everywhere = _mid_ranks(output)
    above, below = output[positive], output[~positive]
    of_positive = (everywhere[positive] - _mid_ranks(above)) / len(below)
    of_negative = 1 - (everywhere[~positive] - _mid_ranks(below)) / len(above)
    return of_positive, of_negative


def _mid_ranks(values: Array) -> Array:
    ranks: Array = pd.Series(values).rank(method="average").to_numpy(dtype="float64")
    return ranks


def _binary_losses(label: Array, output: Array) -> Array:
    clipped = np.clip(output, _SMALLEST, 1 - _SMALLEST)
    log_loss = -(label * np.log(clipped) + (1 - label) * np.log1p(-clipped))
    hit = (output >= DECISION_THRESHOLD) == (label == 1)
    losses: Array = np.column_stack([log_loss, (output - label) ** 2, hit.astype("float64")])
    return losses


def _regression_losses(label: Array, output: Array) -> Array:
    error = output - label
    losses: Array = np.column_stack([np.abs(error), error**2, error])
    return losses


_BOOTSTRAPPED: dict[Task, tuple[str, ...]] = {"binary": ("log_loss", "brier", "accuracy"), "regression": ("mae", "rmse", "bias")}

_ROW_LOSSES: dict[Task, Callable[[Array, Array], Array]] = {
    "binary": _binary_losses,
    "regression": _regression_losses,
}


def _summaries(task: Task, means: Array) -> Array:
    if task == "binary":
        return means
    summaries = means.copy()
    summaries[..., 1] = np.sqrt(summaries[..., 1])
    return summaries


def _bootstrap(task: Task, champion: Array, challenger: Array) -> list[tuple[float, float]]:
    generator = np.random.default_rng(SEED)
    rows = len(champion)
    both = np.hstack([champion, challenger])
    means = np.empty((RESAMPLES, both.shape[1]))
    for resample in range(RESAMPLES):
        counts = np.bincount(generator.integers(rows, size=rows), minlength=rows)
        means[resample] = counts @ both / rows
    width = champion.shape[1]
    differences = _summaries(task, means[:, width:]) - _summaries(task, means[:, :width])
    # Sums of the same numbers may differ in the last digit, which must not pass for a difference.
    differences = differences.round(_DIGITS)
    lower, upper = np.quantile(differences, [0.025, 0.975], axis=0)
    return [(float(low), float(high)) for low, high in zip(lower, upper, strict=True)]
