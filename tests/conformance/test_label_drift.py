"""Drift of the label against distances of counts that pandas makes, as labels arrive, are corrected and come late."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conformance.flights import bin_counts, distances
from tests.integration.logs import MONITOR, feedback, logs, predictions
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
LOG = predictions(days=20).assign(model_version=lambda log: np.where(log["predicted_at"] < "2026-01-08", "m1", "m2"))
LABELS = feedback(LOG, delay_hours=30)
REFERENCE = predictions(days=20, start="2025-12-01", seed=9).assign(label=lambda log: (log["y_score"] > 0.4).astype(int))
SPANS = (1, 2)
METRICS = ("psi", "kl_divergence", "js_divergence", "hellinger", "total_variation", "l_infinity", "chi_squared")


def drift(built: Project) -> dict[tuple[Any, ...], float]:
    rows = built.frame(
        f"select metric, window_start, span, model_version, segment_value, metric_value from {MART}drift where feature = '__label__' and metric in {METRICS}"
    )
    return {(r.metric, pd.Timestamp(r.window_start), r.span, r.model_version, r.segment_value): r.metric_value for r in rows.itertuples()}


def expected(labels: pd.DataFrame, reference: pd.DataFrame, now: str, kind: str = "categorical") -> dict[tuple[Any, ...], float]:
    """Every distance, of the labels known at `now`."""
    known = labels[labels["labelled_at"] < now].sort_values("labelled_at").drop_duplicates("prediction_id", keep="last")
    rows = LOG.merge(known, on="prediction_id")
    day = rows["predicted_at"].dt.floor("D")
    values = {}
    for start in pd.date_range(day.min(), pd.Timestamp(now) - pd.Timedelta(days=1)):
        for span in SPANS:
            within = (day > start - pd.Timedelta(days=span)) & (day <= start)
            for version in ["__all__", "m1", "m2"]:
                for plan in ["__all__", "basic", "pro", "team"]:
                    chosen = within & ((version == "__all__") | (rows["model_version"] == version)) & ((plan == "__all__") | (rows["plan"] == plan))
                    base = reference if plan == "__all__" else reference[reference["plan"] == plan]
                    if chosen.any():
                        # The edges are those of the whole reference, whatever the segment.
                        r, c = bin_counts(reference["label"], rows.loc[chosen, "label"], kind)
                        if plan != "__all__":
                            r = bin_counts(reference["label"], base["label"], kind)[1]
                            r = np.append(r, [0] * (len(c) - len(r)))
                        for metric, value in distances(r, c, "jeffreys").items():
                            values[(metric, start, span, version, plan)] = value
    return values


def check(actual: dict[tuple[Any, ...], float], wanted: dict[tuple[Any, ...], float]) -> None:
    wanted = {key: value for key, value in wanted.items() if key[0] in METRICS}
    assert actual.keys() == wanted.keys()
    for key, value in wanted.items():
        assert actual[key] == pytest.approx(value, rel=1e-9, abs=1e-12), key


@pytest.fixture(params=["duckdb", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Project]:
    def project(monitor: dict[str, Any], **tables: pd.DataFrame) -> Project:
        everything = logs(predictions=LOG) | {"feedback": LABELS, "reference": REFERENCE} | tables
        monitors = {"churn": MONITOR | {"label_drift": True, "trailing_baseline": 1} | monitor}
        if request.param == "duckdb":
            return Project(tmp_path / "project", monitors, logs=everything)
        return PostgresProject(tmp_path / "project", monitors, logs=everything, server=request.getfixturevalue("postgres_url"))

    return project


def test_labels_as_they_come(make: Callable[..., Project]) -> None:
    built = make({})
    for now in ("2026-01-10 00:00:00", "2026-01-13 00:00:00"):
        built.run("-s", "+ml_monitor__drift", now=now)
        check(drift(built), expected(LABELS, REFERENCE, now))
    corrected = LABELS.copy()
    corrected.loc[:200, "label"] = 1 - corrected.loc[:200, "label"]
    corrected.loc[:200, "labelled_at"] = pd.Timestamp("2026-01-13 13:00")
    both = pd.concat([LABELS, corrected.loc[:200]], ignore_index=True)
    built.load("feedback", both)
    built.run("-s", "+ml_monitor__drift", now="2026-01-14 00:00:00")
    incremental = drift(built)
    check(incremental, expected(both, REFERENCE, "2026-01-14"))
    built.run("-s", "+ml_monitor__drift", now="2026-01-14 00:00:00")
    assert drift(built) == incremental
    built.run("--full-refresh", "-s", "+ml_monitor__drift", now="2026-01-14 00:00:00")
    assert drift(built) == pytest.approx(incremental, rel=1e-12)
    ((rows,),) = built.rows(f"select sum(n) from {MART}feature_profiles where feature = '__all__' and segment = '__all__' and bin = 0")
    assert int(rows) == (LOG["predicted_at"] < "2026-01-14").sum(), "rows are counted once"


def test_numbers(make: Callable[..., Project]) -> None:
    random = np.random.default_rng(5)
    labels = LABELS.assign(label=random.lognormal(size=len(LABELS)).round(3))
    reference = REFERENCE.assign(label=random.lognormal(0.2, size=len(REFERENCE)))
    built = make({"task": "regression"}, feedback=labels, reference=reference)
    built.run("-s", "+ml_monitor__drift", now="2026-01-09 00:00:00")
    check(drift(built), expected(labels, reference, "2026-01-09", "numeric"))


def test_a_period_waits_for_its_labels(project: Callable[..., Project]) -> None:
    monitor = MONITOR | {"label_drift": True, "label_delay": 2, "reference": {"from": "2026-01-01", "to": "2026-01-06"}, "thresholds": {"psi": {"alert": 0.3}}}
    built = project({"churn": monitor}, logs=logs(predictions=LOG, feedback=LABELS))
    built.run("-s", "+ml_monitor__drift", now="2026-01-07 00:00:00")
    assert all(pd.isna(value) for value in drift(built).values())
    built.run("-s", "+ml_monitor__verdicts", now="2026-01-09 00:00:00")
    period = LOG.merge(LABELS, on="prediction_id").query("predicted_at < '2026-01-06'")
    actual = drift(built)
    wanted = expected(LABELS, period, "2026-01-09")
    check({key: value for key, value in actual.items() if key[4] == "__all__"}, {key: value for key, value in wanted.items() if key[4] == "__all__"})
    status = dict(built.rows(f"select cast(window_start as date)::text, status from {MART}verdicts where feature = '__label__' and metric = 'psi'"))
    assert status["2026-01-07"] == "immature"
    assert status["2026-01-06"] != "immature"


@pytest.mark.parametrize(("change", "words"), [({"feedback": None}, "needs feedback"), ({"label_drift": "yes"}, "is not a choice")])
def test_wrong_configuration(project: Callable[..., Project], change: dict[str, Any], words: str) -> None:
    message = project({"churn": MONITOR | {"label_drift": True} | change}).error()
    assert "key 'label_drift'" in message and words in message


def test_reference_without_labels(project: Callable[..., Project]) -> None:
    message = project({"churn": MONITOR | {"label_drift": True}}, logs=logs()).error("-s", "+churn__label_reference")
    assert "column 'label' is not in" in message
