"""Connections that go from one query to the next without asyncpg's pool in between.

That pool takes a task to hand one out and another to get it back, which costs as much as a small
query. It goes on to open, count and close them; between two uses that ended well they stay here.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import Any, Final

import asyncpg

# What was not needed for so long goes back to asyncpg's pool, which closes it later.
_SPARE_S: Final = 60.0
# Every so many uses one goes back: that pool replaces those that have had very many queries.
_USES: Final = 1000


class AtHand:
    """At most `maximum` connections of `pool`, as long as `good` is true of them.

    Who waits first is served first. What was taken is given back once, by `put`, or, when that refuses
    it or its last use did not end well, by `discard`.
    """

    def __init__(
        self, pool: "asyncpg.Pool[Any]", maximum: int, good: Callable[[Any], bool]
    ) -> None:
        self._pool = pool
        self._maximum = maximum
        self._good = good
        self._free: list[Any] = []
        # Of those that are free, so many were not needed since they were looked through last.
        self._spare = 0
        # Places that are taken in asyncpg's pool, from before one is asked for there.
        self._taken = 0
        self._uses = 0
        # Each gets a connection, or None: then a place in asyncpg's pool is theirs.
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._tidying: asyncio.Task[None] | None = None
        self._closing = False

    def __len__(self) -> int:
        return len(self._free)

    def now(self) -> Any:
        """A connection that is free, None when there is none."""
        while self._free:
            connection = self._free.pop()
            self._spare = min(self._spare, len(self._free))
            if self._is_good(connection):
                return connection
            end(connection)
            self._vacate()
        return None

    async def take(self, wait: float) -> Any:
        """A connection, within so many seconds. Raises `TimeoutError`, and what asyncpg raises that
        cannot make one.
        """
        connection = self.now()
        if connection is not None:
            return connection
        if self._taken < self._maximum:
            self._taken += 1
        else:
            async with asyncio.timeout(wait):
                connection = await self._wait()
        return await self._open(wait) if connection is None else connection

    def put(self, connection: Any) -> bool:
        """Take back a connection whose last use ended with an answer of the server. False when it is
        to be discarded.
        """
        self._uses += 1
        if self._closing or self._uses % _USES == 0 or not self._is_good(connection):
            return False
        self._pass_on(connection)
        return True

    async def discard(self, connection: Any) -> None:
        """Give a connection back to asyncpg's pool, which looks at what state it is in."""
        try:
            await self._pool.release(connection)
        finally:
            self._vacate()

    async def close(self) -> None:
        """Keep none at hand any more."""
        self._closing = True
        if self._tidying is not None:
            self._tidying.cancel()
        await self._give_back(len(self._free))

    async def _wait(self) -> Any:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            return await waiting
        except BaseException:
            # What was meant for a caller that is gone is the next one's.
            if waiting.done() and not waiting.cancelled():
                connection = waiting.result()
                if connection is None:
                    self._vacate()
                else:
                    self._pass_on(connection)
            raise

    async def _open(self, wait: float) -> Any:
        """A connection of asyncpg's pool, in a place there that is ours already."""
        try:
            connection = await self._pool.acquire(timeout=wait)
            # As many as there are may lead to a server that is the primary no longer.
            while not self._good(connection):
                end(connection)
                await self._pool.release(connection)
                connection = await self._pool.acquire(timeout=wait)
        except BaseException:
            self._vacate()
            raise
        return connection

    def _pass_on(self, connection: Any) -> None:
        waiting = self._next()
        if waiting is not None:
            waiting.set_result(connection)
            return
        self._free.append(connection)
        if self._tidying is None and not self._closing:
            # It is nobody's own, whoever happened to begin it.
            self._tidying = asyncio.get_running_loop().create_task(
                self._tidy(), name="connections at hand", context=Context()
            )

    def _vacate(self) -> None:
        """A place in asyncpg's pool has become free, or is somebody else's now."""
        waiting = self._next()
        if waiting is None:
            self._taken -= 1
        else:
            waiting.set_result(None)

    def _next(self) -> "asyncio.Future[Any] | None":
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                return waiting
        return None

    def _is_good(self, connection: Any) -> bool:
        try:
            if connection.is_closed() or connection.is_in_transaction():
                return False
        except asyncpg.InterfaceError:
            # It broke, and has left asyncpg's pool by itself.
            return False
        return self._good(connection)

    async def _tidy(self) -> None:
        while self._free:
            self._spare = len(self._free)
            await asyncio.sleep(_SPARE_S)
            await self._give_back(self._spare)
        self._tidying = None

    async def _give_back(self, count: int) -> None:
        """Give back those that were not used for longest."""
        for _ in range(min(count, len(self._free))):
            with suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
                await self.discard(self._free.pop(0))


def end(connection: Any) -> None:
    """Close a connection at once; a broken one may have left asyncpg's pool by itself."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()
