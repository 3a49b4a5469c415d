"""Exact distances from raw rows against scipy: random, tied, constant, missing and single values."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from tests.integration.logs import MONITOR, feedback, predictions
from tests.project import PostgresProject, Project

NOW = "2026-01-31 00:00:00"
NAMES = ["smooth", "tied", "constant", "sparse", "wild"]
TABLES = {
    "fixed": ("fixed", "ml_monitor.exact_drift('fixed')"),
    "some": ("fixed", "ml_monitor.exact_drift('fixed', features=['tied', 'wild'], since='2026-01-20', windows=7)"),
    "moving": ("moving", "ml_monitor.exact_drift('moving', features=['smooth', 'tied'], windows=12)"),
}


def features(log: pd.DataFrame, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = len(log)
    drift = np.arange(n) / n * (seed == 1)
    log = log.assign(smooth=random.normal(size=n) + drift, tied=random.poisson(2 + drift, size=n), constant=3.5, wild=random.standard_cauchy(size=n))
    log["sparse"] = np.where(random.uniform(size=n) < 0.02, random.normal(size=n), np.nan)
    return log


# A day of the third week has as many rows as both of its reference together: the size of the test of KS ends in a half.
SIZES = {0: 151, 1: 150, 2: 301}
LOG = features(predictions(days=30, rows=301), 1)
LOG = LOG[LOG.index % 301 < (LOG.index // (7 * 301)).map(lambda week: SIZES.get(week, 300))].reset_index(drop=True)
DAY = LOG["predicted_at"].dt.floor("D")
REFERENCE = features(predictions(days=10, rows=400, start="2025-12-01", seed=9), 2)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    monitor = MONITOR | {"features": dict.fromkeys(NAMES, "numeric"), "segments": []}
    options: dict[str, Any] = {
        "monitors": {"fixed": monitor, "moving": monitor | {"reference": {"same_weekday": 2}}},
        "logs": {"predictions": LOG, "feedback": feedback(LOG), "reference": REFERENCE},
        "now": NOW,
    }
    directory = tmp_path_factory.mktemp("exact") / "project"
    if request.param == "postgres":
        project: Project = PostgresProject(directory, **options, server=request.getfixturevalue("postgres_url"))
    else:
        project = Project(directory, **options)
    for name, (_, call) in TABLES.items():
        (directory / "models" / f"exact_{name}.sql").write_text(f"{{{{ {call} }}}}\n")
    project.run("-s", *[f"+exact_{name}" for name in TABLES])
    return project


def rows(built: Project, name: str) -> dict[tuple[Any, str], dict[str, Any]]:
    frame = built.frame(f"select * from main_ml_monitor.exact_{name}")
    assert not frame.duplicated(["feature", "window_start"]).any()
    return {(row["window_start"], row["feature"]): row for row in frame.to_dict("records")}


def ks_tolerance(n: int, statistic: float) -> dict[str, float]:
    """Of a p-value. Where scipy takes the same series, 1e-6 of it; elsewhere scipy is exact and the series as near as its terms in 1/sqrt(n)."""
    if n > 140 and n * statistic**2 < 2.2 and n * statistic**1.5 > 1.4:
        return {"rel": 1e-6}
    return {"abs": 1e-6 if n >= 200 else 3e-5 if n >= 50 else 2e-3 if n >= 8 else 0.1}


def cramer_von_mises_tail(statistic: float, n: int, m: int) -> float:
    """scipy's asymptotic p-value with its series summed to the end: scipy itself stops at terms of 1e-7."""
    size, product = n + m, n * m
    variance = (size + 1) * (4 * product * size - 3 * (n**2 + m**2) - 2 * product) / (45 * size**2 * 4 * product)
    x = 1 / 6 + (statistic - (1 + 1 / size) / 6) / np.sqrt(45 * variance)
    if x < 0.003:
        return 1.0
    k = np.arange(1000)
    q = (4 * k + 1) ** 2 / (16 * x)
    terms = np.exp(special.gammaln(k + 0.5) - special.gammaln(k + 1) - 2 * q) * np.sqrt(4 * k + 1) * special.kve(0.25, q) / (np.pi**1.5 * np.sqrt(x))
    return float(1 - terms.sum())


def agree(row: dict[str, Any], window: pd.Series, base: pd.Series) -> bool:
    """Whether the p-value of KS was held to 1e-6 of itself; that of Cramer-von Mises always is."""
    window, base = window.dropna().to_numpy(float), base.dropna().to_numpy(float)
    assert (row["sample_size"], row["reference_size"]) == (len(window), len(base))
    ks = stats.ks_2samp(window, base, method="asymp")
    assert row["ks"] == pytest.approx(ks.statistic, abs=1e-12)
    tolerance = ks_tolerance(round(len(window) * len(base) / (len(window) + len(base))), ks.statistic)
    assert row["ks_p_value"] == pytest.approx(ks.pvalue, **tolerance)
    assert row["wasserstein"] == pytest.approx(stats.wasserstein_distance(window, base), rel=1e-9, abs=1e-12)
    if min(len(window), len(base)) > 1:
        cvm = stats.cramervonmises_2samp(window, base, method="asymptotic")
        assert row["cramer_von_mises"] == pytest.approx(cvm.statistic, rel=1e-9, abs=1e-9)
        assert row["cramer_von_mises_p_value"] == pytest.approx(cvm.pvalue, abs=1e-6)
        tail = cramer_von_mises_tail(cvm.statistic, len(window), len(base))
        assert row["cramer_von_mises_p_value"] == pytest.approx(tail, rel=1e-6, abs=1e-9)
    return "rel" in tolerance


def test_against_the_reference(built: Project) -> None:
    actual, held = rows(built, "fixed"), []
    for day in DAY.unique():
        for name in [*NAMES, "y_score"]:
            window = LOG.loc[day == DAY, name]
            key = (day, "__score__" if name == "y_score" else name)
            if window.notna().any():
                held.append(agree(actual[key], window, REFERENCE[name]))
            else:
                assert key not in actual
    assert len(held) == len(actual) > 150
    assert sum(held) > 50, "p-values that are no rounding of 0 or 1"


def test_only_what_is_asked_for(built: Project) -> None:
    actual = rows(built, "some")
    assert set(actual) == {(day, name) for day in pd.date_range("2026-01-24", "2026-01-30") for name in ("tied", "wild")}
    for (day, name), row in actual.items():
        agree(row, LOG.loc[day == DAY, name], REFERENCE[name])


def test_against_a_moving_reference(built: Project) -> None:
    actual, halves = rows(built, "moving"), 0
    assert len(actual) == 24
    for (day, name), row in actual.items():
        earlier = DAY.isin([day - pd.Timedelta(days=7), day - pd.Timedelta(days=14)])
        agree(row, LOG.loc[day == DAY, name], LOG.loc[earlier, name])
        halves += row["sample_size"] == row["reference_size"] == 301
    assert halves == 6, "a size that ends in a half"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [("features=['plan']", "is not a numeric feature"), ("windows=0", "is not a whole number from 1"), ("since='soon'", "is not a date")],
)
def test_wrong_arguments(tmp_path: Any, arguments: str, words: str) -> None:
    project = Project(tmp_path / "project", {"churn": MONITOR})
    (project.directory / "models" / "exact.sql").write_text(f"{{{{ ml_monitor.exact_drift('churn', {arguments}) }}}}\n")
    assert words in project.error()
