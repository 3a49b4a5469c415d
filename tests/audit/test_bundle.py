"""The evidence bundle of a real project: whole, deterministic, checked without the product."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from ml_monitor.audit import AuditError, export, seal
from ml_monitor.audit.periods import training_reports
from ml_monitor.audit.verify import canonical, head_of, verify
from ml_monitor.cli import app
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse
from tests.audit.conftest import END, MONITOR, START, build, copied, drifting_logs
from tests.integration.logs import NOW
from tests.project import REPOSITORY, PostgresProject, Project


def invoke(*arguments: str):
    return CliRunner().invoke(app, ["audit", *arguments])


def where(made: Project) -> list[str]:
    return ["--project-dir", str(made.directory), "--profiles-dir", str(made.directory)]


def files(bundle: Path) -> dict[str, bytes]:
    return {path.relative_to(bundle).as_posix(): path.read_bytes() for path in bundle.rglob("*") if path.is_file()}


def test_same_tables_give_the_same_bytes(built: Project, exported: Path, tmp_path: Path) -> None:
    export(Warehouse.from_dbt(built.directory), DbtProject.load(built.directory), tmp_path / "again", START, END)
    assert files(tmp_path / "again") == files(exported)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again"]


def test_parquet_and_json_hold_the_rows_of_the_warehouse(built: Project, exported: Path) -> None:
    for name in ("verdicts", "alert_events", "thresholds_history"):
        lines = (exported / "data" / f"{name}.jsonl").read_text().splitlines()
        frame = pq.read_table(exported / "data" / f"{name}.parquet")
        count = built.rows(f"select count(*) from {Warehouse.from_dbt(built.directory).table(name)}")[0][0]
        assert len(lines) == frame.num_rows == count > 0
        assert set(json.loads(lines[0])) == set(frame.column_names)
    assert pq.read_table(exported / "data" / "alert_actions.parquet").column_names


def test_each_column_of_a_snapshot_is_described(built: Project) -> None:
    files = (yaml.safe_load(path.read_text())["snapshots"][0] for path in (REPOSITORY / "snapshots").glob("*.yml"))
    described = {(one["name"], column["name"]) for one in files for column in one["columns"]}
    columns = built.rows("select table_name, column_name from information_schema.columns where table_schema = 'main_ml_monitor'")
    snapshots = {table for table, column in columns if column == "dbt_scd_id"}
    made = {(table, column) for table, column in columns if table in snapshots}
    assert ("ml_monitor__verdicts_history", "code_version") in made
    assert made <= described


def test_the_card_shows_data_as_text(exported: Path) -> None:
    card = (exported / "model_cards" / "churn" / "m1.md").read_text()
    assert "churn-team" in card and "<b>" not in card


def test_periodic_reports_tell_the_months(built: Project, exported: Path) -> None:
    report = (exported / "monitoring_reports" / "churn" / "2026-01.md").read_text()
    alerts = built.rows("select count(*) from main_ml_monitor.ml_monitor__verdicts where status = 'alert' and family = 'drift'")[
        0
    ][0]
    assert f"| drift | alert | {alerts} |" in report and "Windows that began in this time: 10" in report
    assert [path.name for path in (exported / "monitoring_reports" / "churn").iterdir()] == ["2026-01.md"]


def test_each_training_run_has_a_report() -> None:
    run = {"training_run_id": "t/1", "monitor": "churn", "status": "promoted", "started_at": START, "finished_at": END}
    value = {"training_run_id": "t/1", "metric": "roc_auc", "champion_value": 0.7, "challenger_value": 0.75}
    tables = {"training_runs": [run], "evaluations": [value, value | {"training_run_id": "other", "metric": "brier"}]}
    made = training_reports(tables | {"dataset_snapshots": [], "gate_results": [], "deployments": []})
    assert list(made) == ["training_reports/churn/t%2F1.md"]
    (report,) = made.values()
    assert "0.75" in report and "promoted" in report and "brier" not in report


def test_environment_names_code_and_packages(exported: Path) -> None:
    known = json.loads((exported / "environment.json").read_text())
    assert known["packages"]["duckdb"] and known["dbt"]["version"]
    assert known["models"]["model.ml_monitor.ml_monitor__verdicts"]["source"]


def test_the_verifier_inside_needs_only_python(exported: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(exported, copy)
    command = [sys.executable, "-I", "-S", str(copy / "verify.py"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "intact")
    (copy / "data" / "verdicts.parquet").unlink()
    (copy / "data" / "note.txt").write_text("late idea")
    done = subprocess.run(command, capture_output=True, text=True)
    found = {(one["kind"], one["file"]) for one in json.loads(done.stdout)["findings"]}
    assert (done.returncode, found) == (1, {("missing", "data/verdicts.parquet"), ("extra", "data/note.txt")})


def test_a_seal_continues_the_one_before(exported: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    first = seal(exported, witness)
    assert seal(exported, witness) == first
    assert verify(exported, str(first.path)) == []
    other = tmp_path / "other"
    shutil.copytree(exported, other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["absent"] = ["something"]
    manifest["head"] = head_of(manifest)
    (other / "manifest.json").write_bytes(canonical(manifest))
    second = seal(other, witness)
    assert second.number == 2 and [one.file for one in verify(exported, str(second.path))] == ["manifest.json"]
    first.path.unlink()
    with pytest.raises(AuditError, match="one before it was dropped"):
        seal(exported, witness)


def test_commands(built: Project, tmp_path: Path) -> None:
    output = tmp_path / "q1"
    done = invoke("export", "--from", "2026-01-01", "--to", "2026-01-11", "--output", str(output), *where(built))
    assert done.exit_code == 0, done.output
    head = done.stdout.strip().splitlines()[-1]
    assert invoke("verify", str(output), "--witness", head).exit_code == 0
    assert invoke("verify", str(output), "--witness", "0" * 64).exit_code == 1
    assert invoke("seal", str(output), "--witness", str(tmp_path / "w")).exit_code == 0


@pytest.mark.parametrize(
    ("start", "end", "code", "words"),
    [
        ("2026-03-01", "2026-04-01", 3, "verdicts go from 2026-01-01"),
        ("2026-01-05", "2026-01-05", 1, "is not before"),
        ("yesterday", "2026-01-05", 1, "is no time"),
    ],
)
def test_wrong_ranges_write_nothing(built: Project, tmp_path: Path, start: str, end: str, code: int, words: str) -> None:
    done = invoke("export", "--from", start, "--to", end, "--output", str(tmp_path / "out"), *where(built))
    assert done.exit_code == code and words in done.output
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_over(built: Project, exported: Path) -> None:
    before = files(exported)
    done = invoke("export", "--from", "2026-01-01", "--to", "2026-01-11", "--output", str(exported), *where(built))
    assert done.exit_code == 1 and "exists" in done.output and files(exported) == before


def test_no_bundle_and_no_witness(exported: Path, tmp_path: Path) -> None:
    assert "does not exist" in invoke("verify", str(tmp_path)).output
    assert "does not exist" in invoke("verify", str(exported), "--witness", "abc").output
    (tmp_path / "manifest.json").write_text('{"files": {"../secret": {"sha256": ""}}, "tables": {}}')
    assert "is no manifest" in invoke("verify", str(tmp_path)).output


def test_what_never_ended_is_evidence_too(built: Project, tmp_path: Path) -> None:
    copy = copied(built, tmp_path / "copy")
    warehouse = Warehouse.from_dbt(copy)
    run = {"monitor": "churn", "trigger_kind": "manual", "champion_version": "m1", "candidate_version": "r1"}
    started = {"status": "running", "step": "snapshot", "started_at": "2026-01-05 12:00:00"}
    warehouse.insert(
        "training_runs", [run | started | {"training_run_id": "dead"}, run | started | {"training_run_id": "new", "step": None}]
    )
    event = warehouse.query(f"select event_id from {warehouse.table('alert_events')} limit 1")[0]["event_id"]
    sending = {"delivery_id": "d1", "event_id": event, "channel": "slack", "created_at": "2026-01-06 00:00:00"}
    warehouse.insert("alert_deliveries", [sending | {"status": "sending", "attempts": 1, "updated_at": "2026-01-06 00:00:00"}])
    intent = {"attempt_id": "a1", "delivery_id": "d1", "event_id": event, "channel": "slack", "attempt": 1, "phase": "intent"}
    warehouse.insert("alert_delivery_attempts", [intent | {"occurred_at": "2026-01-06 00:00:00"}])
    place = ["--project-dir", str(copy), "--profiles-dir", str(copy)]
    done = invoke("export", "--from", "2026-01-01", "--to", "2026-01-11", "--output", str(tmp_path / "out"), *place)
    assert done.exit_code == 0 and verify(tmp_path / "out") == [], done.output
    reports = {path.stem: path.read_text() for path in (tmp_path / "out" / "training_reports" / "churn").iterdir()}
    assert "had not ended when this was exported; last step reached: snapshot, UTC." in reports["dead"]
    assert "last step reached: none" in reports["new"]
    assert not any("None" in text for text in reports.values())
    (kept,) = (tmp_path / "out" / "data" / "alert_delivery_attempts.jsonl").read_text().splitlines()
    assert json.loads(kept)["phase"] == "intent" and json.loads(kept)["outcome"] is None
    shown = CliRunner().invoke(app, ["status", *place])
    assert shown.exit_code == 0 and "sending" in shown.output
    assert CliRunner().invoke(app, ["report", "--output", str(tmp_path / "report.html"), *place]).exit_code == 0


def test_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    made = build(PostgresProject(tmp_path / "project", {"churn": MONITOR}, now=NOW, logs=drifting_logs(), server=postgres_url))
    warehouse, project = Warehouse.from_dbt(made.directory), DbtProject.load(made.directory)
    for name in ("one", "two"):
        export(warehouse, project, tmp_path / name, START, END)
    assert files(tmp_path / "one") == files(tmp_path / "two") and verify(tmp_path / "one") == []
