"""The user's code: found, called, and checked for what it returns. Runs in this process or in one of its own."""

import importlib
import importlib.metadata
import json
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import joblib
import numpy as np
import pandas as pd

from ml_monitor.retraining.errors import TrainerError
from ml_monitor.retraining.spec import Task

ENTRY_POINTS = "ml_monitor.trainers"
METHODS: dict[Task, str] = {"binary": "predict_score", "regression": "predict"}

Scores = np.ndarray[tuple[int], np.dtype[np.float64]]


class BinaryModel(Protocol):
    """What a trainer returns for `task: binary`. It may have `hyperparameters`, a mapping of plain values."""

    def predict_score(self, frame: pd.DataFrame) -> Scores:
        """Probability of the positive class, one per row."""
        ...


class RegressionModel(Protocol):
    """What a trainer returns for `task: regression`. It may have `hyperparameters`, a mapping of plain values."""

    def predict(self, frame: pd.DataFrame) -> Scores:
        """Predicted value, one per row."""
        ...


Model = BinaryModel | RegressionModel


class Trainer(Protocol):
    """A function that learns from a frame. It sees rows, names and the monitor's `parameters`, nothing of this package."""

    def __call__(self, frame: pd.DataFrame, features: dict[str, str], label: str, **parameters: Any) -> Model:
        """Learn from `frame`.

        Args:
            frame: Training rows: `prediction_id`, `predicted_at`, the features, the label.
            features: By name `numeric` (float, NaN if missing) or `categorical` (text, None if missing).
            label: Name of the label's column (float).
            parameters: `retraining.parameters`, as declared.
        """
        ...


@contextmanager
def importable(project_dir: Path | None) -> Iterator[None]:
    """Let modules of the project directory be imported inside the block."""
    if project_dir is None:
        yield
        return
    place = str(Path(project_dir).resolve())
    sys.path.insert(0, place)
    # A module written since the last import would otherwise not be seen.
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(place)


def train_to_file(
    path: str, task: Task, frame: pd.DataFrame, features: dict[str, str], label: str, parameters: Mapping[str, Any],
    project_dir: Path, target: Path,
) -> str | None:
    """Call the trainer and write its model to `target`. The project must be importable.

    Returns:
        The model's hyperparameters as JSON, if it tells them.

    Raises:
        TrainerError: The function is not there, raised, or returned something else than a model.
    """
    function = find_trainer(path, project_dir)
    with _user_code(f"trainer '{path}'"):
        model = function(frame, features, label, **parameters)
    if not callable(getattr(model, METHODS[task], None)):
        raise TrainerError(
            f"trainer '{path}' returned {type(model).__name__} without the method "
            f"{METHODS[task]}(frame) that `task: {task}` needs"
        )
    try:
        joblib.dump(model, target)
    except Exception as error:
        raise TrainerError(
            f"trainer '{path}' returned a {type(model).__name__} that cannot be pickled: {error}. "
            f"Define its class at the top level of a module."
        ) from error
    with _user_code(f"hyperparameters of the model of trainer '{path}'"):
        told = _hyperparameters(model)
    known = {**parameters, **told} if told else dict(parameters)
    return json.dumps(known, default=str, sort_keys=True) if known else None


def find_trainer(path: str, project_dir: Path) -> Trainer:
    """The function of a dotted path `module:function`, or of an entry point of that name.

    Raises:
        TrainerError: There is none, or importing it failed.
    """
    if ":" not in path:
        points = importlib.metadata.entry_points(group=ENTRY_POINTS)
        if path not in points.names:
            known = ", ".join(sorted(points.names)) or "none is installed"
            raise TrainerError(f"trainer '{path}': no entry point of the group {ENTRY_POINTS} has this name. Allowed: {known}")
        with _user_code(f"importing the entry point of trainer '{path}'"):
            return cast(Trainer, points[path].load())
    module_name, function_name = path.split(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise TrainerError(f"trainer '{path}': no module '{error.name}' in {Path(project_dir).resolve()}") from error
    except (Exception, SystemExit) as error:
        raise TrainerError(f"trainer '{path}': importing it failed: {_origin(error)}") from error
    function: Trainer | None = getattr(module, function_name, None)
    if not callable(function):
        raise TrainerError(f"trainer '{path}': module {module.__file__} has no function '{function_name}'")
    return function


def predict(model: Model, task: Task, frame: pd.DataFrame, who: str) -> Scores:
    """The model's output for every row, checked: one finite number per row, in [0, 1] for a binary model.

    Args:
        model: From a trainer.
        task: Of the monitor.
        frame: Rows with the features; label and bookkeeping are withheld by `features_of`.
        who: The model, for messages.

    Raises:
        TrainerError: It raised, or the output is not usable.
    """
    method = METHODS[task]
    with _user_code(f"{method} of {who}"):
        output = np.asarray(getattr(model, method)(frame), dtype="float64")
    if output.shape != (len(frame),):
        raise TrainerError(f"{method} of {who} returned shape {output.shape} for {len(frame)} rows, allowed: ({len(frame)},)")
    broken = int((~np.isfinite(output)).sum())
    if broken:
        raise TrainerError(f"{method} of {who} returned NaN or infinity for {broken} of {len(frame)} rows")
    if task == "binary" and (output.min() < 0 or output.max() > 1):
        raise TrainerError(f"{method} of {who} returned scores from {output.min():g} to {output.max():g}, allowed: 0 to 1")
    return cast(Scores, output)


def predict_with_file(artifact: Path, task: Task, frame: pd.DataFrame, who: str, project_dir: Path | None) -> Scores:
    """`predict` with the model of a joblib file."""
    with importable(project_dir):
        with _user_code(f"loading {who}"):
            model: Model = joblib.load(artifact)
        return predict(model, task, frame, who)


def _hyperparameters(model: Any) -> dict[str, Any]:
    told = getattr(model, "hyperparameters", None)
    if told is None and callable(getattr(model, "get_params", None)):
        told = model.get_params()
    if callable(told):
        told = told()
    return {str(name): _plain(value) for name, value in dict(told or {}).items()}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


@contextmanager
def _user_code(what: str) -> Iterator[None]:
    try:
        yield
    except TrainerError:
        raise
    # A script that has become a trainer may end itself: that ends no process but its own.
    except (Exception, SystemExit) as error:
        raise TrainerError(f"{what} raised {_origin(error)}") from error


def _origin(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


