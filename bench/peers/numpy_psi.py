"""Hand-written pandas and numpy: PSI of every feature and day over the whole log in memory. Argument: data directory."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

data = Path(sys.argv[1])
reference = pd.read_parquet(data / "reference.parquet")
log = pd.read_parquet(data / "log")
day = log["predicted_at"].dt.floor("D").astype("int64").to_numpy()
day = np.unique(day, return_inverse=True)[1]
found = 0
for name in reference:
    if name[0] not in "nc" or not name[1:].isdigit():
        continue
    if name[0] == "n":
        edges = np.unique(np.nanquantile(reference[name], np.arange(1, 10) / 10))
        codes = [
            np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x))
            for x in (reference[name].to_numpy(), log[name].to_numpy())
        ]
        bins = len(edges) + 2
    else:
        codes = [frame[name].cat.codes.to_numpy() for frame in (reference, log)]
        bins = len(reference[name].cat.categories)
    p = np.bincount(codes[0], minlength=bins) + 0.5
    q = np.bincount(day * bins + codes[1], minlength=bins * (day.max() + 1)).reshape(-1, bins) + 0.5
    p, q = p / p.sum(), q / q.sum(axis=1, keepdims=True)
    found += len(((q - p) * np.log(q / p)).sum(axis=1))
print(found)
