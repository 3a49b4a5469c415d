"""A webhook receiver as its own process: it writes the key of each message to a file before it answers.

`python -m bench.receiver keys.txt` prints its URL.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def serve(keys: Path) -> None:
    """Take messages until the process ends."""
    with keys.open("a") as file:

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                file.write(f"{self.headers['Idempotency-Key']}\n")
                file.flush()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Only the keys are wanted."""

            def handle(self) -> None:
                with suppress(OSError):  # the sender was killed
                    super().handle()

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        print(f"http://127.0.0.1:{server.server_address[1]}/hook", flush=True)
        server.serve_forever()


@contextmanager
def running(keys: Path) -> Iterator[str]:
    """The URL of a receiver that is ended with the block."""
    command = [sys.executable, "-m", "bench.receiver", str(keys)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    try:
        yield next(iter(process.stdout or ())).strip()
    finally:
        process.kill()
        process.wait()


def received(keys: Path) -> Counter[str]:
    """How often each message came."""
    return Counter(keys.read_text().split())


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
