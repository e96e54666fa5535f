"""A server on SQLite knows the seqs by heart, and is never wrong about them."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.services.commits import add_task, commit, new_task, new_workspace
from tests.services.opening import make_store
from tests.services.stores import Database

from tidework.log import Operation
from tidework.store.sql import sqlite
from tidework.store.sql.queries import purging
from tidework.store.sql.sqlite import SqliteStore
from tidework.store.sql.sqlite_connection import connect
from tidework.store.sql.sqlite_header import Header, header_of
from tidework.store.sql.sqlite_writer import SqliteWriter


@pytest.fixture
async def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many streams each question to the file was about."""
    counts: list[int] = []
    ask = SqliteStore._ask_seqs

    def counting(store: SqliteStore, stream_ids: list[str]) -> list[tuple[str, int]]:
        counts.append(len(stream_ids))
        return ask(store, stream_ids)

    monkeypatch.setattr(sqlite.SqliteStore, "_ask_seqs", counting)
    return counts


async def opened(database: Database) -> SqliteStore:
    store = await database.open()
    assert isinstance(store, SqliteStore)
    return store


async def test_own_commits_are_known_without_asking(
    sqlite_database: Database, asked: list[int]
) -> None:
    store = await opened(sqlite_database)
    streams = [await new_workspace(store) for _ in range(3)]
    assert await store.seqs(streams) == dict.fromkeys(streams, 1)
    asked.clear()
    await asyncio.gather(*(add_task(store, stream) for stream in streams for _ in range(5)))
    await store.operate([Operation("inbox", "delete", {"stream_id": streams[0]})])
    assert await store.seqs(streams) == dict.fromkeys(streams, 6)
    assert asked == []


async def test_a_file_behind_a_link_is_that_file(sqlite_database: Database, tmp_path: Path) -> None:
    """Seen red: what SQLite shares was looked for beside the link."""
    store = await opened(sqlite_database)
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(sqlite_database.address)
    other = make_store(str(link))
    await other.start()
    stream = await new_workspace(store)
    assert await other.seqs([stream]) == {stream: 1}
    await add_task(other, stream)
    assert await store.seqs([stream]) == {stream: 2}
    await other.close()


async def test_what_another_process_has_committed_is_asked_for(
    sqlite_database: Database, asked: list[int]
) -> None:
    store, other = await opened(sqlite_database), await opened(sqlite_database)
    streams = [await new_workspace(store) for _ in range(2)]
    for n in range(2, 8):
        await add_task(other, streams[0])
        if n % 2:
            # Between the two commits of ours is one that is not.
            await add_task(store, streams[1])
        assert (await store.seqs(streams))[streams[0]] == n
    for store_ in (store, other):
        assert await store_.seqs(streams) == {streams[0]: 7, streams[1]: 4}


async def test_two_that_write_at_once_see_what_the_other_has_acknowledged(
    sqlite_database: Database,
) -> None:
    stores = [await opened(sqlite_database) for _ in range(2)]
    stream = await new_workspace(stores[0])
    told = 1

    async def write(store: SqliteStore) -> None:
        nonlocal told
        for _ in range(60):
            told = max(told, (await add_task(store, stream))[1].seq)
            for reader in stores:
                assert reader.seqs_now([stream])[stream] >= told

    await asyncio.gather(*(write(store) for store in stores for _ in range(3)))
    assert told == 1 + 2 * 3 * 60


async def test_another_s_commit_right_after_ours_is_not_overlooked(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(sqlite_database)
    streams = [await new_workspace(store) for _ in range(2)]
    assert await store.seqs(streams) == dict.fromkeys(streams, 1)
    path = Path(sqlite_database.address)
    other = SqliteWriter(connect(path), header_of(path))
    looked, now = 0, Header.now

    def look(header: Header) -> bytes:
        nonlocal looked
        if threading.current_thread() is not threading.main_thread() and looked < 2:
            looked += 1
            if looked == 2:
                other.write([commit(streams[1], new_task())])
        return now(header)

    monkeypatch.setattr(Header, "now", look)
    await add_task(store, streams[0])
    assert looked == 2
    assert await store.seqs(streams) == dict.fromkeys(streams, 2)
    other.close()


async def test_streams_that_were_removed_are_not_remembered(sqlite_database: Database) -> None:
    store = await opened(sqlite_database)
    stream = await new_workspace(store)
    assert await store.seqs([stream])
    await store.operate([purging(stream)])
    assert not await store.seqs([stream])


async def test_stores_of_a_process_leave_each_other_s_locks_alone(
    sqlite_database: Database,
) -> None:
    first, second = await opened(sqlite_database), await opened(sqlite_database)
    stream = await new_workspace(first)
    await second.close()
    # The lock that says that somebody uses what is shared; who can have it makes that anew.
    script = (
        "import fcntl, sys; file = open(sys.argv[1] + '-shm', 'r+b')\n"
        "try: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128); print('free')\n"
        "except BlockingIOError: print('held')"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", script, sqlite_database.address],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "held\n"
    assert (await add_task(first, stream))[1].seq == 2


def test_without_what_sqlite_shares_there_is_no_start(tmp_path: Path) -> None:
    with pytest.raises(sqlite.Unavailable, match="is not there"):
        header_of(tmp_path / "none.db")
