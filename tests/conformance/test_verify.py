"""`verify_stream` finds what does not fit."""

import asyncio

import pytest
from tests.services.commits import (
    add_task,
    commit,
    member_fields,
    new_task,
    new_workspace,
    update,
)
from tests.services.stores import Database

from tidework.ids import new_id
from tidework.log import Change
from tidework.store.protocol import Store
from tidework.store.verify import verify_stream


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE tasks SET title = 'other' WHERE number = 1", "title is 'other'"),
        ("UPDATE tasks SET due_at = '2020-01-01T00:00:00.000000Z' WHERE number = 1", "due_at is"),
        ("UPDATE tasks SET version = version + 1 WHERE number = 2", "version is"),
        (
            "UPDATE tasks SET updated_at = '2020-01-01T00:00:00.000000Z' WHERE number = 1",
            "updated_at is",
        ),
        ("DELETE FROM tasks WHERE number = 1", "not in its table"),
        ("DELETE FROM members", "not in its table"),
        ("UPDATE members SET role = 'owner'", "role is 'owner'"),
        ("DELETE FROM changes WHERE seq = 3", "does not exist"),
        ("DELETE FROM changes WHERE seq = 4", "seq 3 is followed by 5"),
        ("DELETE FROM changes WHERE seq = 6", "ends at seq 5"),
        ("DELETE FROM changes WHERE seq = 5 AND ordinal = 1", "not in the log"),
        ("DELETE FROM changes WHERE seq = 5 AND ordinal = 0", "out of order"),
        ("UPDATE streams SET last_number = 9", "last number is 9"),
        ("UPDATE streams SET seq = 9", "ends at seq 6"),
        (
            "UPDATE changes SET seq = seq + 1000 WHERE seq = 6",
            "the log has seq 1006, the stream is at 6",
        ),
    ],
)
async def test_damage_is_found(store: Store, database: Database, damage: str, found: str) -> None:
    stream = await new_workspace(store)
    await store.append(commit(stream, Change("member", new_id(), "create", member_fields())))
    task_id, _ = await add_task(store, stream)
    await store.append(commit(stream, update(task_id, title="New")))
    await store.append(commit(stream, new_task(), new_task()))
    await store.append(commit(stream, update(task_id, title="Newer")))
    assert await verify_stream(store, stream) == []
    database.execute(damage)
    assert any(found in difference for difference in await verify_stream(store, stream))


async def test_it_holds_while_others_write(store: Store) -> None:
    stream = await new_workspace(store)
    await store.append(commit(stream, *(new_task() for _ in range(1200))))
    ended = asyncio.Event()

    async def write() -> None:
        task_id, _ = await add_task(store, stream)
        while not ended.is_set():
            await store.append(commit(stream, update(task_id, title=new_id())))
            await add_task(store, stream)
            other, _ = await add_task(store, stream)
            await store.append(commit(stream, Change("task", other, "delete")))

    writers = [asyncio.create_task(write()) for _ in range(4)]
    for _ in range(3):
        assert await verify_stream(store, stream) == []
    ended.set()
    await asyncio.gather(*writers)
    assert await verify_stream(store, stream) == []


async def test_a_stream_that_is_not_there(store: Store) -> None:
    [difference] = await verify_stream(store, new_id())
    assert "does not exist" in difference
