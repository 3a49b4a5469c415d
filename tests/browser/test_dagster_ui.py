"""Dagster's own UI over a small warehouse: the monitors are seen, and the Materialize button works."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dagster.small_project import prepare

PATIENCE = 180.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], what: str) -> Any:
    """Poll; every step of Dagster takes as long as the machine is busy."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(1)
    raise AssertionError(f"{what} did not happen within {PATIENCE:g} s")


def graphql(url: str, query: str) -> dict[str, Any]:
    """Answer of the webserver, or nothing while it is not there yet."""
    try:
        answer = httpx.post(f"{url}/graphql", json={"query": query}, timeout=60).json()
    except (httpx.TransportError, ValueError):
        return {}
    return answer.get("data") or {}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of `python -m dagster_project.serve`, webserver and daemon, over the small project."""
    directory = tmp_path_factory.mktemp("ui")
    environment = {
        **os.environ,
        **prepare(directory),
        "DAGSTER_HOME": str(directory / "home"),
        "HOME": str(directory),
    }
    port = free_port()
    log = directory / "dagster.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "dagster_project.serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=environment["ML_MONITOR_PROJECT_DIR"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until(
            lambda: server.poll() is not None or graphql(address, "{ assetNodes { id } }").get("assetNodes"),
            "the start of the code location",
        )
        assert server.poll() is None, log.read_text()
        yield address
    finally:
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the whole process group: `dagster dev` leaves children behind when only it is told."""
    os.killpg(server.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(timeout=20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait(timeout=20)


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1600, "height": 950})
    page.set_default_timeout(60_000)
    yield page
    page.close()


def test_the_lineage_shows_the_monitors(page: Page, url: str, tmp_path: Path) -> None:
    page.goto(f"{url}/asset-groups")
    for group in ("flights_raw", "flight_delay", "arrival_delay", "flight_delay_retraining", "alerts"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible(timeout=60_000)
    page.screenshot(path=tmp_path / "lineage.png")

    page.goto(f"{url}/locations/__repository__@dagster_project.definitions/asset-groups/flight_delay")
    for asset in ("reference", "feature_profile", "outcome_profile"):
        expect(page.get_by_text(f"flight_delay__{asset}", exact=True).first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("28 partitions").first).to_be_visible(timeout=60_000)
    page.screenshot(path=tmp_path / "monitor.png")


def test_an_asset_is_materialised_from_the_page(page: Page, url: str, tmp_path: Path) -> None:
    query = """{ assetOrError(assetKey: {path: ["flight_predictions"]}) {
        ... on Asset { assetMaterializations(limit: 1) { runId } } } }"""

    def materializations() -> list[dict[str, str]]:
        return (graphql(url, query).get("assetOrError") or {}).get("assetMaterializations") or []

    page.goto(f"{url}/assets/flight_predictions")
    expect(page.get_by_text("Never materialized").first).to_be_visible(timeout=60_000)
    assert not materializations()
    page.get_by_role("button").filter(has_text=re.compile("^Materialize$")).click()
    (materialization,) = until(materializations, "the materialisation")

    run = f'{{ runOrError(runId: "{materialization["runId"]}") {{ ... on Run {{ status }} }} }}'
    status = until(
        lambda: (s := graphql(url, run)["runOrError"]["status"]) in ("SUCCESS", "FAILURE") and s,
        "the end of the run",
    )
    assert status == "SUCCESS"
    page.reload()
    expect(page.get_by_text("Never materialized")).to_have_count(0, timeout=60_000)
    expect(page.get_by_text("Latest materialization").first).to_be_visible()
    page.screenshot(path=tmp_path / "materialised.png")
