"""Events, and somebody who takes them in and remembers them."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from tidework.bus.event import Event
from tidework.bus.protocol import Bus

Opener = Callable[..., Awaitable[Bus]]


def events(count: int, streams: int = 1, *, first: int = 1) -> list[Event]:
    """Events of some streams in turns; the seqs of each count from `first`."""
    ids = [str(uuid.uuid4()) for _ in range(streams)]
    return [make(ids[number % streams], first + number // streams) for number in range(count)]


def make(stream_id: str, seq: int, **data: Any) -> Event:
    """An event."""
    return Event(
        id=f"{stream_id}:{seq}:0:task.created",
        source=f"/api/v1/workspaces/{stream_id}",
        type="task.created",
        subject=f"tasks/{uuid.uuid4()}",
        time="2026-11-22T08:00:00.000000Z",
        dataschema="urn:tidework:event:task.created:1",
        data={"id": "", "values": {"title": "Grüße"}, "before": {}, **data},
        streamid=stream_id,
        seq=seq,
        ordinal=0,
    )


class Taker:
    """A handler. It raises as often as `failures` says, and waits while `held`."""

    def __init__(self, *, failures: int = 0, held: bool = False) -> None:
        self.taken: list[Event] = []
        self.calls = 0
        self.failures = failures
        self.entered = asyncio.Event()
        self.free = asyncio.Event()
        if not held:
            self.free.set()
        self._some = asyncio.Condition()
        self._only: set[str] = set()

    async def __call__(self, events: Sequence[Event]) -> None:
        self.calls += 1
        if not self._only or self._only & {event.id for event in events}:
            self.entered.set()
            await self.free.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        async with self._some:
            self.taken.extend(events)
            self._some.notify_all()

    def hold(self, only: Iterable[Event] = ()) -> None:
        """Let calls, or those that bring one of `only`, wait from now on, until `free` is set."""
        self._only = {event.id for event in only}
        self.entered.clear()
        self.free.clear()

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.taken]

    async def until(self, holds: Callable[[], bool], within: float = 30.0) -> None:
        """Wait until something holds that what was taken in decides."""
        async with asyncio.timeout(within), self._some:
            await self._some.wait_for(holds)

    async def until_has(self, events: Iterable[Event], within: float = 30.0) -> None:
        wanted = {event.id for event in events}
        try:
            await self.until(lambda: wanted <= set(self.ids), within)
        except TimeoutError:
            missing = wanted - set(self.ids)
            raise AssertionError(f"{len(missing)} of {len(wanted)} did not come") from None

    def seqs(self) -> dict[str, list[int]]:
        """Of each stream, in the order in which they were taken in for the first time."""
        found: dict[str, list[int]] = defaultdict(list)
        for event in self.taken:
            if event.seq not in found[event.streamid]:
                found[event.streamid].append(event.seq)
        return found
