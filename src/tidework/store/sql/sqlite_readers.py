"""Threads for queries that take too long for the event loop."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tidework.errors import Unavailable
from tidework.store.sql.sqlite_connection import connect


class _Job:
    """One query, which another thread may stop at any moment without hitting the next one."""

    __slots__ = ("_connection", "_lock", "_stopped")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._stopped = False

    def run(self, connection: sqlite3.Connection, text: str, arguments: Sequence[Any]) -> list[Any]:
        with self._lock:
            if self._stopped:
                return []
            self._connection = connection
        try:
            return connection.execute(text, arguments).fetchall()
        finally:
            with self._lock:
                self._connection = None

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._connection is not None:
                self._connection.interrupt()


class Readers:
    """A few threads, each with a connection of its own."""

    def __init__(self, path: Path, threads: int, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._jobs: set[_Job] = set()

    async def fetch(self, text: str, arguments: Sequence[Any]) -> list[Any]:
        """All rows of a query. It is stopped when its caller is cancelled.

        Raises `Unavailable` after the timeout, and what the database raises.
        """
        job = _Job()
        self._jobs.add(job)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.get_running_loop().run_in_executor(
                    self._pool, self._run, job, text, arguments
                )
        except TimeoutError as error:
            raise Unavailable(
                "The query took too long and was stopped; narrow it down.", code="query_timeout"
            ) from error
        finally:
            job.stop()
            self._jobs.discard(job)

    def close(self) -> None:
        """Stop what is under way, and wait until it has stopped; blocks."""
        for job in list(self._jobs):
            job.stop()
        self._pool.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()

    def _run(self, job: _Job, text: str, arguments: Sequence[Any]) -> list[Any]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path, read_only=True)
            self._connections.append(connection)
        return job.run(connection, text, arguments)
