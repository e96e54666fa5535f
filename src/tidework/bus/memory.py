"""The bus of a process by itself: events go from its relay to its consumers.

Nothing is kept when the process ends. Nothing is lost by that either: the relay's and the consumers'
places in the log are, and they go on from there.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from tidework.bus.catalogue import events_of, types_of
from tidework.bus.consumer import Page
from tidework.bus.event import Event
from tidework.bus.protocol import Handler

_MAX_WAITING = 10_000
_MAX_TAKEN = 500
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0

_log = structlog.get_logger()


T = TypeVar("T")


class MemoryBus:
    """See `bus.protocol.Bus`. Who publishes waits while a consumer has 10,000 events before it.

    Whoever reads the log in the same process may hand over what it has read, and who wants it so is
    given it so: nothing is read twice, and events are made only for who asks for events.
    """

    def __init__(self) -> None:
        self._subscriptions: list[_Subscription[Event]] = []
        self._readers: list[_Subscription[Page]] = []

    async def start(self) -> None:
        """See `Bus.start`."""

    async def close(self) -> None:
        """See `Bus.close`."""
        for subscription in self._subscriptions:
            await subscription.close()
        for reader in self._readers:
            await reader.close()

    async def publish(self, events: Sequence[Event]) -> None:
        """See `Bus.publish`; to survive means to stand in the log, as events do."""
        for subscription in self._subscriptions:
            await subscription.put(events, len(events))

    async def hand_over(self, page: Page) -> int:
        """Publish what follows from whole commits of one stream, in order; how many events that is."""
        for reader in self._readers:
            await reader.put((page,), len(page))
        if self._subscriptions:
            await self.publish(events_of(page))
        return sum(len(types_of(change)) for change in page)

    async def subscribe(self, consumer: str, handler: Handler) -> None:
        """See `Bus.subscribe`."""
        self._subscriptions.append(_Subscription(consumer, handler))

    async def subscribe_pages(
        self, consumer: str, handler: Callable[[Sequence[Page]], Awaitable[None]]
    ) -> None:
        """Let `handler` have the pages that are handed over, as `subscribe` does the events."""
        self._readers.append(_Subscription(consumer, handler))

    def on_gap(self, callback: Callable[[str], None]) -> None:
        """See `Bus.on_gap`: there never is one."""


class _Subscription(Generic[T]):
    def __init__(self, consumer: str, handler: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._handler = handler
        self._waiting: deque[T] = deque()
        self._weight = 0
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = False
        self._task = asyncio.create_task(self._run(), name=f"events for {consumer}")

    async def put(self, items: Sequence[T], weight: int) -> None:
        await self._room.wait()
        self._waiting.extend(items)
        self._weight += weight
        self._some.set()
        if self._weight >= _MAX_WAITING:
            self._room.clear()

    async def close(self) -> None:
        """End after the handler that runs."""
        self._closing = True
        self._some.set()
        self._room.set()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            if self._closing:
                return
            taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MAX_TAKEN))]
            if not self._waiting:
                self._some.clear()
                self._weight = 0
            if self._weight < _MAX_WAITING:
                self._room.set()
            await self._hand_over(taken)

    async def _hand_over(self, taken: Sequence[T]) -> None:
        pause = _FIRST_PAUSE_S
        while not self._closing:
            try:
                await self._handler(taken)
            except Exception as error:
                _log.warning("events_not_taken_in", reason=str(error), again_in_s=round(pause, 1))
            else:
                return
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, _LONGEST_PAUSE_S)
