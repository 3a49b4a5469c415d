"""Privacy: nothing that people see, and nothing that is kept, holds a raw category, a single row's number or the salt."""

import base64
import json
import logging
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from typer.testing import CliRunner

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import LoggingChannel
from ml_monitor.audit import explain
from ml_monitor.cli import app
from ml_monitor.retraining import register_version
from ml_monitor.retraining.snapshots import labelled_rows
from ml_monitor.retraining.spec import load_spec
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse
from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import PostgresProject, Project

SALT = "only-the-environment-knows-this"
PLANS = {"basic": "zebulon", "pro": "quixotic", "team": "wyvern"}
RARE, EXTREME = "lonely-jabberwock", 987654.321
PRIVATE = MONITOR | {
    "features": {"amount": "numeric", "plan": {"type": "categorical", "allowed": list(PLANS.values())}},
    "thresholds": {
        "psi": {"warn": 0.1, "alert": 0.25, "test": "value", "by_segment": True},
        "unseen_rate": {"alert": 0.001, "over": 1},
        "out_of_bounds_rate": {"alert": 0.001, "over": 1},
        "roc_auc": {"alert": 0.99, "over": 1, "segments": {"plan=zebulon": {"alert": 0.95}}},
    },
    "privacy": {"minimum_cell": 15},
    "retraining": {"trainer": "private_trainers:train", "holdout_days": 7},
}
# Tables with the configuration, which names what the user wrote.
DECLARED = ("monitors", "monitors_history", "dataset_snapshots", "dataset_snapshots_history")
TRAINERS = """
class Model:
    def predict_score(self, frame):
        return 1 / (1 + frame["amount"].to_numpy())


def train(frame, features, label):
    return Model()
"""


def private_logs() -> dict[str, pd.DataFrame]:
    """Drifting logs with one rare category and one extreme amount."""
    found = {}
    for name, log in logs().items():
        if "plan" in log:
            log["plan"] = log["plan"].map(PLANS)
            log.loc[log.index[7], ["plan", "amount"]] = [RARE, EXTREME]
        found[name] = log
    log = found["predictions"]
    late = log["predicted_at"] >= "2026-01-08"
    log.loc[late & (log["plan"] == "quixotic"), "plan"] = "wyvern"
    log.loc[log.index[-3], "plan"] = RARE + "-2"
    log.loc[late, "amount"] *= 20
    found["feedback"] = feedback(predictions())
    return found


class Private(Project):
    """The salt comes from the environment, through the profile."""

    def _output(self) -> dict[str, Any]:
        salt = "{{ env_var('DBT_ENV_SECRET_ML_MONITOR_SALT') }}"
        return {**super()._output(), "settings": {"VARIABLE ml_monitor_salt": salt}}


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_ENV_SECRET_ML_MONITOR_SALT", SALT)
        yield patch


@pytest.fixture(scope="module")
def built(environment: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Private(tmp_path_factory.mktemp("privacy") / "project", {"churn": PRIVATE}, now=NOW, logs=private_logs(), log_level="debug")
    result = made.dbt("build", "--exclude", "resource_type:test", "resource_type:unit_test")
    assert result.success, [one.message for one in result.result if one.status != "success"]
    DuckDBConnectionManager.close_all_connections()
    retrained(made)
    return made


def retrained(made: Project) -> None:
    """By the real command, with a slice of each plan; what it wrote is in the snapshots too."""
    register_version(Warehouse.from_dbt(made.directory), "churn", "m1", now=datetime.fromisoformat(NOW), reason="first")
    (made.directory / "private_trainers.py").write_text(TRAINERS)
    where = ["--project-dir", str(made.directory), "--profiles-dir", str(made.directory)]
    done = CliRunner().invoke(app, ["retrain", "churn", *where])
    assert done.exit_code == 0 and not leaks(done.output), done.output
    result = made.dbt("snapshot")
    assert result.success, [one.message for one in result.result if one.status != "success"]
    DuckDBConnectionManager.close_all_connections()


def everything(made: Project, schemas: str = "main_ml_monitor") -> dict[str, str]:
    """All rows of all relations of the package, as text, but for the configuration, which is what the user wrote."""
    names = made.rows(f"select table_name from information_schema.tables where table_schema = '{schemas}'")
    frames = {name: made.frame(f'select * from {schemas}."{name}"') for (name,) in names}
    declared = {"monitors": "spec", "dataset_snapshots": "config"}
    for name, column in ((f"ml_monitor__{table}{kind}", column) for table, column in declared.items() for kind in ("", "_history")):
        if name in frames:
            frames[name] = frames[name].drop(columns=column)
    return {name: frame.to_csv() for name, frame in frames.items()}


def leaks(text: str) -> list[str]:
    # With its point: the digits alone are those of many a share.
    words = [*PLANS.values(), "jabberwock", f"{EXTREME:.1f}", SALT]
    return [word for word in words if word in text]


def test_no_table_holds_a_raw_value(built: Project) -> None:
    tables = everything(built)
    assert len(tables) > 40 and len(built.rows("select * from main_ml_monitor.ml_monitor__alert_events")) > 3
    assert {name: leaks(text) for name, text in tables.items() if leaks(text)} == {}
    slices = built.rows("select segment_value from main_ml_monitor.ml_monitor__evaluations_history where segment = 'plan'")
    known = built.rows("select segment_value from main_ml_monitor.ml_monitor__metric_values where segment = 'plan'")
    assert slices and {value for value in slices if value != ("__other__",)} < set(known)


def unpacked(page: str) -> str:
    """A report's HTML, and after it all that travels in it deflated."""
    packed = re.findall(r"<script[^>]*>([A-Za-z0-9+/=]+)</script>", page)
    assert packed
    return page + "".join(zlib.decompress(base64.b64decode(one)).decode("utf-8", "replace") for one in packed)


def test_alerts_report_bundle_and_answers_hold_none(built: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    warehouse = Warehouse.from_dbt(built.directory)
    with caplog.at_level(logging.INFO):
        deliver(
            warehouse,
            [LoggingChannel(logging.getLogger("privacy"))],
            DeliveryPolicy(),
            datetime.fromisoformat(NOW),
            worker_id="test",
        )
    told = json.dumps([record.alert for record in caplog.records if hasattr(record, "alert")], default=str)
    assert "psi" in told and not leaks(told)
    where = ["--project-dir", str(built.directory), "--profiles-dir", str(built.directory)]
    report, bundle = tmp_path / "report.html", tmp_path / "bundle"
    for command in (
        ["report", "--output", str(report)],
        ["status"],
        ["as-of", "2026-02-01", "--json"],
        ["audit", "export", "--from", "2026-01-01", "--to", "2026-01-11", "--output", str(bundle)],
    ):
        done = CliRunner().invoke(app, [*command, *where])
        assert done.exit_code == 0, done.output
        if command[0] != "as-of":
            assert not leaks(done.output), command
    shown = unpacked(report.read_text())
    assert "amount" in shown and "roc_auc" in shown
    assert not leaks(re.sub(r"&quot;|&#34;", '"', shown))
    for path in bundle.rglob("*"):
        if path.suffix in (".jsonl", ".md", ".json") and path.name.split(".")[0] not in DECLARED:
            assert not leaks(path.read_text()), path


def test_the_salt_is_nowhere(built: Project) -> None:
    kept = [path for path in built.directory.rglob("*") if path.is_file() and "dbt_packages" not in path.parts]
    assert {path.suffix for path in kept} >= {".sql", ".json", ".log", ".duckdb"}
    assert [path for path in kept if SALT.encode() in path.read_bytes()] == []


def test_small_cells_are_not_published(built: Project) -> None:
    schema = "main_ml_monitor.ml_monitor__"
    metrics = built.frame(f"select * from {schema}metric_values where family <> 'intake'")
    assert metrics["sample_size"].dropna().min() >= 15 or metrics["sample_size"].dropna().eq(0).any()
    small = metrics[metrics["sample_size"].isna()]
    assert len(small) and small[["metric_value", "lower_bound", "upper_bound", "p_value", "detail"]].isna().all().all()
    bins = built.frame(f"select * from {schema}drift_contributions")
    assert not bins["window_n"].between(1, 14).any() and not bins["reference_n"].between(1, 14).any()
    assert (
        bins[bins["window_n"].isna()][["window_share", "psi_contribution"]].isna().all().all() and bins["window_n"].isna().any()
    )
    for view, n in (("confusion", "n"), ("calibration", "sample_size")):
        cells = built.frame(f"select {n} from {schema}rpt_{view}")[n]
        assert len(cells) and cells.min() >= 15, view
    effects = built.frame(f"select sample_size, baseline_size from {schema}rpt_decomposition")
    assert len(effects) and not effects.isin(range(1, 15)).any().any()


def test_hashed_categories_are_judged_like_plain_ones(built: Project, tmp_path: Path) -> None:
    plain = Project(
        tmp_path / "plain", {"churn": {k: v for k, v in PRIVATE.items() if k != "privacy"}}, now=NOW, logs=private_logs()
    )
    plain.run("-s", "+ml_monitor__verdicts")
    query = """select window_start, span, metric, round(metric_value, 9) as metric_value, status
        from main_ml_monitor.ml_monitor__verdicts
        where segment = '__all__' and metric in ('psi', 'out_of_bounds_rate', 'roc_auc') and feature in ('plan', '__all__')
        order by all"""
    wanted, found = plain.frame(query), built.frame(query)
    same = (wanted["metric_value"] - found["metric_value"]).abs() < 0.05
    assert len(found) == len(wanted) and same.mean() > 0.9
    rule = (
        "select distinct alert_threshold from main_ml_monitor.ml_monitor__verdicts where metric = 'roc_auc' and segment = 'plan'"
    )
    assert {one for (one,) in built.rows(rule)} == {one for (one,) in plain.rows(rule)} == {0.95, 0.99}


def test_a_hash_is_explained(built: Project) -> None:
    warehouse = Warehouse.from_dbt(built.directory)
    events = warehouse.query(f"select event_id from {warehouse.table('alert_events')} where segment = 'plan'")
    made = explain(warehouse, DbtProject.load(built.directory), events[0]["event_id"])
    assert made.row_count > 0 and not leaks(made.rows_query)
    assert all(row["n"] is None or row["n"] >= 15 for row in made.profile)


@pytest.mark.parametrize("salt", ["", "0123456789abcde"])
def test_without_a_salt_nothing_is_built(
    project: Callable[..., Project], environment: pytest.MonkeyPatch, tmp_path: Path, salt: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_ENV_SECRET_ML_MONITOR_SALT", salt)
        made = Private(tmp_path / "project", {"churn": PRIVATE}, now=NOW, logs=private_logs())
        assert "the salt of hash_categories is not set or shorter" in made.error("-s", "churn__reference")


def test_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGOPTIONS", f"-c ml_monitor.salt={SALT}")
        made = PostgresProject(tmp_path / "project", {"churn": PRIVATE}, now=NOW, logs=private_logs(), server=postgres_url)
        made.run()
        warehouse = Warehouse.from_dbt(made.directory)
        rows = labelled_rows(warehouse, load_spec(warehouse, "churn"), datetime.fromisoformat(NOW))
    tables = everything(made)
    assert {name: leaks(text) for name, text in tables.items() if leaks(text)} == {}
    hashes = made.rows("select distinct segment_value from main_ml_monitor.ml_monitor__metric_values where segment = 'plan'")
    trained_on = {(value,) for value in rows["__segment__plan"].value_counts().head(3).index}
    assert len(rows) > 500 and trained_on < set(hashes), "a retraining reads the same hashes"
    assert {re.sub("[0-9a-f]", "", value) for (value,) in hashes} <= {
        "h",
        "__other__".translate({ord(c): None for c in "abcdef0123456789"}),
        "__missing__",
    }


def test_the_same_hash_on_both(built: Project) -> None:
    import hashlib

    expected = "h" + hashlib.sha256(f"{SALT}|plan|zebulon".encode()).hexdigest()[:16]
    found = built.rows("select distinct segment_value from main_ml_monitor.ml_monitor__metric_values where segment = 'plan'")
    assert (expected,) in found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"privacy": True}, ["key 'privacy'", "minimum_cell, hash_categories"]),
        ({"privacy": {"hash": True}}, ["key 'privacy'", "minimum_cell, hash_categories"]),
        ({"privacy": {"minimum_cell": 1}}, ["key 'privacy.minimum_cell'", "from 2"]),
        ({"privacy": {"minimum_cell": 50}}, ["key 'privacy.minimum_cell'", "above min_rows 20"]),
        ({"privacy": {"hash_categories": "yes"}}, ["key 'privacy.hash_categories'"]),
        ({"privacy": {}, "metrics": {"top": {"sql": "max(amount)", "direction": "up"}}}, ["key 'metrics.top'", "max() shows"]),
    ],
)
def test_wrong_config(project: Callable[..., Project], change: dict[str, Any], words: list[str]) -> None:
    message = project({"churn": MONITOR | change}).error()
    assert all(word in message for word in words), message


def test_spec_is_json(built: Project) -> None:
    ((spec,),) = built.rows("select spec from main_ml_monitor.ml_monitor__monitors")
    assert json.loads(spec)["privacy"] == {"hash_categories": True, "minimum_cell": 15}
