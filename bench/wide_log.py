"""A generated prediction log: 70 features, 30 daily windows and the day after, a reference of a quarter million rows."""

from pathlib import Path

import numpy as np
import pandas as pd

NUMERIC = [f"n{i:02d}" for i in range(50)]
CATEGORICAL = [f"c{i:02d}" for i in range(20)]
FEATURES = {**dict.fromkeys(NUMERIC, "numeric"), **dict.fromkeys(CATEGORICAL, "categorical")}
START = pd.Timestamp("2026-01-01")
DAYS = 30
REFERENCE_ROWS = 250_000


def frame(rows: int, start: pd.Timestamp, days: int, seed: int, drift: float = 0.0) -> pd.DataFrame:
    """Rows spread evenly over days; numeric features of four shapes with 2 % missing, categorical ones of 5 to 100 values."""
    random = np.random.default_rng(seed)
    shapes = [
        lambda: random.normal(drift, 1, rows),
        lambda: random.lognormal(drift, 1, rows),
        lambda: random.exponential(1 + drift, rows).round(2),
        lambda: random.integers(0, 50, rows).astype(float),
    ]
    columns: dict[str, object] = {
        "prediction_id": np.char.add(f"{start:%m%d}-", np.arange(rows).astype(str)),
        "predicted_at": start + pd.to_timedelta(np.arange(rows) * (86_400_000_000 * days / rows), unit="us"),
        "model_version": "v1",
    }
    for i, name in enumerate(NUMERIC):
        values = shapes[i % 4]()
        values[random.random(rows) < 0.02] = np.nan
        columns[name] = values
    for i, name in enumerate(CATEGORICAL):
        size = int(np.geomspace(5, 100, len(CATEGORICAL))[i])
        columns[name] = pd.Categorical.from_codes((size * random.random(rows) ** 2).astype(int), [f"k{k}" for k in range(size)])
    score = random.beta(2, 5, rows).round(3)
    return pd.DataFrame({**columns, "y_score": score, "y_pred": (score > 0.5).astype(int)})


def write(directory: Path, rows: int) -> None:
    """`reference.parquet`, `log.parquet` (30 days) and `next_day.parquet`, in parts that fit into memory."""
    frame(REFERENCE_ROWS, START - pd.Timedelta(days=30), 30, seed=0).to_parquet(directory / "reference.parquet", index=False)
    frame(rows // DAYS, START + pd.Timedelta(days=DAYS), 1, seed=1, drift=0.3).to_parquet(
        directory / "next_day.parquet", index=False
    )
    (directory / "log").mkdir()
    for day in range(DAYS):
        part = frame(rows // DAYS, START + pd.Timedelta(days=day), 1, seed=100 + day, drift=0.01 * day)
        part.to_parquet(directory / "log" / f"{day:02d}.parquet", index=False)
