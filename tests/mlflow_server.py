"""A real MLflow tracking server, in an environment of its own that is made once and kept below build/."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.live.servers import free_port

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "build" / "mlflow_server"
REQUIREMENTS = Path(__file__).with_suffix(".txt")


def server_program() -> Path:
    """The server's `mlflow`."""
    program = PLACE / "bin" / "mlflow"
    PLACE.parent.mkdir(exist_ok=True)
    with PLACE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.is_file():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True)
            subprocess.run([str(PLACE / "bin" / "pip"), "install", "--quiet", "-r", str(REQUIREMENTS)], check=True)
    return program


@contextmanager
def mlflow_server(directory: Path) -> Iterator[str]:
    """Its address; on SQLite and files below `directory`."""
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    command = [str(server_program()), "server", "--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
    command += [
        "--artifacts-destination",
        str(directory / "artifacts"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    # Not the paths of the tests, which would go before those of its own environment.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MLFLOW_TRACKING_URI")}
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # a dozen processes that no test needs
    with (directory / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=environment)
    try:
        deadline = time.monotonic() + 300
        while True:
            try:
                if httpx.get(f"{uri}/health", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.5)
            assert process.poll() is None and time.monotonic() < deadline, (directory / "server.log").read_text()[-2000:]
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
