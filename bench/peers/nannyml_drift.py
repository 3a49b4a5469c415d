"""NannyML: Jensen-Shannon distance of every feature, daily chunks. Argument: data directory."""

import sys
from pathlib import Path

import nannyml
import pandas as pd

data = Path(sys.argv[1])
reference = pd.read_parquet(data / "reference.parquet")
log = pd.read_parquet(data / "log")
features = [name for name in reference if name[0] in "nc" and name[1:].isdigit()]
calculator = nannyml.UnivariateDriftCalculator(
    column_names=features,
    treat_as_categorical=[name for name in features if name.startswith("c")],
    timestamp_column_name="predicted_at",
    continuous_methods=["jensen_shannon"],
    categorical_methods=["jensen_shannon"],
    chunk_period="D",
)
print(len(calculator.fit(reference).calculate(log).to_df()))
