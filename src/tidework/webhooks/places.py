"""How many requests go to one webhook at a time: a slow receiver shall not be everybody's."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tidework.bus.jobs import Reschedule
from tidework.times import after, now

AT_ONCE: Final = 4
_WAIT_S: Final = 1.0
_SLOW_S: Final = 5.0
_SHORTEST_S: Final = 1.0
_LONGEST_S: Final = 5.0
_MORE_S: Final = 0.2


class _Queue:
    """The place of one webhook. `late` is how many were sent away lately."""

    __slots__ = ("late", "room", "took", "users")

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(AT_ONCE)
        self.users = 0
        self.took = 0.0
        self.late = 0

    def away(self) -> Reschedule:
        """Come again: the later, the more have been told so."""
        pause = random.uniform(_SHORTEST_S, _LONGEST_S + self.late * _MORE_S)  # noqa: S311
        self.late += 1
        return Reschedule(after(now(), pause))


class Places:
    """The places of the webhooks that are being sent to from this process."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def of(self, webhook_id: str) -> AsyncIterator[None]:
        """Wait for a place, a moment at most, and not at all where receivers are slow.

        Raises `Reschedule` for who gets none.
        """
        queue = self._queues.setdefault(webhook_id, _Queue())
        queue.users += 1
        try:
            await self._enter(queue)
            began = time.monotonic()
            try:
                yield
            finally:
                queue.room.release()
                queue.took = time.monotonic() - began
                queue.late //= 2
        finally:
            queue.users -= 1
            if not queue.users:
                del self._queues[webhook_id]

    async def _enter(self, queue: _Queue) -> None:
        if queue.room.locked() and queue.took > _SLOW_S:
            raise queue.away()
        try:
            async with asyncio.timeout(_WAIT_S):
                await queue.room.acquire()
        except TimeoutError:
            raise queue.away() from None
