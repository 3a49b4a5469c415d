"""What the drift of a feature is expected to cost: against pandas, on a log where one drifting feature matters and the other does not."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from tests.conformance.simulations import MONITOR, START, labels, predictions
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
DAYS, ROWS, CHANGE = 30, 500, 25
COSTS = {"fp": 1, "fn": 4}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, pd.DataFrame]:
    """From day 25 on `hard` and `easy` both drift, equally; half of the labels of `hard` are noise."""
    log = predictions(DAYS, ROWS, np.zeros(DAYS), np.zeros(DAYS), seed=21)
    random = np.random.default_rng(22)
    late = (log["predicted_at"] >= START + pd.Timedelta(days=CHANGE)).to_numpy()
    for name in ("hard", "easy"):
        log[name] = np.where(random.uniform(size=len(log)) < np.where(late, 0.6, 0.2), "it's", random.choice(["a", "b"], size=len(log)))
    noisy = (log["hard"] == "it's") & (random.uniform(size=len(log)) < 0.5)
    log.loc[noisy, "label"] = random.integers(0, 2, size=int(noisy.sum()))
    log.loc[log.index[::50], "x"] = np.nan
    monitor = MONITOR | {"features": {"x": "numeric", "hard": "categorical", "easy": "categorical"}, "error_profile": {"windows": 20}, "rolling": [5],
                         "costs": COSTS, "thresholds": {"expected_damage": {"alert": 0.02, "over": 5}}}  # fmt: skip
    logs = {"predictions": log.drop(columns=["probability", "label"]), "feedback": labels(log), "reference": log.head(5000)}
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    directory: Path = tmp_path_factory.mktemp("damage") / "project"
    project = (PostgresProject if kind else Project)(directory, {"sim": monitor}, logs=logs, now=str(START + pd.Timedelta(days=DAYS)), **kind)
    project.run("-s", "+ml_monitor__drift_ranking", "+ml_monitor__verdicts", "+ml_monitor__worst_bins")
    return project, log


def learned_rows(log: pd.DataFrame) -> pd.Series:
    """Rows of the last twenty days whose label, three hours later, is known by now."""
    end = START + pd.Timedelta(days=DAYS)
    return (log["predicted_at"] >= end - pd.Timedelta(days=20)) & (log["predicted_at"] < end - pd.Timedelta(hours=3))


def expected(log: pd.DataFrame, feature: str, value: np.ndarray) -> float:
    """Moved shares times the mean of `value` in each group of the feature, of the last five days."""
    learned = learned_rows(log)
    now = log["predicted_at"] >= START + pd.Timedelta(days=DAYS - 5)
    means = pd.Series(value)[learned.to_numpy()].groupby(log.loc[learned, feature].to_numpy()).mean()
    change = log.loc[now, feature].value_counts(normalize=True) - log.head(5000)[feature].value_counts(normalize=True)
    return float((change * means).sum())


def test_errors_times_moved_shares(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    wrong = (log["label"] != log["y_pred"]).to_numpy(float)
    cost = np.select([(log["y_pred"] == 1) & (log["label"] == 0), (log["y_pred"] == 0) & (log["label"] == 1)], [COSTS["fp"], COSTS["fn"]], 0).astype(float)
    rows = project.rows(f"select feature, metric, metric_value, lower_bound, upper_bound from {MART}expected_damage where span = 5 and window_start = '{START + pd.Timedelta(days=DAYS - 1)}'")
    found = {row[:2]: row[2:] for row in rows}
    for feature in ("hard", "easy"):
        assert found[feature, "expected_damage"][0] == pytest.approx(expected(log, feature, wrong), rel=1e-9)
        assert found[feature, "expected_cost_change"][0] == pytest.approx(expected(log, feature, cost), rel=1e-9)
    assert found["hard", "expected_damage"][1] > 0.02, "it does harm, and the interval says so"
    low, high = found["easy", "expected_damage"][1:]
    assert low < 0 < high, "as much drift, no harm"
    profile = project.rows("select sum(n) from main_ml_monitor.sim__error_profile where feature = 'x'")
    assert profile[0][0] == learned_rows(log).sum(), "missing values are a bin too"


def test_the_ranking_knows_which_drift_matters(built: tuple[Project, pd.DataFrame]) -> None:
    project, _ = built
    ranking = project.frame(f"select feature, damage_place, place, newest_psi, expected_damage from {MART}drift_ranking where span = 5").set_index("feature")
    assert ranking.loc["hard", "damage_place"] == 1
    assert ranking.loc["easy", "newest_psi"] > 0.25, "drift alone would page for both"
    verdicts = {row[0]: row[1] for row in project.rows(f"select feature, status from {MART}verdicts where metric = 'expected_damage' and window_start = '{START + pd.Timedelta(days=DAYS - 1)}'")}
    assert verdicts["hard"] == "alert"
    assert verdicts["easy"] == "ok"


def test_the_values_on_which_it_errs_are_found_and_confirmed(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    found = project.frame(f"select * from {MART}worst_bins")
    middle = START + pd.Timedelta(days=DAYS - 10)
    wrong = log["label"] != log["y_pred"]
    older, newer = learned_rows(log) & (log["predicted_at"] < middle), learned_rows(log) & (log["predicted_at"] >= middle)
    for name in ("hard", "easy"):
        bins = found[found["feature"] == name].set_index("bin_label")
        assert set(bins.index) == {"it's", "a", "b"}
        for value, row in bins.iterrows():
            inside, outside = wrong[older & (log[name] == value)].astype(float), wrong[older & (log[name] != value)].astype(float)
            again = [wrong[newer & side].astype(float) for side in (log[name] == value, log[name] != value)]
            assert (row["error"], row["other_error"], row["sample_size"]) == pytest.approx((inside.mean(), outside.mean(), len(inside)), rel=1e-9)
            assert row["damage"] == pytest.approx((inside.mean() - outside.mean()) * len(inside) / older.sum(), rel=1e-9)
            assert row["p_value"] == pytest.approx(two_shares(inside, outside), rel=1e-6)
            assert row["newer_p_value"] == pytest.approx(two_shares(*again), rel=1e-6)
    tested = found.dropna(subset="p_value")
    assert tested["q_value"].to_numpy() == pytest.approx(scipy.stats.false_discovery_control(tested["p_value"].to_numpy()), rel=1e-9)
    assert set(found.loc[found["is_confirmed"], "bin_label"]) >= {"it's"}
    assert not found.loc[found["feature"] == "easy", "is_confirmed"].any()
    assert set(found["feature"]) == {"x", "hard", "easy"}, "of a score the errors are known to lie near the cut-off"


def two_shares(inside: pd.Series, outside: pd.Series) -> float:
    """One-sided z test with the pooled rate; its square is the chi-squared of the four cells."""
    cells = [[side.sum(), len(side) - side.sum()] for side in (inside, outside)]
    z = np.sign(inside.mean() - outside.mean()) * np.sqrt(scipy.stats.chi2_contingency(cells, correction=False).statistic)
    return float(scipy.stats.norm.sf(z))


def test_rare_categories_share_a_bin_and_count_once(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    n = 4000
    kind = random.choice(["usual", "b", "c", "d"], p=[0.7, 0.1, 0.1, 0.1], size=n)
    log = pd.DataFrame({
        "prediction_id": np.arange(n), "predicted_at": START + pd.to_timedelta(np.arange(n) * 86.4, unit="s"), "model_version": "m1",
        "kind": kind, "y_score": 0.5, "y_pred": 1, "label": np.where(kind == "usual", 1, 0),
    })  # fmt: skip
    monitor = {"predictions": "raw.predictions", "feedback": "raw.feedback", "task": "binary", "reference": {"relation": "raw.reference"}, "rolling": [],
               "features": {"kind": "categorical"}, "categories": 1, "error_profile": {"windows": 4}}  # fmt: skip
    project = Project(tmp_path / "project", {"sim": monitor}, logs={"predictions": log.drop(columns="label"), "feedback": labels(log), "reference": log.head(2000)},
                      now=str(START + pd.Timedelta(days=4)))  # fmt: skip
    project.run("-s", "+ml_monitor__worst_bins")
    known = int((log["predicted_at"] < START + pd.Timedelta(days=4) - pd.Timedelta(hours=3)).sum())
    assert project.rows("select sum(n) from main_ml_monitor.sim__error_profile where feature = 'kind'") == [(known,)]
    bins = project.frame(f"select * from {MART}worst_bins").set_index("bin_label")
    assert bins["is_confirmed"].to_dict() == {"usual": False, "other categories": True}, "nothing else is wrong, and all of it is"
    assert bins.loc["other categories", "sample_size"] == (kind[:2000] != "usual").sum()


def test_a_regression(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    n = 6000
    kind = np.where(np.arange(n) < 5000, random.choice(["calm", "calm", "wild"], size=n), "wild")
    log = pd.DataFrame({
        "prediction_id": np.arange(n), "predicted_at": START + pd.to_timedelta(np.arange(n) * 86.4, unit="s"), "model_version": "m1",
        "kind": kind, "y_pred": 0.0, "label": random.normal(0, np.where(kind == "wild", 5, 1)),
    })  # fmt: skip
    monitor = {"predictions": "raw.predictions", "feedback": "raw.feedback", "task": "regression", "reference": {"relation": "raw.reference"},
               "features": {"kind": "categorical"}, "rolling": [], "error_profile": {"windows": 6}}  # fmt: skip
    project = Project(tmp_path / "project", {"sim": monitor}, logs={"predictions": log.drop(columns="label"), "feedback": labels(log), "reference": log.head(3000)},
                      now=str(START + pd.Timedelta(days=6)))  # fmt: skip
    project.run("-s", "+ml_monitor__expected_damage", "+ml_monitor__worst_bins")
    rows = project.rows(f"select metric_value from {MART}expected_damage where metric = 'expected_damage' and feature = 'kind' and window_start = '{START + pd.Timedelta(days=5)}'")
    error = log["label"].abs()
    means = error.groupby(kind).mean()
    share = (kind[:3000] == "wild").mean()
    assert rows[0][0] == pytest.approx((1 - share) * (means["wild"] - means["calm"]), rel=0.02)
    bins = project.frame(f"select * from {MART}worst_bins").set_index("bin_label")
    assert bins["is_confirmed"].to_dict() == {"wild": True, "calm": False}
