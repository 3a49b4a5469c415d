"""A DuckDB file with the contract's tables, filled with the demo's flights or with a small synthetic log."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from ml_monitor.retraining import RetrainResult, register_version, retrain
from ml_monitor.warehouse import Warehouse
from tests.delivery.contract import DDL

DEMO = Path(__file__).parents[2] / "dbt_project"
NOW = datetime(2024, 3, 1)

TABLES = """
create table ml_monitor.ml_monitor__monitors (monitor text, spec text);
create table ml_monitor.ml_monitor__retraining_triggers (
    trigger_key text, monitor text, trigger_kind text, evidence_id text, window_start timestamp,
    window_end timestamp, metric text, feature text, metric_value double, reason text, raised_at timestamp);
create table ml_monitor.ml_monitor__training_runs (
    training_run_id text, monitor text, trigger_key text, trigger_kind text, trigger_reason text, status text,
    step text, reason text, dataset_snapshot_id text, champion_version text, candidate_version text,
    started_at timestamp, finished_at timestamp, error text, report_location text);
create table ml_monitor.ml_monitor__dataset_snapshots (
    dataset_snapshot_id text, training_run_id text, monitor text, location text, query text, row_count bigint,
    content_sha256 text, label_cutoff timestamp, feature_list text, environment text, config text,
    created_at timestamp);
create table ml_monitor.ml_monitor__model_versions (
    monitor text, model_version text, stage text, artifact_uri text, artifact_sha256 text, training_run_id
    text, trainer text, validation_metrics text, validation_metric text, validation_value double,
    hyperparameters text, registry_version text, created_at timestamp, updated_at timestamp);
create table ml_monitor.ml_monitor__evaluations (
    evaluation_id text, training_run_id text, monitor text, dataset_snapshot_id text, segment text,
    segment_value text, metric text, sample_size bigint, champion_version text, challenger_version text,
    champion_value double, challenger_value double, difference double, lower_bound double, upper_bound double,
    p_value double, created_at timestamp);
create table ml_monitor.ml_monitor__retraining_decisions (
    decision_id text, monitor text, action text, reason text, trigger_key text, trigger_kind text,
    training_run_id text, decided_at timestamp, last_decided_at timestamp, times bigint);
create table ml_monitor.ml_monitor__champion_guards (
    guard_id text, monitor text, kind text, deployment_id text, model_version text, against_version text,
    basis text, metric text, sample_size bigint, metric_value double, against_value double, difference double,
    lower_bound double, upper_bound double, status text, reason text, started_at timestamp, ends_at timestamp,
    checked_at timestamp);
create table ml_monitor.ml_monitor__gate_results (
    gate_result_id text, training_run_id text, monitor text, dataset_snapshot_id text, suite_path text,
    suite_sha256 text, passed boolean, expectations bigint, failed_expectations bigint, reason text,
    result_location text, docs_location text, created_at timestamp);
create table ml_monitor.ml_monitor__reference_bins (
    monitor text, edge_set_id text, segment text, feature text, bin integer, bin_kind text, category text,
    n bigint, value_min double, value_max double, frozen_at timestamp);
create table ml_monitor.ml_monitor__deployments (
    deployment_id text, monitor text, model_version text, previous_version text, action text, reason text,
    actor text, training_run_id text, effective_at timestamp);
"""

TRAINERS = """
import os
import time

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression


class Model:
    def __init__(self, estimator):
        self.estimator = estimator

    def predict_score(self, frame):
        return self.estimator.predict_proba(frame[["x"]])[:, 1]

    def predict(self, frame):
        return self.estimator.predict(frame[["x"]])


class Fixed:
    def __init__(self, output):
        self.output = output

    def predict_score(self, frame):
        return self.output(frame)


def good(frame, features, label):
    return Model(LogisticRegression().fit(frame[["x"]], frame[label]))


def line(frame, features, label):
    return Model(LinearRegression().fit(frame[["x"]], frame[label]))


def useless(frame, features, label):
    return Fixed(half)


def half(frame):
    return np.full(len(frame), 0.5)


def nan(frame):
    return np.where(np.arange(len(frame)) == 3, np.nan, 0.5)


def short(frame):
    return np.full(len(frame) - 1, 0.5)


def large(frame):
    return np.full(len(frame), 1.5)


def broken(frame):
    raise KeyError("no such column")


def returns_nan(frame, features, label):
    return Fixed(nan)


def returns_short(frame, features, label):
    return Fixed(short)


def returns_large(frame, features, label):
    return Fixed(large)


def fails_to_predict(frame, features, label):
    return Fixed(broken)


def raises(frame, features, label):
    raise ValueError("the solver did not converge")


def exits(frame, features, label):
    raise SystemExit("the licence has run out")


def no_model(frame, features, label):
    return 42


def not_pickled(frame, features, label):
    return Fixed(lambda rows: np.full(len(rows), 0.5))


def never_ends(frame, features, label):
    print("epoch 1 of many")
    while True:
        time.sleep(0.05)


def dies(frame, features, label):
    print("out of memory")
    os._exit(9)


def steep(frame, features, label, steepness=1.0):
    return Steep(steepness)


class Steep:
    def __init__(self, steepness):
        self.hyperparameters = {"steepness": steepness, "kind": "logistic"}

    def predict_score(self, frame):
        return 1 / (1 + np.exp(-self.hyperparameters["steepness"] * frame["x"].to_numpy()))


def never_scores(frame, features, label):
    return Fixed(for_ever)


def for_ever(frame):
    while True:
        time.sleep(0.05)


class Halves:
    def predict_score(self, frame):
        sign = np.where(frame["region"] == "north", -1.0, 1.0)
        return 1 / (1 + np.exp(-3 * sign * frame["x"]))


def wrong_in_the_north(frame, features, label):
    return Halves()
"""


@dataclass
class World:
    """One monitor on its own database, artefacts and trainers."""

    warehouse: Warehouse
    directory: Path
    database: Path
    monitor: str
    spec: dict[str, Any] = field(default_factory=dict)

    def write_spec(self, **policy: Any) -> None:
        """Store the declaration, with these changes to its `retraining` block."""
        self.spec["retraining"] = {**(self.spec["retraining"] or {}), **policy}
        self.warehouse.execute(
            "delete from ml_monitor.ml_monitor__monitors where monitor = :m", {"m": self.monitor}
        )
        self.warehouse.insert("monitors", [{"monitor": self.monitor, "spec": json.dumps(self.spec)}])

    def trigger(self, key: str, kind: str = "performance", at: datetime = NOW) -> None:
        """Raise a trigger."""
        row = {
            "trigger_key": key,
            "monitor": self.monitor,
            "trigger_kind": kind,
            "reason": f"{kind} asks",
            "raised_at": at,
        }
        self.warehouse.insert("retraining_triggers", [row])

    def retrain(self, now: datetime = NOW, trigger: Any = "manual") -> RetrainResult:
        """Retrain in this world."""
        return retrain(self.warehouse, self.monitor, now=now, trigger=trigger, project_dir=self.directory)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a package table."""
        return self.warehouse.query(f"select * from {self.warehouse.table(table)}")

    def stages(self) -> dict[str, str]:
        """Stage by version."""
        return {row["model_version"]: row["stage"] for row in self.rows("model_versions")}


def make_world(directory: Path, spec: dict[str, Any], logs: dict[str, pd.DataFrame]) -> World:
    """A database with these logs and the contract's tables."""
    database = directory / "warehouse.duckdb"
    with duckdb.connect(str(database)) as connection:
        for statement in (*DDL, TABLES):
            connection.execute(statement)
        for name, log in logs.items():
            connection.register("log", log)
            connection.execute(f'create table "{name}" as select * from log')
    world = World(Warehouse(f"duckdb:///{database}"), directory, database, spec["name"], spec)
    world.write_spec()
    return world


def synthetic_logs(days: int = 60, a_day: int = 40) -> dict[str, pd.DataFrame]:
    """A log whose champion `v1` scores badly, and labels an hour later. `x` and the label go together."""
    generator = np.random.default_rng(7)
    n = days * a_day
    x = generator.normal(size=n)
    positive = (generator.random(n) < 1 / (1 + np.exp(-2 * x))).astype(int)
    predicted_at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n) * 86400 / a_day, unit="s")
    predictions = pd.DataFrame(
        {
            "id": [f"p{i:05d}" for i in range(n)],
            "predicted at": predicted_at,
            "version": "v1",
            "x": x,
            "region": np.where(np.arange(n) % 2, "north", "south"),
            "score": np.clip(0.5 + 0.05 * x + generator.normal(scale=0.2, size=n), 0.01, 0.99),
            "guess": x + generator.normal(scale=2, size=n),
        }
    )
    labels = pd.DataFrame(
        {
            "id": predictions["id"],
            "label": positive.astype(float),
            "value": 3 * x + generator.normal(size=n),
            "labelled_at": predicted_at + pd.Timedelta(hours=1),
        }
    )
    return {"predictions": predictions, "labels": labels}


def synthetic_spec(trainer: str, **changes: Any) -> dict[str, Any]:
    """A declaration for `synthetic_logs`, as dbt resolves it."""
    return {
        "name": "toy",
        "task": "binary",
        "predictions_relation": '"main"."predictions"',
        "feedback_relation": '"main"."labels"',
        "prediction_id": "id",
        "predicted_at": "predicted at",
        "model_version": "version",
        "score": "score",
        "prediction": "guess",
        "label": "label",
        "labelled_at": "labelled_at",
        "features": {"x": {"type": "numeric", "seasonal": True}, "region": "categorical"},
        "segments": ["region"],
        "bins": 10,
        # In this process: a second one for each of a hundred runs takes minutes. test_user_code.py has the limit.
        "retraining": {"trainer": trainer, "promotion": "auto", "holdout_days": 14, "time_limit_minutes": None},
        **changes,
    }


@pytest.fixture
def toy(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., World]:
    """Make a toy world: `toy()`, `toy("raises")`, `toy(logs=..., task="regression", ...)`; `v1` is its
    champion."""

    def make(trainer: str = "good", logs: dict[str, pd.DataFrame] | None = None, **changes: Any) -> World:
        # A module is imported once per process: every world has its own.
        module = f"toy_trainers_{abs(hash(str(tmp_path)))}"
        (tmp_path / f"{module}.py").write_text(TRAINERS)
        spec = synthetic_spec(f"{module}:{trainer}", **changes)
        world = make_world(tmp_path, spec, logs or synthetic_logs())
        register_version(world.warehouse, "toy", "v1", now=datetime(2024, 1, 1), reason="first release")
        return world

    return make


@pytest.fixture
def flights(tmp_path: Path) -> World:
    """The demo's flights with the monitor `flight_delay`; `v1` is its champion."""
    logs = {
        name: pd.read_parquet(DEMO / "data" / "flights" / f"{name}.parquet")
        for name in ("predictions", "feedback")
    }
    numeric = "sched_hour distance plane_year seats temp dewp humid wind_dir wind_speed wind_gust precip "
    numeric += "pressure visib"
    categorical = "carrier origin dest manufacturer engine day_of_week"
    features = dict.fromkeys(numeric.split(), "numeric") | dict.fromkeys(categorical.split(), "categorical")
    spec = synthetic_spec(
        "flight_model:train",
        name="flight_delay",
        feedback_relation='"main"."feedback"',
        prediction_id="prediction_id",
        predicted_at="predicted_at",
        model_version="model_version",
        score="y_score",
        prediction="y_pred",
        features=features,
        segments=["origin"],
    )
    spec["retraining"]["holdout_days"] = 28
    world = make_world(tmp_path, spec, logs)
    register_version(world.warehouse, "flight_delay", "v1", now=datetime(2013, 2, 1), reason="first release")
    return world
