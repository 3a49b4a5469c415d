"""Databricks Lakehouse Monitoring: the JSON of a monitor, as `quality_monitors.get(table).as_dict()` or the REST API give it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ml_monitor.migration.draft import Draft, MigrationError

_TASKS = {"PROBLEM_TYPE_CLASSIFICATION": "binary", "PROBLEM_TYPE_REGRESSION": "regression"}
_WINDOWS = {"1 hour": "hour", "1 day": "day", "1 week": "week", "1 month": "month"}
_ROLES = {
    "timestamp_col": "predicted_at",
    "prediction_col": "prediction",
    "prediction_proba_col": "score",
    "label_col": "label",
    "model_id_col": "model_version",
}
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INPUT = re.compile(r"\{\{\s*input_column\s*\}\}")


def read(document: Any, draft: Draft) -> None:
    """Add what the file says.

    Raises:
        MigrationError: It is not such a file, or a monitor without predictions.
    """
    if not isinstance(document, Mapping) or not {"inference_log", "time_series", "snapshot"} & document.keys():
        raise MigrationError("this is no monitor of Databricks: none of `inference_log`, `time_series`, `snapshot`")
    inference = document.get("inference_log")
    if not isinstance(inference, Mapping):
        raise MigrationError(
            "this monitor watches a table without predictions (no `inference_log`): there is no model to monitor"
        )
    _inference(inference, draft)
    for slice_ in document.get("slicing_exprs") or []:
        if _COLUMN.fullmatch(str(slice_)):
            draft.segments.append(str(slice_))
        else:
            draft.leave(f"slice {slice_!r}", "a segment is a column: make the expression a column of the model that is the log")
    for metric in document.get("custom_metrics") or []:
        _metric(metric, draft)
    for key, why in (
        ("table_name", "the log is a model or source of your dbt project: give it with --predictions"),
        ("baseline_table_name", "give the model with its rows with --reference"),
        ("schedule", "`dbt build` runs when your scheduler runs it"),
        ("notifications", "`ml-monitor deliver` tells channels of alerts"),
        ("data_classification_config", "columns are not classified"),
    ):
        if document.get(key):
            draft.leave(f"{key} {document[key] if isinstance(document[key], str) else ''}".strip(), why)


def _inference(inference: Mapping[str, Any], draft: Draft) -> None:
    for theirs, ours in _ROLES.items():
        if inference.get(theirs):
            draft.roles[ours] = inference[theirs]
    problem = str(inference.get("problem_type"))
    if problem not in _TASKS:
        raise MigrationError(f"problem_type {problem!r} is not one of {', '.join(_TASKS)}")
    draft.roles["task"] = _TASKS[problem]
    if _TASKS[problem] == "binary":
        draft.leave(
            "problem_type",
            "classification is taken as binary: set `task: multiclass` if there are more classes, and `positive` for words",
        )
    granularities = [str(one) for one in inference.get("granularities") or []]
    known = [one for one in granularities if one in _WINDOWS]
    if known:
        finest = min(known, key=list(_WINDOWS).index)
        draft.roles["window"] = _WINDOWS[finest]
        for one in known:
            if one != finest:
                draft.leave(f"granularity {one}", "longer stretches are `rolling` spans of the window")
    for one in granularities:
        if one not in _WINDOWS:
            draft.leave(f"granularity {one}", f"a window is one of {', '.join(_WINDOWS.values())}, or a chunk of rows")


def _metric(metric: Any, draft: Draft) -> None:
    name, kind = str(metric.get("name")), str(metric.get("type"))
    columns = [str(column) for column in metric.get("input_columns") or []]
    definition = str(metric.get("definition", ""))
    if kind != "CUSTOM_METRIC_TYPE_AGGREGATE":
        draft.leave(f"custom metric {name}", f"{kind}: only aggregates are carried over")
    elif columns != [":table"] and len(columns) != 1:
        draft.leave(f"custom metric {name}", "one metric of several columns: write one metric for each")
    elif not _COLUMN.fullmatch(name):
        draft.leave(f"custom metric {name}", "its name is not a plain identifier")
    else:
        sql = _INPUT.sub(columns[0], definition) if columns != [":table"] else definition
        if "{{" in sql or "{%" in sql:
            draft.leave(f"custom metric {name}", "its definition has Jinja in it")
            return
        draft.metrics[name.lower()] = {"sql": sql, "direction": "both"}
        draft.leave(f"direction of custom metric {name}", "Databricks does not say which side is bad: `both` was written")
