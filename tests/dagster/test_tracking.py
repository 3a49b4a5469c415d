"""Metric values logged as runs by an asset on a schedule."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from tests.dagster.small_project import Location


def test_the_asset_logs_once_and_the_schedule_asks_once_at_a_time(
    built: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    for logged in (True, False):
        result = built.materialize("logged_metrics")
        (event,) = result.get_asset_materialization_events()
        (done,) = event.materialization.metadata.values()
        assert (done.value["logged"] > 0) == logged
    assert list(tmp_path.glob("*/wandb/offline-run-*/run-*.wandb"))

    schedule = built.defs.resolve_schedule_def("log_metrics_schedule")
    # A schedule's context takes only an instance that other processes could open.
    with dg.instance_for_test() as instance:

        def tick() -> object:
            return schedule.evaluate_tick(dg.build_schedule_context(instance=instance)).run_requests

        requested = tick()
        assert isinstance(requested, list) and len(requested) == 1
        create_run_for_test(instance, job_name="log_metrics", status=dg.DagsterRunStatus.STARTED)
        assert not tick()
