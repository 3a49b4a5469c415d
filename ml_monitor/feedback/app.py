"""The HTTP API: who is asking, is it small enough, what to answer. Whether an event is kept is decided in `receive`."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ml_monitor.feedback import openapi
from ml_monitor.feedback.buffer import Buffer, Entry, Outcome
from ml_monitor.feedback.errors import BufferUnavailable
from ml_monitor.feedback.group_commit import GroupCommit
from ml_monitor.feedback.keys import ApiKey, KeyRing
from ml_monitor.feedback.rate import TokenBucket
from ml_monitor.feedback.receive import Reception, Refusal
from ml_monitor.settings import wall_clock

_log = logging.getLogger(__name__)
_SECONDS_FOR_A_BODY = 15
_STATUS = {Outcome.accepted: 201, Outcome.duplicate: 200, Outcome.conflict: 409}
_CONFLICT = "this feedback_id was sent before with another content, which stays. A change is a new event that supersedes it."


class _Refused(Exception):  # noqa: N818 - says what happened
    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.refusal, self.headers = Refusal(status, message), headers


class Api:
    """The routes over one buffer.

    Args:
        reception: Decides about events.
        buffer: Where they are kept.
        clock: Wall clock, UTC without zone.
    """

    def __init__(self, reception: Reception, buffer: Buffer, clock: Callable[[], datetime] = wall_clock) -> None:
        self._reception, self._buffer, self._clock = reception, buffer, clock
        self._settings = reception.settings
        self._keys = KeyRing(self._settings.keys)
        self._rates = {key.name: TokenBucket.full(key.rate, key.burst, time.monotonic()) for key in self._settings.keys}
        self._commits: GroupCommit | None = None

    def app(self) -> Starlette:
        """The ASGI application."""
        document = orjson.dumps(openapi.document(self._settings))
        page = openapi.page(self._settings)
        routes = [
            Route("/v1/feedback", self._answered(self._single), methods=["POST"]),
            Route("/v1/feedback/batch", self._answered(self._batch), methods=["POST"]),
            Route("/v1/status", self._answered(self._status), methods=["GET"]),
            Route("/healthz", _alive, methods=["GET"]),
            Route("/openapi.json", lambda _: Response(document, media_type="application/json"), methods=["GET"]),
            Route("/docs", lambda _: HTMLResponse(page), methods=["GET"]),
        ]
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(self._settings.origins),
            allow_methods=["POST"],
            allow_headers=["Authorization", "Content-Type"],
            # Without this a page cannot read when it may send again.
            expose_headers=["Retry-After"],
            max_age=3600,
        )
        return Starlette(routes=routes, lifespan=self._lifespan, middleware=[cors] if self._settings.origins else [])

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._commits = GroupCommit(self._buffer)
        yield
        await self._commits.close()

    def _answered(self, handle: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                response: Response = await handle(request)
                return response
            except _Refused as refused:
                return _json(_problem(refused.refusal), refused.refusal.status, refused.headers)
            except BufferUnavailable as error:
                _log.error("%s", error)
                busy = Refusal(503, "feedback cannot be kept now: nothing of this request was. Send it again.")
                return _json(_problem(busy), 503, {"Retry-After": "5"})
            except ClientDisconnect:
                return Response(status_code=400)

        return answer

    async def _single(self, request: Request) -> Response:
        key = self._client(request)
        content = await _content(request, self._settings.max_body_kb * 1024)
        self._spend(key, 1)
        decided = self._reception.decide(content, key, self._clock())
        if isinstance(decided, Refusal):
            return _json(_problem(decided), decided.status)
        (outcome,) = await self._open.write([decided])
        return _json({"feedback_id": decided.feedback_id, **_result(outcome)}, _STATUS[outcome])

    async def _batch(self, request: Request) -> Response:
        key = self._client(request)
        content = await _content(request, self._settings.max_batch_kb * 1024)
        events = content.get("events") if isinstance(content, dict) and len(content) == 1 else None
        if not isinstance(events, list) or not 0 < len(events) <= self._settings.max_batch:
            raise _Refused(422, f'a batch is {{"events": [...]}} with 1 to {self._settings.max_batch} events')
        self._spend(key, len(events))
        now = self._clock()
        decided = [self._reception.decide(event, key, now) for event in events]
        entries = [one for one in decided if isinstance(one, Entry)]
        outcomes = iter(await self._open.write(entries) if entries else [])
        results = [_problem(one) if isinstance(one, Refusal) else _result(next(outcomes)) for one in decided]
        for event, result in zip(events, results, strict=True):
            named = event.get("feedback_id") if isinstance(event, dict) else None
            result["feedback_id"] = named if isinstance(named, str) else None
        return _json({"results": results, "kept": all(result["status"] in (200, 201) for result in results)}, 200)

    async def _status(self, request: Request) -> Response:
        if not self._client(request).may_read:
            raise _Refused(403, "this key has not the scope read")
        waiting = await self._open.waiting()
        return _json({"waiting": waiting.events, "oldest_received_at": waiting.oldest_received_at}, 200)

    @property
    def _open(self) -> GroupCommit:
        if self._commits is None:
            raise BufferUnavailable("the server is starting")
        return self._commits

    def _client(self, request: Request) -> ApiKey:
        key = self._keys.find(request.headers.get("authorization"))
        if key is None:
            raise _Refused(401, "no valid API key. Send Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"})
        return key

    def _spend(self, key: ApiKey, events: int) -> None:
        if pause := self._rates[key.name].take(events, time.monotonic()):
            message = f"the key {key.name} may send {key.rate:g} events per second, {key.burst} at once"
            raise _Refused(429, message, {"Retry-After": str(math.ceil(pause))})


async def _alive(_: Request) -> Response:
    return _json({"status": "ok"}, 200)


async def _content(request: Request, most: int) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Refused(415, "send Content-Type: application/json")
    too_large = _Refused(413, f"the body is longer than {most} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS_FOR_A_BODY):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        raise _Refused(408, f"the body did not come within {_SECONDS_FOR_A_BODY} s") from None
    try:
        return orjson.loads(bytes(body))
    except orjson.JSONDecodeError as error:
        raise _Refused(400, f"the body is no JSON: {error}") from None


def _result(outcome: Outcome) -> dict[str, Any]:
    if outcome is Outcome.conflict:
        return _problem(Refusal(409, _CONFLICT))
    return {"status": _STATUS[outcome], "outcome": outcome}


def _problem(refusal: Refusal) -> dict[str, Any]:
    return {"status": refusal.status, "error": refusal.message, **({"errors": refusal.errors} if refusal.errors else {})}


def _json(content: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, dict(headers or {}), "application/json")
