"""Reading through a PgBouncer in transaction mode, which changes servers behind a connection."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.faults.test_postgres_away import SLEEP
from tests.services.commits import add_task, new_workspace
from tests.services.pgbouncer import PgBouncer, pgbouncer
from tests.services.postgres import Postgres
from tests.services.stores import Database

from tidework.errors import Unavailable
from tidework.store.sql.postgres import PostgresStore
from tidework.store.sql.queries import STREAM
from tidework.tasks import queries

LIST = queries.task_list(frozenset(), "created_at", False, False, False)


@pytest.fixture
async def pooled(
    postgres: Postgres, postgres_emptied: Database
) -> AsyncIterator[tuple[PgBouncer, PostgresStore]]:
    """A store that reads through a pooler with two server connections."""
    name = postgres_emptied.address.rsplit("/", 1)[1]
    with pgbouncer(postgres) as pooler:
        store = PostgresStore(
            postgres_emptied.address, pooler_url=pooler.url(name),
            pool_min=1, pool_max=20, statement_timeout=2.0,
        )  # fmt: skip
        await store.start()
        yield pooler, store
        await store.close()


async def ask(store: PostgresStore, stream: str, title: str, dice: random.Random) -> None:
    """Ask for something of a stream, and see that it is that stream's."""
    kind = dice.randrange(4)
    if kind == 0:
        assert await store.seqs([stream]) == {stream: 4}
    elif kind == 1:
        rows = await store.fetch(LIST, {"stream_id": stream, "limit": dice.randint(1, 3)})
        assert {(row[2], row[6]) for row in rows} == {(stream, title)}
    elif kind == 2:
        assert [row[1] for row in await store.fetch(STREAM, {"stream_id": stream})] == [4]
    else:
        assert {change.stream_id for change in await store.log(stream)} == {stream}


async def filled(store: PostgresStore, count: int) -> dict[str, str]:
    """Workspaces, each with three tasks of a title of its own."""
    made = {}
    for number in range(count):
        stream = await new_workspace(store)
        made[stream] = f"of {number}"
        for _ in range(3):
            await add_task(store, stream, title=made[stream])
    return made


async def test_each_answer_is_the_asker_s(pooled: tuple[PgBouncer, PostgresStore]) -> None:
    """Seen red with the driver's cache of statements: statements that do not exist."""
    _, store = pooled
    streams = await filled(store, 20)
    dice = random.Random(11)

    async def client(stream: str, title: str) -> None:
        for _ in range(40):
            await ask(store, stream, title, dice)

    await asyncio.gather(*(client(*pair) for pair in streams.items()))


async def test_what_is_cancelled_or_refused_leaves_nothing_behind(
    pooled: tuple[PgBouncer, PostgresStore], postgres_emptied: Database
) -> None:
    """Seen red without the ROLLBACK: the pool meets a transaction that nobody has ended."""
    _, store = pooled
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: unhandled.append(what))
    streams = await filled(store, 4)
    dice = random.Random(12)
    pairs = list(streams.items())

    async def cancelled() -> None:
        task = asyncio.create_task(ask(store, *dice.choice(pairs), dice))
        await asyncio.sleep(dice.uniform(0, 0.01))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for _ in range(40):
        await asyncio.gather(*(cancelled() for _ in range(5)), ask(store, *pairs[0], dice))
    with pytest.raises(Unavailable) as caught:
        await store.fetch(SLEEP, {"seconds": 60})
    assert caught.value.code == "query_timeout"
    for pair in pairs * 5:
        await ask(store, *pair, dice)
    assert not [what for what in unhandled if "active transaction" in what["message"]]
    idle = "SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    for _ in range(200):
        if postgres_emptied.execute(idle) == [[]]:
            break
        await asyncio.sleep(0.05)
    assert postgres_emptied.execute(idle) == [[]]


async def test_the_pooler_is_away_and_comes_back(
    pooled: tuple[PgBouncer, PostgresStore],
) -> None:
    pooler, store = pooled
    [(stream, title)] = (await filled(store, 1)).items()
    await asyncio.to_thread(pooler.kill)
    with pytest.raises(Unavailable):
        await store.seqs([stream])
    # Writing goes another way.
    await add_task(store, stream, title=title)
    await asyncio.to_thread(pooler.start)
    assert await store.seqs([stream]) == {stream: 5}


@pytest.mark.parametrize("lenient", [False, True])
async def test_writing_through_it_is_refused_at_the_start(
    postgres: Postgres, postgres_emptied: Database, lenient: bool
) -> None:
    """Seen red without the comparison of process ids (lenient)."""
    name = postgres_emptied.address.rsplit("/", 1)[1]
    with pgbouncer(postgres, lenient=lenient) as pooler:
        with pytest.raises(Unavailable, match="TIDEWORK_DATABASE_POOLER_URL") as caught:
            await PostgresStore(pooler.url(name)).start()
        assert caught.value.code == "pooler"
