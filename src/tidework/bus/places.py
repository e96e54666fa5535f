"""How far consumers have come in streams: what the inbox says, and what memory knows beyond it."""

import asyncio
from collections.abc import Callable
from typing import Final

from sqlalchemy import bindparam, select

from tidework.log import Operation, Values
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.store.sql.schema import inbox
from tidework.store.sql.statement import Statement

_KEPT: Final = 5_000
_TOGETHER: Final = 256

_PLACES = Statement(
    "inbox",
    select(inbox.c.consumer, inbox.c.seq).where(inbox.c.stream_id == bindparam("stream_id")),
)


class Places:
    """The places of a stream's consumers.

    `written` is what the inbox said when it was last read or written. A place that is `ahead` of it
    has been come to without anything to write down: nothing followed from what lies between.
    """

    __slots__ = ("ahead", "stream_id", "written")

    def __init__(self, stream_id: str, written: dict[str, int]) -> None:
        self.stream_id = stream_id
        self.written = written
        self.ahead: dict[str, int] = {}

    def of(self, name: str) -> int:
        """How far a consumer is, 0 before the first commit."""
        at = self.ahead.get(name)
        return self.written.get(name, 0) if at is None else at

    def moving(self, name: str, seq: int) -> Operation:
        """Move a consumer's place, if it is still where it is known to be."""
        key: Values = {"stream_id": self.stream_id, "consumer": name}
        before = self.written.get(name, 0)
        if not before:
            return Operation("inbox", "insert", key, {"seq": seq})
        return Operation("inbox", "update", {**key, "seq": before}, {"seq": seq}, rows=1)

    def moved(self, name: str, seq: int) -> None:
        """Know that the inbox says `seq` now."""
        self.written[name] = seq
        self.ahead.pop(name, None)

    def found(self, written: dict[str, int]) -> None:
        """Know that this is what the inbox says now."""
        for name in list(self.ahead):
            if self.written.get(name, 0) != written.get(name, 0):
                # Somebody else has gone on from there.
                del self.ahead[name]
        self.written = written


class KnownPlaces:
    """The places that this process knows, of the streams that it has last had to do with.

    What it knows may be behind what another process has written: no place is moved from where it no
    longer is, and who finds that out has it `read` again. `lock` is held by who moves a stream's.
    """

    def __init__(self, store: Store, lock: Callable[[str], asyncio.Lock]) -> None:
        self._store = store
        self._lock = lock
        self._history = store.history
        self._streams: dict[str, Places] = {}

    async def of(self, stream_id: str) -> Places:
        """The places in a stream. Raises `Unavailable`."""
        if self._store.history != self._history:
            # What the inbox said may never have happened.
            self._history = self._store.history
            self._streams.clear()
        places = self._streams.pop(stream_id, None)
        if places is None:
            return await self.read(stream_id)
        # The last one is the one that was asked for last.
        self._streams[stream_id] = places
        return places

    async def read(self, stream_id: str) -> Places:
        """The places in a stream, as the inbox has them now. Raises `Unavailable`."""
        rows = await self._store.fetch(_PLACES, {"stream_id": stream_id})
        written = {str(name): int(seq) for name, seq in rows}
        places = self._streams.get(stream_id)
        if places is None:
            places = self._streams[stream_id] = Places(stream_id, written)
            self._forget()
        else:
            places.found(written)
        return places

    async def write(self) -> None:
        """Write down places that are ahead of the inbox. Raises `Unavailable`."""
        waiting = [one.stream_id for one in self._streams.values() if one.ahead]
        for start in range(0, len(waiting), _TOGETHER):
            # At once, so that the committer makes them durable together.
            some = waiting[start : start + _TOGETHER]
            done = await asyncio.gather(*map(self._write, some), return_exceptions=True)
            for outcome in done:
                if isinstance(outcome, BaseException):
                    raise outcome

    async def _write(self, stream_id: str) -> None:
        async with self._lock(stream_id):
            places = self._streams.get(stream_id)
            if places is None or not places.ahead:
                return
            ahead = dict(places.ahead)
            try:
                await self._store.operate([places.moving(*one) for one in ahead.items()])
            except (Contended, UniqueConflict):
                # Somebody else has gone on from there.
                self._streams.pop(stream_id, None)
                return
            for name, seq in ahead.items():
                places.moved(name, seq)

    def _forget(self) -> None:
        """Forget of what is written down what was not asked for the longest."""
        if len(self._streams) <= 2 * _KEPT:
            return
        settled = [one.stream_id for one in self._streams.values() if not one.ahead]
        for stream_id in settled[: len(self._streams) - _KEPT]:
            del self._streams[stream_id]
