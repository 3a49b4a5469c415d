"""Expected values for the shipped flights, computed with numpy, scipy and scikit-learn alone: no SQL, no code of ours."""

import numpy as np
import pandas as pd
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, entropy, kstwobign, norm
from scipy.stats.contingency import association
from sklearn import metrics

from tests.conformance import outcomes

FLOOR = 1e-4


def bin_counts(reference: pd.Series, window: pd.Series, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Counts per value bin of both sides: right-closed deciles with point masses apart, or categories with all unseen ones as one bin."""
    reference, window = reference.dropna(), window.dropna()
    if kind == "numeric":
        values, repeats = np.unique(np.quantile(reference.astype(float), np.arange(1, 10) / 10), return_counts=True)
        edges = np.unique(np.concatenate([values, np.nextafter(values[repeats > 1], -np.inf)]))
        return tuple(
            np.bincount(np.searchsorted(edges, side.astype(float), side="left"), minlength=len(edges) + 1)
            for side in (reference, window)
        )
    known = sorted(reference.astype(str).unique())
    counted = [side.astype(str).value_counts() for side in (reference, window)]
    unseen = int(counted[1][~counted[1].index.isin(known)].sum())
    pair = [side.reindex(known, fill_value=0).to_numpy() for side in counted]
    if unseen:
        pair = [np.append(pair[0], 0), np.append(pair[1], unseen)]
    return pair[0], pair[1]


def not_values(column: pd.Series, kind: str) -> list[int]:
    """Counts of the bins for what is no value: missing, and for numbers invalid, of which the flights have none."""
    missing = int(column.isna().sum())
    return [missing, 0] if kind == "numeric" else [missing]


def drift(reference: pd.Series, window: pd.Series, kind: str, smoothing: str) -> dict[str, float]:
    """Every drift metric of one feature in one window."""
    r, c = bin_counts(reference, window, kind)
    values = distances(r, c, smoothing)
    values |= {
        f"{name}_with_missing": value
        for name, value in distances(
            np.append(r, not_values(reference, kind)), np.append(c, not_values(window, kind)), smoothing
        ).items()
    }
    return values | (moments(reference.dropna(), window.dropna(), r, c) if kind == "numeric" else without_unseen(reference, r, c, smoothing))


def without_unseen(reference: pd.Series, r: np.ndarray, c: np.ndarray, smoothing: str) -> dict[str, float]:
    """Distances over the categories of the reference, which come first; none where one side has no row in them."""
    known = [side[: reference.nunique()] for side in (r, c)]
    return {f"{name}_without_unseen": value for name, value in distances(*known, smoothing).items()} if all(side.sum() for side in known) else {}


def distances(r: np.ndarray, c: np.ndarray, smoothing: str) -> dict[str, float]:
    """Distances between two histograms."""
    p, q = r / r.sum(), c / c.sum()
    if smoothing == "jeffreys":
        sp, sq = (r + 0.5) / (r.sum() + 0.5 * len(r)), (c + 0.5) / (c.sum() + 0.5 * len(c))
    else:
        sp, sq = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    filled = np.array([r, c])[:, (r + c) > 0]
    test = chi2_contingency(filled, correction=False)
    return {
        "psi": float(np.sum((sq - sp) * np.log(sq / sp))),
        "kl_divergence": float(np.sum(sq * np.log(sq / sp))) if smoothing == "floor" else float(entropy(sq, sp)),
        "js_divergence": float(jensenshannon(p, q, base=2)) ** 2,
        "js_distance": float(jensenshannon(p, q, base=2)),
        "hellinger": float(np.sqrt(0.5 * np.sum((np.sqrt(p) - np.sqrt(q)) ** 2))),
        "total_variation": float(0.5 * np.abs(p - q).sum()),
        "l_infinity": float(np.abs(p - q).max()),
        "chi_squared": float(test.statistic),
        "cramers_v": association(filled.astype(int), method="cramer") if filled.shape[1] > 1 else 0.0,
        "p_value": float(test.pvalue),
    }


def moments(reference: pd.Series, window: pd.Series, r: np.ndarray, c: np.ndarray) -> dict[str, float]:
    """KS and Wasserstein between distribution functions that run straight between bin edges, and shifts of the moments."""
    reference, window = reference.to_numpy(float), window.to_numpy(float)
    gap = np.cumsum(c) / c.sum() - np.cumsum(r) / r.sum()
    values, repeats = np.unique(np.quantile(reference, np.arange(1, 10) / 10), return_counts=True)
    low, q05, q95, high = np.quantile(reference, [0.005, 0.05, 0.95, 0.995])
    knots = np.concatenate([[low], np.unique(np.concatenate([values, np.nextafter(values[repeats > 1], -np.inf)])), [high]])
    heights = np.concatenate([[0], gap])
    area = sum(
        quad(lambda x, a=a, b=b, u=u, v=v: abs(u + (v - u) * (x - a) / (b - a)), a, b, points=[a + (b - a) * u / (u - v)] if u * v < 0 else None, epsabs=1e-13)[0]
        for a, b, u, v in zip(knots[:-1], knots[1:], heights[:-1], heights[1:], strict=True)
        if b > a
    )
    found = {"ks": float(np.abs(gap).max())}
    effective = np.sqrt(r.sum() * c.sum() / (r.sum() + c.sum()))
    found["ks_p_value"] = float(kstwobign.sf((effective + 0.12 + 0.11 / effective) * found["ks"]))
    if q95 > q05:
        found["wasserstein"] = area / ((q95 - q05) / (norm.ppf(0.95) - norm.ppf(0.05)))
    if reference.std() > 0:
        found["mean_shift"] = (window.mean() - reference.mean()) / reference.std(ddof=1)
        if len(window) > 1:
            found["std_change"] = window.std(ddof=1) / reference.std(ddof=1) - 1
    return found


def binary_performance(frame: pd.DataFrame) -> dict[str, float]:
    """Every binary metric of one window; `frame` has label, y_pred, y_score; NULL labels are unlabelled."""
    labelled = frame.dropna(subset=["label"])
    y, prediction, score = (labelled[c].to_numpy() for c in ("label", "y_pred", "y_score"))
    return {"label_coverage": len(labelled) / len(frame)} | outcomes.binary(y, prediction, score)


def regression_performance(prediction: pd.Series, label: pd.Series) -> dict[str, float]:
    """Every regression metric of one window, over the labelled rows."""
    known = label.notna()
    y, f = label[known], prediction[known]
    return {
        "label_coverage": float(known.mean()),
        "mae": metrics.mean_absolute_error(y, f),
        "rmse": float(np.sqrt(metrics.mean_squared_error(y, f))),
        "bias": float((f - y).mean()),
        "r2": metrics.r2_score(y, f),
    }
