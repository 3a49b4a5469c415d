"""MLflow: one experiment per monitor, one run per model version."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ml_monitor.tracking.points import ALL, Point, TrackingError

_RUN_KEY = "ml_monitor.run"
_MOST_PER_REQUEST = 1000


class MlflowDestination:
    """Logs to a tracking server. The step of a value is the number of its window.

    The server keeps a value once per series, step and time, so a batch that is handed over twice is there once. A restated value
    has the time at which it was restated and comes after the first one, whose step it shares.

    Args:
        tracking_uri: Of the server. Login and certificates are MLflow's own variables.
        experiment: Name of the experiments; `{monitor}` in it becomes the monitor.

    Raises:
        TrackingError: MLflow is not installed.
    """

    def __init__(self, tracking_uri: str, experiment: str = "ml-monitor/{monitor}") -> None:
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise TrackingError("logging to MLflow needs mlflow-skinny: pip install 'dbt-ml-monitor[mlflow]'") from error
        # It prints links, where a command prints JSON.
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        self._client = MlflowClient(tracking_uri=tracking_uri)
        self._experiment = experiment
        self._runs: dict[tuple[str, str], str] = {}
        place = urlsplit(tracking_uri)
        # Without user and password.
        where = f"{place.hostname or ''}{f':{place.port}' if place.port else ''}{place.path.rstrip('/')}" or place.scheme
        self.name = f"mlflow:{where}:{experiment}"

    def log(self, monitor: str, model_version: str, batch_id: str, points: Sequence[Point]) -> None:
        """Add points to the run of a model version."""
        from mlflow.entities import Metric
        from mlflow.exceptions import MlflowException

        metrics = [Metric(one.series, one.value, _milliseconds(one.time), one.step) for one in points]
        try:
            run_id = self._run(monitor, model_version)
            for first in range(0, len(metrics), _MOST_PER_REQUEST):
                self._client.log_batch(run_id, metrics=metrics[first : first + _MOST_PER_REQUEST])
            self._client.set_terminated(run_id, "FINISHED", _milliseconds(max(one.time for one in points)))
        except MlflowException as error:
            # The client's words about a failed connection hold the address, which can hold a password.
            raise TrackingError(f"MLflow did not take the values of {monitor}: {error.error_code}") from None

    def _run(self, monitor: str, model_version: str) -> str:
        """The run of a model version: the oldest with its tag, so that two passes at once agree on one."""
        key = (monitor, model_version)
        if key not in self._runs:
            experiment_id = self._experiment_id(monitor)
            found = self._find(experiment_id, key)
            if found is None:
                tags = {
                    _RUN_KEY: _tag(key),
                    "ml_monitor.monitor": monitor,
                    "ml_monitor.model_version": "all" if model_version == ALL else model_version,
                }
                name = f"{monitor}, all versions" if model_version == ALL else f"{monitor} {model_version}"
                self._client.create_run(experiment_id, tags=tags, run_name=name)
                found = self._find(experiment_id, key)
                if found is None:
                    raise TrackingError(f"MLflow made a run for {monitor} and does not find it")
            self._runs[key] = found
        return self._runs[key]

    def _find(self, experiment_id: str, key: tuple[str, str]) -> str | None:
        # Not by a filter: a version can hold any character, and the language of filters has no escape.
        token, found = None, []
        while True:
            page: Any = self._client.search_runs([experiment_id], max_results=1000, page_token=token)
            found += [run.info for run in page if run.data.tags.get(_RUN_KEY) == _tag(key)]
            token = page.token
            if not token:
                break
        return str(min(found, key=lambda info: (info.start_time, info.run_id)).run_id) if found else None

    def _experiment_id(self, monitor: str) -> str:
        from mlflow.exceptions import MlflowException

        name = self._experiment.replace("{monitor}", monitor)
        known = self._client.get_experiment_by_name(name)
        if known is None:
            try:
                return str(self._client.create_experiment(name))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
                known = self._client.get_experiment_by_name(name)
        if known is None or known.lifecycle_stage != "active":
            raise TrackingError(f"the MLflow experiment {name!r} is deleted: restore it, or set ML_MONITOR_MLFLOW_EXPERIMENT")
        return str(known.experiment_id)


def _tag(key: tuple[str, str]) -> str:
    return f"{key[0]}|{key[1]}"


def _milliseconds(moment: datetime) -> int:
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)
