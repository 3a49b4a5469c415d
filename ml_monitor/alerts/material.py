"""The statistical verdict of PSI in memory: what `test: material` decides in the warehouse (macro `drift_tests`)."""

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from ml_monitor.alerts.history import Series
from ml_monitor.alerts.rules import Bools, Floats

_erfc = np.vectorize(math.erfc, otypes=[float])


def surely_beyond(series: Sequence[Series], thresholds: Sequence[float | None], alpha: float) -> list[Bools]:
    """Per series and window: whether the true PSI is surely beyond the threshold of its series.

    The tests of a window are corrected for each other (Benjamini and Hochberg 1995); what is not judged is no test.
    """
    p_values = [
        np.full(len(one.values), np.nan) if threshold is None else _p_values(one, threshold)
        for one, threshold in zip(series, thresholds, strict=True)
    ]
    by_window: dict[datetime, list[tuple[int, int]]] = {}
    for number, one in enumerate(series):
        for place, start in enumerate(one.starts):
            if not np.isnan(p_values[number][place]) and (one.judged is None or one.judged[place]):
                by_window.setdefault(start, []).append((number, place))
    found = [np.zeros(len(one.values), dtype=bool) for one in series]
    for tests in by_window.values():
        p = np.array([p_values[number][place] for number, place in tests])
        order = np.argsort(p)
        discovered = np.flatnonzero(p[order] * len(p) <= alpha * np.arange(1, len(p) + 1))
        for test in order[: discovered[-1] + 1 if len(discovered) else 0]:
            number, place = tests[test]
            found[number][place] = True
    return found


def _p_values(series: Series, threshold: float) -> Floats:
    """The p-value of "the true PSI is no larger than the threshold" (Sankaran 1963, second approximation); NaN: no test."""
    evidence = series.evidence
    if evidence is None or threshold <= 0:
        return np.full(len(series.values), np.nan)
    x, df, shift = series.values / evidence.scale, evidence.df, threshold / evidence.scale
    x = np.where(x > 0, x, np.nan)
    k, k2 = df + shift, df + 2 * shift
    h = 1 - 2 * k * (df + 3 * shift) / (3 * k2**2)
    p = k2 / k**2
    m = (h - 1) * (1 - 3 * h)
    z = ((x / k) ** h - (1 + h * p * (h - 1 - 0.5 * (2 - h) * m * p))) / (h * np.sqrt(2 * p) * (1 + 0.5 * m * p))
    return np.where(np.isnan(z), np.nan, 0.5 * _erfc(np.nan_to_num(z) / math.sqrt(2)))
