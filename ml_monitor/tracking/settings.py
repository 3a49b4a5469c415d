"""Destinations from the environment: addresses and logins are secrets, and never in the warehouse."""

import os
from collections.abc import Mapping
from pathlib import Path

from ml_monitor.tracking.mlflow import MlflowDestination
from ml_monitor.tracking.points import Destination, TrackingError
from ml_monitor.tracking.wandb import WandbDestination

NAMES = ("mlflow", "wandb")


def destination(name: str, directory: Path, environment: Mapping[str, str] | None = None) -> Destination:
    """A destination by its name.

    Args:
        name: mlflow or wandb.
        directory: Of the dbt project; W&B runs are kept in its `wandb_runs` unless `WANDB_DIR` is set.
        environment: Variables; those of the process by default.

    Raises:
        TrackingError: Another name, no `MLFLOW_TRACKING_URI`, or a library that is not installed.
    """
    environment = os.environ if environment is None else environment
    if name == "mlflow":
        uri = environment.get("MLFLOW_TRACKING_URI")
        if not uri:
            raise TrackingError("logging to MLflow needs MLFLOW_TRACKING_URI, the address of the tracking server")
        return MlflowDestination(uri, environment.get("ML_MONITOR_MLFLOW_EXPERIMENT") or "ml-monitor/{monitor}")
    if name == "wandb":
        kept = Path(environment.get("WANDB_DIR") or directory / "wandb_runs")
        project = environment.get("WANDB_PROJECT") or "ml-monitor"
        return WandbDestination(kept, project, environment.get("WANDB_ENTITY") or None)
    raise TrackingError(f"{name!r} is no destination. Allowed: {', '.join(NAMES)}.")
