"""What `ml-monitor add` writes about the models of a monitor is what they are."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from ml_monitor.scaffold.descriptions import properties
from ml_monitor.scaffold.monitor import KINDS, OPTIONAL_KINDS
from tests.integration.logs import MONITOR, NOW, logs, predictions
from tests.project import REPOSITORY, Project

FULL = MONITOR | {
    "features": {"amount": "numeric", "plan": "categorical", "latency": "numeric"},
    "multivariate": True,
    "metrics": {"volume": {"sql": "sum(amount) / count(*)", "direction": "down"}},
    "service": {"latency_ms": "latency"},
    "comparison": {"on": "case_id"},
    "selective": {"action": "granted", "propensity": "propensity"},
    "error_profile": True,
    "label_drift": True,
    "segments": [{"column": "plan", "top": 3}],
    "protected": ["plan"],
}
SPOKEN = {key: value for key, value in MONITOR.items() if key != "feedback"} | {
    "prediction_id": "case_id",
    "labels": {"sources": {"users": {"votes": "reviewers"}}},
    "behaviour": True,
    "review": {"budget": 10},
}
CHUNKED = MONITOR | {"window": "chunk", "chunk_rows": 100, "segments": []}
MONITORS = {"full": FULL, "spoken": SPOKEN, "chunked": CHUNKED}
# The models that unite those of all monitors.
UNITED = {
    "reference": "reference_bins",
    "feature_moments": "feature_moments",
    "labels": "labels",
    "review_queue": "review_queue",
    "label_reference": "reference_bins",
    "label_profile": "feature_profiles",
}
ALONE = ("chunks", "error_profile", "selective_profile")
# The tables of a monitor hold rows that the united ones leave out.
WIDER = {"feature", "bin", "bin_kind", "value_min", "value_max", "n_valid", "loaded_until"}


def described(name: str, kind: str) -> dict[str, str]:
    (model,) = yaml.safe_load(properties(name, kind, MONITORS[name]))["models"]
    assert model["name"] == f"{name}__{kind}" and model["description"]
    return {column["name"]: column["description"] for column in model["columns"]}


def wide(log: pd.DataFrame) -> pd.DataFrame:
    return log.assign(granted=1, propensity=0.5, case_id=log["prediction_id"], latency=0.1, label=1)


def test_every_column_of_every_kind_is_described(tmp_path: Path) -> None:
    log = wide(predictions())
    reference = wide(predictions(days=20, start="2025-12-01", seed=9))
    project = Project(tmp_path / "project", MONITORS, now=NOW, logs=logs(predictions=log.drop(columns="label"), reference=reference))
    project.run("-s", *(f"+{name}__*" for name in MONITORS))
    built: dict[str, list[str]] = {}
    for table, column in project.rows("select table_name, column_name from information_schema.columns order by table_name, ordinal_position"):
        if table.split("__")[0] in MONITORS:
            built.setdefault(table, []).append(column)
    assert {table.split("__")[1] for table in built} == {*KINDS, *OPTIONAL_KINDS}
    for table, columns in built.items():
        name, kind = table.split("__")
        assert list(described(name, kind)) == columns, table


@pytest.mark.parametrize("kind", [kind for kind in (*KINDS, *OPTIONAL_KINDS) if kind not in ALONE])
def test_a_column_says_the_same_in_the_model_of_all_monitors(kind: str) -> None:
    (path,) = (REPOSITORY / "models").glob(f"*/ml_monitor__{UNITED.get(kind, kind + 's')}.yml")
    (model,) = yaml.safe_load(path.read_text())["models"]
    said = {column["name"]: " ".join(column["description"].split()) for column in model["columns"]}
    own = described("full", kind)
    assert {column: words for column, words in own.items() if column in said and words != said[column] and column not in WIDER} == {}


def test_the_demo_describes_every_column() -> None:
    models = REPOSITORY / "dbt_project" / "models"
    said = {model["name"]: model for path in models.glob("*/*.yml") for model in yaml.safe_load(path.read_text()).get("models", ())}
    assert set(said) == {path.stem for path in models.glob("*/*.sql")}
    for name, model in said.items():
        columns = {column["name"]: column["description"] for column in model["columns"]}
        monitor, _, kind = name.partition("__")
        assert all(columns.values()) and columns
        if kind:
            (written,) = yaml.safe_load(properties(monitor, kind, {}))["models"]
            assert {**model, "data_tests": []} == {**written, "data_tests": []}, f"{name} is not what ml-monitor add writes"
