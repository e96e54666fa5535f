"""Connections that go from hand to hand: each to one at a time, in turn, and only while they are good."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.services.following import until
from tests.services.runs import Run
from tests.services.stores import Database

from tidework.errors import Unavailable
from tidework.store.sql import at_hand
from tidework.store.sql.pool import Pool

MOST = 3


@pytest.fixture
async def pool(postgres_emptied: Database) -> AsyncIterator[Pool]:
    made = Pool(postgres_emptied.address, 1, MOST, 5.0, 30.0)
    await made.start()
    yield made
    await made.close()


async def pid(pool: Pool) -> int:
    async with pool.connection() as connection:
        found: int = await connection.fetchval("SELECT pg_backend_pid()")
        return found


async def holding(pool: Pool) -> list[Any]:
    """All that there may be."""
    held = [pool.connection() for _ in range(MOST)]
    for one in held:
        await one.__aenter__()
    return held


async def letting_go(held: list[Any]) -> None:
    for one in held:
        await one.__aexit__(None, None, None)


async def test_one_is_handed_on_and_no_more_are_made_than_are_needed(pool: Pool) -> None:
    first = await pid(pool)
    assert {await pid(pool) for _ in range(20)} == {first}
    assert pool.size() == (1, MOST, 1)
    together = await asyncio.gather(*(pid(pool) for _ in range(40)))
    assert len(set(together)) == MOST
    assert pool.size() == (MOST, MOST, MOST)
    assert (pool.waiting, pool.acquired) == (0, 61)


async def test_who_waits_first_is_served_first(pool: Pool) -> None:
    served: list[int] = []

    async def use(number: int) -> None:
        async with pool.connection() as connection:
            served.append(number)
            await connection.fetchval("SELECT 1")

    held = await holding(pool)
    waiting = [asyncio.create_task(use(number)) for number in range(30)]
    await asyncio.sleep(0)
    await letting_go(held)
    await asyncio.gather(*waiting)
    assert served == list(range(30))


async def test_nothing_is_lost_by_who_goes_away_at_any_moment(pool: Pool, run: Run) -> None:
    """Waiting, being handed one, opening one, asking, giving it back."""
    dice, answered = run.dice(), 0

    async def ask(number: int) -> None:
        nonlocal answered
        async with pool.connection() as connection:
            assert await connection.fetchval("SELECT $1::int", number) == number
            answered += 1

    for _ in range(run.pick(60, 1000)):
        tasks = [asyncio.create_task(ask(dice.randrange(10**6))) for _ in range(12)]
        for task in dice.sample(tasks, 8):
            for _ in range(dice.choice([0, 0, 1, 2, 3, 5, 8, 13])):
                await asyncio.sleep(0)
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(one) for one in done} <= {type(None), asyncio.CancelledError}
        assert done.count(None) >= 4
        assert pool.waiting == 0
    assert answered > run.pick(240, 4000)
    size, _, idle = pool.size()
    assert size == idle
    # There are still as many places as there were.
    await letting_go(await holding(pool))
    assert len(set(await asyncio.gather(*(pid(pool) for _ in range(20))))) == MOST


async def test_who_is_handed_one_in_the_moment_of_leaving_hands_it_on(pool: Pool) -> None:
    held = await holding(pool)
    waiting = [asyncio.create_task(pid(pool)) for _ in range(3)]
    await asyncio.sleep(0)
    assert pool.waiting == 3
    # It is the first one's now, and that one is gone before it knows.
    await letting_go(held[:1])
    waiting[0].cancel()
    await asyncio.wait_for(asyncio.gather(*waiting[1:]), 5)
    assert waiting[0].cancelled()
    await letting_go(held[1:])
    assert pool.size() == (MOST, MOST, MOST)


async def test_who_has_waited_too_long_is_told_and_the_next_one_is_not_held_up(
    postgres_emptied: Database,
) -> None:
    pool = Pool(postgres_emptied.address, 1, 1, 0.1, 30.0)
    await pool.start()
    held = pool.connection()
    await held.__aenter__()
    for caught in await asyncio.gather(*(pid(pool) for _ in range(5)), return_exceptions=True):
        assert isinstance(caught, Unavailable)
        assert caught.code == "pool_exhausted"
    await held.__aexit__(None, None, None)
    assert await pid(pool)
    assert pool.size() == (1, 1, 1)
    await pool.close()


async def test_what_broke_while_nobody_used_it_is_handed_to_nobody(
    pool: Pool, postgres_emptied: Database
) -> None:
    for _ in range(3):
        before = set(await asyncio.gather(*(pid(pool) for _ in range(20))))
        assert len(before) == MOST
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY($1::int[])"
        async with pool.connection() as connection:
            own = connection.get_server_pid()
            await connection.fetch(ended, sorted(before - {own}))
        await until(lambda: pool.size()[0] == 1, "the client has noticed")
        after = set(await asyncio.gather(*(pid(pool) for _ in range(20))))
        assert len(after) == MOST
        assert after & before == {own}


async def test_one_that_is_left_in_a_transaction_is_not_handed_on_as_it_is(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute("BEGIN")
    async with pool.connection() as connection:
        assert not connection.is_in_transaction()


async def test_what_is_not_needed_goes_back(pool: Pool, monkeypatch: Any) -> None:
    monkeypatch.setattr(at_hand, "_SPARE_S", 0.01)
    await asyncio.gather(*(pid(pool) for _ in range(20)))
    assert pool._pool is not None
    own = pool._pool
    await until(lambda: own.get_idle_size() == MOST, "all are asyncpg's to close")
    assert pool.size() == (MOST, MOST, MOST)
    assert len(set(await asyncio.gather(*(pid(pool) for _ in range(20))))) == MOST


async def test_those_with_very_many_queries_are_replaced(pool: Pool, monkeypatch: Any) -> None:
    monkeypatch.setattr(at_hand, "_USES", 10)
    assert pool._pool is not None
    monkeypatch.setattr(pool._pool._holders[-1], "_max_queries", 5)
    assert len({await pid(pool) for _ in range(60)}) > 1


async def test_closing_leaves_nothing(postgres_emptied: Database) -> None:
    pool = Pool(postgres_emptied.address, 1, MOST, 5.0, 30.0)
    await pool.start()
    asked = [asyncio.create_task(pid(pool)) for _ in range(10)]
    await until(lambda: pool.acquired, "some have one")
    await asyncio.wait_for(pool.close(), 5)
    for one in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(one, int | Unavailable)
    there = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'tidework'"
    )
    await until(lambda: postgres_emptied.execute(there) == [[]], "the server has none either")
