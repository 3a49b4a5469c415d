"""Programs that a test starts, waits for, and ends."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

Found = TypeVar("Found")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, package: str) -> str:
    """The path of a system program; skipped, or failed in CI, without it."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs {name}: tests/install_system_packages.sh installs it")
        pytest.skip(f"{name} is not installed (on Debian: apt-get install {package})")
    return found


def eventually(look: Callable[[], Found | None], what: str) -> Found:
    """The first thing found; a bound so wide that only what never comes fails it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            found = look()
        except httpx.TransportError:
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"never came: {what}")


@contextmanager
def running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


@contextmanager
def exporter(directory: Path, *options: str) -> Iterator[str]:
    """The URL of the metrics of an exporter over a dbt project."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    place = ["--project-dir", str(directory), "--profiles-dir", str(directory), "--port", str(port)]
    with running(
        [sys.executable, "-c", "from ml_monitor.cli import app; app()", "exporter", *place, *options], directory / "exporter.log"
    ):
        eventually(lambda: httpx.get(url, timeout=30).is_success, "the exporter")
        yield url


@contextmanager
def prometheus(directory: Path, target: str, rules: Path) -> Iterator[str]:
    """The URL of a Prometheus that scrapes `host:port` every two seconds."""
    directory.mkdir()
    config = directory / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}\n"
        f"rule_files: ['{rules}']\n"
        f"scrape_configs: [{{job_name: ml_monitor, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    url = f"http://127.0.0.1:{free_port()}"
    command = [program("prometheus", "prometheus"), f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}"]
    with running([*command, f"--web.listen-address={url.removeprefix('http://')}"], directory / "prometheus.log"):
        eventually(lambda: httpx.get(f"{url}/-/ready").is_success, "Prometheus")
        yield url
