"""How many requests go out at a time, to one webhook and for one workspace: slow receivers shall not
be everybody's.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tidework.bus.jobs import Reschedule
from tidework.times import after, now

IN_ALL: Final = 48
AT_ONCE: Final = 4
FOR_ONE_STREAM: Final = IN_ALL // 2
FOR_SLOW: Final = IN_ALL // 2
_KEPT: Final = 1000
_WAIT_S: Final = 1.0
_SLOW_S: Final = 5.0
_SHORTEST_S: Final = 1.0
_LONGEST_S: Final = 5.0
_MORE_S: Final = 0.2


class Place:
    """The place of one webhook.

    `took` is how long its receiver took for the last request, in seconds, as who is in it notes;
    `late` how many were sent away lately.
    """

    __slots__ = ("late", "room", "took", "users")

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(AT_ONCE)
        self.users = 0
        self.took = 0.0
        self.late = 0

    @property
    def is_slow(self) -> bool:
        """Whether its receiver was slow the last time."""
        return self.took > _SLOW_S

    def away(self) -> Reschedule:
        """Come again: the later, the more have been told so."""
        pause = random.uniform(_SHORTEST_S, _LONGEST_S + self.late * _MORE_S)  # noqa: S311
        self.late += 1
        return Reschedule(after(now(), pause))


class Places:
    """The places that this process has for requests to webhooks, `IN_ALL`.

    A webhook has `AT_ONCE` of them, a workspace's have `FOR_ONE_STREAM`. Webhooks with slow receivers
    have one each, and `FOR_SLOW` together.
    """

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._taken: Counter[str] = Counter()
        self._slow = 0

    @asynccontextmanager
    async def of(self, stream_id: str, webhook_id: str) -> AsyncIterator[Place]:
        """Wait for a place, a moment at most, and not at all where others wait too.

        Raises `Reschedule` for who gets none.
        """
        place = self._place(webhook_id)
        slow = place.is_slow
        if self._taken[stream_id] >= FOR_ONE_STREAM or (
            slow and (place.users or self._slow >= FOR_SLOW)
        ):
            raise place.away()
        place.users += 1
        self._taken[stream_id] += 1
        self._slow += slow
        try:
            await self._enter(place)
            try:
                yield place
            finally:
                place.room.release()
                place.late //= 2
        finally:
            place.users -= 1
            self._taken[stream_id] -= 1
            if not self._taken[stream_id]:
                del self._taken[stream_id]
            self._slow -= slow

    def _place(self, webhook_id: str) -> Place:
        # The last one that was used stands last.
        place = self._places.pop(webhook_id, None) or Place()
        self._places[webhook_id] = place
        if len(self._places) > _KEPT:
            # There is one: fewer have users than are kept.
            del self._places[next(name for name, one in self._places.items() if not one.users)]
        return place

    async def _enter(self, place: Place) -> None:
        try:
            async with asyncio.timeout(_WAIT_S):
                await place.room.acquire()
        except TimeoutError:
            raise place.away() from None
