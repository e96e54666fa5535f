"""Callers go away at any moment; nobody else notices."""

import asyncio
import random
from collections.abc import Awaitable
from typing import Any

import pytest
from sqlalchemy import Integer, Text, bindparam, func, literal, select
from tests.services.commits import (
    add_task,
    commit,
    new_task,
    new_workspace,
    seqs_of,
    whole_log,
)
from tests.services.processes import wait_until
from tests.services.stores import Database

from tidework.errors import Unavailable
from tidework.ids import new_id
from tidework.log import Committed, Operation
from tidework.store.protocol import Store
from tidework.store.sql.statement import Statement
from tidework.store.verify import verify_stream


def echo(*, heavy: bool = False) -> Statement:
    """A query that answers with what it was asked, after counting as far as it is told."""
    start = select(literal(1).label("n")).cte("counted", recursive=True)
    counted = start.union_all(
        select(start.c.n + 1).where(start.c.n < bindparam("count", type_=Integer()))
    )
    return Statement(
        "echo",
        select(bindparam("said", type_=Text()).label("said"), func.max(counted.c.n)),
        heavy=heavy,
    )


LIGHT, HEAVY = echo(), echo(heavy=True)
SHARED = Statement(
    "echo",
    select(bindparam("said", type_=Text()).label("said"), bindparam("count", type_=Integer())),
    shared=True,
)


async def ask(store: Store, statement: Statement, count: int) -> None:
    said = new_id()
    rows = await store.fetch(statement, {"said": said, "count": count})
    assert [tuple(row) for row in rows] == [(said, count)]


async def let_go(calls: list[Awaitable[Any]], choose: random.Random) -> list[Any]:
    """Start calls, cancel two thirds of them at random moments, and return what became of each."""
    tasks = [asyncio.ensure_future(call) for call in calls]

    async def cancel(task: asyncio.Future[Any]) -> None:
        for _ in range(choose.choice([0, 0, 1, 2, 5, 20])):
            await asyncio.sleep(0)
        # Not a wait for something: the moment itself is what is tried.
        await asyncio.sleep(choose.choice([0, 0, choose.uniform(0, 0.02)]))
        task.cancel()

    chosen = [task for task in tasks if choose.random() < 0.67]
    await asyncio.gather(*(cancel(task) for task in chosen))
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            assert isinstance(outcome, asyncio.CancelledError), repr(outcome)
    return outcomes


async def test_nobody_suffers_from_those_who_leave(store: Store) -> None:
    choose = random.Random(11)
    stream = await new_workspace(store)
    emails = [f"{i}@example.org" for i in range(400)]
    acknowledged: dict[int, Committed] = {}
    cancelled = 0
    for round_ in range(40):
        change = [
            store.append(
                commit(
                    stream,
                    new_task(),
                    operations=[
                        Operation(
                            "emails", "insert", {"email": emails.pop()}, {"user_id": new_id()}
                        )
                    ],
                )
            )
            for _ in range(8)
        ]
        calls: list[Any] = [
            *change,
            *(ask(store, LIGHT, choose.randint(1, 50)) for _ in range(8)),
            *(ask(store, SHARED, choose.randint(1, 5000)) for _ in range(8)),
            *(ask(store, HEAVY, choose.choice([10, 20_000])) for _ in range(3)),
            *(store.seqs([stream]) for _ in range(4)),
            store.log(stream, since=round_),
            store.ping(),
        ]
        choose.shuffle(calls)
        for outcome in await let_go(calls, choose):
            cancelled += isinstance(outcome, asyncio.CancelledError)
            if isinstance(outcome, Committed):
                acknowledged[outcome.seq] = outcome
    # On SQLite short queries are over before anybody can leave.
    assert cancelled > 150, cancelled
    assert len(acknowledged) > 20

    # Everybody is still answered, each with the own answer, on every connection that there may be.
    await asyncio.gather(*(ask(store, LIGHT, i) for i in range(1, 60)))
    await asyncio.gather(*(ask(store, SHARED, i) for i in range(1, 60)))
    await asyncio.gather(*(ask(store, HEAVY, i) for i in range(1, 10)))
    await add_task(store, stream)
    log = await whole_log(store, stream)
    assert seqs_of(log) == list(range(1, len(log) + 1))
    assert all(committed.changes[0] in log for committed in acknowledged.values())
    assert await store.seqs([stream]) == {stream: log[-1].seq}
    assert await verify_stream(store, stream) == []


async def test_a_commit_that_was_handed_over_goes_on_without_its_caller(store: Store) -> None:
    stream = await new_workspace(store)
    left = asyncio.create_task(store.append(commit(stream, new_task(title="Left"))))
    await asyncio.sleep(0)
    left.cancel()
    _, done = await add_task(store, stream)
    assert left.cancelled()
    assert done.seq == 3
    assert (await whole_log(store, stream))[1].set["title"] == "Left"


async def test_a_heavy_query_ends_with_its_caller(store: Store, database: Database) -> None:
    endless = 2_000_000_000
    for _ in range(6):
        task = asyncio.create_task(ask(store, HEAVY, endless))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    # More than there are threads or connections for such queries were left; none is still taken.
    await asyncio.wait_for(asyncio.gather(*(ask(store, HEAVY, 10) for _ in range(8))), 20)
    if database.dialect == "postgresql":
        busy = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'active' AND query LIKE '%counted%' AND pid <> pg_backend_pid()"
        )
        wait_until(lambda: database.execute(busy) == [[]], "the queries end on the server")


async def test_a_heavy_query_that_takes_too_long_is_stopped(database: Database) -> None:
    store = await database.open(statement_timeout=0.2)
    for _ in range(3):
        with pytest.raises(Unavailable, match="narrow it down") as caught:
            await ask(store, HEAVY, 2_000_000_000)
        assert caught.value.code == "query_timeout"
    await ask(store, HEAVY, 10)


async def test_closing_does_not_wait_for_heavy_queries(database: Database) -> None:
    store = await database.open(statement_timeout=600)
    left = [asyncio.create_task(ask(store, HEAVY, 2_000_000_000)) for _ in range(3)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(30):
        await database.close()
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def test_closing_finishes_what_was_handed_over(database: Database) -> None:
    store = await database.open()
    stream = await new_workspace(store)
    writes = [asyncio.create_task(add_task(store, stream)) for _ in range(200)]
    await asyncio.sleep(0)
    await database.close()
    assert [done.seq for _, done in await asyncio.gather(*writes)] == list(range(2, 202))
    again = await database.open()
    assert await again.seqs([stream]) == {stream: 201}
    await database.close()
