"""Paired tests of versions on shadow logs against brute force."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from tests.conformance.simulations import MONITOR, START, labels, predictions
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
DAYS = 12


def start(warehouse: str, directory: Any, request: pytest.FixtureRequest, monitor: dict[str, Any], model: str, **logs: pd.DataFrame) -> Project:
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if warehouse == "postgres" else {}
    now = str(START + pd.Timedelta(days=DAYS, hours=5))
    project = (PostgresProject if kind else Project)(directory / "project", {"sim": MONITOR | monitor}, logs=logs, now=now, **kind)
    (project.directory / "models" / f"sim__{model}.sql").write_text(f"{{{{ ml_monitor.{model}('sim') }}}}\n")
    return project


def components(score: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong's structural components by comparing every positive with every negative."""
    positive, negative = score[label == 1][:, None], score[label == 0][None, :]
    wins = (positive > negative) + 0.5 * (positive == negative)
    return wins.mean(axis=1), wins.mean(axis=0)


def paired(pairs: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Numbers and p-values of two versions on the same rows: `label`, and of each `score` and `right`, those of the challenger with `_2`."""
    y = pairs["label"].to_numpy()
    (p1, n1), (p2, n2) = components(pairs["score"].to_numpy(), y), components(pairs["score_2"].to_numpy(), y)
    difference = p2.mean() - p1.mean()
    error = np.sqrt(np.var(p2 - p1, ddof=1) / len(p1) + np.var(n2 - n1, ddof=1) / len(n1))
    loss = (pairs["score_2"] - y) ** 2 - (pairs["score"] - y) ** 2
    b, c = int((pairs["right"] & ~pairs["right_2"]).sum()), int((pairs["right_2"] & ~pairs["right"]).sum())
    numbers = {
        "sample_size": len(pairs),
        "only_champion_right": b,
        "only_challenger_right": c,
        "champion_roc_auc": p1.mean(),
        "challenger_roc_auc": p2.mean(),
        "roc_auc_difference": difference,
        "roc_auc_error": error,
        "loss_difference": loss.mean(),
        "loss_error": loss.std() / np.sqrt(len(loss)),
    }
    z = {"roc_auc_p_value": difference / error, "mcnemar_p_value": (c - b) / np.sqrt(b + c), "loss_p_value": loss.mean() / numbers["loss_error"]}
    return numbers, {name: 2 * norm.sf(abs(value)) for name, value in z.items()}


def agree(row: dict[str, Any], pairs: pd.DataFrame) -> None:
    numbers, p_values = paired(pairs)
    for name, value in numbers.items():
        assert row[name] == pytest.approx(value, rel=1e-9), name
    for name, value in p_values.items():
        assert row[name] == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"])
def test_paired_tests(warehouse: str, tmp_path: Any, request: pytest.FixtureRequest) -> None:
    log = predictions(DAYS, 60, np.zeros(DAYS), np.zeros(DAYS), seed=2).assign(request=lambda log: log["prediction_id"])
    random = np.random.default_rng(3)
    noisy = (log["y_score"] + random.normal(scale=0.15, size=len(log))).clip(0, 1).round(2)
    shadow = log.assign(
        prediction_id=log["prediction_id"] + 10000, model_version="m2", y_score=noisy, y_pred=(noisy > 0.6).astype(int), predicted_at=log["predicted_at"] + pd.Timedelta(seconds=1)
    ).iloc[50:]
    third = shadow.assign(prediction_id=shadow["prediction_id"] + 10000, model_version="m3", y_score=0.5, y_pred=0, predicted_at=shadow["predicted_at"] + pd.Timedelta(seconds=1))
    all_of = pd.concat([log, shadow, third]).drop(columns=["probability", "label"])
    limits = {"accuracy_difference": {"alert": -0.02}, "roc_auc_difference": {"alert": 0, "side": "above"}}
    monitor = {"comparison": {"on": "request"}, "label_delay": 2, "thresholds": limits}
    project = start(warehouse, tmp_path, request, monitor, "model_comparison", predictions=all_of, feedback=labels(log), reference=log.head(500))
    project.run("-s", "+ml_monitor__rpt_comparisons", "+ml_monitor__verdicts")
    (row,) = project.frame(f"select * from {MART}model_comparisons where challenger = 'm2'").to_dict("records")
    merged = log.merge(shadow, on="request", suffixes=("", "_2"))
    pairs = pd.DataFrame({"label": merged["label"], "score": merged["y_score"], "score_2": merged["y_score_2"]})
    pairs = pairs.assign(right=merged["y_pred"] == merged["label"], right_2=merged["y_pred_2"] == merged["label"])
    assert (row["champion"], row["challenger"]) == ("m1", "m2")
    agree(row, pairs)
    expected, _ = paired(pairs)
    shown = project.frame(f"select * from {MART}rpt_comparisons where challenger = 'm2'").set_index("metric")
    assert set(shown.index) == {"brier", "roc_auc", "accuracy"}
    gained = pairs["right_2"].astype(int) - pairs["right"].astype(int)
    spread = {"brier": expected["loss_error"], "roc_auc": expected["roc_auc_error"], "accuracy": gained.std(ddof=0) / np.sqrt(len(gained))}
    for metric, middle in {"brier": expected["loss_difference"], "roc_auc": expected["roc_auc_difference"], "accuracy": gained.mean()}.items():
        bounds = [middle, *norm.interval(0.95, middle, spread[metric])]
        assert list(shown.loc[metric, ["difference", "lower_bound", "upper_bound"]]) == pytest.approx(bounds, rel=1e-6), metric
    differences_have_verdicts(project)


def differences_have_verdicts(project: Project) -> None:
    """Each challenger against the version that was there first, at the newest window whose labels are due."""
    shown = project.frame(f"select * from {MART}rpt_comparisons where champion = 'm1'").set_index(["challenger", "metric"])
    values = project.frame(f"select * from {MART}metric_values where metric like '%_difference'")
    assert len(values) == len(shown) == 6
    for row in values.to_dict("records"):
        same = shown.loc[(row["model_version"], row["metric"].removesuffix("_difference"))]
        assert [row[name] for name in ("metric_value", "lower_bound", "upper_bound", "p_value", "sample_size")] == pytest.approx(
            list(same[["difference", "lower_bound", "upper_bound", "p_value", "sample_size"]]), abs=1e-12
        )
        assert (row["window_start"], row["segment"], row["span"], row["detail"]) == (START + pd.Timedelta(days=DAYS - 3), "__all__", 1, "against m1")
    verdicts = f"select model_version, metric, status, direction, window_start, reason, updated_at from {MART}verdicts where metric like '%_difference' order by 1, 2"
    before = project.frame(verdicts)
    assert before[["model_version", "metric", "direction"]].to_numpy().tolist() == [
        [version, metric, side] for version in ("m2", "m3") for metric, side in (("accuracy_difference", "below"), ("roc_auc_difference", "above"))
    ]
    for row in before.to_dict("records"):
        same = shown.loc[(row["model_version"], row["metric"].removesuffix("_difference"))]
        is_bad = same["difference"] < -0.02 if row["direction"] == "below" else same["difference"] > 0
        is_certain = same["upper_bound"] < -0.02 if row["direction"] == "below" else same["lower_bound"] > 0
        assert row["status"] == ("alert" if is_bad and is_certain else "warning" if is_bad else "ok"), row
    worst = before.set_index(["model_version", "metric"]).loc[("m3", "accuracy_difference")]
    assert worst["status"] == "alert" and worst["reason"].startswith("accuracy_difference of m3 = -0.") and worst["reason"].endswith(": against m1")
    project.run("-s", "+ml_monitor__verdicts")
    pd.testing.assert_frame_equal(project.frame(verdicts), before)


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"])
def test_paired_tests_of_many_classes(warehouse: str, tmp_path: Any, request: pytest.FixtureRequest) -> None:
    random = np.random.default_rng(4)
    log = predictions(DAYS, 60, np.zeros(DAYS), np.zeros(DAYS), seed=2).drop(columns=["y_score", "probability", "label", "y_pred"])
    log = log.assign(request=log["prediction_id"], label=random.choice(["a", "b'", "ü"], len(log)))
    first, second = (np.where(random.uniform(size=len(log)) < right, log["label"], "a") for right in (0.6, 0.7))
    shadow = log.assign(prediction_id=log["prediction_id"] + 10000, model_version="m2", y_pred=second, predicted_at=log["predicted_at"] + pd.Timedelta(seconds=1))
    both = pd.concat([log.assign(y_pred=first), shadow]).drop(columns="label")
    monitor = {"task": "multiclass", "comparison": {"on": "request"}}
    project = start(warehouse, tmp_path, request, monitor, "model_comparison", predictions=both, feedback=labels(log), reference=both.head(500))
    project.run("-s", "+ml_monitor__rpt_comparisons")
    (row,) = project.frame(f"select * from {MART}model_comparisons").to_dict("records")
    right, right_2 = first == log["label"], second == log["label"]
    b, c = int((right & ~right_2).sum()), int((right_2 & ~right).sum())
    loss = right.astype(float) - right_2.astype(float)
    assert (row["sample_size"], row["only_champion_right"], row["only_challenger_right"]) == (len(log), b, c)
    assert row["champion_loss"] == pytest.approx(1 - right.mean(), rel=1e-9)
    assert (row["loss_difference"], row["loss_error"]) == pytest.approx((loss.mean(), loss.std() / np.sqrt(len(loss))), rel=1e-9)
    assert row["mcnemar_p_value"] == pytest.approx(2 * norm.sf(abs(c - b) / np.sqrt(b + c)), rel=1e-6)
    assert pd.isna(row["roc_auc_difference"]) and pd.isna(row["n_positive"])
    shown = project.frame(f"select metric, difference from {MART}rpt_comparisons").to_dict("records")
    assert shown == [{"metric": "accuracy", "difference": pytest.approx(-loss.mean(), rel=1e-9)}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"calibration": {"windows": 0}}, "'calibration.windows': 0 is not a whole number"),
        ({"calibration": {"from": "2026-02-01", "to": "2026-01-01"}}, "is empty"),
        ({"protected": ["region"]}, "'protected': \"region\" is not a choice"),
        ({"costs": {"false_positive": 3}}, "is not a choice. Allowed: tp, fp, fn, tn"),
        ({"costs": {"fp": "much"}}, "must be a number; a gain is negative"),
        ({"comparison": {"windows": 3}}, "'comparison.on': must name a column"),
        ({"task": "ranking", "query_id": "q", "item": "x", "comparison": {"on": "x"}}, "'comparison': needs task binary, multiclass or regression"),
        ({"selective": {"action": "acted"}}, "'selective.propensity': must name a column"),
        (
            {"task": "ranking", "query_id": "q", "item": "x", "selective": {"action": "a", "propensity": "p"}},
            "'selective': needs task binary, multiclass or regression",
        ),
    ],
)
def test_wrong_configuration(tmp_path: Any, changes: dict[str, Any], words: str) -> None:
    project = Project(tmp_path / "project", {"sim": MONITOR | changes}, now="2026-03-01 00:00:00")
    assert words in project.error()
