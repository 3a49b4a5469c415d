"""Small made-up logs: two days or more of a binary model with one numeric and one categorical feature."""

from typing import Any

import numpy as np
import pandas as pd

MONITOR: dict[str, Any] = {
    "predictions": "raw.predictions",
    "feedback": "raw.feedback",
    "reference": {"relation": "raw.reference"},
    "features": {"amount": "numeric", "plan": "categorical"},
    "segments": ["plan"],
    "rolling": [2],
    "min_rows": 20,
}
NOW = "2026-01-11 00:00:00"


def predictions(days: int = 10, rows: int = 60, start: str = "2026-01-01", seed: int = 0) -> pd.DataFrame:
    """`rows` predictions on each of `days` days."""
    random = np.random.default_rng(seed)
    n = days * rows
    score = random.uniform(size=n).round(6)
    return pd.DataFrame(
        {
            "prediction_id": [f"{start}-{i:06d}" for i in range(n)],
            "predicted_at": pd.Timestamp(start) + pd.to_timedelta(np.arange(n) * 86400 / rows, unit="s"),
            "model_version": "m1",
            "amount": random.lognormal(size=n),
            "plan": random.choice(["basic", "pro", "team"], size=n),
            "y_score": score,
            "y_pred": (score > 0.5).astype(int),
        }
    )


def feedback(log: pd.DataFrame, seed: int = 1, delay_hours: float = 5) -> pd.DataFrame:
    """A label for every prediction, `delay_hours` later, right about as often as the score says."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "prediction_id": log["prediction_id"],
            "label": (random.uniform(size=len(log)) < log["y_score"]).astype(int),
            "labelled_at": log["predicted_at"] + pd.Timedelta(hours=delay_hours),
        }
    )


def logs(**changes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The three logs, some of them replaced."""
    log = changes.get("predictions", predictions())
    usual = {"predictions": log, "feedback": feedback(log), "reference": predictions(days=20, start="2025-12-01", seed=9)}
    return usual | changes
