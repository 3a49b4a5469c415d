"""The sensor that looks and the run that sends, on real tables."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from tests.dagster.small_project import Location


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """A webhook on this machine, and what it was sent."""
    received: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ML_MONITOR_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/")
    yield received
    server.shutdown()
    server.server_close()


def tick(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    from dagster_project.defs.delivery import alert_outbox_sensor

    result = alert_outbox_sensor(dg.build_sensor_context(instance=instance))
    assert isinstance(result, dg.RunRequest | dg.SkipReason)
    return result


def test_a_locked_duckdb_is_a_reason_to_wait(built: Location) -> None:
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, built.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        skipped = tick(built.instance)
    finally:
        holder.communicate("")
    assert isinstance(skipped, dg.SkipReason)
    assert "in use by another process" in (skipped.skip_message or "")


def test_the_sensor_requests_a_run_that_sends_and_then_has_nothing_to_do(
    built: Location, receiver: list[dict[str, object]]
) -> None:
    requested = tick(built.instance)
    assert isinstance(requested, dg.RunRequest)
    assert int(requested.tags["ml_monitor/due"]) > 0
    assert built.rows("select count(*) from ml_monitor.ml_monitor__alert_deliveries") == [(0,)], (
        "the sensor writes nothing"
    )

    job = built.defs.resolve_job_def("deliver_alerts")
    run = job.execute_in_process(instance=built.instance)
    assert run.success
    (done,) = run.asset_materializations_for_node("alert_deliveries")
    assert done.metadata["sent"].value == len(receiver) * 2, "webhook and console"
    assert len({message["event_id"] for message in receiver}) == len(receiver) > 0

    skipped = tick(built.instance)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "nothing is due"


def test_one_delivery_run_at_a_time(location: Location) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        create_run_for_test(instance, job_name="deliver_alerts", status=dg.DagsterRunStatus.STARTED)
        skipped = tick(instance)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "a delivery run is in flight"
