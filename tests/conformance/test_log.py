"""Reading the log: in order, page by page, never half a commit."""

import asyncio
import random

import pytest
from tests.services.commits import (
    add_task,
    commit,
    folded,
    new_task,
    new_workspace,
    seqs_of,
    update,
    whole_log,
)

from tidework.ids import new_id
from tidework.log import Change, fold
from tidework.store.protocol import Store
from tidework.store.sql import queries


@pytest.fixture
async def stream(store: Store) -> str:
    """A stream whose commits have 1, 3, 1, 7, 2, 1 and 20 changes."""
    stream_id = await new_workspace(store)
    for count in (3, 1, 7, 2, 1, 20):
        await store.append(commit(stream_id, *(new_task() for _ in range(count))))
    return stream_id


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10, 13, 35, 1000])
async def test_a_page_never_ends_inside_a_commit(store: Store, stream: str, limit: int) -> None:
    sizes = {1: 1, 2: 3, 3: 1, 4: 7, 5: 2, 6: 1, 7: 20}
    since, pages = 0, []
    while page := await store.log(stream, since=since, limit=limit):
        for seq in seqs_of(page):
            assert sum(entry.seq == seq for entry in page) == sizes[seq]
        # No more commits than it takes to reach the limit.
        before_last = sum(sizes[seq] for seq in seqs_of(page)[:-1])
        assert before_last < limit
        pages.append(page)
        since = page[-1].seq
    whole = [entry for page in pages for entry in page]
    assert whole == await store.log(stream)
    assert [(entry.seq, entry.ordinal) for entry in whole] == [
        (seq, ordinal) for seq, size in sizes.items() for ordinal in range(size)
    ]


async def test_until_and_since_bound_the_commits(store: Store, stream: str) -> None:
    assert seqs_of(await store.log(stream, until=4)) == [1, 2, 3, 4]
    assert seqs_of(await store.log(stream, since=2, until=4)) == [3, 4]
    assert seqs_of(await store.log(stream, since=3, until=99)) == [4, 5, 6, 7]
    assert await store.log(stream, since=4, until=4) == []
    assert await store.log(stream, since=7) == []
    assert await store.log(stream, until=0) == []
    assert await store.log(new_id()) == []


async def test_a_cursor_misses_and_repeats_nothing_while_others_write(store: Store) -> None:
    stream = await new_workspace(store)
    ended = asyncio.Event()

    async def write(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(15):
            await store.append(commit(stream, *(new_task() for _ in range(choose.randint(1, 4)))))

    async def follow() -> list[int]:
        seen: list[int] = []
        while True:
            last = ended.is_set()
            page = await store.log(stream, since=seen[-1] if seen else 0, limit=5)
            seen += seqs_of(page)
            if last and not page:
                return seen
            await asyncio.sleep(0)

    followers = [asyncio.create_task(follow()) for _ in range(3)]
    await asyncio.gather(*(write(seed) for seed in range(8)))
    ended.set()
    for seen in await asyncio.gather(*followers):
        assert seen == list(range(1, 122))


async def test_the_log_of_one_entity(store: Store, stream: str) -> None:
    task_id, made = await add_task(store, stream)
    await add_task(store, stream)
    await store.append(commit(stream, update(task_id, title="a"), update(task_id, title="b")))
    rows = await store.fetch(
        queries.ENTITY_LOG, {"stream_id": stream, "entity_id": task_id, "since": 0, "limit": 10}
    )
    assert [(row[1], row[2]) for row in rows] == [
        (made.seq, 0),
        (made.seq + 2, 0),
        (made.seq + 2, 1),
    ]


async def test_the_log_folds_from_any_commit_on(store: Store, stream: str) -> None:
    created = [entry.id for entry in await whole_log(store, stream) if entry.entity == "task"]
    choose = random.Random(3)
    for task_id in choose.sample(created, 12):
        change = (
            Change("task", task_id, "delete")
            if choose.random() < 0.5
            else update(task_id, title="n")
        )
        await store.append(commit(stream, change))
    whole = await folded(store, stream)
    for seq in range(0, 19, 3):
        state = fold(await store.log(stream, until=seq))
        assert fold(await store.log(stream, since=seq), state) == whole


async def test_streams_are_listed_in_order(store: Store) -> None:
    made = sorted([await new_workspace(store) for _ in range(5)])
    first = await store.fetch(
        queries.STREAM_IDS, {"after": "00000000-0000-0000-0000-000000000000", "limit": 3}
    )
    rest = await store.fetch(queries.STREAM_IDS, {"after": first[-1][0], "limit": 3})
    assert [tuple(row) for row in (*first, *rest)] == [(each, "workspace", 1) for each in made]
