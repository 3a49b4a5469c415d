"""popmon: stability metrics of every feature in daily batches against the reference, no HTML. Argument: data directory."""

import sys
from pathlib import Path

import pandas as pd
import popmon  # noqa: F401 - adds the accessor
from popmon import df_stability_metrics

data = Path(sys.argv[1])
reference = pd.read_parquet(data / "reference.parquet")
log = pd.read_parquet(data / "log")
for frame in (reference, log):
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].astype(str)
features = [f"predicted_at:{name}" for name in reference if name[0] in "nc" and name[1:].isdigit()]
store = df_stability_metrics(
    log, time_axis="predicted_at", time_width="1D", features=features, reference=reference, reference_type="external"
)
print(len(store))
