"""Many requests, one commit: everything that comes while the disk is busy is written together."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ml_monitor.feedback.buffer import Buffer, Entry, Outcome, Waiting
from ml_monitor.feedback.errors import BufferUnavailable

_MOST_AT_ONCE = 2000
_MOST_WAITING = 20_000


class GroupCommit:
    """Hands events of concurrent requests to the buffer in groups."""

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer
        self._thread = ThreadPoolExecutor(1, "feedback-buffer")
        self._waiting: list[tuple[Sequence[Entry], asyncio.Future[list[Outcome]]]] = []
        self._events = 0
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def write(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Keep events; when this returns they are on the disk.

        Raises:
            BufferUnavailable: Nothing is kept, or too much is waiting for the disk.
        """
        if self._events + len(entries) > _MOST_WAITING:
            raise BufferUnavailable("too many events are waiting for the disk")
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.append((entries, done))
        self._events += len(entries)
        self._wake.set()
        return await done

    async def waiting(self) -> Waiting:
        """What is not flushed yet."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._buffer.waiting)

    async def close(self) -> None:
        """Write what is waiting, and end."""
        while self._events:
            await asyncio.sleep(0.01)
        self._task.cancel()
        self._thread.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            group = self._take()
            entries = [entry for one, _ in group for entry in one]
            try:
                outcomes = iter(await loop.run_in_executor(self._thread, self._buffer.write, entries))
            except Exception as error:
                for _, done in group:
                    if not done.done():
                        done.set_exception(error)
            else:
                for one, done in group:
                    own = [next(outcomes) for _ in one]
                    if not done.done():
                        done.set_result(own)
            self._events -= len(entries)

    def _take(self) -> list[tuple[Sequence[Entry], asyncio.Future[list[Outcome]]]]:
        count = taken = 0
        for entries, _ in self._waiting:
            if taken and taken + len(entries) > _MOST_AT_ONCE:
                break
            taken += len(entries)
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        if not self._waiting:
            self._wake.clear()
        return group
