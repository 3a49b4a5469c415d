"""A real HTTP server that behaves as receivers do, well or badly."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """How the server behaves to one request."""

    code: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "ok"
    hang: float = 0.0
    """Seconds to wait before answering."""
    die: bool = False
    """Take the request and close the connection without an answer."""


@dataclass(frozen=True)
class Request:
    """What the server got."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers with `answers` in turn, then with `default`; keeps every request that it read to the end."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: deque[Answer] = deque()
        self.default = Answer()
        self._stopped = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(Request(self.path, dict(self.headers), body))
                answer = receiver.answers.popleft() if receiver.answers else receiver.default
                if answer.hang:
                    receiver._stopped.wait(answer.hang)
                if answer.die:
                    self.close_connection = True
                    return
                try:
                    self.send_response(answer.code)
                    for name, text in answer.headers.items():
                        self.send_header(name, text)
                    self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body.encode())
                except OSError:
                    pass  # the sender gave up or was killed

            def log_message(self, *args: Any) -> None:
                """Keep the test output quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def wait_for(self, requests: int, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while len(self.requests) < requests:
            assert time.monotonic() < deadline, f"{len(self.requests)} of {requests} requests came"
            time.sleep(0.02)

    def close(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
