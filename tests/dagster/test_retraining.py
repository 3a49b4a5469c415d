"""Retraining by sensor and job, on real tables. The tests build on each other, in this order."""

from datetime import datetime
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from ml_monitor.retraining import champion, guards_of, register_version
from tests.dagster.small_project import Location

STEPS = ("training_snapshot", "training_gate", "candidate", "evaluation", "publication", "promotion")


def tick(location: Location, instance: dg.DagsterInstance) -> Any:
    sensor = next(s for s in location.defs.sensors or [] if s.name == "flight_delay_retraining_sensor")
    return sensor(dg.build_sensor_context(instance=instance))


@pytest.fixture(scope="module")
def retrainable(built: Location) -> Location:
    """The built location with a champion on record."""
    from dagster_project.settings import warehouse

    skipped = tick(built, built.instance)
    ((action, kind),) = built.rows("select action, trigger_kind from ml_monitor.ml_monitor__retraining_decisions")
    assert (action, kind) == ("launch", "drift"), "what the sensor decides is kept"
    assert skipped.skip_message == "no champion is registered to compare a challenger with"
    register_version(warehouse(), "flight_delay", "v1", now=datetime(2013, 2, 1), reason="accepted")
    return built


def test_only_a_monitor_with_a_policy_is_retrained(location: Location) -> None:
    keys = location.defs.resolve_asset_graph().get_all_asset_keys()
    assert {dg.AssetKey(["flight_delay", step]) for step in STEPS} <= keys
    assert not {key for key in keys if key.path[0] == "arrival_delay"}


def test_a_trigger_requests_the_same_run_until_it_runs(retrainable: Location) -> None:
    first, second = (tick(retrainable, retrainable.instance) for _ in range(2))
    assert isinstance(first, dg.RunRequest)
    assert first.run_key == second.run_key == f"flight_delay:{first.tags['ml_monitor/trigger']}:a1"
    job = "retrain_flight_delay"
    with dg.DagsterInstance.ephemeral() as instance:
        create_run_for_test(instance, job_name=job, status=dg.DagsterRunStatus.STARTED)
        assert tick(retrainable, instance).skip_message == "a training run is in flight"


def test_a_run_that_ended_before_it_started_training_is_requested_again_but_not_for_ever(
    retrainable: Location,
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        keys = []
        for _ in range(3):
            request = tick(retrainable, instance)
            keys.append(request.run_key)
            create_run_for_test(
                instance,
                job_name="retrain_flight_delay",
                status=dg.DagsterRunStatus.FAILURE,
                tags=request.tags,
            )
        assert keys == [keys[0], f"{keys[0]}.2", f"{keys[0]}.3"]
        assert "was requested 3 times and never started" in tick(retrainable, instance).skip_message


def test_a_requested_run_goes_to_a_verdict_and_then_the_monitor_cools_down(retrainable: Location) -> None:
    request = tick(retrainable, retrainable.instance)
    job = retrainable.defs.resolve_job_def("retrain_flight_delay")
    run = job.execute_in_process(instance=retrainable.instance, tags=request.tags)
    assert run.success
    ((run_id, status, trigger),) = retrainable.rows(
        "select training_run_id, status, trigger_key from ml_monitor.ml_monitor__training_runs"
    )
    assert (run_id, status, trigger) == (request.run_key, "kept", request.tags["ml_monitor/trigger"])
    verdict = run.asset_materializations_for_node("flight_delay__promotion")[0].metadata
    assert verdict["verdict"].value == "kept", "base rates lose against the champion, and the run succeeds"
    assert "not better beyond chance" in str(verdict["reason"].value)
    told = [entry.user_message for entry in retrainable.instance.all_logs(run.run_id)]
    assert any(words.startswith("base rates of") for words in told), "what a trainer prints is shown"
    assert "cooling down until 2013-03-29" in tick(retrainable, retrainable.instance).skip_message


def test_a_run_that_has_lost_its_reason_does_nothing(retrainable: Location) -> None:
    job = retrainable.defs.resolve_job_def("retrain_flight_delay")
    run = job.execute_in_process(instance=retrainable.instance, tags={"ml_monitor/training_run": "answered"})
    assert run.success
    assert not run.get_asset_materialization_events()
    assert len(retrainable.rows("select 1 from ml_monitor.ml_monitor__training_runs")) == 1


def test_a_rollback_names_version_reason_and_actor(retrainable: Location) -> None:
    from dagster_project.settings import warehouse

    register_version(
        warehouse(), "flight_delay", "v0", now=datetime(2013, 2, 20), stage="previous", reason="x"
    )
    job = retrainable.defs.resolve_job_def("rollback_flight_delay")
    config = {"to_version": "v0", "reason": "v1 is late", "actor": "operator"}
    run = job.execute_in_process(
        instance=retrainable.instance,
        run_config={"ops": {"rollback_flight_delay_champion": {"config": config}}},
    )
    assert run.success
    serving = champion(warehouse(), "flight_delay")
    assert serving is not None and serving.model_version == "v0"
    deployed = retrainable.rows(
        "select action, reason, actor from ml_monitor.ml_monitor__deployments "
        "order by effective_at desc limit 1"
    )
    assert deployed == [("rollback", "v1 is late", "operator")]


def test_the_guard_looks_after_a_release_and_a_person_decides_about_a_challenger(retrainable: Location) -> None:
    from dagster_project.settings import warehouse

    register_version(warehouse(), "flight_delay", "v1.1", now=datetime(2013, 2, 26), reason="released by hand")
    run = retrainable.defs.resolve_job_def("guard_flight_delay").execute_in_process(instance=retrainable.instance)
    assert run.success
    [guard] = guards_of(warehouse(), "flight_delay")
    assert (guard.kind, guard.model_version, guard.against_version, guard.status) == ("champion", "v1.1", "v0", "watching")

    loser = retrainable.rows("select candidate_version from ml_monitor.ml_monitor__training_runs")[0][0]
    job = retrainable.defs.resolve_job_def("approve_flight_delay")
    config = {"version": loser, "reason": "after all", "actor": "operator"}
    refused = job.execute_in_process(
        instance=retrainable.instance,
        run_config={"ops": {"approve_flight_delay_challenger": {"config": config}}},
        raise_on_error=False,
    )
    assert not refused.success
    # As a challenger that won under `promotion: manual` stands.
    warehouse().execute(
        f"update ml_monitor.ml_monitor__model_versions set stage = 'challenger' where model_version = '{loser}'"
    )
    config["approved"] = False
    done = job.execute_in_process(
        instance=retrainable.instance, run_config={"ops": {"approve_flight_delay_challenger": {"config": config}}}
    )
    assert done.success
    ((stage, reason),) = retrainable.rows(
        "select stage, reason from ml_monitor.ml_monitor__model_versions as versions "
        "inner join ml_monitor.ml_monitor__training_runs as runs on runs.candidate_version = versions.model_version"
    )
    assert stage == "rejected" and reason.endswith("rejected by operator: after all")
