"""Wake-ups: that a stream may have moved, told within a process and between them.

They lose messages by design, and come twice: they only make somebody look sooner who looks anyway.
What is true is in the log.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextvars import Context
from typing import Final, Protocol
from uuid import UUID, uuid5

import structlog

from tidework.log import Committed, Operation
from tidework.store.observer import Observer

Listener = Callable[[Collection[str]], None]
"""Told which streams may have moved; none at all: any may have, since messages may be missing. Is
called on the event loop, returns at once and raises nothing."""

MOST: Final = 5_000
"""More streams than these at once are told as "any"."""

_INBOXES: Final = UUID("8c0f7a52-41f7-4a6d-9a53-0d2b3f6f7e11")

_log = structlog.get_logger("tidework.wakeups")


def inbox_of(user_id: str) -> str:
    """What is told, in place of a stream, when somebody's notifications may have changed."""
    return str(uuid5(_INBOXES, user_id))


class Carrier(Protocol):
    """Carries wake-ups between processes."""

    async def start(self, hear: Listener) -> None:
        """Begin; `hear` is told what other processes say. Fails for nothing: it goes on trying."""

    def send(self, stream_ids: Collection[str]) -> None:
        """Tell the other processes, soon; none: any stream. Returns at once."""

    async def close(self) -> None:
        """Send what waits, if that is possible at once, and end."""


class Wakeups(Observer):
    """The wake-ups of one process: an observer of its store, which wakes for every commit.

    `carrier` joins it with other processes, if it is set before the start. For use on the event
    loop.
    """

    def __init__(self) -> None:
        self.carrier: Carrier | None = None
        self._listeners: list[Listener] = []
        self._moved: set[str] = set()
        self._any = False
        self._soon: asyncio.Handle | None = None

    async def start(self) -> None:
        """Hear others, if there is a carrier."""
        if self.carrier is not None:
            await self.carrier.start(self._hear)

    async def close(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()
        if self.carrier is not None:
            await self.carrier.close()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` told from now on, until the function that is returned is called."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def notify(self, stream_ids: Collection[str]) -> None:
        """Tell everybody, here and elsewhere, that these streams may have moved; none: any."""
        self._hear(stream_ids)
        if self.carrier is not None:
            self.carrier.send(stream_ids)

    def committed(self, committed: Committed) -> None:
        """See `Observer.committed`."""
        self.notify((committed.stream_id,))

    def operated(self, operations: Sequence[Operation]) -> None:
        """See `Observer.operated`: who has an inbox open is to look at it."""
        found = {
            inbox_of(operation.key["stream_id"])
            for operation in operations
            if operation.table == "notifications" and "stream_id" in operation.key
        }
        if found:
            self.notify(found)

    def _hear(self, stream_ids: Collection[str]) -> None:
        self._any = self._any or not stream_ids
        self._moved.update(stream_ids)
        if self._soon is None:
            # The commits of a group come one by one, within one turn of the loop.
            self._soon = asyncio.get_running_loop().call_soon(self._tell, context=Context())

    def _tell(self) -> None:
        moved = frozenset(() if self._any or len(self._moved) > MOST else self._moved)
        self._soon, self._moved, self._any = None, set(), False
        for listener in tuple(self._listeners):
            try:
                listener(moved)
            except Exception as error:
                _log.error("defect", exc_info=error, listener=repr(listener))


class Outbox:
    """What a carrier has still to send: gathered while it is busy or cut off."""

    def __init__(self) -> None:
        self._streams: set[str] = set()
        self._any = False
        self.filled = asyncio.Event()

    def add(self, stream_ids: Collection[str]) -> None:
        """Put streams in; none: any."""
        self._streams.update(stream_ids)
        self._any = self._any or not stream_ids or len(self._streams) > MOST
        if self._any:
            self._streams.clear()
        self.filled.set()

    def take(self, most: int) -> list[list[str]] | None:
        """Everything, in lists of `most` at the longest; an empty list: any. None: nothing."""
        if not self.filled.is_set():
            return None
        streams, everything = list(self._streams), self._any
        self._streams.clear()
        self._any = False
        self.filled.clear()
        if everything:
            return [[]]
        return [streams[at : at + most] for at in range(0, len(streams), most)]
