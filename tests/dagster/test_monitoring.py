"""The regular pass."""

from datetime import datetime

import dagster as dg
from dagster._core.test_utils import create_run_for_test

from tests.dagster.small_project import Location


def test_the_schedule_requests_the_last_closed_day_once_at_a_time(location: Location) -> None:
    from dagster_project.defs.monitoring import monitoring_schedule

    with dg.instance_for_test() as instance:

        def tick(at: datetime) -> object:
            return monitoring_schedule(
                dg.build_schedule_context(instance=instance, scheduled_execution_time=at)
            )

        requested = tick(datetime(2013, 2, 10, 0, 5))
        assert isinstance(requested, dg.RunRequest)
        assert requested.partition_key == "2013-02-09"
        assert isinstance(tick(datetime(2013, 2, 1, 12, 5)), dg.SkipReason)
        create_run_for_test(instance, job_name="monitor", status=dg.DagsterRunStatus.STARTED)
        assert isinstance(tick(datetime(2013, 2, 10, 1, 5)), dg.SkipReason)


def test_one_run_goes_from_the_logs_to_the_deliveries(monitored: dg.ExecuteInProcessResult) -> None:
    assert monitored.success
    steps = [event.step_key for event in monitored.all_events if event.event_type_value == "STEP_SUCCESS"]
    # The ledger of feedback is before the logs: labels are made of it.
    models = ["ledger_tables", "logs", "profiles", "state"]
    assert [step for step in steps if step.startswith(tuple(models))] == models, "four runs of dbt"
    assert steps.index("state") < steps.index("alert_deliveries")
    made = {event.asset_key.path[-1] for event in monitored.get_asset_materialization_events() if event.asset_key}
    assert {"ml_monitor__alert_states_history", "ml_monitor__verdicts_history"} <= made, "the history is kept"
