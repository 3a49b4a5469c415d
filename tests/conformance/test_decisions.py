"""Costs, fairness gaps, mix against rate, worst slices and the cut-off advisor, against pandas on a log whose truth is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, norm, pearsonr

from tests.conformance.simulations import MONITOR, START, labels, predictions
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
DAYS, ROWS = 50, 600
COSTS = {"tp": -20, "fp": 5, "fn": 15}
MIX_DAY = START + pd.Timedelta(days=40)
LIMITS = {"worst_slice_gap": {"alert": 0.08, "over": 5}, "mix_effect": {"alert": -0.02, "over": 5, "side": "below"}}


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, pd.DataFrame]:
    log = predictions(DAYS, ROWS, np.zeros(DAYS), np.zeros(DAYS), seed=12)
    random = np.random.default_rng(13)
    share = np.where(log["predicted_at"] < MIX_DAY, 0.2, 0.6)
    log["region"] = np.where(random.uniform(size=len(log)) < share, "south", random.choice(["north", "east", "west"], size=len(log)))
    worse = (log["region"] == "south") & (random.uniform(size=len(log)) < 0.2)
    log.loc[worse, "label"] = 1 - log.loc[worse, "label"]
    monitor = MONITOR | {"segments": ["region"], "protected": ["region"], "costs": COSTS, "rolling": [5], "thresholds": LIMITS}
    logs = {"predictions": log.drop(columns=["probability", "label"]), "feedback": labels(log), "reference": log.head(2000)}
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    directory: Path = tmp_path_factory.mktemp("decisions") / "project"
    project = (PostgresProject if kind else Project)(directory, {"sim": monitor}, logs=logs, now=str(START + pd.Timedelta(days=DAYS, hours=5)), **kind)
    project.run("-s", "+ml_monitor__decisions", "+ml_monitor__decision_thresholds", "+ml_monitor__performance_decomposition", "+ml_monitor__worst_slices", "+ml_monitor__drift_ranking", "+ml_monitor__verdicts")
    return project, log


def of_day(log: pd.DataFrame, day: pd.Timestamp, span: int = 1) -> pd.DataFrame:
    window = log["predicted_at"].dt.floor("D")
    return log[(window <= day) & (window > day - pd.Timedelta(days=span))]


def cost_of(part: pd.DataFrame) -> np.ndarray:
    outcome = np.select(
        [(part["y_pred"] == 1) & (part["label"] == 1), part["y_pred"] == 1, part["label"] == 1], [COSTS["tp"], COSTS["fp"], COSTS["fn"]], 0
    )
    return outcome.astype(float)


def test_cost(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    rows = project.rows(f"select window_start, span, metric_value, lower_bound from {MART}decisions where metric = 'cost' and segment = '__all__' and model_version = '__all__'")
    assert len(rows) == 2 * DAYS
    for day, span, value, lower in rows:
        cost = cost_of(of_day(log, day, span))
        assert value == pytest.approx(cost.mean(), rel=1e-9)
        assert lower == pytest.approx(cost.mean() - 1.959963984540054 * cost.std(ddof=1) / np.sqrt(len(cost)), rel=1e-9)
    worth = project.rows(f"select window_start, metric_value, upper_bound from {MART}decisions where metric = 'business_value' and segment = '__all__' and model_version = '__all__' and span = 5")
    assert len(worth) == DAYS
    for day, value, upper in worth:
        cost = cost_of(of_day(log, day, 5))
        assert value == pytest.approx(-cost.sum(), rel=1e-9)
        assert upper == pytest.approx(-cost.sum() + 1.959963984540054 * cost.std(ddof=1) * np.sqrt(len(cost)), rel=1e-9)
    estimated = project.rows(f"select avg(metric_value) from {MART}estimated_performance where metric = 'estimated_cost' and segment = '__all__' and model_version = '__all__' and span = 1 and window_start < '{MIX_DAY}'")
    assert estimated[0][0] == pytest.approx(cost_of(log[log["predicted_at"] < MIX_DAY]).mean(), abs=0.2)


def test_fairness_gaps(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    rows = project.rows(f"select window_start, segment_value, metric, metric_value, lower_bound, upper_bound from {MART}decisions where metric like '%gap' and model_version = '__all__' and span = 5")
    found = {row[:3]: row[3:] for row in rows}
    assert len(found) == DAYS * 4 * 4
    for day in pd.date_range(START, periods=DAYS)[4::9]:
        part = of_day(log, day, 5)
        for region in ("south", "north"):
            sides = [part[part["region"] == region], part[part["region"] != region]]
            rates = {
                "selection_rate_gap": [(s["y_pred"] == 1).to_numpy() for s in sides],
                "tpr_gap": [(s.loc[s["label"] == 1, "y_pred"] == 1).to_numpy() for s in sides],
                "fpr_gap": [(s.loc[s["label"] == 0, "y_pred"] == 1).to_numpy() for s in sides],
                "ppv_gap": [(s.loc[s["y_pred"] == 1, "label"] == 1).to_numpy() for s in sides],
            }
            for metric, (one, other) in rates.items():
                value, lower, upper = found[day, region, metric]
                gap = one.mean() - other.mean()
                (l1, u1), (l2, u2) = wilson(one), wilson(other)
                assert value == pytest.approx(gap, abs=1e-12)
                assert lower == pytest.approx(gap - np.hypot(one.mean() - l1, u2 - other.mean()), rel=1e-9)
                assert upper == pytest.approx(gap + np.hypot(u1 - one.mean(), other.mean() - l2), rel=1e-9)


def wilson(hits: np.ndarray) -> tuple[float, float]:
    n, p, z = len(hits), hits.mean(), 1.959963984540054
    centre, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def test_mix_and_rate(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    frame = project.frame(f"select * from {MART}performance_decomposition where metric = 'accuracy' and span = 5")
    right = log["label"] == log["y_pred"]
    day = log["predicted_at"].dt.floor("D")
    for start, rows in frame.groupby("window_start"):
        now = right[of_day(log, start, 5).index]
        before = right[(day <= start - pd.Timedelta(days=5)) & (day > start - pd.Timedelta(days=33))]
        change = now.mean() - before.mean()
        assert (rows["mix_effect"] + rows["rate_effect"]).sum() == pytest.approx(change, abs=1e-12)
        assert rows["total_change"].to_numpy() == pytest.approx(change, abs=1e-12)
    moved = frame[frame["window_start"] == MIX_DAY + pd.Timedelta(days=4)]
    assert moved["mix_effect"].sum() < -0.02, "more of the bad region"
    assert abs(moved["rate_effect"].sum()) < 0.02, "the model is what it was"


def slice_p_value(part: pd.DataFrame, region: str) -> tuple[float, float]:
    """One-sided z test of two shares with a pooled rate, and what the slice costs the whole."""
    right, inside = part["y_pred"] == part["label"], part["region"] == region
    gap = right[~inside].mean() - right[inside].mean()
    error = np.sqrt(right.mean() * (1 - right.mean()) * (1 / inside.sum() + 1 / (~inside).sum()))
    return float(norm.sf(gap / error)), float(gap * inside.mean())


def test_worst_slice(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    frame = project.frame(f"select * from {MART}worst_slices where span = 5")
    for start, rows in frame.groupby("window_start"):
        expected = {region: slice_p_value(of_day(log, start, 5), region) for region in rows["segment_value"]}
        after = of_day(log, start + pd.Timedelta(days=5), 5) if start + pd.Timedelta(days=5) in set(frame["window_start"]) else None
        corrected = dict(zip(expected, false_discovery_control([p for p, _ in expected.values()]), strict=True))
        for row in rows.to_dict("records"):
            p_value, damage = expected[row["segment_value"]]
            assert row["p_value"] == pytest.approx(p_value, rel=1e-6, abs=1e-12)
            assert row["q_value"] == pytest.approx(corrected[row["segment_value"]], rel=1e-6, abs=1e-12)
            assert row["damage"] == pytest.approx(damage, abs=1e-9)
            if after is None:
                assert pd.isna(row["next_p_value"]) and (not row["is_worse"] or pd.isna(row["is_confirmed"]))
            else:
                assert row["next_p_value"] == pytest.approx(slice_p_value(after, row["segment_value"])[0], rel=1e-6, abs=1e-12)
                assert row["is_confirmed"] == (row["is_worse"] and row["next_p_value"] <= 0.05)
    confirmed = frame[frame["is_confirmed"].fillna(False).astype(bool)]
    assert set(confirmed["segment_value"]) == {"south"}
    assert len(confirmed) > 20
    assert (frame.loc[frame["segment_value"] != "south", "is_worse"]).mean() < 0.02


def pooled_error(parts: list[pd.Series]) -> float:
    """Standard error of a mean over windows, from the Wilson interval of each."""
    widths = [(wilson(part.to_numpy()), len(part)) for part in parts if len(part)]
    return float(np.sqrt(sum(((high - low) / 2 / 1.959963984540054 * n) ** 2 for (low, high), n in widths)) / sum(n for _, n in widths))


def test_mix_and_rate_are_metric_values(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    frame = project.frame(f"select * from {MART}metric_values where metric in ('mix_effect', 'rate_effect') and span = 5 and feature = 'segment:region'")
    assert len(frame) == 2 * (DAYS - 5) and set(frame["segment"]) == {"__all__"}
    found = frame.set_index(["metric", "window_start"])
    right, day = log["label"] == log["y_pred"], log["predicted_at"].dt.floor("D")
    for start in pd.date_range(START, periods=DAYS)[9::8]:
        now = log[(day <= start) & (day > start - pd.Timedelta(days=5))]
        before = log[(day <= start - pd.Timedelta(days=5)) & (day > start - pd.Timedelta(days=33))]
        shares = [part["region"].value_counts(normalize=True).sort_index() for part in (before, now)]
        rates = [right[part.index].groupby(part["region"]).mean().sort_index() for part in (before, now)]
        middle = (rates[0] + rates[1]) / 2
        mix = ((shares[1] - shares[0]) * middle).sum()
        noise = sum(np.average((middle - np.average(middle, weights=share)) ** 2, weights=share) / len(part) for share, part in zip(shares, (before, now), strict=True))
        rate, spread = ((rates[1] - rates[0]) * (shares[0] + shares[1]) / 2).sum(), 0.0
        for region in middle.index:
            own = [[right[part.index][part["region"] == region]] for part in (now,)]
            own.append([right[rows.index] for _, rows in before[before["region"] == region].groupby(day)])
            spread += ((shares[0] + shares[1])[region] / 2) ** 2 * sum(pooled_error(parts) ** 2 for parts in own)
        for metric, value, error in (("mix_effect", mix, np.sqrt(noise)), ("rate_effect", rate, np.sqrt(spread))):
            row = found.loc[(metric, start)]
            assert row["metric_value"] == pytest.approx(value, rel=1e-9, abs=1e-12)
            assert [row["lower_bound"], row["upper_bound"]] == pytest.approx([value - 1.959963984540054 * error, value + 1.959963984540054 * error], rel=1e-9, abs=1e-12)
            assert (row["sample_size"], row["reference_size"]) == (len(now), len(before))
    judged = project.frame(f"select window_start, metric_value, status from {MART}verdicts where metric = 'mix_effect'").set_index("window_start")["status"]
    assert judged[MIX_DAY + pd.Timedelta(days=4)] == "alert" and judged[MIX_DAY - pd.Timedelta(days=1)] == "ok"


def test_the_worst_slice_is_a_metric_value(built: tuple[Project, pd.DataFrame]) -> None:
    """Found in the five days before, again in these: nothing is looked up in days that are still to come."""
    project, log = built
    frame = project.frame(f"select * from {MART}metric_values where metric in ('worst_slice_gap', 'worst_slice_damage') and span = 5").set_index(["metric", "window_start"])
    starts = pd.date_range(START, periods=DAYS)[5:]
    assert set(frame.index) == {(metric, start) for metric in ("worst_slice_gap", "worst_slice_damage") for start in starts}
    gaps = []
    for start in starts:
        now, before = of_day(log, start, 5), of_day(log, start - pd.Timedelta(days=5), 5)
        regions = sorted(log["region"].unique())
        earlier = dict(zip(regions, false_discovery_control([slice_p_value(before, region)[0] for region in regions]), strict=True))
        confirmed = {r: slice_p_value(now, r)[1] for r in regions if earlier[r] <= 0.01 and slice_p_value(now, r)[0] <= 0.05}
        worst = max(confirmed, key=lambda r: confirmed[r] / (now["region"] == r).mean(), default=None)
        gap = confirmed[worst] / (now["region"] == worst).mean() if worst else 0.0
        row = frame.loc[("worst_slice_gap", start)]
        assert row["metric_value"] == pytest.approx(gap, abs=1e-9)
        assert frame.loc[("worst_slice_damage", start), "metric_value"] == pytest.approx(max(confirmed.values(), default=0.0), abs=1e-9)
        assert row["detail"] == (f"region = {worst}" if worst else None) or (worst is None and pd.isna(row["detail"]))
        gaps.append(gap)
    assert min(gaps) == 0 and max(gaps) > 0.08, "both are met"
    judged = project.rows(f"select window_start, status from {MART}verdicts where metric = 'worst_slice_gap'")
    assert dict(judged) == {start: "alert" if gap > 0.08 else "ok" for start, gap in zip(starts, gaps, strict=True)}
    watched = {row[0] for row in project.rows(f"select distinct metric from {MART}verdicts")}
    assert not watched & {"worst_slice_damage", "rate_effect"}, "what has no threshold has no verdict"


def test_cut_off(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    curve = project.frame(f"select * from {MART}decision_thresholds where population = 'newest'")
    best = curve[curve["is_recommended"]].iloc[0]
    newest = of_day(log, START + pd.Timedelta(days=DAYS - 1), 5)
    realised = {t: cost_of(newest.assign(y_pred=(newest["y_score"] >= t).astype(int))).mean() for t in np.arange(0.02, 1, 0.02)}
    at_best = cost_of(newest.assign(y_pred=(newest["y_score"] >= best["cut_off"]).astype(int))).mean()
    assert at_best == pytest.approx(min(realised.values()), abs=0.5)
    assert len(project.rows(f"select * from {MART}decision_thresholds where is_recommended")) == 2


def test_drift_ranking(built: tuple[Project, pd.DataFrame]) -> None:
    project, log = built
    found = project.frame(f"select feature, place, correlation, n_windows from {MART}drift_ranking where span = 5 order by place")
    drift = project.frame(f"select feature, window_start, psi from {MART}drift_statistics where span = 5 and baseline = 'reference' and model_version = '__all__' and segment = '__all__'")
    assert len(found) == 3
    for row in found.to_dict("records"):
        pairs = drift[(drift["feature"] == row["feature"]) & drift["psi"].notna()]
        errors = [(of_day(log, day, 5)["y_pred"] != of_day(log, day, 5)["label"]).mean() for day in pairs["window_start"]]
        assert row["n_windows"] == len(pairs) == DAYS
        assert row["correlation"] == pytest.approx(pearsonr(pairs["psi"], errors).statistic, abs=1e-9)
    assert found["correlation"].is_monotonic_decreasing
