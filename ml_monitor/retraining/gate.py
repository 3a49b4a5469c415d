"""The gate between a dataset and its training: Great Expectations says whether the rows are fit to learn
from."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ml_monitor.retraining.artifacts import run_directory, written_whole
from ml_monitor.retraining.clock import as_utc
from ml_monitor.retraining.errors import GateError, RetrainingError
from ml_monitor.retraining.gate_suite import Expectation, read_suite
from ml_monitor.retraining.ledger import load_run, recorded_step, short_hash, snapshot_of
from ml_monitor.retraining.snapshots import TRAIN, load_snapshot
from ml_monitor.retraining.spec import load_spec
from ml_monitor.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class GateResult:
    """A row of `gate_results`: what the gate said about a run's dataset."""

    gate_result_id: str
    training_run_id: str
    monitor: str
    dataset_snapshot_id: str
    suite_path: str
    suite_sha256: str
    passed: bool
    expectations: int
    failed_expectations: int
    reason: str
    result_location: str
    docs_location: str
    created_at: datetime


def check_gate(
    warehouse: Warehouse,
    training_run_id: str,
    *,
    now: datetime,
    project_dir: Path,
    artifacts_dir: Path | None = None,
) -> GateResult | None:
    """Validate the training rows of the run's snapshot. Called again: the recorded result.

    Returns:
        The result, or None if the monitor has no gate.

    Raises:
        GateError: The rows do not meet the expectations. The run has failed then; the result is kept.
        RetrainingError: No snapshot, no suite, an expectation that cannot be evaluated, or Great Expectations
            is not installed.
    """
    run = load_run(warehouse, training_run_id)
    spec = load_spec(warehouse, run.monitor)
    if spec.policy.gate is None:
        return None
    earlier = gate_result_of(warehouse, training_run_id)
    if earlier and earlier.passed:
        return earlier
    with recorded_step(warehouse, run, "gate", now=now):
        snapshot = snapshot_of(warehouse, training_run_id)
        if snapshot is None:
            raise RetrainingError(f"run {training_run_id} has no dataset: take_snapshot comes first")
        suite = project_dir / spec.policy.gate
        expectations = read_suite(suite)
        frame = load_snapshot(snapshot)
        rows = frame[frame["split"] == TRAIN].reset_index(drop=True)
        directory = run_directory(project_dir, artifacts_dir, run.monitor, run.candidate_version)
        outcome, docs = validate(rows, expectations, run.monitor, directory, shows_values=not spec.hashes_categories)
        failures = [_in_words(one) for one in outcome["results"] if not one["success"]]
        location = directory / "gate_result.json"
        with written_whole(location) as draft:
            draft.write_text(json.dumps(outcome, indent=2), encoding="utf-8")
        result = GateResult(
            gate_result_id=f"gt-{short_hash(training_run_id)}",
            training_run_id=training_run_id,
            monitor=run.monitor,
            dataset_snapshot_id=snapshot.dataset_snapshot_id,
            suite_path=spec.policy.gate,
            suite_sha256=hashlib.sha256(suite.read_bytes()).hexdigest(),
            passed=not failures,
            expectations=len(outcome["results"]),
            failed_expectations=len(failures),
            reason="; ".join(failures) or "every expectation is met",
            result_location=str(location),
            docs_location=str(docs),
            created_at=as_utc(now),
        )
        if earlier is None:
            warehouse.insert("gate_results", [asdict(result)])
        if failures:
            raise GateError(
                f"gate of monitor '{run.monitor}': {len(failures)} of {result.expectations} expectations are "
                f"not met by {len(rows)} training rows: {result.reason}"
            )
        return result


def gate_result_of(warehouse: Warehouse, training_run_id: str) -> GateResult | None:
    """The recorded result of a run's gate, if it was checked."""
    names = ", ".join(GateResult.__dataclass_fields__)
    rows = warehouse.query(
        f"select {names} from {warehouse.table('gate_results')} where training_run_id = :id",
        {"id": training_run_id},
    )
    return GateResult(**rows[0]) if rows else None


def validate(
    frame: pd.DataFrame, expectations: Sequence[Expectation], name: str, directory: Path, *, shows_values: bool = True
) -> tuple[dict[str, Any], Path]:
    """What Great Expectations says of a frame, as plain values, and the first page of its Data Docs, which
    are written below `directory`. Unless it `shows_values`, it is whether each expectation is met, and nothing that was found.

    Raises:
        RetrainingError: It is not installed, or does not know an expectation or its arguments.
    """
    # Before the import: it would report usage over the network.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    try:
        # Here, as it costs seconds that only a gate should cost.
        import great_expectations as gx
        from great_expectations.checkpoint.actions import UpdateDataDocsAction
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    except ImportError as error:
        raise RetrainingError(
            "retraining.gate needs Great Expectations: pip install 'dbt-ml-monitor[gx]'"
        ) from error
    # The import sends every warning of the process to the log.
    logging.captureWarnings(False)
    home = directory / "gx"
    shutil.rmtree(home, ignore_errors=True)
    context = gx.get_context(mode="file", project_root_dir=directory)
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("training").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all")
    try:
        # One by one: a suite leaves out, silently, what it does not know.
        known = [ExpectationConfiguration(**one).to_domain_obj() for one in expectations]
        suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=known))
    except Exception as error:
        raise RetrainingError(f"gate of monitor '{name}': an expectation is not understood: {error}") from error
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=[definition],
            actions=[UpdateDataDocsAction(name="docs")],
            result_format="BASIC" if shows_values else "BOOLEAN_ONLY",
        )
    )
    # It does not know the text type of pandas, only text in columns of objects.
    texts = frame.select_dtypes(include="str").columns
    checked = checkpoint.run(batch_parameters={"dataframe": frame.astype(dict.fromkeys(texts, object))})
    [validation] = checked.run_results.values()
    if len(validation.results) != len(expectations):
        raise RetrainingError(
            f"gate of monitor '{name}': {len(validation.results)} of {len(expectations)} expectations were "
            f"evaluated. Is one there twice?"
        )
    outcome = validation.to_json_dict()
    for result in outcome["results"] if not shows_values else ():
        # The message of what went wrong often quotes the value.
        raised = bool(_exceptions(result.get("exception_info") or {}))
        result["exception_info"] = {"raised_exception": raised, "exception_message": None}
    return outcome, home / "uncommitted" / "data_docs" / "local_site" / "index.html"


def _in_words(result: Mapping[str, Any]) -> str:
    config = result["expectation_config"]
    column = config["kwargs"].get("column")
    raised = _exceptions(result.get("exception_info") or {})
    observed = result.get("result", {})
    if raised:
        found = ": ".join(filter(None, ("cannot be evaluated", raised[0]["exception_message"])))
    elif not observed:
        found = "not met"
    elif observed.get("unexpected_percent") is not None:
        found = f"{observed['unexpected_percent']:.3g} % of rows do not meet it"
    else:
        found = f"observed {observed.get('observed_value')}"
    return f"{config['type']}{f' of {column}' if column else ''}: {found}"


def _exceptions(info: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Great Expectations reports one exception flat and several by the metric that raised."""
    entries = [info] if "raised_exception" in info else [one for one in info.values() if isinstance(one, dict)]
    return [one for one in entries if one.get("raised_exception")]
