"""Streamlit as a process of its own, with the flusher beside it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ml_monitor.errors import MlMonitorError

VARIABLES = ("ML_MONITOR_REVIEW_PROJECT", "ML_MONITOR_REVIEW_TARGET", "ML_MONITOR_REVIEW_PROFILES", "ML_MONITOR_REVIEW_KEY")
USER_HEADER = "ML_MONITOR_REVIEW_USER_HEADER"


def serve_page(
    project_dir: Path,
    target: str | None,
    profiles_dir: Path | None,
    key: str,
    host: str,
    port: int,
    *,
    user_header: str | None = None,
    flushing: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the page until a signal comes.

    Raises:
        MlMonitorError: Not installed, the key is not there or may not, or Streamlit did not start.
    """
    if missing := [name for name in ("orjson", "streamlit") if find_spec(name) is None]:
        raise MlMonitorError(f"{', '.join(missing)} is not installed: pip install 'dbt-ml-monitor[review]'")
    from ml_monitor.feedback.serve import Place, flusher
    from ml_monitor.review.desk import Desk

    place = Place(project_dir, target, profiles_dir)
    Desk(place, key).key  # noqa: B018 - raises if it cannot be used
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
    }
    page = Path(__file__).with_name("page.py")
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(page),
        *(part for name, text in options.items() for part in (f"--{name}", text)),
    ]
    told = dict(zip(VARIABLES, (str(project_dir), target or "", str(profiles_dir or ""), key), strict=True))
    environment = {**os.environ, **told, USER_HEADER: user_header or ""}
    # Whoever ends this process ends the page too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with flusher(place, flushing):
        say(f"reviews of {project_dir} on http://{host}:{port}")
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - our own interpreter, no shell
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code:
        raise MlMonitorError(f"Streamlit ended with code {code}")
