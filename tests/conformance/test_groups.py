"""Commits that go out together: each is decided by itself, and told what the log says."""

import asyncio
import random

import pytest
from tests.services.commits import (
    add_task,
    commit,
    member_fields,
    new_task,
    new_workspace,
    seqs_of,
    update,
    whole_log,
)
from tests.services.stores import Database

from tidework.errors import Conflict, Forbidden
from tidework.ids import new_id
from tidework.log import Change, Commit, Committed, Expect, IdempotencyKey, Operation
from tidework.store.protocol import Store, StreamMissing, UniqueConflict
from tidework.store.sql.postgres import PostgresStore
from tidework.store.verify import verify_stream
from tidework.times import after, now


def allowed(member: str, *roles: str) -> Expect:
    return Expect("member", member, {"role": roles}, error=Forbidden("Not with this role"))


async def together(store: Store, commits: list[Commit]) -> list[Committed | BaseException]:
    """What commits became that wait at the same moment."""
    return await asyncio.gather(*map(store.append, commits), return_exceptions=True)


async def test_new_tasks_of_a_group_are_numbered_around_those_that_are_refused(
    store: Store,
) -> None:
    streams = [await new_workspace(store) for _ in range(3)]
    member = new_id()
    for stream in streams:
        role = Change("member", member, "create", member_fields("viewer"))
        await store.append(commit(stream, role))
    task_id, _ = await add_task(store, streams[0])
    wanted: list[tuple[Commit, type[BaseException] | None]] = []
    for stream in streams:
        for number in range(4):
            tasks = [new_task(title=f"{number} {ordinal}") for ordinal in range(number + 1)]
            wanted += [
                (commit(stream, *tasks, expects=[allowed(member, "owner", "viewer")]), None),
                (commit(stream, new_task(), expects=[allowed(member, "editor")]), Forbidden),
                (commit(stream, new_task(), expects=[Expect("task", new_id())]), BaseException),
            ]
    # On this stream somebody else's change is among them.
    wanted += [(commit(streams[0], update(task_id, title=f"Then {n}")), None) for n in range(3)]
    wanted += [(commit(new_id(), new_task()), StreamMissing)]
    random.Random(7).shuffle(wanted)
    outcomes = await together(store, [one for one, _ in wanted])
    for (one, error), outcome in zip(wanted, outcomes, strict=True):
        assert isinstance(outcome, error or Committed), outcome
        if isinstance(outcome, Committed):
            seq = outcome.seq
            assert outcome.changes == await store.log(one.stream_id, since=seq - 1, until=seq)
            created = [change.set for change in outcome.changes if change.op == "create"]
            assert created == [left for left in outcome.after if created]
    done = [one for one in outcomes if isinstance(one, Committed)]
    for stream in streams:
        log = await whole_log(store, stream)
        told = [change for one in done if one.stream_id == stream for change in one.changes]
        assert [one for one in log if one.seq > 2 + (stream == streams[0])] == sorted(
            told, key=lambda change: (change.seq, change.ordinal)
        )
        assert seqs_of(log) == list(range(1, len(seqs_of(log)) + 1))
        numbers = [one.set["number"] for one in log if (one.entity, one.op) == ("task", "create")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert await verify_stream(store, stream) == []


async def test_of_two_tasks_with_one_id_the_first_is_made(store: Store) -> None:
    stream, task_id = await new_workspace(store), new_id()
    taken = Conflict("Taken", code="id_taken")
    absent = [Expect("task", task_id, absent=True, error=taken)]
    same = [commit(stream, new_task(task_id, title=f"{n}"), expects=absent) for n in range(3)]
    others = [commit(stream, new_task()) for _ in range(3)]
    outcomes = await together(store, [*same, *others])
    assert [type(one) for one in outcomes] == [Committed, Conflict, Conflict, *[Committed] * 3]
    assert await store.seqs([stream]) == {stream: 5}
    assert await verify_stream(store, stream) == []


async def test_a_key_that_comes_twice_in_a_group_makes_one_task(store: Store) -> None:
    stream = await new_workspace(store)

    def keyed(name: str) -> Commit:
        key = IdempotencyKey("somebody", name, "what was asked", after(now(), 60))
        return commit(stream, new_task(title=name), idempotency=key)

    await store.append(keyed("known"))
    outcomes = await together(store, [keyed(name) for name in ("a", "known", "b", "a", "c")])
    done = [one for one in outcomes if isinstance(one, Committed)]
    assert len(done) == 5
    assert [one.replayed for one in done].count(True) == 2
    assert len({one.seq for one in done}) == 4
    assert await store.seqs([stream]) == {stream: 5}


async def test_a_value_that_the_database_refuses_fails_its_own_commit_only(store: Store) -> None:
    stream, task_id = await new_workspace(store), new_id()
    await store.append(commit(stream, new_task(task_id)))
    commits = [commit(stream, new_task()), commit(stream, new_task(task_id))]
    first, second, third = await together(store, [*commits, commit(stream, new_task())])
    assert isinstance(first, Committed)
    assert isinstance(second, UniqueConflict)
    assert isinstance(third, Committed)
    assert await store.seqs([stream]) == {stream: 4}


@pytest.mark.parametrize("text", ["", " ", "🚀", "x" * 5000, "é" * 700 + " kept"])
async def test_any_text_can_be_kept(store: Store, text: str) -> None:
    stream = await new_workspace(store)
    _, done = await add_task(store, stream, description=text)
    assert done.after[0]["description"] == text
    assert await verify_stream(store, stream) == []


async def test_on_postgresql_nothing_of_an_ordinary_group_is_written_again(
    postgres_emptied: Database,
) -> None:
    """One by one would be as right, and not noticed but for what it costs."""
    store = await postgres_emptied.open()
    assert isinstance(store, PostgresStore)
    streams = [await new_workspace(store) for _ in range(4)]
    task_id, _ = await add_task(store, streams[0])
    key = IdempotencyKey("somebody", "a", "what was asked", after(now(), 60))
    commits = [commit(stream, new_task(), new_task()) for stream in streams * 2]
    commits += [commit(streams[1], new_task(), idempotency=key)]
    commits += [commit(streams[0], update(task_id, title="Changed"))]
    written = await store._writer._together(commits)
    assert written is not None
    assert all(isinstance(one, Committed) for one in written)
    rows = [
        [Operation("inbox", "upsert", {"stream_id": one, "consumer": "c"}, {"seq": 1})]
        for one in streams
    ]
    assert await store._operator._operated(rows) == [None] * 4
