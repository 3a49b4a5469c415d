"""A real MLflow tracking server, in an environment of its own that is made once and kept below build/."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.environments import environment, plain_environment
from tests.live.servers import free_port

REQUIREMENTS = Path(__file__).with_suffix(".txt")


@contextmanager
def mlflow_server(directory: Path, port: int | None = None) -> Iterator[str]:
    """Its address; on SQLite and files below `directory`, which a later server can go on with."""
    port = port or free_port()
    uri = f"http://127.0.0.1:{port}"
    command = [str(environment(REQUIREMENTS) / "mlflow"), "server", "--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
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
    variables = plain_environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")  # a dozen processes that no test needs
    variables.pop("MLFLOW_TRACKING_URI", None)
    with (directory / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=variables)
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
