"""Values and intervals against independent formulas."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from ml_monitor.retraining import Comparison, compare
from ml_monitor.retraining.comparison import calibration_error, calibration_table, primary, unpaired

GENERATOR = np.random.default_rng(3)
LABEL = (GENERATOR.random(600) < 0.3).astype(float)
FIRST = np.round(np.clip(0.3 + 0.1 * LABEL + GENERATOR.normal(scale=0.2, size=600), 0, 1), 2)
SECOND = np.round(np.clip(0.3 + 0.3 * LABEL + GENERATOR.normal(scale=0.2, size=600), 0, 1), 2)


def by_metric(comparisons: list[Comparison]) -> dict[str, Comparison]:
    return {c.metric: c for c in comparisons}


def test_binary_values_are_those_of_scikit_learn() -> None:
    found = by_metric(compare("binary", LABEL, FIRST, SECOND))
    assert found["roc_auc"].champion_value == pytest.approx(metrics.roc_auc_score(LABEL, FIRST), abs=1e-12)
    assert found["roc_auc"].challenger_value == pytest.approx(metrics.roc_auc_score(LABEL, SECOND), abs=1e-12)
    assert found["brier"].challenger_value == pytest.approx(metrics.brier_score_loss(LABEL, SECOND))
    assert found["accuracy"].champion_value == pytest.approx(metrics.accuracy_score(LABEL, FIRST >= 0.5))
    inside = np.clip(SECOND, 1e-15, 1 - 1e-15)
    assert found["log_loss"].challenger_value == pytest.approx(metrics.log_loss(LABEL, inside))


def test_interval_of_the_auc_agrees_with_a_bootstrap() -> None:
    found = by_metric(compare("binary", LABEL, FIRST, SECOND))["roc_auc"]

    def difference(label: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
        return float(metrics.roc_auc_score(label, second) - metrics.roc_auc_score(label, first))

    resampled = stats.bootstrap(
        (LABEL, FIRST, SECOND),
        difference,
        paired=True,
        vectorized=False,
        n_resamples=500,
        rng=1,
        method="percentile",
    ).confidence_interval
    assert found.lower_bound == pytest.approx(resampled.low, abs=0.015)
    assert found.upper_bound == pytest.approx(resampled.high, abs=0.015)


def test_regression_values_and_interval() -> None:
    truth = GENERATOR.normal(size=400)
    near, far = truth + GENERATOR.normal(scale=0.5, size=400), truth + 1 + GENERATOR.normal(size=400)
    found = by_metric(compare("regression", truth, far, near))
    assert found["mae"].challenger_value == pytest.approx(np.abs(near - truth).mean())
    assert found["rmse"].champion_value == pytest.approx(np.sqrt(((far - truth) ** 2).mean()))
    assert found["bias"].champion_value == pytest.approx((far - truth).mean())
    paired = np.abs(near - truth) - np.abs(far - truth)
    half = 1.96 * paired.std(ddof=1) / 20
    assert found["mae"].lower_bound == pytest.approx(paired.mean() - half, abs=0.02)
    assert found["mae"].upper_bound == pytest.approx(paired.mean() + half, abs=0.02)


def test_the_same_rows_give_the_same_interval() -> None:
    assert compare("binary", LABEL, FIRST, SECOND) == compare("binary", LABEL, FIRST, SECOND)


def test_equal_outputs_differ_by_nothing() -> None:
    for found in compare("binary", LABEL, FIRST, FIRST):
        no_interval = found.metric == "calibration_error"
        assert found.difference == 0
        assert (found.lower_bound, found.upper_bound) == ((None, None) if no_interval else (0, 0)), found.metric


def test_one_class_has_no_auc() -> None:
    found = by_metric(compare("binary", np.zeros(30), FIRST[:30], SECOND[:30]))
    assert found["roc_auc"].champion_value is None
    assert found["roc_auc"].lower_bound is None
    assert found["brier"].difference is not None


def test_the_p_value_is_that_of_the_interval() -> None:
    found = by_metric(compare("binary", LABEL, FIRST, SECOND))["roc_auc"]
    assert found.lower_bound is not None and found.difference is not None
    error = (found.difference - found.lower_bound) / 1.959964
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.difference) / error), rel=1e-3)
    paired = stats.ttest_rel(np.abs(SECOND - LABEL), np.abs(FIRST - LABEL))
    p_value = primary("regression", LABEL, FIRST, SECOND).p_value
    assert p_value is not None and stats.norm.isf(p_value / 2) == pytest.approx(abs(paired.statistic), rel=1e-6)


def test_a_stricter_level_widens_the_interval_and_nothing_else() -> None:
    wide, narrow = (primary("binary", LABEL, FIRST, SECOND, alpha=alpha) for alpha in (0.05 / 28, 0.05))
    assert wide.difference == narrow.difference and wide.p_value == narrow.p_value
    assert wide.lower_bound is not None and narrow.lower_bound is not None
    reach = (wide.difference - wide.lower_bound) / (narrow.difference - narrow.lower_bound)  # type: ignore[operator]
    assert reach == pytest.approx(stats.norm.isf(0.025 / 28) / stats.norm.isf(0.025))


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_models_on_rows_of_their_own_add_their_errors(task: str) -> None:
    half = len(LABEL) // 2
    before, after = (LABEL[:half], FIRST[:half]), (LABEL[half:], SECOND[half:])
    found = unpaired(task, before, after)  # type: ignore[arg-type]
    assert found.lower_bound is not None and found.difference is not None
    if task == "binary":
        values = [metrics.roc_auc_score(*rows) for rows in (before, after)]
        # Hanley and McNeil's error, from another formula.
        errors = [_hanley_mcneil(rows[0], value) for rows, value in zip((before, after), values, strict=True)]
    else:
        values = [np.abs(label - output).mean() for label, output in (before, after)]
        errors = [stats.sem(np.abs(label - output)) for label, output in (before, after)]
    assert found.difference == pytest.approx(values[1] - values[0])
    assert (found.difference - found.lower_bound) / 1.96 == pytest.approx(np.hypot(*errors), rel=0.15)


def test_calibration_is_measured_in_bins_of_equally_many_rows() -> None:
    scores = np.linspace(0.05, 0.95, 1000)
    label = (np.arange(1000) % 2).astype(float)
    table = calibration_table(label, scores)
    assert [row["rows"] for row in table] == [100] * 10
    assert calibration_error(label, scores) == pytest.approx(np.mean([abs(row["score"] - 0.5) for row in table]))
    assert calibration_error(label, np.full(1000, 0.5)) == 0


def _hanley_mcneil(label: np.ndarray, auc: float) -> float:
    positives, negatives = int(label.sum()), int((1 - label).sum())
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positives - 1) * (q1 - auc**2) + (negatives - 1) * (q2 - auc**2)
    return float(np.sqrt(variance / (positives * negatives)))
