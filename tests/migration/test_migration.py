"""Files that the other tools wrote (see make_files.py) become monitors that dbt accepts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from databricks.sdk.service.catalog import (
    MonitorCronSchedule,
    MonitorInferenceLog,
    MonitorInferenceLogProblemType,
    MonitorInfo,
    MonitorInfoStatus,
    MonitorMetric,
    MonitorMetricType,
)

from ml_monitor.migration import Answers, MigrationError, convert
from tests.project import Project

FILES = Path(__file__).parent / "files"


def databricks_monitor() -> dict:
    """A monitor as Databricks' own SDK writes it."""
    return MonitorInfo(
        table_name="main.ml.churn_predictions",
        status=MonitorInfoStatus.MONITOR_STATUS_ACTIVE,
        monitor_version=1,
        profile_metrics_table_name="p",
        drift_metrics_table_name="d",
        baseline_table_name="main.ml.churn_baseline",
        slicing_exprs=["plan", "tenure > 12"],
        inference_log=MonitorInferenceLog(
            timestamp_col="scored_at",
            granularities=["1 day", "1 week"],
            model_id_col="model_id",
            problem_type=MonitorInferenceLogProblemType.PROBLEM_TYPE_CLASSIFICATION,
            prediction_col="y_hat",
            label_col="churned",
            prediction_proba_col="p_churn",
        ),
        custom_metrics=[
            MonitorMetric(
                name="mean_tenure",
                definition="avg({{input_column}})",
                input_columns=["tenure"],
                output_data_type="double",
                type=MonitorMetricType.CUSTOM_METRIC_TYPE_AGGREGATE,
            ),
            MonitorMetric(
                name="tenure_drift",
                definition="{{current_df}}.mean_tenure - {{base_df}}.mean_tenure",
                input_columns=[":table"],
                output_data_type="double",
                type=MonitorMetricType.CUSTOM_METRIC_TYPE_DRIFT,
            ),
        ],
        schedule=MonitorCronSchedule(quartz_cron_expression="0 0 6 * * ?", timezone_id="UTC"),
    ).as_dict()


def imported(tool: str, tmp_path: Path):
    """Each tool's file, as a user would give it."""
    if tool == "databricks":
        path = tmp_path / "databricks.json"
        path.write_text(json.dumps(databricks_monitor()))
        return convert(tool, [path], tool, Answers(types={"tenure": "numeric", "plan": "categorical"}))
    files = {
        "evidently": ["evidently.json"],
        "nannyml": ["nannyml.yaml"],
        "whylogs": ["whylogs_profile.json", "whylogs_constraints.json"],
    }
    return convert(tool, [FILES / name for name in files[tool]], tool, Answers())


def test_evidently_says_features_bounds_and_limits(tmp_path) -> None:
    made = imported("evidently", tmp_path)
    assert made.block["features"] == {
        "tenure": "numeric",
        "age": {"type": "numeric", "min": 18, "max": 100},
        "plan": {"type": "categorical", "allowed": ["basic", "plus"]},
    }
    limits = made.block["thresholds"]
    assert limits["psi"] == {"alert": 0.2}
    assert limits["js_distance"]["alert"] == pytest.approx(0.1 / 0.832555, rel=1e-5)
    assert limits["js_distance"]["features"] == {"tenure": None, "age": None}
    assert limits["roc_auc"] == {"alert": 0.45}
    assert limits["f1"] == {"warn": 0.3}
    assert limits["row_count"] == {"alert": 500}
    assert limits["missing_rate"] == {"alert": 0.1, "features": {"tenure": None, "age": None}}
    left = dict(made.left)
    assert "p-value" in left["ks of age"]
    assert "EqualMetricTest of MissingValueCount" in left


def test_nannyml_says_roles_windows_and_limits(tmp_path) -> None:
    made = imported("nannyml", tmp_path)
    roles = {key: made.block[key] for key in ("predicted_at", "prediction", "label", "score", "prediction_id", "window", "task")}
    assert roles == {
        "predicted_at": "scored_at",
        "prediction": "y_hat",
        "label": "churned",
        "score": "score",
        "prediction_id": "customer_id",
        "window": "week",
        "task": "binary",
    }
    assert made.block["features"] == {"tenure": "numeric", "age": "numeric", "plan": "categorical"}
    assert made.block["thresholds"] == {
        "ks": {"alert": 0.15},
        "js_distance": {"alert": 0.2},
        "roc_auc": {"alert": 0.7},
        "f1": {"rule": "sigma", "alert": 2},
        "missing_rate": {"alert": 0.1},
    }
    left = dict(made.left)
    assert "estimated performance" in left["cbpe"]
    assert "method chi2" in left


def test_whylogs_says_types_and_bounds(tmp_path) -> None:
    made = imported("whylogs", tmp_path)
    assert made.block["features"] == {
        "age": {"type": "numeric", "min": 0, "max": 120},
        "plan": {"type": "categorical", "allowed": ["basic", "plus"]},
        "tenure": {"type": "numeric", "max": 600.5},
    }
    assert made.block["thresholds"]["missing_rate"] == {"alert": 0.0, "features": {"age": None, "tenure": {"alert": 0.1}}}
    assert any("mean between" in what for what, _ in made.left)


def test_databricks_says_roles_segments_and_metrics(tmp_path) -> None:
    made = imported("databricks", tmp_path)
    assert made.block["segments"] == ["plan"]
    assert made.block["window"] == "day"
    assert made.block["score"] == "p_churn"
    assert made.block["model_version"] == "model_id"
    assert made.block["metrics"] == {"mean_tenure": {"sql": "avg(tenure)", "direction": "both"}}
    left = dict(made.left)
    assert "slice 'tenure > 12'" in left
    assert "custom metric tenure_drift" in left
    assert "granularity 1 week" in left


def test_dbt_accepts_all_of_them(tmp_path) -> None:
    """The real check: what every key, metric and value may be is decided when dbt parses."""
    monitors = {tool: imported(tool, tmp_path).block for tool in ("evidently", "nannyml", "whylogs", "databricks")}
    for block in monitors.values():
        block |= {"predictions": "raw.log", "feedback": "raw.log", "reference": {"from": "2026-01-01", "to": "2026-02-01"}}
    project = Project(tmp_path / "project", monitors)
    (project.directory / "models" / "sources.yml").write_text(
        yaml.safe_dump({"version": 2, "sources": [{"name": "raw", "schema": "raw", "tables": [{"name": "log"}]}]})
    )
    result = project.dbt("parse")
    assert result.success, result.exception


@pytest.mark.parametrize(
    ("tool", "content", "says"),
    [
        ("evidently", "[]", "no list `metrics`"),
        ("evidently", '{"metrics": [{"metric": "DatasetDriftMetric", "result": {}}]}', "before 0.7"),
        (
            "evidently",
            '{"metrics": [{"config": {"type": "evidently:metric_v2:MissingValueCount", "column": "plan"}}]}',
            "--type plan=",
        ),
        ("nannyml", "calculators: []", "no list `calculators`"),
        ("nannyml", "calculators: [{type: performance, params: {problem_type: ranking}}]", "problem_type 'ranking'"),
        ("whylogs", "{}", "neither a profile nor constraints"),
        ("databricks", '{"table_name": "a"}', "none of `inference_log`"),
        ("databricks", '{"time_series": {"timestamp_col": "t"}}', "no model to monitor"),
        ("databricks", json.dumps({"inference_log": {"problem_type": "PROBLEM_TYPE_REGRESSION"}}), "names no features"),
        ("nannyml", "a: [", "neither JSON nor YAML"),
    ],
)
def test_wrong_files_are_one_clear_error(tmp_path, tool, content, says) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(MigrationError, match=says.replace("[", r"\[")):
        convert(tool, [path], "churn", Answers())


def test_names_that_are_no_plain_columns_do_not_become_config(tmp_path) -> None:
    path = tmp_path / "profile.json"
    hostile = 'x"; drop table log; --'
    path.write_text(json.dumps({hostile: {"types/integral": 3}, "age": {"types/integral": 3}}))
    made = convert("whylogs", [path], "churn", Answers())
    assert made.block["features"] == {"age": "numeric"}
    assert any("needs quotes" in why for _, why in made.left)


def test_the_command_prints_the_block_and_says_what_is_left_out() -> None:
    command = [str(Path(sys.executable).parent / "ml-monitor")]
    arguments = [
        "import",
        "nannyml",
        str(FILES / "nannyml.yaml"),
        "--name",
        "churn",
        "--predictions",
        "churn_log",
        "--reference",
        "churn_training",
    ]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    block = yaml.safe_load(done.stdout)["vars"]["ml_monitor__monitors"]["churn"]
    assert block["predictions"] == "churn_log"
    assert block["reference"] == {"relation": "churn_training"}
    assert "not carried over: cbpe" in done.stderr
    assert subprocess.run([*command, *arguments, "--strict"], capture_output=True).returncode == 1
