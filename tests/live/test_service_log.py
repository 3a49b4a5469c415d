"""The operational log: what this machine, a real server and a real Prometheus say."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from ml_monitor.cli import app
from ml_monitor.service import Query, import_range
from ml_monitor.settings import wall_clock
from ml_monitor.warehouse import Warehouse
from tests.live.servers import eventually, exporter, prometheus
from tests.project import REPOSITORY, Project

RELEASE = threading.Event()


class Api(BaseHTTPRequestHandler):
    """Answers, refuses, or says nothing until the test is over."""

    def do_GET(self) -> None:
        if self.path == "/hangs":
            RELEASE.wait()
        self.send_response({"/broken": 503, "/missing": 404}.get(self.path, 200))
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def api() -> Iterator[str]:
    RELEASE.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    RELEASE.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def log(live: Project) -> Warehouse:
    """The warehouse with an empty operational log."""
    warehouse = Warehouse.from_dbt(live.directory)
    warehouse.execute(f"delete from {warehouse.table('service_log')}")
    return warehouse


def run(project: Project, command: str, *arguments: str) -> Any:
    where = ["--project-dir", str(project.directory), "--profiles-dir", str(project.directory), "--json"]
    return CliRunner().invoke(app, [command, *arguments, *where])


def stored(log: Warehouse) -> list[tuple[Any, ...]]:
    columns = "source, service, measure, measure_value, measured_at"
    return [tuple(row.values()) for row in log.query(f"select {columns} from {log.table('service_log')} order by 1, 2, 3, 5")]


def test_collect_measures_the_machine_and_its_services(live: Project, log: Warehouse, api: str) -> None:
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    urls = {
        "good": f"{api}/health?token=hunter2",
        "broken": f"{api}/broken",
        "missing": f"{api}/missing",
        "hangs": f"{api}/hangs",
        "closed": f"http://127.0.0.1:{closed.getsockname()[1]}",
    }
    options = [part for name, url in urls.items() for part in ("--url", f"{name}={url}")]
    done = run(live, "collect", *options, "--timeout", "1")
    closed.close()
    assert done.exit_code == 0, done.output
    rows = stored(log)
    assert json.loads(done.stdout)["written"] == len(rows)
    shares = {measure: value for source, _, measure, value, _ in rows if source == "host"}
    assert set(shares) == {"cpu_share", "memory_share", "disk_share"}
    assert all(0 <= value <= 1 for value in shares.values()) and shares["memory_share"] > 0
    answers = {(service, measure): value for source, service, measure, value, _ in rows if source == "http"}
    assert {service for service, measure in answers if measure == "response_ms"} == {"good", "broken", "missing"}
    assert {service for service in urls if answers[service, "is_error"]} == {"broken", "hangs", "closed"}
    assert {service for service in urls if answers[service, "is_timeout"]} == {"hangs"}
    assert {row[4] for row in rows} == {datetime(2026, 1, 11)}, "the monitoring clock"
    assert "hunter2" not in str(rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "http://x"], "must be NAME=VALUE"),
        (["--url", "api=ftp://hunter2"], "http:// or https://"),
        (["--disk", "/no/such/disk"], "cannot measure the disk"),
    ],
)
def test_collect_says_what_is_wrong_and_writes_nothing(live: Project, log: Warehouse, arguments: list[str], words: str) -> None:
    done = run(live, "collect", *arguments)
    assert done.exit_code == 1 and words in json.loads(done.stdout)["message"]
    assert "hunter2" not in done.output and not stored(log)


def test_the_import_goes_on_where_it_ended_and_equals_prometheus(live: Project, log: Warehouse, tmp_path: Path) -> None:
    rules = REPOSITORY / "prometheus" / "ml_monitor.rules.yml"
    with (
        exporter(live.directory) as metrics,
        prometheus(tmp_path / "prometheus", metrics.split("/")[2], rules) as server,
    ):

        def samples() -> int:
            found = httpx.get(f"{server}/api/v1/query", params={"query": "count_over_time(ml_monitor_up[1h])"}).json()["data"][
                "result"
            ]
            return int(found[0]["value"][1]) if found else 0

        eventually(lambda: samples() > 5, "a few scrapes")
        now = wall_clock()
        query = Query("readable", "ml_monitor_up")
        options = {"step": timedelta(seconds=1), "history": timedelta(hours=5), "overlap": timedelta(minutes=1)}
        half = import_range(log, server, query, **options, now=now - timedelta(seconds=4))
        rest = import_range(log, server, query, **options, now=now)
        assert half > 0 and rest == 4, "one value of each second, none twice"
        assert import_range(log, server, query, **options, now=now) == 0
        rows = stored(log)
        assert {row[:4] for row in rows} == {("prometheus", f"instance={metrics.split('/')[2]},job=ml_monitor", "readable", 1.0)}
        moments = [row[4] for row in rows]
        assert len(moments) == len(set(moments)) == half + rest
        log.execute(f"delete from {log.table('service_log')} where measured_at = :at", {"at": moments[-2]})
        assert import_range(log, server, query, **options, now=now) == 1, "what came late within the overlap is found"

        refused = run(live, "import-prometheus", "--url", server, "--query", "bad=sum(")
        assert refused.exit_code == 1 and "Prometheus refused 'bad'" in json.loads(refused.stdout)["message"]
        nothing = run(live, "import-prometheus", "--url", server, "--query", "none=no_such_series")
        assert nothing.exit_code == 3 and json.loads(nothing.stdout)["written"] == {"none": 0}
    down = run(live, "import-prometheus", "--url", server, "--query", "unknown=ml_monitor_up")
    assert down.exit_code == 1 and "did not answer" in json.loads(down.stdout)["message"]
