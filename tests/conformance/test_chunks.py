"""Windows that are chunks of rows, against chunks that pandas cuts."""

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
ROWS = 100
LOG = predictions(days=10, rows=65).assign(predicted_at=lambda log: log["predicted_at"].dt.floor("s"))
REFERENCE = predictions(days=20, start="2025-12-01", seed=9)
CHUNKED = MONITOR | {"window": "chunk", "chunk_rows": ROWS, "segments": []}
MARTS = ("drift", "performance", "intake")
SELECTED = ("-s", *(f"+ml_monitor__{mart}" for mart in MARTS))


# The same SQL as in the tests around it, which run on both.
ON_ONE = pytest.mark.parametrize("make", ["duckdb"], indirect=True)


@pytest.fixture(params=["duckdb", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Project]:
    def project(log: pd.DataFrame, **monitor: Any) -> Project:
        everything = logs(predictions=log) | {"feedback": feedback(LOG), "reference": REFERENCE}
        monitors = {"churn": CHUNKED | monitor, "daily": MONITOR}
        if request.param == "duckdb":
            return Project(tmp_path / "project", monitors, logs=everything)
        return PostgresProject(tmp_path / "project", monitors, logs=everything, server=request.getfixturevalue("postgres_url"))

    return project


def chunks_of(log: pd.DataFrame, now: str) -> pd.Series:
    """Number of the chunk of every row known at `now`, in the order of time."""
    known = log[log["predicted_at"] < now].sort_values("predicted_at")
    return pd.Series(np.arange(len(known)) // ROWS + 1, index=known.index)


def closed(chunks: pd.Series) -> range:
    return range(1, int(chunks.max()))


def check(built: Project, log: pd.DataFrame, chunks: pd.Series) -> None:
    """Drift and accuracy of every chunk that is full, and of two together."""
    labels = feedback(LOG).set_index("prediction_id")["label"]
    wanted = {}
    for number in closed(chunks):
        for span in (1, 2):
            rows = log.loc[chunks.index[(chunks > number - span) & (chunks <= number)]]
            start = log.loc[chunks.index[chunks == number], "predicted_at"].min()
            wanted["psi", start, span] = distances(*bin_counts(REFERENCE["amount"], rows["amount"], "numeric"), "jeffreys")["psi"]
            wanted["accuracy", start, span] = float((rows["y_pred"] == rows["prediction_id"].map(labels)).mean())
            if span == 1:
                wanted["row_count", start, span] = len(rows)
    rows = built.frame(
        " union all ".join(
            f"""select metric, window_start, span, metric_value from {MART}{mart}
            where monitor = 'churn' and (metric = 'psi' and feature = 'amount' or metric in ('accuracy', 'row_count')) and segment = '__all__' and model_version = '__all__'"""
            for mart in MARTS
        )
    )
    actual = {(r.metric, pd.Timestamp(r.window_start), r.span): float(r.metric_value) for r in rows.itertuples()}
    actual = {key: value for key, value in actual.items() if key in wanted or key[2] in (1, 2)}
    assert actual == pytest.approx(wanted, rel=1e-9)


def test_full_chunks_are_windows(make: Callable[..., Project]) -> None:
    built = make(LOG)
    everything = ("-s", "+ml_monitor__verdicts")
    for now, selected in (("2026-01-04 00:00:00", SELECTED), ("2026-01-06 12:00:00", SELECTED), ("2026-01-12 00:00:00", everything)):
        built.run(*selected, now=now)
        check(built, LOG, chunks_of(LOG, now))
    incremental = built.frame(f"select * from {MART}metric_values where monitor = 'churn'").drop(columns="updated_at")
    built.run(*everything, now="2026-01-12 00:00:00")
    again = built.frame(f"select * from {MART}metric_values where monitor = 'churn'").drop(columns="updated_at")
    order = ["metric", "feature", "window_start", "span", "model_version"]
    pd.testing.assert_frame_equal(again.sort_values(order, ignore_index=True), incremental.sort_values(order, ignore_index=True))
    days = built.rows(f"select count(*) from {MART}metric_values where monitor = 'daily' and metric = 'row_count'")
    assert days == [(11,)], "a monitor of days beside it keeps its days, the silent last one too"


def test_late_rows_join_their_chunk(make: Callable[..., Project]) -> None:
    late = LOG.index[30:40]
    built = make(LOG.drop(index=late))
    now = "2026-01-08 00:00:00"
    built.run(*SELECTED, now=now)
    chunks = chunks_of(LOG.drop(index=late), now)
    check(built, LOG, chunks)
    built.load("predictions", LOG)
    built.run(*SELECTED, now=now)
    check(built, LOG, pd.concat([chunks, pd.Series(1, index=late)]))


@ON_ONE
def test_rows_of_one_moment_stay_together(make: Callable[..., Project]) -> None:
    log = LOG.assign(predicted_at=LOG["predicted_at"].dt.floor("D"))
    built = make(log)
    built.run("-s", "churn__chunks", now="2026-01-12 00:00:00")
    starts = built.rows("select starts_at, rows_before from main_ml_monitor.churn__chunks order by chunk_number")
    before = [day * 65 for day in range(10)]
    first_of = [next(n for n in before if n >= ROWS * chunk) for chunk in range(6)]
    assert [(pd.Timestamp(start), int(n)) for start, n in starts] == [(pd.Timestamp("2026-01-01") + pd.Timedelta(days=n // 65), n) for n in first_of]


@ON_ONE
def test_an_empty_log_fills_later(make: Callable[..., Project]) -> None:
    built = make(LOG)
    built.run("-s", "churn__chunks", now="2025-01-01 00:00:00")
    built.run("-s", "churn__chunks", now="2026-01-12 00:00:00")
    assert built.rows("select count(*) from main_ml_monitor.churn__chunks") == [(7,)]


def test_references_of_the_log_itself(project: Callable[..., Project]) -> None:
    references = {
        "trailing": {"trailing": 3},
        "previous": {"previous": 1},
        "versions": {"first": 2, "per": "model_version"},
        "period": {"from": "2026-01-01", "to": "2026-01-04"},
    }
    monitors = {name: CHUNKED | {"reference": reference, "trailing_baseline": 2} for name, reference in references.items()}
    built = project(monitors, logs=logs(predictions=LOG), now="2026-01-12 00:00:00")
    built.run("-s", "+ml_monitor__drift")
    values = built.frame(f"select monitor, window_start from {MART}drift where metric = 'psi' and feature = 'amount' and span = 1")
    full = {LOG.loc[chunks_of(LOG, "2026-01-12").eq(n).idxmax(), "predicted_at"] for n in (5, 6)}
    for name in references:
        assert full <= set(pd.to_datetime(values.loc[values["monitor"] == name, "window_start"])), name


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ({"chunk_rows": None}, "chunk_rows", "whole number"),
        ({"chunk_rows": 0}, "chunk_rows", "whole number"),
        ({"window": "day"}, "chunk_rows", "needs window: chunk"),
        ({"timezone": "Europe/Berlin"}, "timezone", "chunks of rows"),
        ({"reference": {"same_weekday": 2}}, "reference.same_weekday", "needs windows of an hour or a day"),
    ],
)
def test_what_chunks_cannot_be(project: Callable[..., Project], change: dict[str, Any], key: str, words: str) -> None:
    message = project({"churn": CHUNKED | change}).error()
    assert f"key '{key}'" in message and words in message
