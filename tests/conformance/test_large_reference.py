"""A reference of more than a million rows: edges from a part of them, everything else from all."""

from collections.abc import Callable
from hashlib import md5

import numpy as np
import pandas as pd
import pytest

from tests.integration.logs import MONITOR, NOW, logs
from tests.project import Project

ROWS = 1_050_000
MART = "main_ml_monitor.ml_monitor__"


def test_quantiles_of_a_large_reference_are_those_of_the_rows_that_are_drawn(project: Callable[..., Project]) -> None:
    random = np.random.default_rng(3)
    reference = pd.DataFrame(
        {
            "prediction_id": np.arange(ROWS).astype(str),
            "predicted_at": pd.Timestamp("2025-12-01") + pd.to_timedelta(np.arange(ROWS), unit="s"),
            "model_version": "m1",
            "amount": random.lognormal(size=ROWS),
            "plan": "pro",
            "y_score": 0.5,
            "y_pred": 1,
        }
    )
    consumer = project({"churn": MONITOR | {"segments": []}}, logs=logs(reference=reference), now=NOW)
    consumer.run("-s", "+ml_monitor__reference_bins")
    bins = consumer.frame(f"select * from {MART}reference_bins where feature = 'amount' order by bin").set_index("bin")
    drawn = reference.loc[[md5(name.encode()).hexdigest()[0] == "0" for name in reference["prediction_id"]], "amount"]
    assert 60_000 < len(drawn) < 70_000
    edges = np.quantile(drawn, np.arange(1, 10) / 10)
    values = bins[bins.index > 0]
    assert values["upper_bound"].dropna().to_numpy() == pytest.approx(edges, rel=1e-12)
    counted = np.bincount(np.searchsorted(edges, reference["amount"], side="left"), minlength=10)
    assert values["n"].tolist() == counted.tolist()
    total = bins.loc[0]
    assert (total["n"], total["value_min"], total["value_max"]) == (ROWS, reference["amount"].min(), reference["amount"].max())
    assert total["robust_deviation"] == pytest.approx(np.diff(np.quantile(drawn, [0.05, 0.95]))[0] / 3.289707253902945, rel=1e-12)
