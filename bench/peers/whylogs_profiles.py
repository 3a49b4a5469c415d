"""whylogs: a profile of each daily window and of the reference, drift scores of every feature. Argument: data directory."""

import sys
from pathlib import Path

import pandas as pd
import whylogs
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

data = Path(sys.argv[1])
reference = whylogs.log(pd.read_parquet(data / "reference.parquet")).view()
scores = 0
for day in sorted((data / "log").glob("*.parquet")):
    view = whylogs.log(pd.read_parquet(day)).view()
    scores += len(calculate_drift_scores(target_view=view, reference_view=reference, with_thresholds=True))
print(scores)
