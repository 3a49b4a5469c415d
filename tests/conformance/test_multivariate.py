"""Drift of features together against numpy, scipy and scikit-learn, on random, collinear, constant, tied and missing data."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from tests.integration.logs import MONITOR, feedback, predictions
from tests.project import Project, project_on

NOW = "2026-02-10 00:00:00"
FREE = ["a", "b", "c", "d"]
NASTY = [*FREE, "a_plus_b", "copy_of_c", "constant"]
NOISE = [f"n{i:02d}" for i in range(11)]
BROKEN, ONE_ROW, ALL_MISSING, FLAT = (pd.Timestamp(f"2026-01-{day}") for day in (20, 22, 24, 26))
METRICS = ("hotelling_t2", "mahalanobis", "correlation_change", "reconstruction_error")
MIX = np.random.default_rng(5).normal(size=(4, 4))


def features(log: pd.DataFrame, seed: int, shift: float) -> pd.DataFrame:
    """Correlated numbers on very different scales, ties, sums and copies of each other, a constant, holes."""
    random = np.random.default_rng(seed)
    n = len(log)
    values = random.normal(size=(n, 4)) @ MIX + shift * np.arange(n)[:, None] / n
    free = pd.DataFrame({"a": values[:, 0] * 1e-3, "b": values[:, 1] * 1e-3 + 1, "c": values[:, 2].round(1) + 1e6, "d": np.exp(values[:, 3] / 2)})
    free.loc[random.uniform(size=n) < 0.05, "b"] = np.nan
    free = free.assign(a_plus_b=free["a"] + free["b"], copy_of_c=free["c"] * 2 - 7, constant=0.1)
    noise = random.normal(size=(n, len(NOISE))) + 0.3 * random.normal(size=(n, 1))
    return pd.concat([log, free, pd.DataFrame(noise * np.logspace(0, 3, len(NOISE)), columns=NOISE)], axis=1)


def make_log() -> pd.DataFrame:
    log = features(predictions(days=40, rows=60), 1, shift=0.5)
    day = log["predicted_at"].dt.floor("D")
    log["model_version"] = np.where(log["predicted_at"] < "2026-01-15 12:00", "m1", "m2")
    log.loc[day == BROKEN, "copy_of_c"] = np.random.default_rng(3).permutation(log.loc[day == BROKEN, "copy_of_c"])
    log.loc[day == ALL_MISSING, "d"] = np.nan
    log.loc[day == FLAT, "a"] = log.loc[day == FLAT, "a"].iloc[0]
    return log[(day != ONE_ROW) | ~day.duplicated()].reset_index(drop=True)


LOG = make_log()
DAY = LOG["predicted_at"].dt.floor("D")
REFERENCE = features(predictions(days=20, rows=50, start="2025-12-01", seed=9), 2, shift=0)


def monitor(reference: dict[str, Any], names: list[str], **changes: Any) -> dict[str, Any]:
    return MONITOR | {"reference": reference, "features": dict.fromkeys(names, "numeric"), "multivariate": names, "segments": [], "rolling": [3]} | changes


@pytest.fixture(scope="module", params=["duckdb", "postgres", "spark"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    fixed = {"relation": "raw.reference"}
    monitors = {
        "nasty": monitor(fixed, NASTY),
        "noise": monitor(fixed, NOISE, rolling=[]),
        "moving": monitor({"trailing": 10}, NASTY),
        "pair": monitor({"previous": 1}, ["a", "d"], rolling=[9]),
    }
    logs = {"predictions": LOG, "feedback": feedback(LOG), "reference": REFERENCE}
    directory = tmp_path_factory.mktemp("multivariate") / "project"
    project = project_on(request.param, request, directory, monitors, logs=logs, now=NOW)
    project.run("-s", "+ml_monitor__multivariate_drift")
    return project


def expected(frozen: pd.DataFrame, base: pd.DataFrame, window: pd.DataFrame, free: list[str]) -> dict[str, float]:
    """All of one comparison. `frozen` is what the components come from, `free` the features without those that follow from others."""
    # Far from 0 numpy's own means lose digits: all of it is about differences.
    origin = base.dropna().iloc[0]
    frozen, base, window = (side.dropna() - origin for side in (frozen, base, window))
    n, m, p = len(window), len(base), len(free)
    gap = window[free].mean().to_numpy() - base[free].mean().to_numpy()
    scale = base[free].std().to_numpy()
    squared = float((gap / scale) @ np.linalg.solve(np.corrcoef(base[free].to_numpy().T), gap / scale))
    t2 = n * m / (n + m) * squared
    found = {"hotelling_t2": t2, "mahalanobis": squared**0.5, "hotelling_p_value": float(stats.f.sf(t2 * (m - p) / (p * (m - 1)), p, m - p))}
    varying = [name for name in frozen if frozen[name].nunique() > 1]
    scaler = StandardScaler().fit(frozen[varying])
    reduced = PCA(svd_solver="full").fit(scaler.transform(frozen[varying]))
    k = int(np.argmax(np.cumsum(reduced.explained_variance_ratio_) >= 0.65)) + 1
    residual = []
    for side in (window, base):
        z = scaler.transform(side[varying])
        kept = reduced.components_[:k]
        residual.append(((z - (z @ kept.T) @ kept) ** 2).sum(axis=1).mean())
    if k < len(varying):
        found["reconstruction_error"] = float(residual[0] / residual[1])
    changes = {}
    for i, j in combinations(varying, 2):
        if n > 1 and min(side[name].nunique() for side in (window, base) for name in (i, j)) > 1:
            changes[(i, j)] = (np.corrcoef(window[i], window[j])[0, 1], np.corrcoef(base[i], base[j])[0, 1])
    if changes:
        r, q = max(changes.values(), key=lambda pair: abs(pair[0] - pair[1]))
        found["correlation_change"] = float(abs(r - q))
        z = abs(np.arctanh(r) - np.arctanh(q)) / np.sqrt(1 / (n - 3) + 1 / (m - 3)) if max(abs(r), abs(q)) < 0.999 else None
        if z is not None:
            found["correlation_p_value"] = float(min(1, 2 * len(changes) * stats.norm.sf(z)))
    return found


def days_back(day: pd.Timestamp, first: int, last: int) -> pd.Series:
    return DAY.between(day - pd.Timedelta(days=first), day - pd.Timedelta(days=last))


def rows(built: Project, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    frame = built.frame(f"select * from main_ml_monitor.ml_monitor__multivariate_statistics where monitor = '{name}'")
    return {(row["window_start"], row["model_version"], row["span"]): row for row in frame.to_dict("records")}


def agree(actual: dict[str, Any], wanted: dict[str, float], key: Any) -> None:
    for metric, value in wanted.items():
        tolerance = 1e-6 if metric in ("reconstruction_error", "hotelling_p_value", "correlation_p_value") else 1e-9
        assert actual[metric] == pytest.approx(value, rel=tolerance, abs=1e-9), (key, metric)


@pytest.mark.parametrize(("name", "names", "free", "spans"), [("nasty", NASTY, FREE, (1, 3)), ("noise", NOISE, NOISE, (1,))])
def test_against_a_fixed_reference(built: Project, name: str, names: list[str], free: list[str], spans: tuple[int, ...]) -> None:
    actual, compared = rows(built, name), 0
    for day in sorted(DAY.unique()):
        for span in spans:
            inside = days_back(day, span - 1, 0)
            for version in ("__all__", *LOG.loc[inside, "model_version"].unique()):
                window = LOG.loc[inside & ((version == "__all__") | (LOG["model_version"] == version)), names]
                key = (day, version, span)
                assert actual[key]["window_rows"] == len(window)
                assert actual[key]["window_size"] == len(window.dropna())
                assert actual[key]["reference_size"] == len(REFERENCE[names].dropna())
                if len(window.dropna()):
                    agree(actual[key], expected(REFERENCE[names], REFERENCE[names], window, free), key)
                    compared += 1
    assert compared > 40


@pytest.mark.parametrize(("name", "names", "free", "spans"), [("moving", NASTY, FREE, (1, 3)), ("pair", ["a", "d"], ["a", "d"], (1, 9))])
def test_against_a_moving_reference(built: Project, name: str, names: list[str], free: list[str], spans: tuple[int, ...]) -> None:
    actual, compared = rows(built, name), 0
    frozen_days = days_back(DAY.min(), 0, -9 if name == "moving" else -27)
    frozen = LOG.loc[frozen_days, names]
    for day in sorted(DAY.unique())[12:]:
        for span in spans:
            earlier = days_back(day, span + 9, span) if name == "moving" else days_back(day, 2 * span - 1, span)
            base, window = LOG.loc[earlier, names], LOG.loc[days_back(day, span - 1, 0), names]
            # On two days a sum or a copy is none: what follows from what is then another list.
            collinear = name == "pair" or not DAY[earlier].isin([BROKEN, FLAT]).any()
            if collinear and len(window.dropna()) > 1 and len(base.dropna()) > 3 and base["a"].nunique() > 1:
                agree(actual[(day, "__all__", span)], expected(frozen, base, window, free), (day, span))
                compared += 1
    assert compared > 15


def test_nothing_is_not_a_number(built: Project) -> None:
    columns = [*METRICS, "hotelling_p_value", "correlation_p_value", "complete_share", "residual", "reference_residual"]
    for column in columns:
        assert built.rows(f"select count(*) from main_ml_monitor.ml_monitor__multivariate_statistics where {column} - {column} <> 0") == [(0,)], column
    missing = rows(built, "nasty")[(ALL_MISSING, "__all__", 1)]
    assert missing["complete_share"] == 0
    assert all(pd.isna(missing[metric]) for metric in METRICS)
    lonely = rows(built, "nasty")[(ONE_ROW, "__all__", 1)]
    assert lonely["hotelling_t2"] > 0
    assert pd.isna(lonely["correlation_change"])


def test_what_moved_is_named(built: Project) -> None:
    ((detail, value),) = built.rows(
        "select detail, metric_value from main_ml_monitor.ml_monitor__multivariate_drift where monitor = 'nasty' and metric = 'correlation_change'"
        f" and window_start = '{BROKEN}' and span = 1 and model_version = '__all__'"
    )
    assert detail.startswith("c with copy_of_c: ")
    assert ", reference 1 (9" in detail
    assert value > 0.6
    assert built.rows("select max(projection_error) < 1e-9 from main_ml_monitor.ml_monitor__components") == [(True,)]
