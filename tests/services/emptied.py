"""A PostgreSQL database that is emptied again and again."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import asyncpg

from tests.services.postgres import Postgres
from tidework.store.sql.schema import metadata

_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
# Whose connection is still there after a test that failed is sent away.
_FUNCTION = """
CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    {};
END $$
""".format("; ".join(f"DELETE FROM public.{table}" for table in metadata.tables))


class Emptied:
    """One database, and a connection to it that stays: to connect, and to plan a statement for each
    table, takes thirty times as long as to empty them.
    """

    def __init__(self, postgres: Postgres, name: str) -> None:
        self.name = name
        self._postgres = postgres
        self._connection: asyncpg.Connection[Any] | None = None
        self._loop = asyncio.new_event_loop()
        # Whoever asks may have a running event loop.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="emptied")

    def empty(self) -> None:
        """Leave no row and nobody else's connection. The server must run."""
        self._thread.submit(self._loop.run_until_complete, self._empty()).result()

    async def _empty(self) -> None:
        with suppress(*_LOST):
            # The server may have been another since.
            if self._connection is not None:
                await self._connection.execute("SELECT pg_temp.empty()", timeout=30)
                return
        await self._leave()
        address = self._postgres.admin_url(self.name)
        self._connection = await asyncpg.connect(address, timeout=10)
        await self._connection.execute(_FUNCTION)
        await self._connection.execute("SELECT pg_temp.empty()", timeout=60)

    async def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
            # What is closed says so to the event loop, once.
            await asyncio.sleep(0)

    def close(self) -> None:
        """End the connection and the thread."""
        self._thread.submit(self._loop.run_until_complete, self._leave()).result()
        self._thread.shutdown()
        self._loop.close()
