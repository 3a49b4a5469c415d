"""A reference of more than a million rows: edges from a part of them, everything else from all."""

from collections.abc import Callable
from hashlib import md5

import numpy as np
import pandas as pd
import pytest

from tests.integration.logs import MONITOR, NOW, logs, predictions
from tests.project import Project

ROWS = 1_050_000
MART = "main_ml_monitor.ml_monitor__"
DECILES = np.arange(1, 10) / 10


def reference() -> pd.DataFrame:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"prediction_id": np.arange(ROWS).astype(str), "model_version": "m1", "amount": random.lognormal(size=ROWS), "y_score": 0.5, "y_pred": 1})
    # One moment for all, as training tables have it.
    return frame.assign(predicted_at=pd.Timestamp("2025-12-01"), sparse=np.where(np.arange(ROWS) % 2000 == 0, random.normal(size=ROWS), np.nan))


def bins(project: Callable[..., Project], rows: pd.DataFrame) -> pd.DataFrame:
    monitor = MONITOR | {"segments": [], "features": {"amount": "numeric", "sparse": "numeric"}}
    log = predictions().assign(sparse=1.0)
    consumer = project({"churn": monitor}, logs=logs(predictions=log, reference=rows), now=NOW)
    consumer.run("-s", "+ml_monitor__reference_bins")
    return consumer.frame(f"select * from {MART}reference_bins order by bin").set_index(["feature", "bin"])


def edges(found: pd.DataFrame, feature: str) -> np.ndarray:
    bounds = found.loc[feature]
    return bounds.loc[bounds.index > 0, "upper_bound"].dropna().to_numpy()


def test_quantiles_of_a_large_reference_are_those_of_the_rows_that_are_drawn(project: Callable[..., Project]) -> None:
    rows = reference()
    found = bins(project, rows)
    drawn = rows.loc[[md5(name.encode()).hexdigest()[0] == "0" for name in rows["prediction_id"]], "amount"]
    assert 60_000 < len(drawn) < 70_000
    expected = np.quantile(drawn, DECILES)
    assert edges(found, "amount") == pytest.approx(expected, rel=1e-12)
    counted = np.bincount(np.searchsorted(expected, rows["amount"], side="left"), minlength=10)
    amount = found.loc["amount"]
    assert amount.loc[amount.index > 0, "n"].tolist() == counted.tolist()
    total = amount.loc[0]
    assert (total["n"], total["value_min"], total["value_max"]) == (ROWS, rows["amount"].min(), rows["amount"].max())
    assert total["robust_deviation"] == pytest.approx(np.diff(np.quantile(drawn, [0.05, 0.95]))[0] / 3.289707253902945, rel=1e-12)
    assert edges(found, "sparse") == pytest.approx(np.quantile(rows["sparse"].dropna(), DECILES), rel=1e-12), "it has few values, so all of them count"


def test_a_large_reference_without_ids_is_taken_whole(project: Callable[..., Project]) -> None:
    """By its time none or all of its rows would be drawn."""
    rows = reference().drop(columns="prediction_id")
    assert edges(bins(project, rows), "amount") == pytest.approx(np.quantile(rows["amount"], DECILES), rel=1e-12)
