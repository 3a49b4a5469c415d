"""The model as MLflow loads it. Copied beside each version, so it imports nothing of this package."""

from typing import Any

import joblib
import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class KeptModel(PythonModel):  # type: ignore[misc,unused-ignore]
    """The joblib file of a training run; `predict` is the method that its trainer's task asks for."""

    def load_context(self, context: Any) -> None:
        """Read the file."""
        self.model = joblib.load(context.artifacts["model"])
        self.method = context.model_config["method"]

    def predict(self, context: Any, model_input, params=None):  # type: ignore[no-untyped-def]
        """One number for each row."""
        return np.asarray(getattr(self.model, self.method)(model_input), dtype="float64")


set_model(KeptModel())
