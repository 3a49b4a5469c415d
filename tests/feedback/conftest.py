"""A dbt project, a warehouse and a server of its own for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from bench import feedback_place
from ml_monitor.feedback.keys import hashed
from ml_monitor.feedback.serve import Place
from ml_monitor.warehouse import Warehouse

PEPPER = "a pepper of thirty-two characters"
KEYS = {
    "all": {"source": "experts", "scopes": ["write", "read"], "rate": 100_000, "burst": 100_000},
    "thumbs": {"source": "users", "scopes": ["write:thumb"], "rate": 100_000, "burst": 100_000},
    "slow": {"source": "users", "scopes": ["write"], "rate": 0.01, "burst": 5},
    "other": {"source": "users", "scopes": ["write"], "monitors": ["churn"]},
}


@pytest.fixture(params=["duckdb", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The project; its warehouse is not there yet."""
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        Warehouse(url).execute("drop schema if exists ml_monitor cascade")
    return feedback_place.make(tmp_path / "project", url)


@pytest.fixture
def configure(tmp_path: Path) -> Callable[..., Place]:
    """Make a DuckDB project with the keys above, named as they are, and more settings."""

    def make(**settings: Any) -> Place:
        keys = [{"name": name, "sha256": hashed(f"key-of-{name}"), **key} for name, key in KEYS.items()]
        made = feedback_place.make(tmp_path / "project", keys=keys, **settings)
        project = {"name": "bench", "profile": "bench", "vars": {"ml_monitor__monitors": {"flight_delay": {}, "churn": {}}}}
        (made.project_dir / "dbt_project.yml").write_text(yaml.safe_dump(project))
        return made

    return make


class Server:
    """A server that runs, and a client of it."""

    def __init__(self, place: Place, *options: str) -> None:
        self.place, self.port, self.options = place, feedback_place.free_port(), options
        self.log = place.project_dir / "server.log"
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        self.start()

    def start(self) -> None:
        environment = {"ML_MONITOR_FEEDBACK_PEPPER": PEPPER}
        self.process = feedback_place.serve(self.place, self.port, *self.options, log=self.log, environment=environment)

    def post(self, event: Any, key: str = "all", path: str = "/v1/feedback") -> httpx.Response:
        return self.client.post(path, json=event, headers={"Authorization": f"Bearer key-of-{key}"})

    def batch(self, events: list[Any], key: str = "all") -> httpx.Response:
        return self.post({"events": events}, key, "/v1/feedback/batch")

    def kept(self) -> list[dict[str, Any]]:
        """The events in the buffer."""
        import json

        with self.place.buffer() as buffer:
            return [json.loads(body) for _, body in buffer.read(0, 100_000)]


@pytest.fixture
def server(configure: Callable[..., Place]) -> Iterator[Callable[..., Server]]:
    """Start servers without a flusher: `server(redact={...})`."""
    started: list[Server] = []

    def start(*options: str, **settings: Any) -> Server:
        started.append(Server(configure(**settings), *(options or ("--no-flush",))))
        return started[-1]

    yield start
    for one in started:
        one.client.close()
        if one.process.running:
            one.process.kill()


@pytest.fixture
def thumb() -> Callable[..., dict[str, Any]]:
    """Make events, thumbs up unless told otherwise."""

    def make(**fields: Any) -> dict[str, Any]:
        event = {"feedback_id": str(uuid4()), "monitor": "flight_delay", "kind": "thumb", "value": 1, "prediction_id": "p1"}
        return {name: value for name, value in {**event, **fields}.items() if value is not None}

    return make
