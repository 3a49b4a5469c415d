"""A monitor of so many features that they are planned in parts counts what one with few of them counts."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.integration.logs import MONITOR, NOW, logs, predictions
from tests.project import Project

# With score and prediction 172 variables: three parts, and a numeric and a categorical feature in each.
FEATURES = {f"f{i:03d}": "categorical" if i % 10 == 9 else "numeric" for i in range(170)}
KEPT = ("f000", "f009", "f080", "f089", "f160", "f169")
REFERENCE = "segment, segment_value, feature, feature_type, bin, bin_kind, lower_bound, upper_bound, category, n, centre, clip_low, clip_high, robust_deviation, value_sum, value_sum_squares, value_min, value_max, n_valid"
PROFILE = "model_version, segment, segment_value, feature, window_start, bin, category, n, value_sum, value_sum_squares, value_min, value_max, n_below, n_above, n_valid, n_out_of_bounds, predicted_until, loaded_until"


def wide(log: pd.DataFrame, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    columns = {
        name: random.choice(["a", "b", "it's", None], len(log)) if kind == "categorical" else np.where(random.uniform(size=len(log)) < 0.1, np.nan, random.normal(size=len(log)).round(1))
        for name, kind in FEATURES.items()
    }
    return pd.concat([log, pd.DataFrame(columns, index=log.index)], axis=1)


def test_parts_of_the_features_count_what_one_part_counts(tmp_path: Path) -> None:
    log, reference = wide(predictions(), 1), wide(predictions(start="2025-12-01"), 2)
    monitors = {name: MONITOR | {"features": features, "segments": ["plan"]} for name, features in {"many": FEATURES, "few": {name: FEATURES[name] for name in KEPT}}.items()}
    project = Project(tmp_path / "project", monitors, logs=logs(predictions=log, reference=reference), now=NOW)
    for late in (False, True):
        if late:
            project.load("predictions", pd.concat([log, log.head(30).assign(prediction_id=lambda log: "late-" + log["prediction_id"].astype(str))]))
        project.run("-s", "many__reference", "many__feature_profile", "few__reference", "few__feature_profile")
        for model, columns in {"reference": REFERENCE, "feature_profile": PROFILE}.items():
            many, few = (project.frame(f"select {columns} from main_ml_monitor.{name}__{model} order by all") for name in ("many", "few"))
            assert set(many["feature"]) == {*FEATURES, "__score__", "__prediction__", "__all__"}
            same = many[many["feature"].isin([*KEPT, "__score__", "__prediction__", "__all__"])].reset_index(drop=True)
            assert len(few) > 200
            pd.testing.assert_frame_equal(same, few)
