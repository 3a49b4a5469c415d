"""The detectors as window functions against their recursions in numpy; a new version resets them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conformance.simulations import MONITOR, START, labels, predictions
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"


def detectors(error: np.ndarray, n: np.ndarray, healthy: int) -> dict[str, list[float | None]]:
    """The recursions as published, over one regime of windows."""
    base, weight = error[:healthy], n[:healthy]
    level = (base * weight).sum() / weight.sum()
    deviation = np.sqrt((weight * (base - level) ** 2).sum() / (healthy - 1))
    x = (error - level) * np.sqrt(n) / deviation
    found: dict[str, list[float | None]] = {"page_hinkley": [], "cusum": [], "ewma": [], "ddm": []}
    total = m = m_min = 0.0
    s = z = variance = 0.0
    wrong = rows = 0.0
    best = (np.inf, 0.0, 0.0)
    for t, value in enumerate(x):
        total += value
        m += value - total / (t + 1) - 0.25
        m_min = m if t == 0 else min(m_min, m)
        found["page_hinkley"].append(m - m_min)
        if t >= healthy:
            s = max(0.0, s + value - 0.5)
            age = t - healthy
            recent = x[max(healthy, t - 39) : t + 1][::-1]
            z = 0.2 * sum(0.8**i * v for i, v in enumerate(recent))
            variance = 0.2**2 * sum(0.64**i for i in range(min(age + 1, 40)))
        found["cusum"].append(s if t >= healthy else None)
        found["ewma"].append(z / np.sqrt(variance) if t >= healthy else None)
        wrong, rows = wrong + error[t] * n[t], rows + n[t]
        p = wrong / rows
        spread = np.sqrt(p * (1 - p) / rows)
        if p + spread <= best[0]:
            best = (p + spread, p, spread)
        found["ddm"].append((p + spread - best[1]) / best[2])
    return found


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"])
def test_detectors(warehouse: str, tmp_path: Any, request: pytest.FixtureRequest) -> None:
    days, change, new_version = 90, 45, 60
    flip = np.where((np.arange(days) >= change) & (np.arange(days) < new_version), 0.15, 0.0)
    log = predictions(days, 120, np.zeros(days), flip, seed=8)
    log = log[(log["prediction_id"] % 7 != 0) | (log["predicted_at"].dt.day % 5 > 0)]
    log["model_version"] = np.where(log["predicted_at"] < START + pd.Timedelta(days=new_version), "m1", "m2")
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if warehouse == "postgres" else {}
    thresholds = {"page_hinkley": {"alert": 15}, "cusum": {"alert": 5}, "ewma": {"alert": 3}, "ddm": {"alert": 3}}
    built = (PostgresProject if kind else Project)(
        tmp_path / "project",
        {"sim": MONITOR | {"healthy": {"windows": 20}, "thresholds": thresholds}},
        logs={"predictions": log.drop(columns=["probability", "label"]), "feedback": labels(log), "reference": log.head(2000)},
        now=str(START + pd.Timedelta(days=days)),
        **kind,
    )
    built.run("-s", "+ml_monitor__verdicts")
    actual = {(r[0], r[1]): r[2] for r in built.rows(f"select metric, window_start, metric_value from {MART}change_detection")}
    # A label of the last hours is given the next day, after the clock.
    known = labels(log)["labelled_at"] < START + pd.Timedelta(days=days)
    log = log[known]
    daily = (log["label"] != log["y_pred"]).groupby(log["predicted_at"].dt.floor("D")).agg(["mean", "size"])
    compared = 0
    for part in (daily.iloc[:new_version], daily.iloc[new_version:]):
        for metric, values in detectors(part["mean"].to_numpy(), part["size"].to_numpy(float), 20).items():
            for day, value in zip(part.index, values, strict=True):
                if value is None:
                    assert (metric, day) not in actual
                else:
                    assert actual[metric, day] == pytest.approx(value, rel=1e-9, abs=1e-9), (metric, day)
                    compared += 1
    assert compared == len(actual)
    alerts = built.rows(f"select metric, min(window_start), count(*) from {MART}verdicts where status = 'alert' and metric in ('page_hinkley', 'cusum', 'ewma', 'ddm') group by metric")
    fired = {metric: (first - START).days - change for metric, first, _ in alerts}
    assert fired.keys() == {"page_hinkley", "cusum", "ewma", "ddm"}, fired
    assert all(0 <= delay < 15 for delay in fired.values()), fired
    assert not built.rows(f"select * from {MART}verdicts where status = 'alert' and window_start >= '{START + pd.Timedelta(days=new_version)}' and metric in ('cusum', 'ewma')")
