"""Redis behind sentinels: its primary is lost, and a replica takes its place."""

import asyncio
import shutil
from collections.abc import Iterator

import pytest
from tests.services.processes import wait_until
from tests.services.redis import new_redis

from tidework.cache.buckets import Charge, MemoryBuckets
from tidework.cache.redis import RedisConnection
from tidework.cache.redis_buckets import RedisBuckets
from tidework.cluster.redis import Redis
from tidework.cluster.sentinel import WATCHED, Sentinel

TEN = Charge("ten", 10, 86_400)


class Watched:
    """A primary, its replica, and two sentinels, of which the first may be lost."""

    def __init__(self) -> None:
        self.primary = new_redis(name="primary")
        folder, password = self.primary.folder, self.primary.password
        self.replica = Redis(
            folder, name="replica", password=password, replica_of=self.primary.port
        )
        self.sentinels = [
            Sentinel(
                folder / name, name=name, watched=self.primary.port, password=password,
                quorum=1, down_after=1.0,
            )
            for name in ("first", "second")
        ]  # fmt: skip

    def start(self) -> None:
        for part in (self.primary, self.replica, *self.sentinels):
            part.start()
        wait_until(self._is_known, "the sentinels know the replica and each other", 60)

    @property
    def url(self) -> str:
        hosts = ",".join(one.address for one in self.sentinels)
        return f"redis+sentinel://:{self.primary.password}@{hosts}/{WATCHED}/0"

    def _is_known(self) -> bool:
        found = [one.ask("SENTINEL", "MASTER", WATCHED) for one in self.sentinels]
        return all(
            (int(one["num-slaves"]), int(one["num-other-sentinels"])) == (1, 1) for one in found
        )

    def close(self) -> None:
        for part in (*self.sentinels, self.replica, self.primary):
            part.kill()
        shutil.rmtree(self.primary.folder, ignore_errors=True)


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    try:
        made.start()
        yield made
    finally:
        made.close()


async def until_open(connection: RedisConnection) -> None:
    async with asyncio.timeout(60):
        while not connection.is_open:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_a_replica_takes_over(watched: Watched, fault: str) -> None:
    connection = RedisConnection(watched.url)
    await connection.start()
    try:
        assert connection.is_open, await connection.state()
        buckets = RedisBuckets(connection, MemoryBuckets())
        assert [(await buckets.take([TEN])).allowed for _ in range(4)] == [True] * 4
        assert watched.primary.ask("WAIT", "1", "10000") == 1
        watched.primary.kill() if fault == "killed" else watched.primary.freeze()
        assert (await buckets.take([TEN])).allowed
        assert not connection.is_open
        await until_open(connection)
        # What the replica had is what counts now: four are gone, the fifth was counted by memory.
        outcomes = [(await buckets.take([TEN])).allowed for _ in range(7)]
        assert outcomes == [True] * 6 + [False]
        assert await connection.state() == ""
        assert watched.replica.role() == "master"
    finally:
        await connection.close()


async def test_a_sentinel_that_is_frozen_is_passed_over(watched: Watched) -> None:
    watched.sentinels[0].freeze()
    connection = RedisConnection(watched.url)
    await connection.start()
    try:
        await until_open(connection)
        assert await connection.state() == ""
    finally:
        await connection.close()
        watched.sentinels[0].thaw()
