"""The server is away, does not answer, or has no connection to spare."""

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Integer, Text, bindparam, func, literal, select
from tests.services.commits import add_task, commit, new_task, new_workspace
from tests.services.postgres import Postgres
from tests.services.processes import free_port
from tests.services.proxy import proxied
from tests.services.stores import Database

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.store.sql.migrations.revision import SchemaMismatch
from tidework.store.sql.migrations.runner import migrate_postgresql
from tidework.store.sql.postgres import PostgresStore
from tidework.store.sql.statement import Statement
from tidework.store.verify import verify_stream

SLEEP = Statement("sleep", select(func.pg_sleep(bindparam("seconds", type_=Integer())).cast(Text)))
HEAVY = Statement("heavy", SLEEP.element, heavy=True)
PID = Statement("pid", select(func.pg_backend_pid()))
LOCKED = "SELECT 1 FROM streams WHERE stream_id = $1 FOR UPDATE"


async def test_not_reachable_at_start(postgres: Postgres, postgres_emptied: Database) -> None:
    store = PostgresStore(postgres_emptied.address)
    postgres.stop()
    with pytest.raises(Unavailable, match="away"):
        await store.start()
    with pytest.raises(Unavailable, match="reached"):
        await migrate_postgresql(postgres_emptied.address)
    postgres.start()
    # The same store starts when the server is there.
    await store.start()
    await new_workspace(store)
    await store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://tidework:wrong@127.0.0.1:{port}/{database}", "as it is named"),
        ("postgresql://nobody@127.0.0.1:{port}/{database}", "as it is named"),
        ("postgresql://tidework@127.0.0.1:{port}/{database}?sslmode=bogus", "as it is named"),
        ("postgresql://tidework:wrong@127.0.0.1:{free}/{database}", "is away"),
        ("postgresql://tidework@no-such-host.invalid/{database}", "is away"),
    ],
)
async def test_wrong_addresses(
    postgres: Postgres, postgres_emptied: Database, url: str, said: str
) -> None:
    database = postgres_emptied.address.rsplit("/", 1)[1]
    url = url.format(port=postgres.port, free=free_port(), database=database)
    with pytest.raises(Unavailable) as caught:
        await PostgresStore(url).start()
    assert said in caught.value.detail
    assert caught.value.reason


async def test_an_empty_database_says_what_to_do(postgres_url: str) -> None:
    with pytest.raises(SchemaMismatch, match="tidework migrate"):
        await PostgresStore(postgres_url).start()


async def test_away_while_serving(postgres: Postgres, postgres_emptied: Database) -> None:
    store = await postgres_emptied.open(settle_timeout=0.5)
    stream = await new_workspace(store)
    await asyncio.to_thread(postgres.stop)
    for call in (
        store.ping(),
        store.seqs([stream]),
        store.log(stream),
        *(store.append(commit(stream, new_task())) for _ in range(3)),
    ):
        with pytest.raises(Unavailable):
            await call
    # Nobody waits for the server longer than it takes to see that it is not there.
    outcomes = await asyncio.gather(
        *(store.append(commit(stream, new_task())) for _ in range(200)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    await asyncio.to_thread(postgres.start)
    await add_task(store, stream)
    assert await store.seqs([stream]) == {stream: 2}


async def test_a_server_that_does_not_answer(
    postgres: Postgres, postgres_emptied: Database
) -> None:
    store = await postgres_emptied.open(
        acquire_timeout=0.5, statement_timeout=0.1, write_timeout=0.3, settle_timeout=0.5
    )
    stream = await new_workspace(store)
    await store.seqs([stream])
    postgres.freeze()
    item = commit(stream, new_task())
    written, *read = await asyncio.gather(
        store.append(item),
        store.seqs([stream]),
        store.ping(),
        return_exceptions=True,
    )
    postgres.thaw()
    assert isinstance(written, OutcomeUnknown)
    assert {type(outcome) for outcome in read} == {Unavailable}
    await add_task(store, stream)
    assert await verify_stream(store, stream) == []


async def test_a_connection_that_breaks_under_a_query(postgres_emptied: Database) -> None:
    async with proxied(postgres_emptied.address) as (proxy, url):
        store = PostgresStore(url, pool_min=1, pool_max=1)
        await store.start()
        for end in (proxy.cut_all, lambda: asyncio.to_thread(postgres_emptied.execute, END)):
            task = asyncio.create_task(store.fetch(SLEEP, {"seconds": 600}))
            while await asyncio.to_thread(postgres_emptied.execute, ACTIVE) == [[]]:
                pass
            await end()
            with pytest.raises(Unavailable):
                await task
            # The next one gets another connection.
            await store.ping()
        await store.close()


END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidework'"


async def test_a_query_that_takes_too_long_is_stopped(postgres_emptied: Database) -> None:
    store = await postgres_emptied.open(pool_max=1, statement_timeout=0.2)
    for statement in (SLEEP, HEAVY):
        with pytest.raises(Unavailable, match="narrow it down") as caught:
            await store.fetch(statement, {"seconds": 60})
        assert caught.value.code == "query_timeout"
    await store.ping()
    assert postgres_emptied.execute(ACTIVE) == [[]]


ACTIVE = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
    " AND pid <> pg_backend_pid()"
)


async def test_waiting_for_a_connection_has_a_deadline(postgres_emptied: Database) -> None:
    store = await postgres_emptied.open(pool_max=2, acquire_timeout=0.2)
    taken = [asyncio.create_task(store.fetch(SLEEP, {"seconds": 600})) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="busy") as caught:
        await store.ping()
    assert caught.value.code == "pool_exhausted"
    # A commit needs none of them.
    await new_workspace(store)
    for task in taken:
        task.cancel()
    await asyncio.gather(*taken, return_exceptions=True)
    await store.ping()


async def test_heavy_queries_leave_connections_to_others(postgres_emptied: Database) -> None:
    store = await postgres_emptied.open(pool_max=2, acquire_timeout=5)
    taken = [asyncio.create_task(store.fetch(HEAVY, {"seconds": 600})) for _ in range(5)]
    await asyncio.sleep(0)
    for _ in range(20):
        await store.ping()
    for task in taken:
        task.cancel()
    await asyncio.gather(*taken, return_exceptions=True)


async def test_a_connection_is_not_used_again_after_a_cancelled_query(
    postgres_emptied: Database,
) -> None:
    store = await postgres_emptied.open(pool_max=1, pool_min=1)

    async def pid() -> Any:
        return (await store.fetch(PID, {}))[0][0]

    kept = await pid()
    assert await pid() == kept
    with pytest.raises(asyncpg.UndefinedObjectError):
        await store.fetch(FAILING, {})
    assert await pid() == kept
    for _ in range(3):
        task = asyncio.create_task(store.fetch(SLEEP, {"seconds": 600}))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await pid() != kept
        kept = await pid()


FAILING = Statement(
    "failing",
    # An error that the server itself reports leaves the connection in a known state.
    select(func.lo_get(literal(1))),
)


async def test_a_stream_that_another_copy_holds(postgres_emptied: Database) -> None:
    store = await postgres_emptied.open(lock_timeout=0.3)
    held, free = await new_workspace(store), await new_workspace(store)
    holder = await asyncpg.connect(postgres_emptied.address)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute(LOCKED, held)
    items = [commit(held, new_task()) for _ in range(30)] + [commit(free, new_task())]
    async with asyncio.timeout(20):
        *busy, written = await asyncio.gather(*map(store.append, items), return_exceptions=True)
    assert {(type(outcome), outcome.code) for outcome in busy} == {(Unavailable, "busy")}
    assert not isinstance(written, BaseException)
    await transaction.rollback()
    await holder.close()
    await add_task(store, held)
    assert await store.seqs([held, free]) == {held: 2, free: 2}


async def test_defaults_of_the_database_do_not_matter(
    postgres: Postgres, postgres_copy: Database
) -> None:
    name = postgres_copy.address.rsplit("/", 1)[1]
    postgres.execute(
        f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'serializable'",
        f"ALTER DATABASE \"{name}\" SET timezone = 'Asia/Kathmandu'",
        f'ALTER DATABASE "{name}" SET default_transaction_read_only = on',
        f"ALTER DATABASE \"{name}\" SET datestyle = 'SQL, DMY'",
    )
    store = await postgres_copy.open()
    stream = await new_workspace(store)
    await add_task(store, stream, due_at="2026-03-04T05:06:07.000008Z")
    assert await verify_stream(store, stream) == []
    await postgres_copy.close()
