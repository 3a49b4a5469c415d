"""Feedback in Dagster: imports as assets, the sensor, freshness of the sources, checks and what the UI shows."""

import base64
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.test_utils import create_run_for_test

from tests.dagster.small_project import Location

HEADER = "Timestamp,Flight,Late?"


def package_key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["ml_monitor", f"ml_monitor__{name}"])


def tick(location: Location, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    from dagster_project.defs.feedback import feedback_sensor

    result = feedback_sensor(dg.build_sensor_context(instance=location.instance, cursor=cursor))
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def skipped(result: dg.SensorResult | dg.SkipReason) -> str:
    assert isinstance(result, dg.SkipReason)
    return result.skip_message or ""


def test_an_import_is_an_asset_and_its_feedback_reaches_the_labels(built: Location) -> None:
    assert "no feedback yet" in skipped(tick(built))
    # The same labels as before, so that no other test has another warehouse.
    known = built.rows(
        "select prediction_id, label from raw.feedback where label is not null order by labelled_at desc, 1 limit 2"
    )
    answers = [f"2013-02-28T23:00:00,{name},{'yes' if label else 'no'}" for name, label in known]
    project = Path(built.environment["ML_MONITOR_PROJECT_DIR"])
    (project / "form.csv").write_text("\n".join([HEADER, *answers, ""]))
    job = built.defs.resolve_job_def("import_feedback")
    (done,) = job.execute_in_process(instance=built.instance).asset_materializations_for_node("import_form")
    assert [done.metadata[name].value for name in ("rows", "new", "events_flushed")] == [2, 2, 2]
    assert built.rows("select count(*), min(source) from ml_monitor.ml_monitor__feedback_events") == [(2, "experts")]
    assert job.execute_in_process(instance=built.instance).success
    assert built.rows("select count(*) from ml_monitor.ml_monitor__feedback_events") == [(2,)]

    requested = tick(built)
    assert isinstance(requested, dg.SensorResult)
    (request,) = requested.run_requests or []
    assert request.partition_key == "2013-02-28"
    assert "nothing new since" in skipped(tick(built, requested.cursor))

    before = built.rows("select sum(n_feedback) from ml_monitor.flight_delay__outcome_profile where segment = '__all__'")
    run = built.defs.resolve_job_def("build_from_feedback").execute_in_process(
        instance=built.instance, partition_key=request.partition_key
    )
    assert run.success
    made = {event.asset_key for event in run.get_asset_materialization_events() if event.asset_key}
    assert {
        dg.AssetKey("flight_labels"),
        dg.AssetKey(["ml_monitor", "flight_delay__outcome_profile"]),
        package_key("verdicts"),
    } <= made
    assert not made & {dg.AssetKey(["flight_delay", "training_snapshot"]), package_key("feedback_events")}
    assert dg.AssetKey(["ml_monitor", "flight_delay__feature_profile"]) not in made, "features are not counted again"
    after = built.rows("select sum(n_feedback) from ml_monitor.flight_delay__outcome_profile where segment = '__all__'")
    assert after[0][0] == before[0][0] + 2

    (project / "form.csv").write_text("Timestamp,Flight\n")
    failed = job.execute_in_process(instance=built.instance, raise_on_error=False)
    assert not failed.success
    errors = [event.step_failure_data.error.message for event in failed.all_events if event.event_type_value == "STEP_FAILURE"]
    assert "has no column 'Late?'" in errors[0]


def test_the_sensor_waits_for_runs_and_for_a_locked_warehouse(built: Location) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        create_run_for_test(instance, job_name="monitor", status=dg.DagsterRunStatus.STARTED)
        busy = tick(Location(built.environment, built.defs, instance))
    assert "is in flight" in skipped(busy)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, built.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        assert "in use by another process" in skipped(tick(built))
    finally:
        holder.communicate("")


def test_sources_that_stop_are_seen_by_the_clock_of_the_monitors(built: Location) -> None:
    run = built.defs.resolve_job_def("check_sources").execute_in_process(instance=built.instance)
    assert run.success
    checks = {check.asset_key.path[-1]: check for check in run.get_asset_check_evaluations()}
    assert set(checks) == {"predictions"}
    assert checks["predictions"].passed
    assert 0 < checks["predictions"].metadata["age_hours"].value < 24
    late = built.defs.resolve_job_def("check_sources").execute_in_process(
        instance=built.instance, tags={"ml_monitor/now": "2013-03-02T12:00:00"}
    )
    (check,) = late.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_freshness_has_two_limits(location: Location) -> None:
    from dagster_project.defs.health import freshness_of

    limits = {"warn_after": {"count": 12, "period": "hour"}, "error_after": {"count": 2, "period": "day"}}
    key, now = dg.AssetKey("x"), datetime(2024, 5, 10)

    def verdict(age: timedelta) -> tuple[bool, dg.AssetCheckSeverity]:
        result = freshness_of(key, limits, {"max_loaded_at": f"{(now - age).isoformat()}Z"}, now)
        return result.passed, result.severity

    assert verdict(timedelta(hours=11))[0]
    assert verdict(timedelta(hours=13)) == (False, dg.AssetCheckSeverity.WARN)
    assert verdict(timedelta(hours=49)) == (False, dg.AssetCheckSeverity.ERROR)
    assert freshness_of(key, limits, {"error": "no such column"}, now).description == "no such column"


def test_a_monitor_with_open_alerts_fails_its_check(built: Location, monitored: dg.ExecuteInProcessResult) -> None:
    graph = built.defs.resolve_asset_graph()
    names = {key.name for key in graph.asset_check_keys if key.asset_key.path[-1].startswith("flight_delay__")}
    assert {"no_open_alert_on_inputs", "no_open_alert_on_performance"} <= names
    assert monitored.success, "a check that fails is no failed run"
    steps = [event.step_key for event in monitored.all_events if event.event_type_value == "STEP_SUCCESS"]
    assert steps.index("state") < steps.index("flight_delay_health")
    checks = {(check.asset_key.path[-1], check.check_name): check for check in monitored.get_asset_check_evaluations()}
    inputs = checks["flight_delay__feature_profile", "no_open_alert_on_inputs"]
    assert (inputs.passed, inputs.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert inputs.metadata["open_alerts"].value > 0
    assert "/docs/metrics/psi.md)" in inputs.metadata["open"].value
    assert "distance" in inputs.metadata["open"].value


def test_assets_say_how_large_they_are_and_what_is_worst(built: Location) -> None:
    def metadata(key: dg.AssetKey) -> dict[str, dg.MetadataValue]:
        event = built.instance.get_latest_materialization_event(key)
        assert event is not None and event.asset_materialization is not None
        return dict(event.asset_materialization.metadata)

    (rows,) = built.rows("select count(*) from ml_monitor.ml_monitor__drift_statistics")[0]
    assert metadata(package_key("drift_statistics"))["dagster/row_count"].value == rows > 0
    drift = metadata(package_key("drift"))
    assert "dagster/row_count" not in drift, "a view is not counted"
    assert drift["worst_status"].value == "alert"
    assert "[psi](" in drift["worst_verdicts"].value
    change = metadata(package_key("change_detection"))
    assert change["dagster/row_count"].value > 0 and change["worst_status"].value in {"ok", "warning", "alert"}
    assert "roc" not in change["worst_verdicts"].value, "only of the metrics that it computes"
    picture = re.fullmatch(r"!\[.*\]\(data:image/svg\+xml;base64,(.*)\)", drift["alerts_by_window"].value)
    assert picture is not None
    assert base64.b64decode(picture[1]).startswith(b"<svg")
    profile = metadata(dg.AssetKey(["ml_monitor", "flight_delay__feature_profile"]))
    assert profile["windows"].value == 28
    assert "dagster/row_count" not in metadata(dg.AssetKey(["flight_labels"])), "a log is not counted"


def test_descriptions_link_to_the_docs_and_kinds_say_the_layer(location: Location) -> None:
    graph = location.defs.resolve_asset_graph()
    drift = graph.get(package_key("drift"))
    assert drift.description and "/docs/metrics/README.md)" in drift.description
    kinds = {name: graph.get(package_key(name)).kinds for name in ("drift", "alert_events", "feedback_events", "monitors")}
    layers = {name: next(iter(found & {"metric", "alert", "ledger", "config"})) for name, found in kinds.items()}
    assert layers == {"drift": "metric", "alert_events": "alert", "feedback_events": "ledger", "monitors": "config"}
    assert "profile" in graph.get(dg.AssetKey(["ml_monitor", "flight_delay__feature_profile"])).kinds


def test_data_stays_text_in_tables_and_metrics_have_pages() -> None:
    from dagster_project.looks import DOCS, METRIC_PAGES, PAGES, metric_link, table_of

    hostile = "<img src=x onerror=alert(1)> | **b** [x](javascript:alert(1))\n# y"
    table = str(table_of([{"feature": hostile, "metric_value": 0.25}], {"feature": "feature", "metric_value": "value"}).value)
    assert len(table.splitlines()) == 3
    assert "<img" not in table.replace("\\<", "")
    assert re.search(r"(?<!\\)[|]", table.splitlines()[2][2:]) is not None
    docs = Path(__file__).parents[2] / "docs"
    assert all((docs / page).is_file() for page in PAGES.values())
    assert len(METRIC_PAGES) > 60
    assert all((docs / "metrics" / page).is_file() for page in METRIC_PAGES.values())
    assert metric_link("psi") == f"[psi]({DOCS}/metrics/psi.md)"
    assert metric_link("my_own") == f"[my\\_own]({DOCS}/metrics/custom.md)"


def test_without_feedback_nothing_of_it_is_registered(tmp_path: Path) -> None:
    from tests.dagster.small_project import prepare

    variables = prepare(tmp_path)
    project = Path(variables["ML_MONITOR_PROJECT_DIR"])
    (project / "feedback.yml").unlink()
    labels = project / "models" / "flights" / "flight_labels.sql"
    labels.write_text("select prediction_id, label, labelled_at from {{ source('flights_raw', 'feedback') }}")
    code = "from dagster_project.definitions import defs; print(sorted(job.name for job in defs.jobs), [s.name for s in defs.sensors])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True, text=True, check=True
    )
    assert "build_from_feedback" not in loaded.stdout
    assert "import_feedback" not in loaded.stdout
    assert "feedback_sensor" not in loaded.stdout
    assert "monitor" in loaded.stdout


def test_a_broken_file_is_said_by_an_asset_and_everything_else_loads(tmp_path: Path) -> None:
    from tests.dagster.small_project import prepare

    variables = prepare(tmp_path)
    (Path(variables["ML_MONITOR_PROJECT_DIR"]) / "feedback.yml").write_text("keys: []\nimport: {}\n")
    code = """
from dagster_project.definitions import defs
print(sorted(job.name for job in defs.jobs))
run = defs.resolve_job_def("import_feedback").execute_in_process(raise_on_error=False)
print([event.step_failure_data.error.message for event in run.all_events if event.event_type_value == "STEP_FAILURE"])
"""
    loaded = subprocess.run([sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    assert "'monitor'" in loaded.stdout
    assert "feedback.yml is wrong: import: Extra inputs are not permitted" in loaded.stdout
    assert "no imports: " in loaded.stderr
