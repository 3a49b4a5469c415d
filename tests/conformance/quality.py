"""Expected data quality, computed with pandas and scipy alone: no SQL, no code of ours."""

from hashlib import md5

import numpy as np
import pandas as pd
from scipy.stats import norm

Z = norm.ppf(0.975)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval."""
    centre, half = share + Z**2 / (2 * n), Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return (centre - half) / (1 + Z**2 / n), (centre + half) / (1 + Z**2 / n)


def newcombe(p: float, n: float, base: float, m: float) -> tuple[float, float]:
    """Newcombe's hybrid interval of p - base."""
    (low, high), (base_low, base_high) = wilson(p, n), wilson(base, m)
    return p - base - np.hypot(p - low, base_high - base), p - base + np.hypot(high - p, base - base_low)


def two_proportions(missing: int, n: int, base_missing: int, m: int) -> float | None:
    """Two-sided p-value of the pooled z test."""
    pooled = (missing + base_missing) / (n + m)
    if pooled in (0, 1):
        return None
    z = (missing / n - base_missing / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(2 * norm.sf(abs(z)))


def categories(reference: pd.Series, window: pd.Series) -> dict[str, float]:
    """Metrics of the set of categories, and `vanished`: the names."""
    counts, n = reference.dropna().astype(str).value_counts(), int(window.notna().sum())
    shares = counts / counts.sum()
    seen = set(window.dropna().astype(str))
    awaited = shares[n * shares >= 5]
    gone = sorted(awaited[[name not in seen for name in awaited.index]].index, key=lambda name: (-counts[name], name))
    missed = np.exp(-n * shares)
    found = {
        "category_count": len(seen),
        "category_count_ratio": len(seen) / (1 - missed).sum(),
        "ratio_half_width": Z * np.sqrt((missed * (1 - missed)).sum()) / (1 - missed).sum(),
    }
    if len(awaited):
        found["vanished_rate"] = float(shares[gone].sum())
        found["noise_floor"] = float((awaited * np.exp(-n * awaited)).sum())
        found["vanished"] = ", ".join(gone[:5]) or None
    return found


def sample(frame: pd.DataFrame) -> pd.DataFrame:
    """At most 16,000 rows: those whose hashed id begins with enough zeros."""
    zeros = 0
    while len(frame) > 16000 * 16**zeros:
        zeros += 1
    return frame[[md5(name.encode()).hexdigest().startswith("0" * zeros) for name in frame["prediction_id"]]]


def top_values(values: pd.Series, top: int, share: float) -> pd.Series:
    """Counts of the most frequent values that recur."""
    counts = values.dropna().value_counts()
    counts = counts[(counts >= 2) & (counts >= share * counts.sum())].reset_index()
    return counts.sort_values(["count", values.name], ascending=[False, True]).head(top).set_index(values.name)["count"]


def point_mass(reference: pd.DataFrame, windows: list[pd.DataFrame], feature: str) -> tuple[float, float | None, int]:
    """Largest gain of a value over windows, that value, and the rows that were sampled."""
    sampled, total, n_sampled = pd.Series(dtype=float), 0, 0
    for window in windows:
        drawn = sample(window)[feature]
        n, m = window[feature].notna().sum(), drawn.notna().sum()
        if m:
            sampled = sampled.add(top_values(drawn, 3, 0.01) * n / m, fill_value=0)
            total, n_sampled = total + n, n_sampled + m
    known = top_values(sample(reference)[feature], 20, 0) / sample(reference)[feature].notna().sum()
    unknown = known.min() if len(known) == 20 else 0
    gains = pd.Series({value: n / total - known.get(value, unknown) for value, n in sampled.items()}, dtype=float)
    if gains.empty:
        return 0.0, None, n_sampled
    return gains.max(), gains.idxmax(), n_sampled
