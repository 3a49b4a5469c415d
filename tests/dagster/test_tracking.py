"""Metric values logged as runs by an asset on a schedule."""

from pathlib import Path

import dagster as dg
import pytest

from tests.dagster.small_project import Location


@pytest.mark.xfail(reason="failed in its only complete run, cause not found yet; the command and its ledger are tested in tests/live")
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
    asked = schedule.evaluate_tick(dg.build_schedule_context(instance=built.instance))
    assert asked.run_requests is not None and len(asked.run_requests) == 1
