"""What copies of the version before are told by the functions that both write through."""

import json
from typing import Any

import asyncpg
import pytest
from tests.services.commits import add_task, commit, new_task, new_workspace, update
from tests.services.stores import Database

from tidework.ids import new_id
from tidework.store.sql.postgres_answers import arguments
from tidework.store.sql.schema import LATER

_CALL = (
    "SELECT o_logged FROM tidework_commit($1::uuid, $2::uuid, $3::text, $4::bigint, $5::text,"
    " $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb)"
)


@pytest.mark.parametrize(
    ("values", "told"), [({"title": "New"}, set()), ({"previous_id": new_id()}, {"previous_id"})]
)
async def test_of_a_field_that_is_not_set_nothing_is_said(
    postgres_emptied: Database, values: dict[str, Any], told: set[str]
) -> None:
    store = await postgres_emptied.open()
    stream = await new_workspace(store)
    task_id, _ = await add_task(store, stream)
    connection = await asyncpg.connect(postgres_emptied.address)
    try:
        wanted = commit(stream, update(task_id, **values))
        logged = await connection.fetchval(_CALL, *arguments(wanted))
    finally:
        await connection.close()
    ((_, _, left),) = json.loads(logged)
    assert set(LATER["task"]) & left.keys() == told


async def test_their_tasks_are_found_by_their_words(postgres_emptied: Database) -> None:
    """They give no words with a task; nor does a function that began before they were asked for."""
    store = await postgres_emptied.open()
    stream = await new_workspace(store)
    made, mine = new_task(title="Théirs"), new_task(title="Ours", description="théirs too")
    await store.append(commit(stream, mine))
    found = (
        "SELECT count(*) FROM tasks WHERE stream_id = $1::uuid"
        " AND search @@ tidework_query($1::uuid, $2)"
    )
    connection = await asyncpg.connect(postgres_emptied.address)
    try:
        await connection.fetchval(_CALL, *arguments(commit(stream, made)))
        assert await connection.fetchval(found, stream, "'théirs':*") == 2
        changed = commit(stream, update(made.id, title="Changed"), update(mine.id, description=""))
        await connection.fetchval(_CALL, *arguments(changed))
        assert await connection.fetchval(found, stream, "'théirs':*") == 0
        assert await connection.fetchval(found, stream, "'changed':*") == 1
    finally:
        await connection.close()
