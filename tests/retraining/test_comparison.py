"""Values and intervals against independent formulas."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from ml_monitor.retraining import Comparison, compare

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
        assert (found.difference, found.lower_bound, found.upper_bound) == (0, 0, 0), found.metric


def test_one_class_has_no_auc() -> None:
    found = by_metric(compare("binary", np.zeros(30), FIRST[:30], SECOND[:30]))
    assert found["roc_auc"].champion_value is None
    assert found["roc_auc"].lower_bound is None
    assert found["brier"].difference is not None
