"""Trainers of the demo: gradient boosting on the features of the flight monitors.

One setting for every date. The trees are shallow and their leaves large because a few months of flights hold
few weather situations, and a deep tree would learn those days by heart.
"""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

RARE = 50
SETTINGS = {
    "learning_rate": 0.03,
    "max_iter": 100,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 100,
    "l2_regularization": 1.0,
    "random_state": 0,
}


class FlightModel:
    """A fitted pipeline that knows its columns."""

    def __init__(self, pipeline: Pipeline, features: dict[str, str]) -> None:
        self.pipeline = pipeline
        self.features = features
        self.hyperparameters = {**SETTINGS, "rare": RARE}

    def predict_score(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of arriving late."""
        return self.pipeline.predict_proba(_inputs(frame, self.features))[:, 1]

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Minutes of delay."""
        return self.pipeline.predict(_inputs(frame, self.features))


class Hotfix:
    """A mistake that happens: the probability of the wrong class. The demo forces it into service."""

    def __init__(self, model: FlightModel) -> None:
        self.model = model

    def predict_score(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability of arriving in time, where that of arriving late was meant."""
        return 1 - self.model.predict_score(frame)


def train(frame: pd.DataFrame, features: dict[str, str], label: str) -> FlightModel:
    """Will the flight arrive 15 minutes late or more?"""
    return _fit(HistGradientBoostingClassifier, frame, features, label)


def train_delay(frame: pd.DataFrame, features: dict[str, str], label: str) -> FlightModel:
    """How many minutes late will the flight arrive?"""
    return _fit(HistGradientBoostingRegressor, frame, features, label)


def _fit(
    estimator: type[HistGradientBoostingClassifier | HistGradientBoostingRegressor],
    frame: pd.DataFrame,
    features: dict[str, str],
    label: str,
) -> FlightModel:
    numeric = [name for name, kind in features.items() if kind == "numeric"]
    categorical = [name for name, kind in features.items() if kind == "categorical"]
    # Rare categories share one code; unseen ones become missing, which the trees handle by themselves.
    codes = OrdinalEncoder(
        min_frequency=RARE,
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
    )
    pipeline = make_pipeline(
        ColumnTransformer([("numbers", "passthrough", numeric), ("categories", codes, categorical)]),
        estimator(categorical_features=range(len(numeric), len(features)), **SETTINGS),
    )
    return FlightModel(pipeline.fit(_inputs(frame, features), frame[label]), features)


def _inputs(frame: pd.DataFrame, features: dict[str, str]) -> pd.DataFrame:
    columns = {}
    for name, kind in features.items():
        column = frame[name]
        if kind == "numeric":
            columns[name] = column.astype("float64")
        else:
            columns[name] = column.astype(str).astype(object).where(column.notna(), np.nan)
    return pd.DataFrame(columns)
