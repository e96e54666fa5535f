"""Look-ups of seqs by many callers at once, in as few queries as can be strict."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

Load = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]


class _Round:
    __slots__ = ("streams", "task")

    def __init__(self) -> None:
        self.streams: set[str] = set()
        self.task: asyncio.Task[Mapping[str, int]] | None = None


class SeqBatch:
    """Asks for the seqs of all callers that wait at the same moment in one query.

    One query is in flight at a time. A caller only ever joins a query that has not been sent yet,
    so that its answer is never older than its question.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._next: _Round | None = None
        self._free = asyncio.Event()
        self._free.set()

    async def get(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """The present seq of each stream; those that do not exist are left out."""
        waiting = self._next
        if waiting is None:
            waiting = self._next = _Round()
            waiting.task = asyncio.create_task(self._send(waiting), name="seqs")
        waiting.streams.update(stream_ids)
        assert waiting.task is not None
        # A caller that is cancelled must not take the others' query with it.
        found = await asyncio.shield(waiting.task)
        return {stream: found[stream] for stream in stream_ids if stream in found}

    async def _send(self, waiting: _Round) -> Mapping[str, int]:
        await self._free.wait()
        self._free.clear()
        # From here on nobody joins; `_load` sends what has gathered.
        self._next = None
        try:
            return await self._load(list(waiting.streams))
        finally:
            self._free.set()
