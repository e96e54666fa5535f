"""What is erased is erased from the log, too, and both stay equal."""

import asyncio

import pytest
from tests.services.commits import (
    add_task,
    commit,
    folded,
    member_fields,
    new_task,
    new_workspace,
    update,
    whole_log,
)
from tests.services.stores import Database

from tidework.ids import new_id
from tidework.log import Change, Operation
from tidework.store.protocol import Store, StreamMissing
from tidework.store.sql.schema import metadata
from tidework.store.verify import verify_stream
from tidework.times import after, now

STREAM_TABLES = [table.name for table in metadata.sorted_tables if table.info.get("stream")]


@pytest.fixture
async def copies(database: Database) -> list[Store]:
    return [await database.open(), await database.open()]


def rows_of(database: Database, stream: str) -> dict[str, int]:
    """How many rows each table has of a stream, where there are any."""
    counts = database.execute(
        *(f"SELECT count(*) FROM {table} WHERE stream_id = '{stream}'" for table in STREAM_TABLES)
    )
    return {table: count for table, [(count,)] in zip(STREAM_TABLES, counts, strict=True) if count}


async def test_redacted_fields_are_gone_from_log_and_state(store: Store) -> None:
    stream = await new_workspace(store)
    task_id, _ = await add_task(store, stream, title="Secret one", description="keep")
    other, _ = await add_task(store, stream, title="Secret of another")
    await store.append(commit(stream, update(task_id, title="Secret two", status="completed")))
    await store.append(commit(stream, update(task_id, description="kept")))
    gone = await store.append(commit(stream, Change("task", other, "delete")))
    before = await folded(store, stream)

    await store.redact(stream, "task", task_id, {"title": "", "due_at": None})
    await store.redact(stream, "task", other, {"title": "x"})

    log = await whole_log(store, stream)
    assert "Secret" not in repr(log)
    assert log[-1].seq == gone.seq
    assert (log[-1].was["title"], log[3].set) == ("x", {"title": "", "status": "completed"})
    state = await folded(store, stream)
    assert state["task", task_id].fields == before["task", task_id].fields | {"title": ""}
    assert state["task", task_id].version == before["task", task_id].version
    assert await verify_stream(store, stream) == []


async def test_others_change_what_is_being_redacted(copies: list[Store]) -> None:
    """Seen red on PostgreSQL without the stream's lock: the log keeps, in a `was`, what was
    redacted while the change waited."""
    stream = await new_workspace(copies[0])
    for i in range(15):
        task_id, _ = await add_task(copies[0], stream, title=f"Secret {i}")
        changes = [
            copies[1].append(commit(stream, update(task_id, title=f"Public {i} {j}")))
            for j in range(4)
        ]
        await asyncio.gather(
            *changes[:2],
            copies[0].redact(stream, "task", task_id, {"title": ""}),
            *changes[2:],
        )
        assert await verify_stream(copies[0], stream) == []
        assert f"Secret {i}" not in repr(await whole_log(copies[0], stream))


async def test_a_purged_stream_leaves_nothing(store: Store, database: Database) -> None:
    stream, kept = await new_workspace(store), await new_workspace(store)
    user = new_id()
    lookup = {"user_id": user, "workspace_id": stream}
    mark = {"stream_id": stream, "source": "s", "foreign_id": "f"}
    for each in (stream, kept):
        await store.append(
            commit(each, new_task(), Change("member", user, "create", member_fields()))
        )
    await store.operate(
        [
            Operation("user_workspaces", "insert", lookup),
            Operation("import_marks", "insert", mark, {"entity_id": user, "fingerprint": ""}),
        ]
    )
    before = rows_of(database, kept)
    await store.purge(stream, [Operation("user_workspaces", "delete", lookup, rows=1)])

    assert rows_of(database, stream) == {}
    assert rows_of(database, kept) == before
    assert await store.seqs([stream, kept]) == {kept: 2}
    assert database.execute("SELECT count(*) FROM user_workspaces") == [[(0,)]]
    with pytest.raises(StreamMissing):
        await add_task(store, stream)


async def test_others_write_to_what_is_being_purged(
    copies: list[Store], database: Database
) -> None:
    """Seen red on PostgreSQL with the stream's row deleted last: rows of others stay behind."""
    for _ in range(15):
        stream = await new_workspace(copies[0])
        writes = [copies[1].append(commit(stream, new_task())) for _ in range(4)]
        outcomes = await asyncio.gather(
            *writes[:2], copies[0].purge(stream), *writes[2:], return_exceptions=True
        )
        for outcome in outcomes:
            assert not isinstance(outcome, Exception) or isinstance(outcome, StreamMissing)
        assert rows_of(database, stream) == {}
        assert await copies[1].seqs([stream]) == {}


async def test_what_has_expired_is_cleared_away(store: Store, database: Database) -> None:
    def record(key: str, seconds: float) -> Operation:
        expires_at = after(now(), seconds)
        place = {"scope": "s", "key": key}
        return Operation(
            "idempotency", "insert", place, {"fingerprint": "", "expires_at": expires_at}
        )

    await store.operate([record("old", -60), record("new", 60)])
    await store.operate([Operation("idempotency", "expire", set={"expires_at": now()})])
    assert database.execute("SELECT key FROM idempotency") == [[("new",)]]
