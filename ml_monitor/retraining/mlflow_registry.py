"""MLflow as the registry: a run, a version with tags, aliases. The server is that of `MLFLOW_TRACKING_URI`."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ml_monitor.retraining.errors import RegistryError, RegistryUnreachable
from ml_monitor.retraining.registry import Publication

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUN_TAG = "ml_monitor.training_run"

# Its own defaults wait for minutes before they say that a server is down, and print links where a command prints JSON.
_CLIENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


class MlflowRegistry:
    """See `Registry`.

    Args:
        uri: Of the tracking server; `MLFLOW_TRACKING_URI` if not given.

    Raises:
        RegistryError: mlflow is not installed, or no server is named.
    """

    def __init__(self, uri: str | None = None) -> None:
        for name, value in _CLIENT.items():
            os.environ.setdefault(name, value)
        try:
            import mlflow
        except ImportError as error:
            raise RegistryError("retraining.registry: mlflow needs MLflow: pip install 'dbt-ml-monitor[mlflow]'") from error
        place = uri or os.environ.get("MLFLOW_TRACKING_URI")
        if not place:
            raise RegistryError("retraining.registry: mlflow needs the address of its server in MLFLOW_TRACKING_URI")
        self._mlflow = mlflow
        self._uri = place
        self._client: MlflowClient = mlflow.MlflowClient(tracking_uri=place)

    def log(self, name: str, publication: Publication) -> str:
        """See `Registry`."""
        with self._errors():
            experiment = self._client.get_experiment_by_name(name)
            experiment_id = experiment.experiment_id if experiment else self._client.create_experiment(name)
            known = self._client.search_runs(
                [experiment_id], filter_string=f"tags.`{RUN_TAG}` = '{_quoted(publication.training_run_id)}'", max_results=1
            )
            run = known[0] if known else self._client.create_run(
                experiment_id, run_name=publication.model_version, tags=dict(publication.tags)
            )
            run_id: str = run.info.run_id
            if run.info.status == "FINISHED":
                return run_id
            from mlflow.entities import Metric, Param

            moment = run.info.start_time
            self._client.log_batch(
                run_id,
                metrics=[Metric(key, value, moment, 0) for key, value in publication.metrics.items()],
                params=[Param(key, str(value)[:500]) for key, value in publication.parameters.items()],
            )
            for report in publication.reports:
                self._client.log_artifact(run_id, str(report))
            self._client.set_terminated(run_id, "FINISHED")
            return run_id

    def publish(self, name: str, publication: Publication, run_id: str) -> str:
        """See `Registry`."""
        with self._errors():
            self._ensure_model(name)
            known = self._version_of(name, publication.training_run_id)
            if known:
                return known
            source, model_id = self._log_model(publication, run_id)
            # Without the id a server refuses the source, which a client's own store takes.
            made = self._client.create_model_version(
                name, source, run_id=run_id, tags=dict(publication.tags), model_id=model_id
            )
            return str(made.version)

    def point(self, name: str, aliases: Mapping[str, str | None]) -> None:
        """See `Registry`."""
        with self._errors():
            self._ensure_model(name)
            now = {alias: str(version) for alias, version in self._client.get_registered_model(name).aliases.items()}
            for alias, version in aliases.items():
                if version is None and alias in now:
                    self._client.delete_registered_model_alias(name, alias)
                elif version is not None and now.get(alias) != version:
                    self._client.set_registered_model_alias(name, alias, version)

    def _log_model(self, publication: Publication, run_id: str) -> tuple[str, str | None]:
        """Store the model so that it loads without this package. Returns where it is, and its id there."""
        before = self._mlflow.get_tracking_uri()
        self._mlflow.set_tracking_uri(self._uri)
        try:
            with self._mlflow.start_run(run_id=run_id):
                info = self._mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(Path(__file__).with_name("mlflow_model.py")),
                    artifacts={"model": str(publication.artifact)},
                    model_config={"method": publication.method},
                    code_paths=[str(path.parent if path.name == "__init__.py" else path) for path in publication.code] or None,
                    pip_requirements=list(publication.requirements),
                )
        finally:
            self._mlflow.set_tracking_uri(before)
        return str(info.model_uri), info.model_id

    def _ensure_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            try:
                self._client.create_registered_model(name)
            except MlflowException as second:
                if second.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise

    def _version_of(self, name: str, training_run_id: str) -> str | None:
        found = self._client.search_model_versions(
            f"name = '{_quoted(name)}' and tags.`{RUN_TAG}` = '{_quoted(training_run_id)}'", max_results=1
        )
        return str(found[0].version) if found else None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from mlflow.exceptions import MlflowException

        try:
            yield
        except MlflowException as error:
            words = " ".join(str(error).split())[:400]
            down = isinstance(error.__cause__ or error.__context__, OSError) or "API request to" in words
            if down or error.error_code in ("TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR"):
                raise RegistryUnreachable(f"MLflow at {self._uri} does not answer: {words}") from error
            raise RegistryError(f"MLflow at {self._uri} refuses: {words}") from error
        except OSError as error:
            # What it is asked with when files are moved.
            raise RegistryUnreachable(f"MLflow at {self._uri} does not answer: {error}") from error


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


