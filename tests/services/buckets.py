"""Token buckets of either kind for tests, and a way to let time go by in them."""

import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import redis

from tidework.cache.buckets import Buckets, MemoryBuckets
from tidework.cache.redis import RedisConnection
from tidework.cache.redis_buckets import RedisBuckets
from tidework.cluster.redis import Redis


class Clock:
    """Seconds that go by when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Buckets, and their time. `copy` gives another copy's view of the same buckets."""

    def __init__(self, stack: AsyncExitStack, server: Redis | None) -> None:
        self._stack = stack
        self.server = server
        self.clock = Clock()
        self._memory = MemoryBuckets(clock=self.clock)
        self.buckets: Buckets = self._memory

    async def copy(self) -> Buckets:
        if self.server is None:
            return self._memory
        return await self._stack.enter_async_context(redis_buckets(self.server))

    def shift(self, seconds: float) -> None:
        """Let time go by: in Redis by making what is kept so much older."""
        self.clock.now += seconds
        if self.server is None:
            return
        with raw_client(self.server) as client:
            for key in client.keys("tw:b:*"):
                used, at = struct.unpack("<dd", client.get(key))
                left = client.pttl(key) - int(seconds * 1000)
                if left <= 0:
                    client.delete(key)
                else:
                    client.set(key, struct.pack("<dd", used, at - seconds * 1e6), px=left)


def raw_client(server: Redis) -> Any:
    """A plain client, whose answers are bytes."""
    return redis.Redis(host="127.0.0.1", port=server.port, password=server.password)


@asynccontextmanager
async def redis_buckets(server: Redis) -> AsyncIterator[RedisBuckets]:
    """A copy's buckets in Redis, connected."""
    # What is counted by memory in between would not be exact, and machines are slow at times.
    connection = RedisConnection(server.url, deadline=20)
    await connection.start()
    assert connection.is_open
    try:
        yield RedisBuckets(connection, MemoryBuckets())
    finally:
        await connection.close()


@pytest.fixture(params=["memory", "redis"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Empty buckets, of each kind in turn."""
    server = request.getfixturevalue("redis") if request.param == "redis" else None
    async with AsyncExitStack() as stack:
        made = Bench(stack, server)
        made.buckets = await made.copy()
        yield made
