"""The committer: one for each process, the only one there that writes.

Whatever waits when a group returns goes out together as the next group; a lone commit waits for
nobody. A caller that is cancelled leaves its commit to happen.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.log import Commit, Committed, Operation

Item = Commit | Sequence[Operation]
Outcome = Committed | BaseException | None
Write = Callable[[Sequence[Item]], Awaitable[list[Outcome]]]

_CUT_OFF = (
    "The server stopped while the change was being written; it may or may not have happened. Repeat"
    " the request with the same Idempotency-Key to find out."
)


class Committer:
    """Collects what waits to be written and hands it over in groups.

    `write` writes a group, the commits of a stream in their order, and returns an outcome for each
    item; it reports failures as outcomes. `max_group` items go into a group at most; above `max_waiting` waiting ones, new ones
    are refused with `Unavailable`.
    """

    def __init__(
        self,
        write: Write,
        *,
        max_group: int = 64,
        max_waiting: int = 10_000,
        observe: Callable[[int], None] | None = None,
    ) -> None:
        self._write = write
        self._max_group = max_group
        self._max_waiting = max_waiting
        self._observe = observe
        self._waiting: deque[tuple[Item, asyncio.Future[Committed | None]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def submit(self, item: Item) -> Committed | None:
        """Write `item` and return what it became. Raises what it failed with."""
        if self._closed:
            raise _stopping()
        if len(self._waiting) >= self._max_waiting:
            raise Unavailable("Too many changes are waiting; try again.", code="overloaded")
        future: asyncio.Future[Committed | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="committer")
        return await future

    async def close(self) -> None:
        """Write what still waits, then refuse everything."""
        self._closed = True
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), self._max_group)
                group = [self._waiting.popleft() for _ in range(count)]
                if self._observe is not None:
                    self._observe(count)
                await self._group(group)
        finally:
            self._task = None

    async def _group(self, group: list[tuple[Item, asyncio.Future[Committed | None]]]) -> None:
        outcomes: Sequence[Outcome]
        try:
            outcomes = await self._write([item for item, _ in group])
        except Exception as error:  # a defect of the driver must not leave callers waiting
            outcomes = [error] * len(group)
        except BaseException:
            # The event loop is ending, and everybody's wait with it.
            _answer(group, [OutcomeUnknown(_CUT_OFF) for _ in group])
            _answer(self._waiting, [_stopping() for _ in self._waiting])
            self._waiting.clear()
            raise
        _answer(group, outcomes)


def _answer(
    group: Iterable[tuple[Item, asyncio.Future[Committed | None]]], outcomes: Sequence[Outcome]
) -> None:
    for (_, future), outcome in zip(group, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _stopping() -> Unavailable:
    return Unavailable("The server is stopping; try again in a moment.", code="stopping")
