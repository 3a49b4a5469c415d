"""Estimated performance and concept drift: against scikit-learn, and on logs whose truth is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

from tests.conformance.simulations import MONITOR, START, labels, predictions, prices, three_classes
from tests.project import PostgresProject, Project, project_on

MART = "main_ml_monitor.ml_monitor__"


def build(project: Callable[..., Project], log: pd.DataFrame, days: int, **changes: Any) -> Project:
    logs = {"predictions": log.drop(columns=["probability", "label"]), "feedback": labels(log), "reference": log.head(2000)}
    built = project({"sim": MONITOR | changes}, logs=logs, now=str(START + pd.Timedelta(days=days)))
    built.run("-s", "+ml_monitor__verdicts")
    return built


def calibration(cohort: pd.DataFrame, n_bins: int) -> tuple[pd.DataFrame, IsotonicRegression]:
    """Equal-frequency bins of the score, and scikit-learn's isotonic regression of their rates."""
    counts = cohort.groupby("y_score")["label"].agg(["size", "sum"])
    middle = counts["size"].cumsum() - counts["size"] / 2
    raw = np.floor(middle / len(cohort) * n_bins)
    counts["weighted"] = counts.index * counts["size"]
    bins = counts.groupby(raw.to_numpy()).sum()
    bins["mean_score"] = bins["weighted"] / bins["size"]
    bins["rate"] = bins["sum"] / bins["size"]
    return bins, IsotonicRegression(out_of_bounds="clip").fit(bins["mean_score"], bins["rate"], sample_weight=bins["size"])


def estimates(chance: np.ndarray, positive: np.ndarray) -> dict[str, float]:
    """What is expected of rows with these calibrated probabilities and predictions."""
    tp, fp, fn = chance[positive].sum(), (1 - chance[positive]).sum(), chance[~positive].sum()
    return {
        "estimated_accuracy": np.where(positive, chance, 1 - chance).mean(),
        "estimated_precision": tp / (tp + fp),
        "estimated_recall": tp / (tp + fn),
        "estimated_f1": 2 * tp / (2 * tp + fp + fn),
    }


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"])
def test_calibration_and_estimates(warehouse: str, tmp_path: Any, request: pytest.FixtureRequest) -> None:
    days, rows = 36, 150
    log = predictions(days, rows, np.linspace(0, 0.6, days), np.zeros(days))
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if warehouse == "postgres" else {}

    def make(monitors: dict[str, Any], **options: Any) -> Project:
        return (PostgresProject if kind else Project)(tmp_path / "project", monitors, **options, **kind)

    built = build(make, log, days, rolling=[5])
    cohort = log[log["predicted_at"] < START + pd.Timedelta(days=28)]
    bins, model = calibration(cohort, 50)
    rows_found = built.rows(f"select bin, mean_score, value from {MART}calibration order by bin")
    assert [r[1] for r in rows_found] == pytest.approx(list(bins["mean_score"]), rel=1e-12)
    assert [r[2] for r in rows_found] == pytest.approx(list(model.predict(bins["mean_score"])), abs=1e-12)
    found = {
        (r[0], r[1], r[2]): r[3]
        for r in built.rows(f"select window_start, span, metric, metric_value from {MART}estimated_performance where model_version = '__all__'")
    }
    day = log["predicted_at"].dt.floor("D")
    p = model.predict(log["y_score"])
    for last in day.unique()[27:]:
        for span in (1, 5):
            part = (day <= last) & (day > last - pd.Timedelta(days=span))
            chance, positive = p[part], log.loc[part, "y_pred"].to_numpy() == 1
            for metric, value in estimates(chance, positive).items():
                assert found[last, span, metric] == pytest.approx(value, rel=1e-9), (last, span, metric)
            score = log.loc[part, "y_score"].to_numpy()
            above = (score[:, None] > score[None, :]) + 0.5 * (score[:, None] == score[None, :])
            auc = (chance[:, None] * above * (1 - chance)[None, :]).sum() / (chance.sum() * (1 - chance).sum())
            same = (chance * (1 - chance)).sum() * 0.5 / (chance.sum() * (1 - chance).sum())
            assert found[last, span, "estimated_roc_auc"] == pytest.approx(auc, abs=0.002 + same), "within bins half is taken for ordered"


def test_estimate_follows_covariate_shift(project: Callable[..., Project]) -> None:
    """+-0.7 standard deviations of covariate shift, 5,000 rows a day: within one point of the realised accuracy, and no alarm."""
    days, rows = 40, 5000
    shift = np.where(np.arange(days) < 10, 0, np.linspace(-0.7, 0.7, days))
    log = predictions(days, rows, shift, np.zeros(days), seed=3)
    built = build(project, log, days, calibration={"windows": 10})
    day = log["predicted_at"].dt.floor("D")
    right = log["label"] == log["y_pred"]
    truth = np.where(log["y_pred"] == 1, log["probability"], 1 - log["probability"])
    found = built.frame(f"select * from {MART}estimated_performance where model_version = '__all__' and metric = 'estimated_accuracy'").set_index("window_start").sort_index()
    late = found.loc[START + pd.Timedelta(days=10) :]
    realised, expected = right.groupby(day).mean().loc[late.index], pd.Series(truth).groupby(day).mean().loc[late.index]
    misses = late["metric_value"] - realised
    assert len(late) == days - 10
    print(f"realised {realised.min():.3f} to {realised.max():.3f}; misses: mean {misses.mean():+.4f}, rms {np.sqrt((misses**2).mean()):.4f}, max {misses.abs().max():.4f}, "
          f"to the true probability max {(late['metric_value'] - expected).abs().max():.4f}, in the band {((late['lower_bound'] <= realised) & (realised <= late['upper_bound'])).mean():.2f}")
    assert (late["metric_value"] - expected).abs().max() < 0.01
    assert (misses.abs() < 0.01).mean() >= 0.9
    assert ((late["lower_bound"] <= realised) & (realised <= late["upper_bound"])).mean() >= 0.9
    statuses = {row[0] for row in built.rows(f"select status from {MART}verdicts where metric = 'concept_drift'")}
    assert statuses == {"ok"}


def test_concept_drift_is_told_from_covariate_shift(project: Callable[..., Project]) -> None:
    """Inputs that move and a tenth of the labels that stop following them, from day 60 on: an alert within two windows, none before."""
    days, rows, change = 70, 1000, 60
    log = predictions(days, rows, 0.3 * np.sin(np.arange(days)), np.where(np.arange(days) >= change, 0.1, 0.0), seed=4)
    built = build(project, log, days, label_delay=1)
    verdicts = built.frame(f"select window_start, status, reason from {MART}verdicts where metric = 'concept_drift'").set_index("window_start").sort_index()
    first = verdicts[verdicts["status"] == "alert"].index[0]
    assert START + pd.Timedelta(days=change) <= first <= START + pd.Timedelta(days=change + 1)
    assert "what they mean has changed (concept drift)" in verdicts.loc[first, "reason"]
    assert "covariate shift at most" in verdicts.loc[START + pd.Timedelta(days=40), "reason"]
    assert verdicts.iloc[-1]["status"] == "immature"


def test_false_alarms_of_the_residual(project: Callable[..., Project]) -> None:
    """900 windows without a concept change, the inputs wandering: fewer than 1 % alerts."""
    days, rows = 300, 250
    log = pd.concat(
        predictions(days, rows, 0.5 * np.sin(np.arange(days) / 9 + seed), np.zeros(days), seed).assign(model_version=f"m{seed}")
        for seed in range(3)
    )
    log["prediction_id"] = np.arange(len(log))
    built = build(project, log, days)
    z = built.frame(f"select * from {MART}estimated_performance where metric = 'concept_drift' and segment = '__all__' and model_version <> '__all__'")
    z = z[z["window_start"] >= START + pd.Timedelta(days=28)]
    windows, alarms = len(z), int((z["metric_value"].abs() > 3).sum())
    print(f"{alarms} of {windows} windows, standard deviation {z['metric_value'].std():.3f}")
    assert windows > 800
    assert alarms / windows < 0.01


def test_steps_give_what_one_run_gives(project: Callable[..., Project]) -> None:
    """A calibration that comes between two runs estimates the windows before it too; nothing is computed twice."""
    days = 34
    log = predictions(days, 100, np.zeros(days), np.zeros(days), seed=9)
    logs = {"predictions": log.drop(columns=["probability", "label"]), "feedback": labels(log, hours=50), "reference": log.head(2000)}
    monitor = MONITOR | {"rolling": [3], "label_delay": 3}
    found = []
    for name, steps in {"once": [days], "steps": [20, 31, 32, days]}.items():
        built = project({"sim": monitor}, name=name, logs=logs, now=str(START + pd.Timedelta(days=days)))
        for step in steps:
            built.run("-s", "+ml_monitor__estimated_performance", "+ml_monitor__label_nowcast", now=str(START + pd.Timedelta(days=step)))
        values = [
            f"select window_start, span, metric, model_version, metric_value from {MART}{table} where metric_value is not null order by 1, 2, 3, 4"
            for table in ("estimated_performance", "label_nowcast")
        ]
        found.append([built.frame(query) for query in values])
    for once, steps in zip(*found, strict=True):
        assert len(once) > 100
        pd.testing.assert_frame_equal(once, steps, rtol=1e-9)


SCORES = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}


def area_of_bins(score: pd.Series, chance: pd.Series, edges: np.ndarray) -> float:
    """ROC AUC of what is expected in the nearest bin of each score; within a bin half of the pairs are taken for ordered."""
    place = np.abs(score.to_numpy()[:, None] - edges[None, :]).argmin(axis=1)
    sums = pd.DataFrame({"positives": chance.to_numpy(), "negatives": 1 - chance.to_numpy()}).groupby(place).sum()
    below = sums["negatives"].cumsum() - sums["negatives"] / 2
    return float((sums["positives"] * below).sum() / sums["positives"].sum() / sums["negatives"].sum())


def expected_of_classes(log: pd.DataFrame, calibrated_days: int) -> pd.DataFrame:
    """Metrics of each day from the calibrated probability of each class: numpy, and the isotonic regression of scikit-learn."""
    names, day = {"cat": "s0", "it's": "s1", "dog": "s2"}, log["predicted_at"].dt.floor("D")
    chance, edges = {}, {}
    for name, column in names.items():
        cohort = pd.DataFrame({"y_score": log[column], "label": log["label"] == name})[day < START + pd.Timedelta(days=calibrated_days)]
        bins, model = calibration(cohort, 50)
        chance[name], edges[name] = pd.Series(model.predict(log[column]), index=log.index), bins["mean_score"].to_numpy()
    found = {}
    for start, rows in log.groupby(day):
        n = {name: (rows["y_pred"] == name).sum() for name in names}
        right = {name: chance[name][rows.index][rows["y_pred"] == name].sum() for name in names}
        actual = {name: chance[name][rows.index].sum() for name in names}
        of_class = pd.DataFrame(
            {name: {"precision": right[name] / n[name], "recall": right[name] / actual[name], "f1": 2 * right[name] / (n[name] + actual[name])} for name in names}
        )
        losses = [(chance[name][rows.index] * -np.log(rows[column].clip(1e-15, 1 - 1e-15))).sum() for name, column in names.items()]
        found[start] = {f"estimated_macro_{score}": of_class.loc[score].mean() for score in SCORES}
        found[start] |= {f"estimated_weighted_{score}": np.average(of_class.loc[score], weights=list(actual.values())) for score in SCORES}
        found[start]["estimated_log_loss"] = sum(losses) / len(rows)
        areas = [area_of_bins(rows[column], chance[name][rows.index], edges[name]) for name, column in names.items()]
        found[start]["estimated_macro_roc_auc"] = np.mean(areas)
        found[start]["estimated_weighted_roc_auc"] = np.average(areas, weights=list(actual.values()))
    return pd.DataFrame(found).T


def areas_of_classes(rows: pd.DataFrame) -> dict[str, float]:
    """Means of the ROC AUC of each class against the others, by the labels."""
    areas = {name: metrics.roc_auc_score(rows["label"] == name, rows[column]) for name, column in {"cat": "s0", "it's": "s1", "dog": "s2"}.items()}
    return {"estimated_macro_roc_auc": float(np.mean(list(areas.values()))), "estimated_weighted_roc_auc": rows["label"].map(areas).mean()}


@pytest.mark.parametrize("seed", [5, 6])
def test_the_expected_area_of_many_classes_follows_covariate_shift(seed: int) -> None:
    """What `test_many_classes` finds in the warehouse, on larger days: within one point of the realised area."""
    days, rows = 30, 10_000
    log = three_classes(days, rows, np.where(np.arange(days) < 10, 0, np.linspace(-0.7, 0.7, days)), np.zeros(days), seed=seed)
    realised = pd.DataFrame({start: areas_of_classes(part) for start, part in log.groupby(log["predicted_at"].dt.floor("D"))}).T.iloc[10:]
    misses = expected_of_classes(log, 10).loc[realised.index, realised.columns] - realised
    print(f"misses: mean {misses.mean().max():+.4f}, rms {np.sqrt((misses**2).mean()).max():.4f}, max {misses.abs().max().max():.4f}; moved by {np.ptp(realised, axis=0).max():.3f}")
    assert (misses.abs() < 0.01).mean().min() >= 0.9
    assert misses.abs().max().max() < 0.015


def classes_follow_the_shift(found: pd.DataFrame, log: pd.DataFrame, calibrated_days: int, change: int) -> None:
    """What is expected of the classes is numpy's, also of days without labels, and is what came, until labels stop following the input."""
    expected = expected_of_classes(log, calibrated_days)
    wide = {column: found.pivot(index="window_start", columns="metric", values=column) for column in ("metric_value", "lower_bound", "upper_bound")}
    for metric in expected:
        assert wide["metric_value"][metric].to_numpy() == pytest.approx(expected[metric].to_numpy(), rel=1e-9), metric
    realised: dict[pd.Timestamp, dict[str, float]] = {}
    for start, rows in log.groupby(log["predicted_at"].dt.floor("D")):
        y, said = rows["label"], rows["y_pred"]
        realised[start] = {f"estimated_{average}_{name}": score(y, said, average=average) for name, score in SCORES.items() for average in ("macro", "weighted")}
        given = np.select([y == "cat", y == "it's"], [rows["s0"], rows["s1"]], rows["s2"])
        realised[start]["estimated_log_loss"] = -np.log(given.clip(1e-15)).mean()
        realised[start] |= areas_of_classes(rows)
    after = pd.DataFrame(realised).T.iloc[calibrated_days:change]
    miss = (wide["metric_value"][after.columns].loc[after.index] - after).mean()
    inside = ((wide["lower_bound"][after.columns].loc[after.index] <= after) & (after <= wide["upper_bound"][after.columns].loc[after.index])).mean()
    print(pd.DataFrame({"mean miss": miss, "inside the band": inside, "moved by": after.max() - after.min()}).round(4))
    assert miss.drop("estimated_log_loss").abs().max() < 0.01
    assert abs(miss["estimated_log_loss"]) < 0.02
    assert inside.min() >= 0.85


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"])
def test_many_classes(warehouse: str, tmp_path: Any, request: pytest.FixtureRequest) -> None:
    """Covariate shift of an overconfident model is followed within a point; labels that stop following the input are concept drift."""
    days, rows, change = 30, 2500, 26
    shift = np.where(np.arange(days) < 10, 0, np.linspace(-1, 1, days))
    log = three_classes(days, rows, shift, np.where(np.arange(days) >= change, 0.3, 0.0), seed=5)
    monitor = MONITOR | {"task": "multiclass", "scores": {"cat": "s0", "it's": "s1", "dog": "s2"}, "calibration": {"windows": 10}, "score_decimals": 4}
    hidden = log["predicted_at"].between(START + pd.Timedelta(days=change - 2), START + pd.Timedelta(days=change), inclusive="left")
    logs = {"predictions": log.drop(columns=["probability", "label"]), "feedback": labels(log[~hidden]), "reference": log.head(2000)}
    built = project_on(warehouse, request, tmp_path / "p", {"sim": monitor}, logs=logs, now=str(START + pd.Timedelta(days=days)))
    built.run("-s", "+ml_monitor__verdicts")
    day = log["predicted_at"].dt.floor("D")
    found = built.frame(f"select * from {MART}estimated_performance where model_version = '__all__'").set_index("window_start").sort_index()
    averages = {f"estimated_{average}_{score}" for average in ("macro", "weighted") for score in SCORES}
    areas = {"estimated_macro_roc_auc", "estimated_weighted_roc_auc"}
    assert set(found["metric"]) == {"estimated_accuracy", "estimated_log_loss", "concept_drift"} | averages | areas
    classes_follow_the_shift(found.reset_index(), log, 10, change)
    estimates = found[found["metric"] == "estimated_accuracy"]
    realised = (log["label"] == log["y_pred"]).groupby(day).mean()
    confidence = log[["s0", "s1", "s2"]].max(axis=1).groupby(day).mean()
    followed = estimates.loc[START + pd.Timedelta(days=10) : START + pd.Timedelta(days=change - 1)]
    expected = log["probability"].groupby(day).mean().loc[followed.index]
    print(f"largest miss of the true probability {(followed['metric_value'] - expected).abs().max():.4f}; the raw confidence is off by {(confidence - realised).mean():.3f}")
    assert (confidence - realised).min() > 0.05, "the scores themselves are no estimate"
    assert (followed["metric_value"] - expected).abs().max() < 0.015
    inside = (followed["lower_bound"] <= realised.loc[followed.index]) & (realised.loc[followed.index] <= followed["upper_bound"])
    assert inside.mean() >= 0.85
    verdicts = built.frame(f"select window_start, status from {MART}verdicts where metric = 'concept_drift'").set_index("window_start")["status"].sort_index()
    assert (verdicts.loc[: START + pd.Timedelta(days=change - 1)] != "alert").all()
    assert verdicts[verdicts == "alert"].index[0] <= START + pd.Timedelta(days=change + 1)
    nowcast = built.rows(f"select count(*) from {MART}label_nowcast where metric = 'nowcast_accuracy'")
    assert nowcast[0][0] > 0
    if warehouse == "duckdb":
        labels_change_no_estimate(built, log)


def labels_change_no_estimate(built: Project, log: pd.DataFrame) -> None:
    """Labels that come late move the scores of their classes to the labelled ones, and what was expected stays what it was."""
    query = f"select window_start, model_version, metric, metric_value, sample_size from {MART}estimated_performance where metric <> 'concept_drift' order by 1, 2, 3"
    unlabelled = f"select coalesce(sum(n_scored), 0) from {MART}outcome_profiles where outcome = 'unlabelled_class_score'"
    before, waiting = built.frame(query), built.rows(unlabelled)
    built.load("feedback", labels(log))
    built.run("-s", "+ml_monitor__estimated_performance")
    late = 3 * int((labels(log)["labelled_at"] >= built.now).sum())
    assert (waiting, built.rows(unlabelled)) == ([(2 * 2500 * 3 + late,)], [(late,)])
    pd.testing.assert_frame_equal(built.frame(query), before, rtol=1e-9)


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"])
@pytest.mark.parametrize("known", ["y_pred", "loss"])
def test_the_error_of_a_regression(warehouse: str, known: str, tmp_path: Any, request: pytest.FixtureRequest) -> None:
    """By the size of the prediction, or by a loss model's `expected_error`: harder cases raise the estimate, errors that grow are concept drift."""
    days, rows, change = 44, 400, 40
    log = prices(days, rows, np.linspace(0.2, 0.6, days), np.where(np.arange(days) >= change, 1.6, 1.0), seed=6)
    monitor = MONITOR | {"task": "regression", "rolling": [5], "label_delay": 1, **({"expected_error": "loss"} if known == "loss" else {})}
    logs = {"predictions": log.drop(columns="label"), "feedback": labels(log), "reference": log.head(2000)}
    built = project_on(warehouse, request, tmp_path / "p", {"sim": monitor}, logs=logs, now=str(START + pd.Timedelta(days=days)))
    built.run("-s", "+ml_monitor__verdicts")
    error, day = (log["label"] - log["y_pred"]).abs(), log["predicted_at"].dt.floor("D")
    # Few values, each of them a bin: what is expected of a prediction is the mean error of the calibration's rows with its value.
    cohort = log["predicted_at"] < START + pd.Timedelta(days=28)
    expected = log[known].map(error[cohort].groupby(log.loc[cohort, known]).mean())
    found = {
        row[:2]: row[2]
        for row in built.rows(f"select window_start, span, metric_value from {MART}estimated_performance where metric = 'estimated_mae' and model_version = '__all__' and segment = '__all__'")
    }
    compared = 0
    for last in day.unique()[28:]:
        for span in (1, 5):
            part = (day <= last) & (day > last - pd.Timedelta(days=span))
            assert found[last, span] == pytest.approx(expected[part].mean(), rel=1e-9), (last, span)
            compared += 1
    assert compared > 30
    assert found[day.unique()[change - 1], 5] > 1.3 * error[cohort].mean(), "harder cases"
    verdicts = built.frame(f"select window_start, status from {MART}verdicts where metric = 'concept_drift' and span = 1").set_index("window_start")["status"].sort_index()
    assert (verdicts.loc[: START + pd.Timedelta(days=change - 1)] != "alert").all()
    assert verdicts[verdicts == "alert"].index[0] <= START + pd.Timedelta(days=change + 1)
