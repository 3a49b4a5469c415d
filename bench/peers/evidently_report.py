"""Evidently: one drift report with PSI of one window. Arguments: data directory, window (a day's file)."""

import sys
from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

data = Path(sys.argv[1])
drop = ["prediction_id", "predicted_at", "model_version", "y_score", "y_pred"]
reference = pd.read_parquet(data / "reference.parquet").drop(columns=drop)
window = pd.read_parquet(data / "log" / "29.parquet").drop(columns=drop)
definition = DataDefinition(
    numerical_columns=[name for name in reference if name.startswith("n")],
    categorical_columns=[name for name in reference if name.startswith("c")],
)
for frame in (reference, window):
    for name in definition.categorical_columns:
        frame[name] = frame[name].astype(str)
snapshot = Report([DataDriftPreset(method="psi")]).run(
    Dataset.from_pandas(window, data_definition=definition), Dataset.from_pandas(reference, data_definition=definition)
)
print(len(snapshot.dict()["metrics"]))
