"""What many callers ask at once, in as few queries as can be strict."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from functools import partial
from typing import Any, Final

from tidework.errors import Unavailable
from tidework.store import patience
from tidework.store.patience import Patience
from tidework.store.sql.statement import Statement

Load = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]
_Answer = asyncio.Future[Mapping[str, int]]
Question = Sequence[Any]
"""The values of a query's parameters."""
Rows = list[Any]
LoadRows = Callable[[Sequence[Question]], Awaitable[tuple[Sequence[Rows], float]]]
"""The rows of each question, in their order, and how many seconds the database took."""
Ask = Callable[[Statement, Sequence[Question]], Awaitable[tuple[Sequence[Rows], float]]]
"""The same for any query."""

# How long a query may take before the next one goes out beside it.
_SLOW_S: Final = 0.05


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


class _Gathering:
    """Questions that have not been sent yet, and for how many seconds their callers can wait."""

    __slots__ = ("asked", "timer", "wait")

    def __init__(self) -> None:
        self.asked: list[tuple[Question, asyncio.Future[tuple[Rows, float] | None]]] = []
        self.wait = 0.0
        self.timer: asyncio.TimerHandle | None = None


class ReadBatch:
    """Asks one and the same query for all callers that wait at the same moment, all at once.

    One is in flight at a time, unless it takes longer than 50 ms: then the next one goes out beside
    it. A caller only ever joins one that has not been sent yet, so that its answer is never older
    than its question. A caller that is cancelled disturbs no other. `wait` is how many seconds to
    wait for a connection.
    """

    def __init__(self, load: LoadRows, wait: float) -> None:
        self._load = load
        self._wait = wait
        self._next: _Gathering | None = None
        self._in_flight: set[asyncio.Task[None]] = set()

    async def get(self, question: Question) -> tuple[Rows, float] | None:
        """The rows of a question, and how many seconds the database took.

        None when a query failed that was shared, and it may be another's fault: then the caller asks
        alone. Raises what a query of its own fails with, and `Unavailable`.
        """
        loop = asyncio.get_running_loop()
        gathering = self._next
        if gathering is None:
            gathering = self._next = _Gathering()
            if self._in_flight:
                gathering.timer = loop.call_later(_SLOW_S, self._send, gathering)
            else:
                # Who is ready in this turn of the loop comes along.
                loop.call_soon(self._send, gathering)
        answer: asyncio.Future[tuple[Rows, float] | None] = loop.create_future()
        gathering.asked.append((question, answer))
        gathering.wait = max(gathering.wait, patience.how_long(self._wait))
        started = time.perf_counter()
        found = await answer
        # What the database takes is work, and no waiting.
        work = found[1] if found is not None else 0.0
        patience.spend(max(0.0, time.perf_counter() - started - work))
        return found

    def _send(self, gathering: _Gathering) -> None:
        if self._next is not gathering:
            return
        # From here on nobody joins.
        self._next = None
        if gathering.timer is not None:
            gathering.timer.cancel()
        # It is nobody's own: neither the first one's patience nor their trace is that of all.
        task = asyncio.get_running_loop().create_task(
            self._ask(gathering), name="shared query", context=Context()
        )
        self._in_flight.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if self._next is not None and not self._in_flight:
            self._send(self._next)

    async def _ask(self, gathering: _Gathering) -> None:
        asked = [one for one in gathering.asked if not one[1].done()]
        if not asked:
            return
        patience.patience.set(Patience(gathering.wait))
        try:
            rows, seconds = await self._load([question for question, _ in asked])
        except Exception as error:
            shared = len(asked) > 1 and not isinstance(error, Unavailable)
            for _, answer in asked:
                if answer.done():
                    continue
                if shared:
                    answer.set_result(None)
                else:
                    answer.set_exception(error)
        except BaseException:
            for _, answer in asked:
                answer.cancel()
            raise
        else:
            for (_, answer), found in zip(asked, rows, strict=True):
                if not answer.done():
                    answer.set_result((found, seconds))


class SharedReads:
    """A `ReadBatch` for each of the statements that are `shared`."""

    def __init__(self, ask: Ask, wait: float = 0.0) -> None:
        self._ask = ask
        self._wait = wait
        self._batches: dict[Statement, ReadBatch] = {}

    async def get(self, statement: Statement, question: Question) -> tuple[Rows, float]:
        """The rows of a question, and how many seconds the database took; see `ReadBatch.get`."""
        batch = self._batches.get(statement)
        if batch is None:
            batch = ReadBatch(partial(self._ask, statement), self._wait)
            self._batches[statement] = batch
        found = await batch.get(question)
        if found is None:
            [rows], seconds = await self._ask(statement, [question])
            return rows, seconds
        return found


def _heard(answer: _Answer) -> None:
    if not answer.cancelled():
        answer.exception()


def _slow() -> Unavailable:
    return Unavailable("The database is slow to answer; try again in a moment.", code="database")
