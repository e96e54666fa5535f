"""What the log says while PostgreSQL is away: once that it is, once that it is back."""

import asyncio
import gc
import logging
from typing import Any

import pytest
import structlog
from tests.services.commits import commit, new_task, new_workspace
from tests.services.postgres import Postgres
from tests.services.stores import Database

from tidework.errors import Unavailable


async def test_an_outage_is_told_once(
    postgres: Postgres, postgres_emptied: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Seen red with asyncpg's own logger left as it is: a traceback for each attempt."""
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: unhandled.append(what))
    store = await postgres_emptied.open(pool_min=4, pool_max=8)
    stream = await new_workspace(store)
    failed = asyncio.Event()
    stop = asyncio.Event()

    async def client(writes: bool) -> None:
        while not stop.is_set():
            try:
                if writes:
                    await store.append(commit(stream, new_task()))
                else:
                    await store.seqs([stream])
            except Unavailable:
                failed.set()
                await asyncio.sleep(0.01)

    with caplog.at_level(logging.WARNING), structlog.testing.capture_logs() as lines:
        clients = [asyncio.create_task(client(number == 0)) for number in range(8)]
        await asyncio.sleep(0)
        await asyncio.to_thread(postgres.stop)
        await failed.wait()
        # Long enough for attempts to connect again to fail.
        for _ in range(30):
            with pytest.raises(Unavailable):
                await store.ping()
            await asyncio.sleep(0.05)
        await asyncio.to_thread(postgres.start)
        for _ in range(1500):
            if lines[-1]["event"] == "database_back":
                break
            await asyncio.sleep(0.02)
        stop.set()
        await asyncio.gather(*clients)
    gc.collect()
    await asyncio.sleep(0)
    assert [line["event"] for line in lines] == ["database_away", "database_back"]
    assert lines[0]["reason"]
    assert [record.message for record in caplog.records] == []
    assert unhandled == []
