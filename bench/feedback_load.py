"""Clients of the feedback API: events at a given rate, each sent until it is answered."""

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.feedback_place import KEY

_KINDS = ({"kind": "thumb", "value": 1}, {"kind": "correction", "label": "1"}, {"kind": "dwell", "value": 3.5}, {"kind": "click"})


@dataclass
class Sent:
    """What the clients saw."""

    answered: set[str] = field(default_factory=set)
    """Events that were acknowledged."""
    sent: set[str] = field(default_factory=set)
    """Events that were sent, answered or not."""
    seconds: list[float] = field(default_factory=list)
    """From the moment an event was due to its answer."""
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    """Attempts that got no answer."""


def request(event: dict[str, object]) -> bytes:
    """One event as HTTP."""
    body = json.dumps(event).encode()
    head = f"POST /v1/feedback HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def event(number: int) -> dict[str, object]:
    """An event of its own id."""
    about = {"monitor": "flight_delay", "prediction_id": f"flight-{number}", "reviewer": f"user-{number % 997}"}
    return {
        "feedback_id": str(uuid.uuid4()),
        **about,
        "comment": "late <b>again</b>; drop table x",
        **_KINDS[number % len(_KINDS)],
    }


async def run(port: int, rate: float, going: Callable[[float], bool], connections: int = 64) -> Sent:
    """Send events, due at fixed times whatever the server does, as long as `going(seconds)` says."""
    seen, start, numbers = Sent(), time.perf_counter(), iter(range(1_000_000_000))

    async def client() -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while going(time.perf_counter() - start):
            number = next(numbers)
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            one = event(number)
            name, message = str(one["feedback_id"]), request(one)
            seen.sent.add(name)
            while True:
                try:
                    streams = streams or await asyncio.open_connection("127.0.0.1", port)
                    status = await _exchange(*streams, message)
                except (OSError, asyncio.IncompleteReadError):
                    streams = None
                    seen.broken += 1
                    await asyncio.sleep(0.02)
                    # One in five gives up: what was never answered may be kept or not.
                    if number % 5 == 0 or not going(time.perf_counter() - start):
                        break
                    continue
                seen.statuses[status] += 1
                if status in (200, 201):
                    seen.answered.add(name)
                    seen.seconds.append(time.perf_counter() - due)
                break

    await asyncio.gather(*(client() for _ in range(connections)))
    return seen


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> int:
    writer.write(message)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    await reader.readexactly(int(length))
    return int(head.split(b" ", 2)[1])
