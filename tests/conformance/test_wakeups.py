"""Wake-ups: what one process commits is told in it and in the others, and messages may be lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from tests.services.commits import add_task, new_workspace
from tests.services.proxy import proxied
from tests.services.stores import Database

from tidework.bus.wakeups import MOST, Carrier, Wakeups
from tidework.bus.wakeups_postgres import PostgresCarrier
from tidework.bus.wakeups_redis import RedisCarrier
from tidework.bus.wakeups_sqlite import SqliteCarrier
from tidework.cache.redis import RedisConnection
from tidework.cluster.redis import Redis
from tidework.ids import new_id
from tidework.store.sql.servers import Primary

WITHIN_S = 20.0


class Heard:
    """What a process was told."""

    def __init__(self, wakeups: Wakeups) -> None:
        self.streams: set[str] = set()
        self.any = 0
        self._more = asyncio.Event()
        wakeups.listen(self._hear)

    def _hear(self, stream_ids: Collection[str]) -> None:
        self.streams.update(stream_ids)
        self.any += not stream_ids
        self._more.set()

    async def until(self, holds: Callable[["Heard"], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not holds(self):
                self._more.clear()
                await self._more.wait()

    async def stream(self, stream_id: str) -> None:
        await self.until(lambda heard: stream_id in heard.streams)


class Processes:
    """Opens what each process has: a store that wakes, and a carrier to the others."""

    def __init__(self, database: Database, make: Callable[[], Carrier], kind: str) -> None:
        self.database = database
        self.kind = kind
        self._make = make
        self._stack = AsyncExitStack()

    async def open(self) -> tuple[Wakeups, Heard]:
        wakeups = Wakeups()
        wakeups.carrier = self._make()
        heard = Heard(wakeups)
        await wakeups.start()
        self._stack.push_async_callback(wakeups.close)
        if self.kind != "sqlite":
            # Only now does it listen; what was said before is lost.
            await heard.until(lambda heard: heard.any > 0)
        return wakeups, heard

    def carrier(self) -> Carrier:
        return self._make()

    async def close(self) -> None:
        await self._stack.aclose()


Place = tuple[str, Database, str]


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def place(request: pytest.FixtureRequest) -> Place:
    """The kind, a database, and the address of a Redis where the kind has one."""
    kind: str = request.param
    redis_url = request.getfixturevalue("redis_url") if kind == "redis" else ""
    name = "postgres_emptied" if kind == "postgresql" else "sqlite_database"
    return kind, request.getfixturevalue(name), redis_url


@pytest.fixture
async def processes(place: Place) -> AsyncIterator[Processes]:
    kind, database, redis_url = place
    async with AsyncExitStack() as stack:
        make: Callable[[], Carrier]
        if kind == "redis":
            redis = RedisConnection(redis_url)
            await redis.start()
            stack.push_async_callback(redis.close)
            make = partial(RedisCarrier, redis)
        elif kind == "postgresql":
            primary = Primary(database.address)
            stack.callback(primary.close)
            make = partial(PostgresCarrier, primary)
        else:
            make = partial(SqliteCarrier, Path(database.address))
        made = Processes(database, make, kind)
        stack.push_async_callback(made.close)
        yield made


async def test_a_commit_is_told_in_its_own_process(processes: Processes) -> None:
    wakeups, heard = await processes.open()
    store = await processes.database.open(observer=wakeups)
    await heard.stream(await new_workspace(store))


async def test_a_commit_is_told_in_the_other_processes(processes: Processes) -> None:
    wakeups, _ = await processes.open()
    others = [(await processes.open())[1] for _ in range(2)]
    store = await processes.database.open(observer=wakeups)
    stream_id = await new_workspace(store)
    for heard in others:
        await heard.stream(stream_id)
        heard.streams.clear()
    await add_task(store, stream_id)
    for heard in others:
        await heard.stream(stream_id)


async def test_many_streams_at_once_are_all_told_or_any_is(processes: Processes) -> None:
    wakeups, own = await processes.open()
    # SQLite sends nothing: there it is the file that says what has moved.
    heard = own if processes.kind == "sqlite" else (await processes.open())[1]
    some = [new_id() for _ in range(700)]
    wakeups.notify(some)
    await heard.until(lambda heard: heard.streams.issuperset(some))
    before = heard.any
    wakeups.notify([new_id() for _ in range(MOST + 1)])
    await heard.until(lambda heard: heard.any > before)


async def test_what_was_committed_before_the_end_is_told(processes: Processes) -> None:
    """A command ends as soon as it has written."""
    _, heard = await processes.open()
    wakeups, _ = await processes.open()
    store = await processes.database.open(observer=wakeups)
    stream_id = await new_workspace(store)
    await wakeups.close()
    await heard.stream(stream_id)


async def test_who_ends_before_it_is_connected_is_heard_all_the_same(processes: Processes) -> None:
    _, heard = await processes.open()
    store = await processes.database.open(observer=(hasty := Wakeups()))
    hasty.carrier = processes.carrier()
    await hasty.start()
    stream_id = await new_workspace(store)
    await hasty.close()
    await heard.stream(stream_id)


async def test_a_listener_that_fails_keeps_nobody_from_hearing(processes: Processes) -> None:
    wakeups, _ = await processes.open()

    def fail(_: Collection[str]) -> None:
        raise RuntimeError("planted")

    unlisten = wakeups.listen(fail)
    heard = Heard(wakeups)
    wakeups.notify(["one"])
    await heard.stream("one")
    unlisten()
    unlisten()


async def test_postgresql_is_listened_to_again_after_a_cut(postgres_emptied: Database) -> None:
    async with proxied(postgres_emptied.address) as (proxy, url), AsyncExitStack() as stack:
        primaries = [Primary(url), Primary(postgres_emptied.address)]
        made = []
        for primary in primaries:
            stack.callback(primary.close)
            wakeups = Wakeups()
            wakeups.carrier = PostgresCarrier(primary)
            heard = Heard(wakeups)
            await wakeups.start()
            stack.push_async_callback(wakeups.close)
            await heard.until(lambda heard: heard.any > 0)
            made.append((wakeups, heard))
        (_, cut), (speaker, _) = made
        before = cut.any
        await proxy.cut_all()
        # Whatever was said meanwhile is lost, so it says that anything may have moved.
        await cut.until(lambda heard: heard.any > before)
        stream_id = new_id()
        speaker.notify([stream_id])
        await cut.stream(stream_id)


async def test_redis_is_subscribed_to_again_when_it_is_back(redis: Redis, redis_url: str) -> None:
    connection = RedisConnection(redis_url)
    await connection.start()
    wakeups, other = Wakeups(), Wakeups()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connection.close)
        for one in (wakeups, other):
            one.carrier = RedisCarrier(connection)
            await one.start()
            stack.push_async_callback(one.close)
        heard = Heard(other)
        redis.kill()
        redis.start()
        stream_id = new_id()
        async with asyncio.timeout(WITHIN_S):
            while stream_id not in heard.streams:
                wakeups.notify([stream_id])
                await asyncio.sleep(0.05)
