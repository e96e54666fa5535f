"""While a group is being written in the writer's thread, all may happen."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.services.commits import (
    add_task,
    commit,
    new_task,
    new_workspace,
    seqs_of,
    whole_log,
)
from tests.services.opening import make_store
from tests.services.processes import wait_until
from tests.services.stores import Database

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.log import Committed, IdempotencyKey
from tidework.store.sql.sqlite import SqliteStore
from tidework.store.verify import verify_stream
from tidework.times import after, now


class Broken:
    """Stands between a store's writer and SQLite, and does `instead` in place of its next COMMIT."""

    def __init__(self, store: SqliteStore, instead: Callable[[Callable[[], Any]], Any]) -> None:
        self.statements: list[str] = []
        self._execute = store._writer._execute
        self._instead: Callable[[Callable[[], Any]], Any] | None = instead
        store._writer._execute = self.execute  # type: ignore[assignment]

    def execute(self, text: str, *arguments: Any) -> Any:
        self.statements.append(text)
        instead = self._instead
        if text == "COMMIT" and instead is not None:
            self._instead = None
            return instead(lambda: self._execute(text))
        return self._execute(text, *arguments)


class Held:
    """A COMMIT that waits, as for a slow disk, until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, go_on: Callable[[], Any]) -> Any:
        self.begun.set()
        assert self.let_go.wait(20)
        return go_on()


def failing(code: int, name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorcode = code
    error.sqlite_errorname = name
    return error


DISK = failing(sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC")
FULL = failing(sqlite3.SQLITE_FULL, "SQLITE_FULL")


async def until(event: threading.Event) -> None:
    await asyncio.to_thread(event.wait, 60)


async def assert_whole(store: SqliteStore, stream: str, seq: int) -> None:
    assert seqs_of(await whole_log(store, stream)) == list(range(1, seq + 1))
    assert await verify_stream(store, stream) == []


@pytest.mark.parametrize("happened", [False, True])
async def test_a_disk_that_fails_at_the_commit(sqlite_database: Database, happened: bool) -> None:
    """Nobody can know whether it happened; whoever repeats it with its key does it once."""
    store = await sqlite_database.open()
    stream = await new_workspace(store)
    items = [
        commit(
            stream,
            new_task(),
            idempotency=IdempotencyKey("ada", f"key {n}", "asked", after(now(), 60)),
        )
        for n in range(3)
    ]

    def instead(go_on: Callable[[], Any]) -> None:
        if happened:
            go_on()
        raise DISK

    Broken(store, instead)
    outcomes = await asyncio.gather(*map(store.append, items), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown] * 3
    await assert_whole(store, stream, 4 if happened else 1)
    again = await asyncio.gather(*map(store.append, items))
    assert [done.replayed for done in again] == [happened] * 3
    assert sorted(done.seq for done in again) == [2, 3, 4]
    _, done = await add_task(store, stream)
    assert done.seq == 5
    await assert_whole(store, stream, 5)


async def test_a_disk_that_is_full_at_the_commit(sqlite_database: Database) -> None:
    """Each is tried alone then, and has room: nothing twice."""
    store = await sqlite_database.open()
    stream = await new_workspace(store)

    def instead(_: Callable[[], Any]) -> None:
        raise FULL

    Broken(store, instead)
    done = await asyncio.gather(*(add_task(store, stream) for _ in range(4)))
    assert sorted(each.seq for _, each in done) == [2, 3, 4, 5]
    await assert_whole(store, stream, 5)


async def test_a_store_that_is_closed_meanwhile_finishes_first(sqlite_database: Database) -> None:
    store = await sqlite_database.open()
    stream = await new_workspace(store)
    held = Held()
    Broken(store, held)
    first = asyncio.create_task(add_task(store, stream))
    await until(held.begun)
    waiting = asyncio.create_task(add_task(store, stream))
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await add_task(store, stream)
    assert refused.value.code == "stopping"
    held.let_go.set()
    await closing
    assert [(await each)[1].seq for each in (first, waiting)] == [2, 3]
    await assert_whole(await sqlite_database.open(), stream, 3)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_an_event_loop_that_ends_meanwhile(sqlite_database: Database) -> None:
    """Whoever was waiting is told that nobody knows; the file is whole and holds all or nothing."""
    held, told = Held(), list[Any]()
    streams: list[str] = []

    async def ends_early() -> None:
        store = make_store(sqlite_database.address)
        assert isinstance(store, SqliteStore)
        await store.start()
        streams.append(await new_workspace(store))
        Broken(store, held)

        async def wait() -> None:
            try:
                told.append((await add_task(store, streams[0]))[1])
            except (Unavailable, asyncio.CancelledError) as error:
                told.append(error)

        tasks = [asyncio.create_task(wait()) for _ in range(3)]
        await until(held.begun)
        assert not any(task.done() for task in tasks)

    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(asyncio.run, ends_early())
        wait_until(lambda: len(told) == 3 or ending.done(), "all are told", 60)
        held.let_go.set()
        ending.result(60)
    assert not any(isinstance(one, Committed) for one in told)
    store = await sqlite_database.open()
    log = await whole_log(store, streams[0])
    assert seqs_of(log) in ([1], [1, 2, 3, 4])
    assert await verify_stream(store, streams[0]) == []
    await add_task(store, streams[0])
