"""Many write at once: seqs without gaps, numbers without gaps, and `was` what was.

Two stores on one database stand for two copies of the server, which share nothing else.
"""

import asyncio
import random
from typing import Any

import pytest
from tests.services.commits import (
    add_task,
    commit,
    label_fields,
    member_fields,
    new_task,
    new_workspace,
    seqs_of,
    update,
    whole_log,
)
from tests.services.stores import Database

from tidework.errors import Forbidden
from tidework.ids import new_id
from tidework.log import Change, Commit, Committed, Expect
from tidework.store.observer import Observer
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.store.sql.queries import STREAM
from tidework.store.sql.statement import Statement
from tidework.store.verify import verify_stream
from tidework.tasks.queries import TASK, TASK_BY_NUMBER
from tidework.tasks.schemas import TaskOut


@pytest.fixture
async def copies(database: Database) -> list[Store]:
    return [await database.open(), await database.open()]


async def test_fifty_writers_on_one_stream_leave_no_gap(copies: list[Store]) -> None:
    stream = await new_workspace(copies[0])

    async def writer(store: Store) -> list[Committed]:
        return [(await add_task(store, stream))[1] for _ in range(5)]

    written = await asyncio.gather(*(writer(copies[i % 2]) for i in range(50)))
    done = [committed for each in written for committed in each]

    assert sorted(committed.seq for committed in done) == list(range(2, 252))
    for each in written:
        assert [committed.seq for committed in each] == sorted(committed.seq for committed in each)
    log = await whole_log(copies[1], stream)
    assert seqs_of(log) == list(range(1, 252))
    # Numbers follow the order of the log.
    assert [entry.set["number"] for entry in log[1:]] == list(range(1, 251))
    assert {entry.seq: entry for entry in log[1:]} == {
        committed.seq: committed.changes[0] for committed in done
    }
    assert await verify_stream(copies[0], stream) == []


async def test_fifty_writers_over_many_streams_leave_no_gap(copies: list[Store]) -> None:
    streams = [await new_workspace(copies[0]) for _ in range(8)]

    async def writer(store: Store, seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(5):
            await add_task(store, choose.choice(streams))

    await asyncio.gather(*(writer(copies[i % 2], i) for i in range(50)))

    counted = 0
    for stream in streams:
        log = await whole_log(copies[1], stream)
        assert seqs_of(log) == list(range(1, len(log) + 1))
        assert [entry.set["number"] for entry in log[1:]] == list(range(1, len(log)))
        assert await verify_stream(copies[0], stream) == []
        counted += len(log) - 1
    assert counted == 250


async def test_was_is_what_the_commit_before_left(copies: list[Store]) -> None:
    """Trap 1 of section 4. Seen red on PostgreSQL with `tidework_row` read before the lock."""
    stream = await new_workspace(copies[0])
    task_id, _ = await add_task(copies[0], stream, title="0")

    for i in range(1, 121, 4):
        await asyncio.gather(
            *(
                copies[j % 2].append(commit(stream, update(task_id, title=str(i + j))))
                for j in range(4)
            )
        )
    log = [entry for entry in await whole_log(copies[0], stream) if entry.op == "update"]
    assert len(log) == 120
    assert [entry.was["title"] for entry in log] == ["0", *(e.set["title"] for e in log[:-1])]
    # The two copies really came in between each other.
    firsts = [int(entry.set["title"]) % 4 for entry in log]
    assert firsts != sorted(firsts)
    assert await verify_stream(copies[0], stream) == []


async def test_a_member_removed_meanwhile_does_not_pass(copies: list[Store]) -> None:
    """Trap 1 of section 4. Seen red on PostgreSQL with the expectations read before the lock."""
    stream, member = await new_workspace(copies[0]), new_id()
    refused = 0

    async def write() -> int | None:
        expect = Expect("member", member, {"role": ["editor"]}, error=Forbidden("Not a member."))
        try:
            return (await copies[1].append(commit(stream, new_task(), expects=[expect]))).seq
        except Forbidden:
            return None

    for _ in range(40):
        await copies[0].append(commit(stream, Change("member", member, "create", member_fields())))
        removal, *written = await asyncio.gather(
            copies[0].append(commit(stream, Change("member", member, "delete"))),
            *(write() for _ in range(3)),
        )
        refused += written.count(None)
        assert all(seq is None or seq < removal.seq for seq in written)
    assert refused > 0
    assert await verify_stream(copies[0], stream) == []


async def test_only_one_of_those_who_saw_the_same_version_wins(copies: list[Store]) -> None:
    stream = await new_workspace(copies[0])
    task_id, made = await add_task(copies[0], stream)
    version = made.seq

    async def attempt(store: Store, title: str) -> Committed | None:
        expects = [Expect("task", task_id, {"version": [version]})]
        try:
            return await store.append(commit(stream, update(task_id, title=title), expects=expects))
        except Contended:
            return None

    for i in range(20):
        done = await asyncio.gather(*(attempt(copies[j % 2], f"{i} {j}") for j in range(4)))
        winners = [committed for committed in done if committed is not None]
        assert len(winners) == 1
        assert winners[0].seq == version + 1
        version = winners[0].seq


async def test_members_of_a_group_that_fail_leave_no_gap(store: Store) -> None:
    """Trap 2 of section 4. Seen red on both with a failed check returned after the seq was taken
    instead of raised (SQLite: `_Refused` without ROLLBACK TO)."""
    stream, other = await new_workspace(store), await new_workspace(store)
    task_id, _ = await add_task(store, stream)
    await store.append(commit(stream, Change("label", new_id(), "create", label_fields("taken"))))
    good = [commit(stream, new_task()) for _ in range(6)] + [commit(other, new_task())]
    bad: list[tuple[Commit, type[Exception]]] = [
        (commit(stream, new_task(), base_seq=0), Contended),
        (commit(stream, new_task(), update(new_id(), title="Missing")), Contended),
        (commit(stream, new_task(), new_task(task_id)), UniqueConflict),
        (commit(other, new_task(), new_task(number=1), new_task(number=1)), UniqueConflict),
        (
            commit(stream, new_task(), expects=[Expect("task", new_id(), error=Forbidden("No"))]),
            Forbidden,
        ),
        (
            commit(stream, Change("label", new_id(), "create", label_fields("taken"))),
            UniqueConflict,
        ),
    ]
    expected = [(item, None) for item in good] + bad
    random.Random(5).shuffle(expected)
    # They are all submitted before the first group goes out, so that they share one.
    outcomes = await asyncio.gather(
        *(store.append(item) for item, _ in expected), return_exceptions=True
    )
    for (_, error), outcome in zip(expected, outcomes, strict=True):
        assert isinstance(outcome, Committed if error is None else error)
    assert await store.seqs([stream, other]) == {stream: 9, other: 2}
    for each, last in ((stream, 9), (other, 2)):
        log = await whole_log(store, each)
        assert seqs_of(log) == list(range(1, last + 1))
        numbers = [entry.set["number"] for entry in log if entry.entity == "task"]
        assert numbers == list(range(1, len(numbers) + 1))
        assert await verify_stream(store, each) == []


async def test_commits_handed_over_together_go_out_together(database: Database) -> None:
    groups: list[int] = []

    class Noting(Observer):
        def group(self, size: int) -> None:
            groups.append(size)

    store = await database.open(observer=Noting())
    stream = await new_workspace(store)
    await asyncio.gather(*(add_task(store, stream) for _ in range(40)))
    await database.close()
    assert sum(groups) == 41
    assert max(groups) > 1


async def test_seqs_are_never_older_than_an_acknowledged_commit(copies: list[Store]) -> None:
    streams = [await new_workspace(copies[0]) for _ in range(3)]
    acknowledged = dict.fromkeys(streams, 1)
    ended = asyncio.Event()

    async def writer(store: Store, seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(40):
            stream = choose.choice(streams)
            _, done = await add_task(store, stream)
            acknowledged[stream] = max(acknowledged[stream], done.seq)

    async def reader(store: Store) -> int:
        read = 0
        while not ended.is_set():
            known = dict(acknowledged)
            found = await store.seqs([*streams, new_id()])
            assert found.keys() == known.keys()
            assert all(found[stream] >= known[stream] for stream in streams)
            read += 1
            await asyncio.sleep(0)
        return read

    readers = [asyncio.create_task(reader(store)) for store in copies for _ in range(3)]
    await asyncio.gather(*(writer(store, i) for i, store in enumerate(copies * 3)))
    ended.set()
    assert min(await asyncio.gather(*readers)) > 0
    for store in copies:
        assert await store.seqs(streams) == acknowledged
    assert await copies[0].seqs([]) == {}


async def test_a_commit_is_seen_by_every_read_after_its_answer(copies: list[Store]) -> None:
    stream = await new_workspace(copies[0])
    for i in range(30):
        writer, reader = copies if i % 2 else copies[::-1]
        _, done = await add_task(writer, stream)
        assert [entry.seq for entry in await reader.log(stream, since=done.seq - 1)] == [done.seq]
        assert await reader.seqs([stream]) == {stream: done.seq}


async def test_what_is_asked_together_is_never_older_than_its_question(copies: list[Store]) -> None:
    streams = [await new_workspace(copies[0]) for _ in range(4)]

    async def write_and_read(i: int) -> None:
        stream = streams[i % len(streams)]
        task_id, _ = await add_task(copies[0], stream)
        for turn in range(10):
            change = update(task_id, title=f"{i}: {turn}")
            done = await copies[turn % 2].append(commit(stream, change))
            reader = copies[(turn + i) % 2]
            [row] = await reader.fetch(TASK, {"stream_id": stream, "id": task_id})
            assert row[0] >= done.seq
            task = TaskOut(*row[1:])
            assert (task.id, task.title, task.version) == (task_id, f"{i}: {turn}", done.seq)
            assert await reader.fetch(TASK, {"stream_id": stream, "id": new_id()}) == []

    await asyncio.gather(*(write_and_read(i) for i in range(16)))


async def test_a_shared_query_says_what_each_question_alone_is_told(store: Any) -> None:
    streams = [await new_workspace(store) for _ in range(2)]
    ids = [(await add_task(store, stream, label_ids=[new_id()]))[0] for stream in streams * 2]
    places = list(zip(streams * 2, ids, strict=True))
    asked: dict[Statement, list[dict[str, Any]]] = {
        STREAM: [{"stream_id": stream} for stream in (*streams, new_id())],
        TASK: [{"stream_id": s, "id": i} for s, i in (*places, (streams[1], ids[0]))],
        TASK_BY_NUMBER: [{"stream_id": s, "number": n} for s in streams for n in (2, 1, 3)],
    }
    for statement, questions in asked.items():
        assert statement.shared
        values = [statement.compiled(store.dialect).arguments(params) for params in questions]
        alone = [(await store._ask(statement, [one]))[0][0] for one in values]
        together, _ = await store._ask(statement, values)
        assert [[tuple(row) for row in rows] for rows in together] == [
            [tuple(row) for row in rows] for rows in alone
        ]
        # Some of them are there, some are not.
        assert {len(rows) for rows in together} == {0, 1}
