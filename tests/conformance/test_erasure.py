"""Erasing what is known of a person, and whole streams."""

import pytest
from tests.services.commits import add_task, commit, new_workspace, update, whole_log

from tidework.ids import new_id
from tidework.log import Operation
from tidework.store.protocol import Contended, Store
from tidework.store.verify import verify_stream
from tidework.times import now


async def test_redacting_rewrites_log_and_state_alike(store: Store) -> None:
    stream = await new_workspace(store)
    task, _ = await add_task(store, stream, title="Ada's secret", description="kept")
    await store.append(commit(stream, update(task, title="Ada's other secret")))
    other, _ = await add_task(store, stream, title="Ada's secret")

    await store.redact(stream, "task", task, {"title": "erased"})

    log = await whole_log(store, stream)
    mine = [change for change in log if change.id == task]
    assert [change.set.get("title") for change in mine] == ["erased", "erased"]
    assert mine[1].was == {"title": "erased"}
    assert mine[0].set["description"] == "kept"
    assert next(c for c in log if c.id == other).set["title"] == "Ada's secret"
    assert await verify_stream(store, stream) == []
    assert (await store.seqs([stream]))[stream] == 4


async def test_purging_leaves_nothing_of_a_stream_and_all_of_others(store: Store) -> None:
    gone, kept = await new_workspace(store), await new_workspace(store)
    await add_task(store, gone)
    await add_task(store, kept)
    mail = {"email": "a@example.com"}
    await store.purge(gone, [Operation("emails", "insert", mail, {"user_id": gone})])
    assert dict(await store.seqs([gone, kept])) == {kept: 2}
    assert await whole_log(store, gone) == []
    assert len(await whole_log(store, kept)) == 2
    assert await verify_stream(store, kept) == []


async def test_expiring_deletes_what_is_past_and_nothing_else(store: Store) -> None:
    past, future = "2001-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"
    rows = [
        Operation(
            "password_resets", "insert", {"stream_id": new_id(), "digest": name}, {"expires_at": at}
        )
        for name, at in (("old", past), ("new", future))
    ]
    await store.operate(rows)
    await store.operate([Operation("password_resets", "expire", set={"expires_at": now()})])
    with pytest.raises(Contended):
        await store.operate([Operation("password_resets", "delete", rows[0].key, rows=1)])
    await store.operate([Operation("password_resets", "delete", rows[1].key, rows=1)])
