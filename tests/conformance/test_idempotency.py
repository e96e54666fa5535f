"""A command with an idempotency key happens once."""

import asyncio

import pytest
from tests.services.commits import (
    commit,
    label_fields,
    new_task,
    new_workspace,
    update,
    workspace_fields,
)
from tests.services.stores import Database

from tidework.errors import Conflict, Invalid
from tidework.ids import new_id
from tidework.log import Change, Committed, Expect, IdempotencyKey, Operation
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.times import after, now


def key(
    name: str = "key", fingerprint: str = "what was asked", seconds: float = 60
) -> IdempotencyKey:
    return IdempotencyKey("somebody", name, fingerprint, after(now(), seconds))


@pytest.fixture
async def copies(database: Database) -> list[Store]:
    return [await database.open(), await database.open()]


async def test_the_same_key_gives_the_same_commit_again(copies: list[Store]) -> None:
    stream = await new_workspace(copies[0])
    first = await copies[0].append(commit(stream, new_task(), new_task(), idempotency=key()))
    for store in copies:
        again = await store.append(commit(stream, new_task(), idempotency=key()))
        assert again.replayed
        assert (again.stream_id, again.seq) == (stream, first.seq)
        assert again.changes == first.changes
    assert await copies[0].seqs([stream]) == {stream: 2}


async def test_it_is_replayed_though_what_it_did_stands_in_its_own_way(store: Store) -> None:
    stream, task_id = await new_workspace(store), new_id()
    create = Change("label", new_id(), "create", label_fields("once"))
    repeated = [
        commit(stream, create, idempotency=key("unique")),
        commit(stream, new_task(task_id), idempotency=key("number"), base_seq=2),
        commit(
            stream,
            update(task_id, title="New"),
            idempotency=key("version"),
            expects=[Expect("task", task_id, {"version": [3]})],
        ),
        commit(stream, Change("task", task_id, "delete"), idempotency=key("gone")),
    ]
    first = [await store.append(each) for each in repeated]
    again = [await store.append(each) for each in repeated]
    assert [done.seq for done in first] == [done.seq for done in again] == [2, 3, 4, 5]
    assert all(done.replayed for done in again)


async def test_a_stream_is_created_once(store: Store) -> None:
    stream = new_id()
    creating = commit(
        stream,
        Change("workspace", stream, "create", workspace_fields()),
        creates="workspace",
        idempotency=key(),
    )
    assert not (await store.append(creating)).replayed
    assert (await store.append(creating)).replayed
    # Another one under the same key, as a client makes that sends the request twice.
    other = new_id()
    again = await store.append(
        commit(
            other,
            Change("workspace", other, "create", workspace_fields()),
            creates="workspace",
            idempotency=key(),
        )
    )
    assert (again.replayed, again.stream_id) == (True, stream)
    assert await store.seqs([stream, other]) == {stream: 1}


async def test_an_existing_stream_is_a_conflict_for_another_key(store: Store) -> None:
    stream = await new_workspace(store)
    change = Change("workspace", stream, "create", workspace_fields())
    with pytest.raises(UniqueConflict):
        await store.append(commit(stream, change, creates="workspace", idempotency=key()))


async def test_a_repeated_command_answers_as_the_first_one_did(store: Store) -> None:
    stream, task_id, other = await new_workspace(store), new_id(), new_id()
    repeated = [
        commit(stream, new_task(task_id, title="1"), new_task(), idempotency=key("create")),
        commit(
            stream,
            update(task_id, title="2"),
            update(task_id, status="completed"),
            idempotency=key("update"),
        ),
        commit(
            stream, new_task(other, title="1"), update(other, title="2"), idempotency=key("both")
        ),
        commit(stream, Change("task", task_id, "delete"), idempotency=key("delete")),
    ]
    first = [await store.append(each) for each in repeated]
    for before, each in zip(first, repeated, strict=True):
        again = await store.append(each)
        assert again.replayed
        assert (again.seq, again.changes) == (before.seq, before.changes)
        assert list(again.after) == list(before.after)


async def test_another_request_under_the_same_key_is_refused(store: Store) -> None:
    stream = await new_workspace(store)
    await store.append(commit(stream, new_task(), idempotency=key()))
    with pytest.raises(Invalid) as caught:
        await store.append(commit(stream, new_task(), idempotency=key(fingerprint="other")))
    assert caught.value.errors[0].code == "idempotency_key_reused"
    assert await store.seqs([stream]) == {stream: 2}


async def test_keys_are_apart_by_scope(store: Store) -> None:
    stream = await new_workspace(store)
    mine = key()
    yours = IdempotencyKey("somebody else", mine.key, mine.fingerprint, mine.expires_at)
    assert not (await store.append(commit(stream, new_task(), idempotency=mine))).replayed
    assert not (await store.append(commit(stream, new_task(), idempotency=yours))).replayed


async def test_a_failed_command_leaves_its_key_free(store: Store) -> None:
    stream = await new_workspace(store)
    with pytest.raises(Contended):
        await store.append(commit(stream, new_task(), idempotency=key(), base_seq=0))
    with pytest.raises(Contended):
        await store.append(commit(stream, update(new_id(), title="x"), idempotency=key()))
    done = await store.append(commit(stream, new_task(), idempotency=key(fingerprint="other")))
    assert not done.replayed


async def test_at_the_same_moment_it_happens_once(copies: list[Store]) -> None:
    streams = [await new_workspace(copies[0]) for _ in range(2)]
    for i in range(20):
        before = await copies[0].seqs(streams)
        # Also where the same request reaches different streams, as creating does.
        done = await asyncio.gather(
            *(
                copies[j % 2].append(
                    commit(streams[j // 2 % (1 + i % 2)], new_task(), idempotency=key(f"key {i}"))
                )
                for j in range(6)
            )
        )
        assert [committed.replayed for committed in done].count(False) == 1
        assert len({(committed.stream_id, committed.seq) for committed in done}) == 1
        present = await copies[0].seqs(streams)
        assert sum(present.values()) == sum(before.values()) + 1


async def test_an_expired_record_is_used_again(store: Store, database: Database) -> None:
    stream = await new_workspace(store)
    await store.append(commit(stream, new_task(), idempotency=key(seconds=-1)))
    second = await store.append(commit(stream, new_task(), idempotency=key(fingerprint="other")))
    assert not second.replayed
    third = await store.append(commit(stream, new_task(), idempotency=key(fingerprint="other")))
    assert (third.replayed, third.seq) == (True, second.seq)
    [[(count,)]] = database.execute("SELECT count(*) FROM idempotency")
    assert count == 1


async def test_an_answer_kept_with_the_record_keeps_its_commit(store: Store) -> None:
    stream, used = await new_workspace(store), key()
    first = await store.append(commit(stream, new_task(), idempotency=used))
    answer = {
        "fingerprint": used.fingerprint,
        "status": 201,
        "body": "{}",
        "expires_at": used.expires_at,
    }
    place = {"scope": used.scope, "key": used.key}
    await store.operate([Operation("idempotency", "upsert", place, answer)])
    again: Committed = await store.append(commit(stream, new_task(), idempotency=used))
    assert (again.replayed, again.seq) == (True, first.seq)


async def test_a_record_without_a_commit_is_a_conflict(store: Store) -> None:
    stream, used = await new_workspace(store), key()
    answer = {
        "fingerprint": used.fingerprint,
        "status": 200,
        "body": "{}",
        "expires_at": used.expires_at,
    }
    place = {"scope": used.scope, "key": used.key}
    await store.operate([Operation("idempotency", "upsert", place, answer)])
    with pytest.raises(Conflict):
        await store.append(commit(stream, new_task(), idempotency=used))
