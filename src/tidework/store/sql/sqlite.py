"""The embedded default: SQLite in WAL mode with `synchronous=FULL`.

One writer thread, readers beside it: short queries run on the event loop, where they cost less than
a hop to a thread, heavy ones in threads of their own.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tidework.errors import Unavailable
from tidework.log import Commit, Committed, LoggedChange, Operation
from tidework.store.committer import Committer
from tidework.store.observer import Observer
from tidework.store.protocol import Row, UniqueConflict
from tidework.store.sql import queries
from tidework.store.sql.rows import decode_json, encode_json
from tidework.store.sql.sqlite_writer import Item, Outcome, SqliteWriter
from tidework.store.sql.statement import Compiled, Statement

_BUSY_MS = 30_000
_CHECKPOINT_GROUPS = 32
_CHECKPOINT_PAGES = 2_000
_WAL_LIMIT = 64 * 1024 * 1024
_SEQS = "SELECT stream_id, seq FROM streams WHERE stream_id IN (SELECT value FROM json_each(?))"


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection with the settings that all of ours have."""
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
        timeout=_BUSY_MS / 1000,
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("PRAGMA cache_size=-16000")
    connection.execute("PRAGMA temp_store=MEMORY")
    if read_only:
        connection.execute("PRAGMA query_only=1")
    return connection


class SqliteStore:
    """See `store.protocol.Store`. `path` is the database file; it has been migrated before."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, observer: Observer | None = None) -> None:
        self._path = path
        self._observer = observer or Observer()
        self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="reader")
        self._checkpointer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._local = threading.local()
        self._threads: list[sqlite3.Connection] = []
        self._reader: sqlite3.Connection | None = None
        self._known: dict[str, int] = {}
        self._data_version = -1
        self._checkpointing = False
        self._groups = 0
        self._committer = Committer(self._write_group, observe=self._observer.group)

    async def start(self) -> None:
        """Open the file."""
        self._reader = connect(self._path, read_only=True)
        self._connection = connect(self._path)
        self._writer = SqliteWriter(self._connection)

    async def close(self) -> None:
        """Write what waits, fold the write-ahead log into the file, close."""
        await self._committer.close()
        self._readers.shutdown()
        self._checkpointer.shutdown()
        self._writer_thread.shutdown()
        if self._reader is None:
            return
        for connection in (*self._threads, self._reader, self._connection):
            connection.close()
        self._reader = None

    async def append(self, commit: Commit) -> Committed:
        """See `Store.append`."""
        try:
            committed = await self._committer.submit(commit)
        except UniqueConflict as conflict:
            if commit.idempotency is None or conflict.constraint != "idempotency_pkey":
                raise
            return await queries.recall(self, commit)
        assert committed is not None
        return committed

    async def operate(self, operations: Sequence[Operation]) -> None:
        """See `Store.operate`."""
        await self._committer.submit(operations)

    async def seqs(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """See `Store.seqs`. From memory while nobody has written, which costs microseconds."""
        return self.seqs_now(stream_ids)

    def seqs_now(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """`seqs` without a task switch; for callers on the event loop."""
        reader = self._open()
        try:
            version: int = reader.execute("PRAGMA data_version").fetchone()[0]
            known = self._known
            if version != self._data_version:
                known.clear()
                self._data_version = version
            missing = [stream for stream in stream_ids if stream not in known]
            if missing:
                known.update(reader.execute(_SEQS, (encode_json(missing),)).fetchall())
        except sqlite3.Error as error:
            raise _away(error) from error
        return {stream: known[stream] for stream in stream_ids if stream in known}

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        """See `Store.fetch`."""
        compiled = statement.compiled("sqlite")
        arguments = [
            encode_json(value) if type(value) is list else value
            for value in compiled.arguments(params)
        ]
        started = time.perf_counter()
        try:
            if statement.heavy:
                loop = asyncio.get_running_loop()
                rows = await loop.run_in_executor(self._readers, self._heavy, compiled, arguments)
            else:
                rows = self._open().execute(compiled.text, arguments).fetchall()
        except sqlite3.Error as error:
            raise _away(error) from error
        self._observer.query(statement.name, time.perf_counter() - started)
        return _decoded(rows, compiled)

    async def log(
        self, stream_id: str, *, since: int = 0, limit: int = 1000, until: int | None = None
    ) -> list[LoggedChange]:
        """See `Store.log`."""
        return await queries.read_log(self, stream_id, since, limit, until)

    async def ping(self) -> None:
        """See `Store.ping`."""
        try:
            self._open().execute("SELECT 1 FROM streams LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise _away(error) from error

    def _open(self) -> sqlite3.Connection:
        if self._reader is None:
            raise Unavailable("The store is closed; the server is stopping.", code="stopping")
        return self._reader

    def _heavy(self, compiled: Compiled, arguments: list[Any]) -> list[Any]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path, read_only=True)
            self._threads.append(connection)
        return connection.execute(compiled.text, arguments).fetchall()

    async def _write_group(self, group: Sequence[Item]) -> list[Outcome]:
        loop = asyncio.get_running_loop()
        outcomes = await loop.run_in_executor(self._writer_thread, self._writer.write, group)
        self._groups += 1
        if self._groups >= _CHECKPOINT_GROUPS and not self._checkpointing:
            self._groups, self._checkpointing = 0, True
            self._checkpointer.submit(self._checkpoint)
        return outcomes

    def _checkpoint(self) -> None:
        """Move committed pages into the file, beside the writer rather than in its way."""
        try:
            wal = self._path.with_name(self._path.name + "-wal")
            size = wal.stat().st_size if wal.exists() else 0
            if size < _CHECKPOINT_PAGES * 4096:
                return
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = connect(self._path)
                self._threads.append(connection)
            mode = "RESTART" if size > _WAL_LIMIT else "PASSIVE"
            connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error:
            # The next group tries again; until then the log file is longer, nothing else.
            return
        finally:
            self._checkpointing = False


def _decoded(rows: list[Any], compiled: Compiled) -> list[Row]:
    if not compiled.json and not compiled.booleans:
        return rows
    decoded = []
    for row in rows:
        values = list(row)
        for i in compiled.json:
            if values[i] is not None:
                values[i] = decode_json(values[i])
        for i in compiled.booleans:
            if values[i] is not None:
                values[i] = bool(values[i])
        decoded.append(values)
    return decoded


def _away(error: sqlite3.Error) -> Unavailable:
    return Unavailable(f"The database cannot be read: {error}.", code="database")
