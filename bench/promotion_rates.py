"""How often the rule of promotion lets a challenger win: one that is no better, and one that is.

Run it with `python -m bench.promotion_rates [REPETITIONS]`. Scores are binormal and calibrated, so both AUCs are known; the
decision is the product's own: the paired test, no regression in Brier score, and two segments that must not be worse.
"""

import sys
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ml_monitor.retraining import MonitorSpec, judge
from ml_monitor.retraining.comparison import METRICS, Array, compare, is_better, primary
from tests.retraining.conftest import synthetic_spec

_PREVALENCE = 0.3
_AUC = 0.70
_CORRELATION = 0.8
"""Of the two models' scores within a class: they have learned from the same log."""


@dataclass(frozen=True)
class Rate:
    """How many challengers of a kind were promoted."""

    gain: float
    """Their AUC minus the champion's, in truth."""
    rows: int
    repetitions: int
    promoted: int


def rate(gain: float, repetitions: int, *, rows: int = 20_000, seed: int = 0) -> Rate:
    """Draw rows, labels and both models' scores anew each time, and decide.

    Args:
        gain: True difference of the AUCs.
        repetitions: How often.
        rows: Held-out rows.
        seed: Of the draws.
    """
    spec = MonitorSpec.model_validate(synthetic_spec("m:f"))
    chance = np.random.default_rng(seed)
    promoted = sum(_is_promoted(spec, chance, gain, rows) for _ in range(repetitions))
    return Rate(gain, rows, repetitions, promoted)


def _is_promoted(spec: MonitorSpec, chance: np.random.Generator, gain: float, rows: int) -> bool:
    label = (chance.random(rows) < _PREVALENCE).astype("float64")
    first = chance.normal(size=rows)
    second = _CORRELATION * first + np.sqrt(1 - _CORRELATION**2) * chance.normal(size=rows)
    champion, challenger = _scores(label, first, _AUC), _scores(label, second, _AUC + gain)
    # The rule begins with this test; what comes after it can only refuse.
    if not is_better(METRICS["binary"][0], primary("binary", label, champion, challenger)):
        return False
    north = chance.random(rows) < 0.5
    comparisons = compare("binary", label, champion, challenger)
    for value, part in (("north", north), ("south", ~north)):
        comparisons += compare("binary", label[part], champion[part], challenger[part], "region", value)
    won, _ = judge(comparisons, spec, champion="a", challenger="b")
    return won


def _scores(label: Array, noise: Array, auc: float) -> Array:
    """Probabilities of a calibrated model with this AUC."""
    distance = np.sqrt(2) * NormalDist().inv_cdf(auc)
    logit = distance * (noise + distance * label) - distance**2 / 2 + np.log(_PREVALENCE / (1 - _PREVALENCE))
    scores: Array = 1 / (1 + np.exp(-logit))
    return scores


if __name__ == "__main__":
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for true_gain, repeated in ((0.0, times), (0.02, max(1, times // 10))):
        print(rate(true_gain, repeated), flush=True)
