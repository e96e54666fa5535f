"""Erasing what is known of a person, and whole streams."""

from tests.services.commits import add_task, commit, new_workspace, update, whole_log

from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.store.verify import verify_stream


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
