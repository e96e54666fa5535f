"""Several processes on one database, and processes that die."""

import asyncio

import pytest
from tests.services.commits import (
    add_task,
    commit,
    folded,
    new_task,
    new_workspace,
    seqs_of,
    whole_log,
)
from tests.services.stores import Database
from tests.services.writer import start_writer

from tidework.errors import Unavailable
from tidework.store.protocol import Store
from tidework.store.sql import queries
from tidework.store.verify import verify_stream


def acknowledged(lines: list[str]) -> dict[int, str]:
    """What a writer printed, whole lines only: the task of each seq."""
    pairs = [line.split() for line in lines if line.endswith("\n") and line != "done\n"]
    return {int(seq): task_id for seq, task_id in pairs}


async def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(database: Database) -> None:
    store = await database.open()
    stream = await new_workspace(store)
    await database.close()
    known: dict[int, str] = {}
    for enough in (1, 120):
        # Nobody else has the file open, so that the next one has to recover it.
        process = start_writer(database.address, stream, commits=10_000, writers=8)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(enough)]
        process.kill()
        rest, errors = process.communicate(timeout=30)
        assert process.returncode == -9, errors
        known |= acknowledged([*lines, *rest.splitlines(keepends=True)])

        store = await database.open()
        await add_task(store, stream)
        log = {entry.seq: entry.id for entry in await whole_log(store, stream)}
        assert list(log) == list(range(1, len(log) + 1))
        assert known.items() <= log.items()
        assert await verify_stream(store, stream) == []
        await database.close()
    assert len(known) > 120


async def test_many_processes_write_at_once(database: Database) -> None:
    store: Store = await database.open()
    stream = await new_workspace(store)
    processes = [start_writer(database.address, stream, commits=12, writers=4) for _ in range(3)]
    # This process writes, too, and sees what the others do.
    mine = {}
    while any(process.poll() is None for process in processes):
        task_id, done = await add_task(store, stream)
        mine[done.seq] = task_id
        assert (await store.seqs([stream]))[stream] >= done.seq
    known = dict(mine)
    for process in processes:
        output, errors = await asyncio.to_thread(process.communicate)
        assert (process.returncode, errors) == (0, "")
        assert output.endswith("done\n")
        known |= acknowledged(output.splitlines(keepends=True))

    log = await whole_log(store, stream)
    assert seqs_of(log) == list(range(1, 3 * 48 + len(mine) + 2))
    assert known == {entry.seq: entry.id for entry in log[1:]}
    assert await store.seqs([stream]) == {stream: log[-1].seq}
    assert await verify_stream(store, stream) == []
    await database.close()


async def test_what_another_process_wrote_is_seen_at_once(database: Database) -> None:
    """Trap 3 of section 4. Seen red on SQLite without the look at `data_version`."""
    store = await database.open()
    stream = await new_workspace(store)
    process = start_writer(database.address, stream, commits=30, writers=1)
    assert process.stdout is not None
    for line in process.stdout:
        if line != "done\n":
            [(seq, task_id)] = acknowledged([line]).items()
            assert (await store.seqs([stream]))[stream] >= seq
            assert ("task", task_id) in await folded(store, stream)
    assert process.wait(30) == 0
    process.communicate()
    await database.close()


async def test_a_closed_store_can_be_opened_again(database: Database) -> None:
    stream = None
    for expected in range(1, 6):
        store = await database.open()
        if stream is None:
            stream = await new_workspace(store)
        else:
            await add_task(store, stream)
        assert await store.seqs([stream]) == {stream: expected}
        await database.close()


@pytest.mark.parametrize("what", ["append", "operate", "seqs", "fetch", "ping"])
async def test_a_closed_store_refuses(database: Database, what: str) -> None:
    store = await database.open()
    stream = await new_workspace(store)
    await database.close()
    calls = {
        "append": lambda: store.append(commit(stream, new_task())),
        "operate": lambda: store.operate([]),
        "seqs": lambda: store.seqs([stream]),
        "fetch": lambda: store.fetch(queries.STREAM, {"stream_id": stream}),
        "ping": store.ping,
    }
    with pytest.raises(Unavailable):
        await calls[what]()
