"""The disk is full, cannot be written to, or fails: a clear answer, nothing half done."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from tests.services.commits import (
    add_task,
    commit,
    new_task,
    new_workspace,
    seqs_of,
    whole_log,
)
from tests.services.stores import Database

from tidework.errors import Unavailable
from tidework.log import Commit, Committed
from tidework.store.sql.migrations.runner import migrate_sqlite
from tidework.store.sql.sqlite import SqliteStore
from tidework.store.verify import verify_stream

ROOT = Path(__file__).parents[2]


async def fill(store: SqliteStore, stream: str) -> list[str]:
    """Write in groups until the disk is full; the ids of what was acknowledged."""
    acknowledged = []
    for _ in range(200):
        items = [commit(stream, new_task(description="x" * 20_000)) for _ in range(4)]
        for item, outcome in zip(items, await outcomes_of(store, items), strict=True):
            if isinstance(outcome, Committed):
                acknowledged.append(item.changes[0].id)
                continue
            assert isinstance(outcome, Unavailable), repr(outcome)
            assert outcome.code == "storage_full"
            assert "nothing was changed" in outcome.detail
            return acknowledged
    raise AssertionError("the disk did not become full")


async def outcomes_of(store: SqliteStore, items: list[Commit]) -> list[object]:
    return await asyncio.gather(*map(store.append, items), return_exceptions=True)


async def test_a_full_database_file(sqlite_database: Database) -> None:
    store = await sqlite_database.open()
    stream = await new_workspace(store)
    connection = store._writer._connection
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + 100}")
    acknowledged = await fill(store, stream)

    # Reading goes on, and so does what needs no space.
    log = await whole_log(store, stream)
    assert {entry.id for entry in log[1:]} >= set(acknowledged)
    assert seqs_of(log) == list(range(1, len(log) + 1))
    assert await verify_stream(store, stream) == []
    # It works again as soon as there is space.
    connection.execute("PRAGMA max_page_count=1000000")
    _, done = await add_task(store, stream, description="x" * 20_000)
    assert done.seq == len(log) + 1
    assert await verify_stream(store, stream) == []


async def test_one_that_does_not_fit_does_not_take_the_others_along(
    sqlite_database: Database,
) -> None:
    store = await sqlite_database.open()
    stream = await new_workspace(store)
    connection = store._writer._connection
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + 40}")
    small = [commit(stream, new_task()) for _ in range(3)]
    large = commit(stream, *(new_task(description="x" * 60_000) for _ in range(10)))
    outcomes = await outcomes_of(store, [*small, large])
    assert [type(outcome) for outcome in outcomes] == [Committed] * 3 + [Unavailable]
    assert await store.seqs([stream]) == {stream: 4}
    assert await verify_stream(store, stream) == []


LIMITED = """
    import asyncio, resource, sys
    from tests.faults.test_sqlite_disk import fill
    from tests.services.commits import add_task, new_workspace
    from tests.services.opening import make_store
    from tidework.store.verify import verify_stream

    async def main():
        store = make_store(sys.argv[1])
        await store.start()
        stream = await new_workspace(store)
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), most))
        print(len(await fill(store, stream)))
        assert await verify_stream(store, stream) == []
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        await add_task(store, stream)
        assert await verify_stream(store, stream) == []
        await store.close()
        print(stream)

    asyncio.run(main())
    """


async def test_a_file_that_may_not_grow(sqlite_database: Database) -> None:
    """The write itself fails, with an error of the system, in the middle of a commit."""
    limit = os.stat(sqlite_database.address).st_size + 2_000_000
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", dedent(LIMITED), sqlite_database.address, str(limit)],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    written, stream = done.stdout.split()
    store = await sqlite_database.open()
    assert (await store.seqs([stream]))[stream] >= int(written) + 2
    assert await verify_stream(store, stream) == []


def as_nobody(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user who may not write everywhere, as root may."""
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.run(
        [sys.executable, "-c", dedent(code), *arguments],
        capture_output=True, text=True, timeout=60, check=False, cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *sys.path])},
        **user,
    )  # fmt: skip


START = """
    import asyncio, sys
    from pathlib import Path
    from tidework.errors import Unavailable
    from tidework.store.sql.migrations.runner import migrate_sqlite
    from tidework.store.sql.sqlite import SqliteStore

    try:
        if sys.argv[2] == "migrate":
            migrate_sqlite(Path(sys.argv[1]))
        else:
            asyncio.run(SqliteStore(Path(sys.argv[1])).start())
    except Unavailable as error:
        print(error.code, error.detail)
    """


@pytest.mark.parametrize("what", ["migrate", "start"])
@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_folder_that_is_not_writable(tmp_path: Path, what: str, mode: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    path = folder / "tidework.db"
    if what == "start":
        migrate_sqlite(path)
        path.chmod(0o444)
    folder.chmod(mode)
    try:
        done = as_nobody(START, str(path), what)
    finally:
        folder.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    code, _, detail = done.stdout.partition(" ")
    assert code == "storage_unwritable"
    assert "nothing was changed. Check that it exists and may be written to." in detail


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(8192)
        file.write(b"\xff" * (size - 8192))


async def test_a_damaged_file(sqlite_database: Database) -> None:
    store = await sqlite_database.open()
    stream = await new_workspace(store)
    await asyncio.gather(*(add_task(store, stream, description="x" * 5000) for _ in range(50)))
    await sqlite_database.close()
    damage(Path(sqlite_database.address))
    with pytest.raises(Unavailable) as caught:
        await whole_log(await sqlite_database.open(), stream)
    assert caught.value.code == "storage_damaged"
    assert "Restore a backup" in caught.value.detail


async def test_the_write_ahead_log_stays_short_while_everybody_writes(
    sqlite_database: Database,
) -> None:
    """Seen red without the checkpointer: 140 MB. The writer itself never waits for a checkpoint."""
    store = await sqlite_database.open()
    stream = await new_workspace(store)
    log = Path(f"{sqlite_database.address}-wal")
    longest, text = 0, "x" * 15_000

    async def write() -> None:
        nonlocal longest
        for _ in range(60):
            await store.append(commit(stream, *(new_task(description=text) for _ in range(4))))
            longest = max(longest, await asyncio.to_thread(lambda: log.stat().st_size))

    async def read() -> None:
        for _ in range(200):
            await store.log(stream, limit=3)
            await asyncio.sleep(0)

    await asyncio.gather(*(write() for _ in range(12)), *(read() for _ in range(3)))
    assert longest < 100_000_000
    # A connection that checkpoints by itself does so in the middle of somebody's commit.
    assert store._writer._connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    await sqlite_database.close()
    assert not await asyncio.to_thread(log.exists)


async def test_a_reader_that_stays_does_not_hold_up_the_writer(sqlite_database: Database) -> None:
    store = await sqlite_database.open()
    stream = await new_workspace(store)
    reader = sqlite3.connect(sqlite_database.address, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM changes").fetchone()
    text = "x" * 60_000
    for _ in range(50):
        await asyncio.gather(
            *(store.append(commit(stream, new_task(description=text))) for _ in range(8))
        )
    assert reader.execute("SELECT count(*) FROM changes").fetchone() == (1,)
    reader.close()
    await add_task(store, stream)
    assert await verify_stream(store, stream) == []


async def test_another_process_that_keeps_the_lock(sqlite_database: Database) -> None:
    store = await sqlite_database.open()
    stream = await new_workspace(store)
    holder = sqlite3.connect(sqlite_database.address, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waiting = [asyncio.create_task(add_task(store, stream)) for _ in range(5)]
    await asyncio.sleep(0)
    # Reading goes on meanwhile.
    assert await store.seqs([stream]) == {stream: 1}
    assert not any(task.done() for task in waiting)
    holder.execute("ROLLBACK")
    assert sorted([done.seq for _, done in await asyncio.gather(*waiting)]) == [2, 3, 4, 5, 6]

    # And when it keeps it for longer than anybody waits:
    store._writer._connection.execute("PRAGMA busy_timeout=50")
    holder.execute("BEGIN IMMEDIATE")
    outcomes = await outcomes_of(store, [commit(stream, new_task()) for _ in range(5)])
    assert {getattr(outcome, "code", None) for outcome in outcomes} == {"busy"}
    holder.execute("ROLLBACK")
    holder.close()
    _, done = await add_task(store, stream)
    assert done.seq == 7
