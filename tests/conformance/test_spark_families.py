"""On a real Spark, every model that the golden log has no room for: months, late labels, estimates, decisions, service,
behaviour, labels from feedback, learnt rules, privacy, reviews, retraining and the views of the report."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conformance import golden, simulations, test_maturity
from tests.conformance.simulations import START
from tests.conformance.spark import SCHEMA, assert_equal, content
from tests.conformance.test_maturity import (  # noqa: F401 - the same tests, with the fixture `built` of this file
    test_estimates_from_the_labels_that_have_come,
    test_intervals_at_a_fixed_age,
    test_metrics_at_a_fixed_age,
    test_nowcast,
    test_triangle,
)
from tests.integration.logs import MONITOR, feedback, predictions
from tests.project import Project, SparkProject

TODAY = pd.Timestamp(golden.NOW).normalize()
SMALL = {"rolling": [], "min_rows": 10}


def until_today(log: pd.DataFrame) -> pd.DataFrame:
    """A simulated log, its last day moved to yesterday."""
    days = (log["predicted_at"].max() - START).days + 1
    return log.assign(predicted_at=log["predicted_at"] + (TODAY - pd.Timedelta(days=days) - START))


def decided_log(days: int = 20, rows: int = 150) -> pd.DataFrame:
    """From the fourteenth day on there are more cases of the region for which the model is worse; on the last but one the service is slow and fails."""
    log = until_today(simulations.predictions(days, rows, np.zeros(days), np.zeros(days), seed=12))
    random, n, day = np.random.default_rng(13), days * rows, np.repeat(np.arange(days), rows)
    log["region"] = np.where(random.uniform(size=n) < np.where(day < 14, 0.2, 0.6), "it's south", random.choice(["north", "east", "west"], size=n))
    worse = (log["region"] == "it's south") & (random.uniform(size=n) < 0.3)
    log.loc[worse, "label"] = 1 - log.loc[worse, "label"]
    slow = day == days - 2
    log["took_ms"] = np.where(slow, 10, 1) * random.lognormal(4.5, 0.6, n).round(3)
    log["http_status"] = np.where(slow & (random.uniform(size=n) < 0.5), random.choice([500, 503, 504], n), 200)
    return log.assign(request=[f"r{i // 2}" for i in range(n)], model_version=np.where(np.arange(n) % 3 == 0, "m2", "m1"))


DECIDED = decided_log()
PRICES = until_today(simulations.prices(16, 100, np.linspace(0.2, 0.6, 16), np.where(np.arange(16) >= 13, 1.6, 1.0), seed=6))
CLASSES = until_today(simulations.three_classes(12, 200, np.linspace(-1, 1, 12), np.where(np.arange(12) >= 10, 0.3, 0.0), seed=5)).assign(
    plan=lambda log: np.where(log.index % 37 == 0, "rare", np.where(log.index % 3 == 0, "basic", "pro"))
)
STAYS = predictions(days=150, rows=20, start="2025-08-13").assign(model_version=lambda log: np.where(log["predicted_at"] < "2025-10-10", "m1", "m2"))
SIMULATED: dict[str, Any] = {
    "decided": {
        "segments": ["region"], "protected": ["region"], "costs": {"tp": -20, "fp": 5, "fn": 15}, "error_profile": {"windows": 15}, "calibration": {"windows": 10},
        "features": {"x": "numeric", "region": "categorical"}, "rolling": [3], "min_rows": 10, "score": "y_score",
        "labels": {
            "sources": {"outcomes": {"relation": "raw.outcomes"}, "experts": {"priority": 2, "votes": "reviewers", "trust": 0.9}, "users": {"priority": 3, "trust": 0.6}},
            "rules": {"liked": {"kind": "thumb", "at_least": 1, "means": "right", "weight": 0.5}, "stayed": {"kind": "dwell", "at_least": 30, "label": 1, "weight": 0.3}},
        },
        "behaviour": {"request_id": "request", "kpis": {"revenue": {"relation": "raw.sales", "at": "day", "value": "amount", "direction": "down"}}, "lags": 2},
        "review": {"budget": 20, "exploration": 0.25, "windows": 3, "stratify": "region"},
        "service": {"latency_ms": "took_ms", "status": "http_status", "operational": {"gpu_busy": {"measure": "gpu_share", "service": "host:gpu0"}, "cpu_peak": {"measure": "cpu_share", "statistic": "max"}}},
        "retraining": {"triggers": ["drift", "performance", "labels", "schedule"], "min_new_labels": 50, "every_days": 5, "cooldown_days": 2},
        "thresholds": {
            "psi": {"warn": 0.1, "alert": 0.25, "by_segment": True},
            "mean_shift": {"rule": "sigma", "side": "both", "warn": 1, "alert": 2, "clear": 0.5, "baseline": 10},
            "roc_auc": {"rule": "robust", "warn": 1, "alert": 2, "baseline": 14},
            "prevalence": {"rule": "percentile", "side": "both", "warn": 80, "alert": 90, "clear": 50, "baseline": 14},
            "accuracy": {"rule": "relative", "warn": 0.02, "alert": 0.04},
            "worst_slice_gap": {"alert": 0.08, "over": 3}, "mix_effect": {"alert": -0.02, "over": 3, "side": "below"}, "expected_damage": {"alert": 0.02, "over": 3},
            "latency_p95": {"warn": 400, "alert": 1000}, "error_share": {"alert": 0.2}, "gpu_busy": {"warn": 0.8, "alert": 0.9}, "override_rate": {"warn": 0.1, "alert": 0.3},
        },
    },
    "priced": {"task": "regression", "expected_error": "loss", "label_delay": 1, "calibration": {"windows": 8}, "rolling": [3], "error_profile": {"windows": 8}},
    "classed": {
        "task": "multiclass", "scores": {"cat": "s0", "it's": "s1", "dog": "s2"}, "calibration": {"windows": 6}, "score_decimals": 4,
        "features": {"x": "numeric", "plan": "categorical"}, "segments": ["plan"], "privacy": {"minimum_cell": 10, "hash_categories": False},
    },
}  # fmt: skip
MONITORS: dict[str, Any] = {
    "late": test_maturity.MONITORS["late"] | {"rolling": []},
    **{
        name: simulations.MONITOR | {"predictions": f"raw.{name}_log", "feedback": f"raw.{name}_labels", "reference": {"relation": f"raw.{name}_reference"}} | SMALL | changes
        for name, changes in SIMULATED.items()
    },
    "stays": MONITOR | {"predictions": "raw.stays", "feedback": "raw.stay_labels", "window": "month", "timezone": "America/New_York", "reference": {"first": 2, "per": "model_version"}, "rolling": [2]},
}
del MONITORS["decided"]["feedback"]
HIDDEN = ["probability", "label"]
# When a row was computed, and what names the warehouse.
VOLATILE = {"updated_at", "source_updated_at", "spec"}
# Spark knows no columns but the monitored ones; the others are the long form of what is compared.
NOT_COMPARED = {"ml_monitor__log_columns", "ml_monitor__drift", "ml_monitor__metric_values"}
# What is delivered, retrained and claimed is written by Python; the rest is in the golden log.
EMPTY = {
    "alert_actions", "alert_deliveries", "alert_delivery_attempts", "champion_guards", "dataset_snapshots", "deployments", "evaluations", "feedback_bookmarks", "gate_results",
    "model_versions", "retraining_decisions", "review_assignments", "training_runs", "model_comparisons", "rpt_comparisons", "rpt_reference_level", "schema_changes", "selective_labels",
}  # fmt: skip


def logs() -> dict[str, pd.DataFrame]:
    """The tables of schema `raw`."""
    tables = test_maturity.LOGS | {"stays": STAYS, "stay_labels": feedback(STAYS)}
    for name, log in {"decided": DECIDED, "priced": PRICES, "classed": CLASSES}.items():
        tables |= {f"{name}_log": log.drop(columns=HIDDEN, errors="ignore"), f"{name}_labels": simulations.labels(log), f"{name}_reference": log.head(500).drop(columns=HIDDEN, errors="ignore")}
    known = DECIDED.sample(frac=0.7, random_state=1).sort_values("prediction_id")
    days = pd.date_range(TODAY - pd.Timedelta(days=20), periods=20)
    tables |= {"outcomes": simulations.labels(known), "sales": pd.DataFrame({"day": days, "amount": np.random.default_rng(2).integers(5, 20, size=20).astype(float)})}
    # Nothing finer than what every warehouse keeps.
    return {name: log.assign(**{column: log[column].dt.floor("us") for column in log.select_dtypes("datetime")}) for name, log in tables.items()}


def said() -> pd.DataFrame:
    """What people said about the predictions of `decided`: every kind of event, some about a request, some with a clock that is wrong."""
    random, events = np.random.default_rng(5), []
    for row in DECIDED.iloc[::3].itertuples():
        for kind in random.choice(["approval", "correction", "thumb", "rating", "click", "dwell", "requery", "abandonment", "complaint"], size=random.integers(0, 4)):
            at = row.predicted_at + pd.Timedelta(seconds=int(random.integers(1, 20000)))
            value = {"thumb": float(random.integers(0, 2)), "rating": float(random.integers(0, 101)), "dwell": round(float(random.lognormal(3)), 3)}.get(str(kind))
            by_request = kind in ("click", "requery") and random.uniform() < 0.3
            events.append({
                "feedback_id": f"e{len(events):06d}", "monitor": "decided", "kind": str(kind), "source": str(random.choice(["experts", "users"])), "client": "test",
                "reviewer": str(random.choice(["ann", "bob", "cy"])), "prediction_id": None if by_request else str(row.prediction_id), "request_id": row.request if by_request else None,
                "label": str(random.integers(0, 2)) if kind == "correction" else None, "value": value,
                "occurred_at": at + pd.Timedelta(days=400 if random.uniform() < 0.05 else 0), "received_at": at, "loaded_at": at,
            })  # fmt: skip
    return pd.DataFrame(events)


def measured() -> pd.DataFrame:
    """Loads of two services in every hour of three days."""
    hours = pd.date_range(TODAY - pd.Timedelta(days=3), periods=72, freq="h")
    parts = [
        pd.DataFrame({"service": service, "measure": measure, "measure_value": values, "measured_at": hours})
        for service, measure, values in (("host:gpu0", "gpu_share", np.where(hours.day == TODAY.day - 1, 0.95, 0.3)), ("host:gpu1", "gpu_share", 0.0), ("host", "cpu_share", hours.hour / 100))
    ]
    return pd.concat(parts, ignore_index=True).assign(source="gpu", measurement_id=lambda rows: [f"v{i}" for i in rows.index])


def build(project: Project) -> Project:
    """Every model there is, after people and services were heard."""
    project.run("--select", "ml_monitor__feedback_events", "ml_monitor__service_log")
    for ledger, rows in {"feedback_events": said(), "service_log": measured()}.items():
        project.load("heard", rows)
        columns = ", ".join(rows.columns)
        project.execute(f"insert into {SCHEMA}.ml_monitor__{ledger} ({columns}) select {columns} from raw.heard")
    project.run()
    return project


@pytest.fixture(scope="module")
def built(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Project:
    directory = tmp_path_factory.mktemp("families") / "spark"
    return build(SparkProject(directory, MONITORS, logs=logs(), now=golden.NOW, session=spark))


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same on DuckDB."""
    return build(Project(tmp_path_factory.mktemp("families") / "duckdb", MONITORS, logs=logs(), now=golden.NOW))


def test_every_relation_is_that_of_duckdb(built: Project, duck: Project) -> None:
    """Tables and views with all of their columns; DuckDB's numbers are held against scipy and scikit-learn elsewhere."""
    columns = duck.rows(f"select table_name, column_name from information_schema.columns where table_schema = '{SCHEMA}' order by table_name, ordinal_position")
    wanted: dict[str, list[str]] = {}
    for table, column in columns:
        if table not in NOT_COMPARED and column not in VOLATILE:
            wanted.setdefault(table, []).append(column)
    selected = {table: ", ".join(names) for table, names in wanted.items()}
    expected = content(duck, selected)
    assert {table.removeprefix("ml_monitor__") for table, rows in expected.items() if rows.empty} == EMPTY, "the others have something to compare"
    assert_equal(content(built, selected), expected, may_be_empty=True)


def test_hashed_categories_are_refused(built: Project, tmp_path: Path) -> None:
    """Spark's session has no place for the salt."""
    monitors = {"stays": MONITORS["stays"] | {"privacy": {}}}
    project = SparkProject(tmp_path / "spark", monitors, now=golden.NOW, session=built.session)  # type: ignore[attr-defined]
    assert "privacy.hash_categories has no keyed hash for spark" in project.error()
