"""A generated prediction log: 70 features, 30 daily windows and the day after, a reference of a quarter million rows."""

from pathlib import Path

import numpy as np
import pandas as pd

NUMERIC = [f"n{i:02d}" for i in range(50)]
CATEGORICAL = [f"c{i:02d}" for i in range(20)]
FEATURES = {**dict.fromkeys(NUMERIC, "numeric"), **dict.fromkeys(CATEGORICAL, "categorical")}
DAYS = 30
# Everything ends yesterday, as a log in use does: windows without predictions are watched too.
TODAY = pd.Timestamp.now().normalize()
START = TODAY - pd.Timedelta(days=DAYS + 1)
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


def query(first: int, last: int, daily: int, start: pd.Timestamp, versions: int = 1) -> str:
    """SQL (DuckDB) of rows `first` to before `last` of such a log, `daily` a day: for sizes that are not worth a file."""
    shapes = [
        "sqrt(-2 * ln(1 - random())) * cos(6.283185307179586 * random())",
        "exp(2 * random() - 1)",
        "round(-ln(1 - random()), 2)",
        "floor(50 * random())",
    ]
    columns = [f"case when random() >= 0.02 then {shapes[i % 4]} end as {name}" for i, name in enumerate(NUMERIC)]
    for i, name in enumerate(CATEGORICAL):
        size = int(np.geomspace(5, 100, len(CATEGORICAL))[i])
        columns.append(f"'k' || floor({size} * power(random(), 2))::integer as {name}")
    return _rows(first, last, daily, [*columns, "round(random(), 3) as y_score"], start, versions)


def labelled_query(first: int, last: int, daily: int, start: pd.Timestamp) -> str:
    """The same of a log with one feature and a score that says something."""
    return _rows(first, last, daily, ["random() as n00", "round(random(), 3) as y_score"], start)


def feedback_query(first: int, last: int, daily: int, start: pd.Timestamp) -> str:
    """Labels of nine in ten of those rows, five hours later."""
    return (
        "select i::varchar as prediction_id, (random() < 0.3)::integer as label,"  # noqa: S608 - numbers
        f" {_moment(daily, start)} + interval 5 hour as labelled_at"
        f" from range({first}, {last}) as rows (i) where i % 10 <> 0"
    )


def _rows(first: int, last: int, daily: int, columns: list[str], start: pd.Timestamp, versions: int = 1) -> str:
    listed = ", ".join(columns)
    return (
        "select *, (y_score > 0.5)::integer as y_pred from"  # noqa: S608 - our names
        f" (select i::varchar as prediction_id, {_moment(daily, start)} as predicted_at,"
        f" 'v' || (1 + i % {versions}) as model_version, {listed} from range({first}, {last}) as rows (i)) as generated"
    )


def _moment(daily: int, start: pd.Timestamp) -> str:
    return f"timestamp '{start}' + to_microseconds((i * {86_400_000_000 / daily!r})::bigint)"
