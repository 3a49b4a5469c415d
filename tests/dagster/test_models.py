"""Models as assets: groups, lineage, partitions, checks, and what a run really builds."""

import itertools
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from ml_monitor.settings import DbtProject, ProjectError
from tests.dagster.small_project import Location

PROFILE = dg.AssetKey(["ml_monitor", "flight_delay__feature_profile"])
TWO_DAYS = {
    "dagster/asset_partition_range_start": "2013-02-01",
    "dagster/asset_partition_range_end": "2013-02-02",
}


def package_key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["ml_monitor", f"ml_monitor__{name}"])


def test_the_location_loads_in_a_fresh_interpreter_whose_path_has_no_dbt(environment: dict[str, str]) -> None:
    code = (
        "import dagster as dg; from dagster_project.definitions import defs; "
        "dg.Definitions.validate_loadable(defs); print(len(defs.resolve_all_asset_keys()))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert int(loaded.stdout.splitlines()[-1]) > 40


def test_a_missing_dbt_is_said_plainly(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project import settings

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(RuntimeError, match="dbt was found neither on PATH nor in /nowhere"):
        settings.dbt_executable()


MONTH = {"from": "2026-02-01", "to": "2026-03-01"}


@pytest.mark.parametrize(
    ("declared", "monitors", "said"),
    [
        (None, {"a": {"reference": {"trailing": 28}, "healthy": MONTH}, "b": {"reference": MONTH | {"from": date(2026, 1, 31)}}}, "2026-01-31"),
        ("2025-12-24", {"a": {"reference": MONTH}}, "2025-12-24"),
        (None, {"a": {"reference": {"relation": "old"}, "calibration": None}, "b": {}}, "such as ML_MONITOR_FIRST_DAY=2026-01-31"),
        (None, {"a": None, "b": {"healthy": MONTH | {"from": "2026-02-30"}}}, "monitor 'b', key 'healthy.from': '2026-02-30' is no time"),
        ("yesterday", {"a": {"reference": MONTH}}, "ML_MONITOR_FIRST_DAY: 'yesterday' is no time"),
    ],
)
def test_the_first_day_is_one_of_the_users(
    location: Location, monkeypatch: pytest.MonkeyPatch, declared: str | None, monitors: dict[str, Any], said: str
) -> None:
    from dagster_project.settings import first_day

    monkeypatch.delenv("ML_MONITOR_FIRST_DAY", raising=False)
    if declared:
        monkeypatch.setenv("ML_MONITOR_FIRST_DAY", declared)
    project = DbtProject(Path(), {"vars": {"ml_monitor__monitors": monitors}})
    if said[:2] == "20":
        assert first_day(project) == said
    else:
        with pytest.raises(ProjectError, match=said):
            first_day(project)


def test_serving_without_a_first_day_says_so(environment: dict[str, str], tmp_path: Path) -> None:
    served = tmp_path / "project"
    shutil.copytree(Path(environment["ML_MONITOR_PROJECT_DIR"]), served, symlinks=True)
    config = yaml.safe_load((served / "dbt_project.yml").read_text())
    config["vars"]["ml_monitor__monitors"]["arrival_delay"]["reference"] = {"trailing": 7}
    (served / "dbt_project.yml").write_text(yaml.safe_dump(config))
    place = {"ML_MONITOR_PROJECT_DIR": str(served), "DAGSTER_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "dagster_project.serve", "--help"]
    done = subprocess.run(command, env={**os.environ, **environment, **place}, cwd=served, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no monitor names a day" in done.stderr and "Traceback" not in done.stderr


def test_lineage_goes_from_the_raw_log_to_the_alert(location: Location) -> None:
    graph = location.defs.resolve_asset_graph()
    path = [
        dg.AssetKey(["flights_raw", "predictions"]),
        dg.AssetKey(["flight_predictions"]),
        PROFILE,
        package_key("feature_profiles"),
        package_key("drift_statistics"),
        package_key("drift"),
        package_key("metric_values"),
        package_key("verdicts"),
        package_key("alert_history"),
        package_key("alert_events"),
        dg.AssetKey(["alert_deliveries"]),
    ]
    for upstream, downstream in itertools.pairwise(path):
        assert upstream in graph.get(downstream).parent_keys, f"{downstream} does not depend on {upstream}"
    assert graph.get(path[0]).is_external


def test_each_monitor_is_a_group_and_only_its_profiles_have_partitions(location: Location) -> None:
    graph = location.defs.resolve_asset_graph()
    groups = Counter(graph.get(key).group_name for key in graph.get_all_asset_keys())
    assert groups["arrival_delay"] == 3
    assert groups["flight_delay"] == 3
    assert groups["flight_delay_retraining"] == 6
    assert {"flights_raw", "registry", "drift", "verdicts", "alerts", "ledgers", "audit"} <= set(groups)
    partitioned = {key for key in graph.get_all_asset_keys() if graph.get(key).partitions_def}
    assert partitioned == set(location.keys_of("profiles"))
    days = graph.get(PROFILE).partitions_def
    assert isinstance(days, dg.DailyPartitionsDefinition)
    assert (days.get_first_partition_key(), days.get_last_partition_key()) == ("2013-02-01", "2013-02-28")


def test_a_failing_dbt_test_is_a_warning_or_an_error(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = dg.AssetKey(["delay_labels"])
    for severity, expected in (("warn", dg.AssetCheckSeverity.WARN), ("error", dg.AssetCheckSeverity.ERROR)):
        monkeypatch.setenv("FIXTURE_SEVERITY", severity)
        job = location.defs.resolve_implicit_global_asset_job_def()
        run = job.execute_in_process(
            instance=location.instance, asset_selection=[labels], raise_on_error=False
        )
        (check,) = run.get_asset_check_evaluations()
        assert (check.check_name, check.passed, check.severity) == ("no_flight_is_late", False, expected)
        assert run.success == (severity == "warn")


def test_a_range_of_days_is_one_dbt_run(built: Location) -> None:
    """`built` has materialised two days of the profiles."""
    record = built.instance.fetch_materializations(PROFILE, limit=10).records[-2:]
    assert [r.partition_key for r in record] == ["2013-02-02", "2013-02-01"]
    invocations = {
        m.metadata["invocation_id"].value for r in record if (m := r.asset_materialization) is not None
    }
    assert len(invocations) == 1
    (windows,) = built.rows(
        "select count(distinct window_start) from ml_monitor.flight_delay__feature_profile"
    )[0]
    assert windows == 28, "the models find every window that is due, whichever partition was asked for"


def test_a_partition_does_not_move_the_clock_but_a_replay_does(location: Location) -> None:
    from dagster_project.defs.models import dbt_build
    from dagster_project.settings import monitoring_now

    assert dbt_build(TWO_DAYS) == ["build"]
    assert monitoring_now(TWO_DAYS).isoformat() == "2013-03-01T00:00:00"
    replay = {"ml_monitor/now": "2013-02-03"}
    assert dbt_build(replay) == ["build", "--vars", '{"ml_monitor__now": "2013-02-03"}']
    assert monitoring_now(replay).isoformat() == "2013-02-03T00:00:00"


def test_the_state_is_built_and_drift_opens_alerts(built: Location) -> None:
    opened = built.rows(
        "select count(*) from ml_monitor.ml_monitor__alert_events "
        "where monitor = 'flight_delay' and feature = 'distance' and metric = 'psi' and severity = 'alert' "
        "and event_type = 'opened'"
    )
    assert opened == [(1,)]
    for name in ("alert_events", "retraining_triggers", "alert_states_history"):
        assert built.instance.get_latest_materialization_event(package_key(name)), name
