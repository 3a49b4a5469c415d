"""popmon: stability metrics of every feature in daily batches against the log as a whole, no HTML. Argument: data directory."""

import sys
from pathlib import Path

import pandas as pd
import popmon  # noqa: F401 - adds the accessor
from popmon import df_stability_metrics

data = Path(sys.argv[1])
log = pd.read_parquet(data / "log")
for name in log.select_dtypes("category"):
    log[name] = log[name].astype(str)
features = [f"predicted_at:{name}" for name in log if name[0] in "nc" and name[1:].isdigit()]
store = df_stability_metrics(log, time_axis="predicted_at", time_width="1D", features=features, reference_type="self")
print(len(store))
