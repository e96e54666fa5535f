"""Look-ups of seqs by many callers at once, in as few queries as can be strict."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from tidework.errors import Unavailable
from tidework.store import patience

Load = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]
_Answer = asyncio.Future[Mapping[str, int]]


class _Round:
    __slots__ = ("answer", "streams", "task", "timer")

    def __init__(self, answer: _Answer) -> None:
        self.streams: set[str] = set()
        self.answer = answer
        self.timer: asyncio.TimerHandle | None = None
        self.task: asyncio.Task[None] | None = None


class SeqBatch:
    """Asks for the seqs of all callers that wait at the same moment in one query.

    One query is in flight at a time. A caller only ever joins a query that has not been sent yet,
    so that its answer is never older than its question. After `limit` seconds without an answer
    those who wait for it get `Unavailable`, and so does at once whoever comes before it has ended. It
    is left to end as it will: one that is cut off costs its connection, which a slow database takes
    even longer to replace.
    """

    def __init__(self, load: Load, limit: float = 5.0) -> None:
        self._load = load
        self._limit = limit
        self._next: _Round | None = None
        self._free = asyncio.Event()
        self._free.set()
        self._sent = 0.0

    async def get(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """The present seq of each stream; those that do not exist are left out.

        Raises `Unavailable`, and what the query failed with.
        """
        if not self._free.is_set() and time.perf_counter() - self._sent > self._limit:
            raise _slow()
        waiting = self._next or self._begin()
        waiting.streams.update(stream_ids)
        started = time.perf_counter()
        # A caller that is cancelled must not take the others' answer with it.
        found = await asyncio.shield(waiting.answer)
        patience.spend(time.perf_counter() - started)
        return {stream: found[stream] for stream in stream_ids if stream in found}

    def _begin(self) -> _Round:
        loop = asyncio.get_running_loop()
        waiting = self._next = _Round(loop.create_future())
        # Nobody may be left to hear of a failure.
        waiting.answer.add_done_callback(_heard)
        waiting.timer = loop.call_later(self._limit, self._expire, waiting)
        waiting.task = asyncio.create_task(self._send(waiting), name="seqs")
        return waiting

    def _expire(self, waiting: _Round) -> None:
        if self._next is waiting:
            self._next = None
        if not waiting.answer.done():
            waiting.answer.set_exception(_slow())

    async def _send(self, waiting: _Round) -> None:
        await self._free.wait()
        answer = waiting.answer
        if answer.done():
            return
        self._free.clear()
        self._sent = time.perf_counter()
        # From here on nobody joins; `_load` sends what has gathered.
        self._next = None
        try:
            found = await self._load(list(waiting.streams))
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
        except BaseException:
            answer.cancel()
            raise
        else:
            if not answer.done():
                answer.set_result(found)
        finally:
            self._free.set()
            if waiting.timer is not None:
                waiting.timer.cancel()


def _heard(answer: _Answer) -> None:
    if not answer.cancelled():
        answer.exception()


def _slow() -> Unavailable:
    return Unavailable("The database is slow to answer; try again in a moment.", code="database")
