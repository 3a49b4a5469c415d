"""What the API takes, refuses and answers: a real server, real requests."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench import feedback_place
from ml_monitor.feedback.serve import Place
from tests.feedback.conftest import Server

Make = Callable[..., Any]


def test_an_event_is_kept_as_it_was_said(server: Make, thumb: Make) -> None:
    api = server()
    event = thumb(
        kind="correction",
        value=None,
        label="délayé",
        comment="<script>alert(1)</script>'; drop table users; --",
        reviewer="Ana",
        occurred_at=(datetime.now(UTC) - timedelta(hours=1)).astimezone().isoformat(),
        payload={"page": {"name": "search"}, "n": [1, None, "\u0000"]},
        supersedes_feedback_id="earlier-event",
    )
    answer = api.post(event)
    assert (answer.status_code, answer.json()) == (
        201,
        {"feedback_id": event["feedback_id"], "status": 201, "outcome": "accepted"},
    )
    (row,) = api.kept()
    same = ("feedback_id", "monitor", "kind", "label", "comment", "reviewer", "prediction_id", "supersedes_feedback_id")
    assert {name: row[name] for name in same} == {name: event[name] for name in same}
    assert (row["source"], row["client"]) == ("experts", "all")
    assert json.loads(row["payload"]) == event["payload"]
    moment = datetime.fromisoformat(event["occurred_at"]).astimezone(UTC).replace(tzinfo=None)
    assert datetime.fromisoformat(row["occurred_at"]) == moment


def test_every_kind_is_taken_alone_and_in_a_batch(server: Make, thumb: Make) -> None:
    api = server()
    said: dict[str, dict[str, Any]] = {
        "rating": {"value": 4.5},
        "thumb": {"value": 0},
        "approval": {},
        "correction": {"label": "1"},
        "requery": {"prediction_id": None, "request_id": "search-1"},
        "click": {},
        "dwell": {"value": 12.5},
        "abandonment": {"prediction_id": None, "request_id": "search-1"},
        "complaint": {"comment": "<b>late</b> again"},
    }
    events = [thumb(**{"kind": kind, "value": None, **fields}) for kind, fields in said.items()]
    assert [api.post(event).status_code for event in events] == [201] * len(said)
    again = [{**event, "feedback_id": f"batch-{number:06}"} for number, event in enumerate(events)]
    assert api.batch(again).json()["kept"] is True
    kept = api.kept()
    assert [row["kind"] for row in kept] == [*said, *said]
    assert [row["value"] for row in kept[: len(said)]] == [fields.get("value") for fields in said.values()]
    kinds = api.client.get("/openapi.json").json()["components"]["schemas"]["Kind"]["enum"]
    assert set(kinds) == set(said)


def test_an_unknown_prediction_is_kept(server: Make, thumb: Make) -> None:
    api = server()
    assert api.post(thumb(prediction_id="logged-later-or-never")).status_code == 201
    assert [row["prediction_id"] for row in api.kept()] == ["logged-later-or-never"]


def test_a_replay_is_kept_once_and_another_content_is_a_conflict(server: Make, thumb: Make) -> None:
    api, event = server(), thumb(occurred_at=datetime.now(UTC).isoformat())
    assert [api.post(event).status_code for _ in range(3)] == [201, 200, 200]
    reordered = dict(reversed(event.items())) | {"value": 1.0}
    assert api.post(reordered).json()["outcome"] == "duplicate"
    assert api.post({**event, "value": 0}).status_code == 409
    assert api.post(event, key="thumbs").status_code == 409, "another source says something else"
    api.process.kill()
    api.start()
    assert api.post(event).status_code == 200, "known after a kill"
    assert api.post({**event, "comment": "more"}).status_code == 409
    assert [row["value"] for row in api.kept()] == [1.0]


def test_a_batch_answers_each_event(server: Make, thumb: Make) -> None:
    api, event, other = server(), thumb(), thumb()
    answer = api.batch([event, other, event, {**event, "value": 0}, thumb(kind="no"), "text", thumb(monitor="nobody")])
    assert answer.status_code == 200
    assert [result["status"] for result in answer.json()["results"]] == [201, 201, 200, 409, 422, 422, 422]
    assert answer.json()["kept"] is False
    assert answer.json()["results"][1]["feedback_id"] == other["feedback_id"]
    assert len(api.kept()) == 2
    assert api.batch([event, other]).json()["kept"] is True


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"kind": "shout"}, "kind"),
        ({"feedback_id": "short"}, "feedback_id"),
        ({"feedback_id": "'; drop table x; --"}, "feedback_id"),
        ({"feedback_id": "12345678\n"}, "feedback_id"),
        ({"monitor": "nobody"}, "monitor"),
        ({"value": "1"}, "value"),
        ({"value": 7}, "event"),
        ({"value": 10**400}, "value"),
        ({"prediction_id": None}, "event"),
        ({"prediction_id": "a\x00b"}, "prediction_id"),
        ({"kind": "correction"}, "event"),
        ({"kind": "rating", "value": 101}, "event"),
        ({"kind": "dwell", "value": -1}, "event"),
        ({"comment": "x" * 4001}, "comment"),
        ({"payload": {"x": "y" * 9000}}, "payload"),
        ({"payload": [1]}, "payload"),
        ({"source": "experts"}, "source"),
        ({"occurred_at": "2024-01-01T00:00:00"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
    ],
)
def test_what_is_not_valid_is_refused_and_said_where(reused: Server, thumb: Make, change: dict[str, Any], where: str) -> None:
    answer = reused.post(thumb(**change))
    assert answer.status_code in (400, 422), answer.text
    if answer.status_code == 422:
        assert where in [error["where"] for error in answer.json()["errors"]], answer.text
    assert reused.kept() == []


@pytest.fixture(scope="module")
def reused(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One server for requests that it refuses."""
    import yaml

    from bench import feedback_place
    from ml_monitor.feedback.keys import hashed

    key = {"name": "all", "sha256": hashed("key-of-all"), "source": "users", "scopes": ["write"], "rate": 1e5, "burst": 10**5}
    place = feedback_place.make(tmp_path_factory.mktemp("reused") / "project", keys=[key])
    assert yaml.safe_load((place.project_dir / "feedback.yml").read_text())["keys"] == [key]
    api = Server(place, "--no-flush")
    yield api
    api.client.close()
    api.process.kill()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"value": NaN}', 400),
        (b'"\\ud800"', 400),
        (b"[" * 5000, 400),
        (b"[" * 500 + b"]" * 500, 422),
        (b"null", 422),
        (b"{}", 422),
        (b" " * 40_000, 413),
    ],
)
def test_bodies_that_are_no_event(reused: Server, body: bytes, status: int) -> None:
    headers = {"Authorization": "Bearer key-of-all", "Content-Type": "application/json"}
    answer = reused.client.post("/v1/feedback", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == status
    streamed = reused.client.post("/v1/feedback", content=iter([body[:7], body[7:]]), headers=headers)
    assert streamed.status_code == status, "without a length too"
    assert reused.client.post("/v1/feedback", content=body, headers={"Authorization": "Bearer key-of-all"}).status_code == 415


def test_a_batch_is_a_list_of_bounded_length(server: Make, thumb: Make) -> None:
    api = server(max_batch=3)
    assert api.batch([thumb() for _ in range(3)]).status_code == 200
    for wrong in ({"events": []}, {"events": [thumb() for _ in range(4)]}, {}, [thumb()], {"events": [thumb()], "more": 1}):
        assert api.post(wrong, path="/v1/feedback/batch").status_code == 422
    assert len(api.kept()) == 3


def test_keys_and_scopes(server: Make, thumb: Make) -> None:
    api = server()
    for header in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic key-of-all"},
        {"Authorization": b"Bearer \xff"},
    ):
        answer = api.client.post("/v1/feedback", json=thumb(), headers=header)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert api.post(thumb(kind="click", value=None), key="thumbs").status_code == 403
    assert api.post(thumb(), key="thumbs").status_code == 201
    assert api.post(thumb(), key="other").status_code == 422, "not a monitor of this key"
    assert api.post(thumb(monitor="churn"), key="other").status_code == 201
    for key, status in (("all", 200), ("thumbs", 403), ("nobody", 401)):
        answer = api.client.get("/v1/status", headers={"Authorization": f"Bearer key-of-{key}"})
        assert answer.status_code == status
    assert {row["source"] for row in api.kept()} == {"users"}
    assert api.client.get("/v1/status", headers={"Authorization": "Bearer key-of-all"}).json()["waiting"] == 2
    assert "key-of" not in (api.place.project_dir / "feedback.yml").read_text() + api.log.read_text()


def test_each_key_has_its_rate(server: Make, thumb: Make) -> None:
    api = server()
    assert [api.post(thumb(), key="slow").status_code for _ in range(7)] == [201] * 5 + [429] * 2
    refused = api.post(thumb(), key="slow")
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    assert api.batch([thumb()], key="slow").status_code == 429
    assert api.post(thumb()).status_code == 201
    assert len(api.kept()) == 6


def test_clock_skew_is_bounded(server: Make, thumb: Make) -> None:
    api, now = server(max_future_seconds=3600, max_age_days=10), datetime.now(UTC)
    for offset, status in (
        (timedelta(minutes=50), 201),
        (timedelta(minutes=70), 422),
        (-timedelta(days=9), 201),
        (-timedelta(days=11), 422),
    ):
        assert api.post(thumb(occurred_at=(now + offset).isoformat())).status_code == status


def test_personal_data_never_reaches_the_disk(server: Make, thumb: Make) -> None:
    api = server(redact={"reviewer": "hash", "comment": "drop", "payload.user.email": "drop", "payload.items.name": "hash"})
    payload = {"user": {"email": "ana@example.com", "plan": "gold"}, "items": [{"name": "Ana Secret"}, {"id": 1}]}
    event = thumb(reviewer="ana-the-reviewer", comment="call me: 555-0199", payload=payload)
    assert api.post(event).status_code == 201
    assert api.post(thumb(reviewer="ana-the-reviewer")).status_code == 201
    assert api.post({**event, "comment": "another"}).status_code == 409, "compared before the redaction"
    first, second = api.kept()
    assert first["comment"] is None
    assert first["reviewer"] == second["reviewer"] != "ana-the-reviewer"
    assert json.loads(first["payload"])["user"] == {"email": None, "plan": "gold"}
    files = b"".join(file.read_bytes() for file in api.place.project_dir.iterdir() if file.is_file())
    for secret in (b"ana-the-reviewer", b"555-0199", b"ana@example.com", b"Ana Secret"):
        assert secret not in files


def test_a_full_buffer_refuses_and_keeps_what_it_has(server: Make, thumb: Make) -> None:
    api = server(buffer_mb=1)
    accepted = []
    for _ in range(60):
        event = thumb(payload={"x": "y" * 8000})
        answer = api.batch([event, *(thumb(payload={"x": "y" * 8000}) for _ in range(9))])
        if answer.status_code != 200:
            break
        accepted += [result["feedback_id"] for result in answer.json()["results"]]
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert [row["feedback_id"] for row in api.kept()] == accepted
    assert len(accepted) > 50


def test_the_api_describes_itself(server: Make) -> None:
    api = server()
    document = api.client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {"/v1/feedback", "/v1/feedback/batch", "/v1/status", "/healthz"}
    names = document["components"]["schemas"]

    def resolves(part: Any) -> None:
        if isinstance(part, dict):
            if "$ref" in part:
                assert part["$ref"].removeprefix("#/components/schemas/") in names
            for inner in part.values():
                resolves(inner)
        elif isinstance(part, list):
            for inner in part:
                resolves(inner)

    resolves(document)
    page = api.client.get("/docs")
    assert "feedback_id" in page.text
    assert "<script" not in page.text
    assert api.client.get("/healthz").status_code == 200


def test_browsers_may_send_only_from_the_named_origins(server: Make, thumb: Make) -> None:
    api = server(origins=["https://shop.example"])
    for origin, allowed in (("https://shop.example", "https://shop.example"), ("https://evil.example", None)):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        assert api.client.options("/v1/feedback", headers=asked).headers.get("access-control-allow-origin") == allowed
    answer = api.post(thumb())
    assert "access-control-expose-headers" not in answer.headers, "no browser asked"
    headers = {"Authorization": "Bearer key-of-all", "Origin": "https://shop.example"}
    answer = api.client.post("/v1/feedback", json=thumb(), headers=headers)
    assert answer.headers["access-control-expose-headers"] == "Retry-After"


def test_a_client_that_hangs_up_disturbs_nobody(server: Make, thumb: Make) -> None:
    api = server()
    for head in (
        b"POST /v1/fe",
        b"POST /v1/feedback HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
        b"\x16\x03\x01\x00\x00\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", api.port)) as connection:
            connection.sendall(head)
    assert api.post(thumb()).status_code == 201


def test_a_full_collection_is_too_short_to_be_noticed(configure: Callable[..., Place]) -> None:
    """Seen from the server's own process, because a busy machine makes every answer slow."""
    code = """
import gc, os, pathlib, signal, sys, threading, time
from ml_monitor.feedback.serve import Place, serve
took = []
def look():
    time.sleep(2)
    start = time.thread_time()
    gc.collect()
    took.append(time.thread_time() - start)
    os.kill(os.getpid(), signal.SIGINT)
serve(Place(pathlib.Path(sys.argv[1])), "127.0.0.1", int(sys.argv[2]), flushing=False, say=lambda _: threading.Thread(target=look).start())
print(took[0])
"""
    command = [sys.executable, "-c", code, str(configure().project_dir), str(feedback_place.free_port())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.01, done.stderr
