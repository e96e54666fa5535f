"""The embedded default: SQLite in WAL mode with `synchronous=FULL`.

One writer thread, readers beside it: short queries run on the event loop, where they cost less than
a hop to a thread, heavy ones in threads of their own.
"""

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tidework.errors import Unavailable
from tidework.log import Commit, Committed, LoggedChange, Operation
from tidework.store.batch import Question, Rows, SharedReads
from tidework.store.committer import Committer, Item, Outcome
from tidework.store.observer import Observer
from tidework.store.protocol import Row, UniqueConflict
from tidework.store.sql import queries
from tidework.store.sql.acceptable import check_commit, unacceptable
from tidework.store.sql.migrations.revision import check
from tidework.store.sql.rows import decode_json, encode_json
from tidework.store.sql.sqlite_checkpoint import Checkpointer
from tidework.store.sql.sqlite_connection import connect, failure, is_defect, unusable
from tidework.store.sql.sqlite_header import header_of, is_next
from tidework.store.sql.sqlite_items import removes_streams
from tidework.store.sql.sqlite_readers import Readers
from tidework.store.sql.sqlite_writer import SqliteWriter
from tidework.store.sql.statement import Compiled, Statement

_SEQS = "SELECT stream_id, seq FROM streams WHERE stream_id IN (SELECT value FROM json_each(?))"


class SqliteStore:
    """See `store.protocol.Store`.

    `path` is the database file; it has been migrated before. A heavy query runs `statement_timeout`
    seconds at most.
    """

    dialect = "sqlite"
    history = 0

    def __init__(
        self,
        path: Path,
        *,
        statement_timeout: float = 30.0,
        observer: Observer | None = None,
    ) -> None:
        self._path = path
        self._statement_timeout = statement_timeout
        self._observer = observer or Observer()
        self._reader: sqlite3.Connection | None = None
        self._known: dict[str, int] = {}
        # The header of the wal-index of which `_known` is true.
        self._seen = b""
        self._writing = False
        self._committer = Committer(self._write_group, observe=self._observer.group)
        self._shared = SharedReads(self._ask)

    async def start(self) -> None:
        """See `Store.start`."""
        try:
            if not self._path.exists():
                check(None)
        except OSError as error:
            raise unusable(str(error)) from error
        reader = connect(self._path, read_only=True)
        try:
            check(_revision(reader))
            self._header = header_of(self._path)
            self._writer = SqliteWriter(connect(self._path), self._header)
        except BaseException:
            reader.close()
            raise
        self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._readers = Readers(self._path, 2, self._statement_timeout)
        self._checkpointer = Checkpointer(self._path)
        self._reader = reader

    async def close(self) -> None:
        """Write what waits, fold the write-ahead log into the file, close."""
        await self._committer.close()
        reader, self._reader = self._reader, None
        if reader is None:
            return
        reader.close()
        # The last one to close moves the write-ahead log into the file, which takes its time.
        await asyncio.get_running_loop().run_in_executor(self._writer_thread, self._close)
        self._writer_thread.shutdown()

    def _close(self) -> None:
        self._readers.close()
        self._checkpointer.close()
        self._writer.close()

    async def append(self, commit: Commit) -> Committed:
        """See `Store.append`."""
        check_commit(commit)
        try:
            committed = await self._committer.submit(commit)
        except UniqueConflict as conflict:
            if not queries.may_be_repeated(commit, conflict.constraint):
                raise
            return await queries.recall(self, commit, conflict)
        assert committed is not None
        self._observer.committed(committed)
        return committed

    async def operate(self, operations: Sequence[Operation]) -> None:
        """See `Store.operate`."""
        await self._committer.submit(operations)
        self._observer.operated(operations)

    async def seqs(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """See `Store.seqs`. From memory while nobody has written, which costs microseconds."""
        return self.seqs_now(stream_ids)

    def seqs_now(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """`seqs` without a task switch; for callers on the event loop."""
        self._open()
        header, known = self._header.now(), self._known
        if header != self._seen:
            if self._writing:
                # By our own writer, it seems; what it has changed is known in a moment.
                return dict(self._ask_seqs(stream_ids))
            known.clear()
            self._seen = header
        missing = [stream for stream in stream_ids if stream not in known]
        if missing:
            known.update(self._ask_seqs(missing))
        return {stream: known[stream] for stream in stream_ids if stream in known}

    def _ask_seqs(self, stream_ids: Sequence[str]) -> list[tuple[str, int]]:
        try:
            return self._open().execute(_SEQS, (encode_json(stream_ids),)).fetchall()
        except sqlite3.Error as error:
            raise _failed(error) from error

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        """See `Store.fetch`."""
        compiled = statement.compiled("sqlite")
        try:
            question = [
                encode_json(value) if type(value) is list else value
                for value in compiled.arguments(params)
            ]
        except (UnicodeError, OverflowError) as error:
            raise unacceptable(error) or error from error
        if statement.shared:
            rows, seconds = await self._shared.get(statement, question)
        else:
            [rows], seconds = await self._ask(statement, [question])
        self._observer.query(statement.name, seconds)
        return _decoded(rows, compiled)

    async def _ask(
        self, statement: Statement, questions: Sequence[Question]
    ) -> tuple[list[Rows], float]:
        """The rows of each question, from one query, and how many seconds that took."""
        compiled = statement.compiled("sqlite")
        reader = self._open()
        started = time.perf_counter()
        try:
            if statement.heavy:
                rows = [await self._readers.fetch(compiled.text, questions[0])]
            elif len(questions) == 1:
                rows = [reader.execute(compiled.text, questions[0]).fetchall()]
            else:
                rows = [[] for _ in questions]
                for row in reader.execute(compiled.many(), (encode_json(questions),)):
                    rows[row[0]].append(row[1:])
        except sqlite3.Error as error:
            raise _failed(error) from error
        except (UnicodeError, OverflowError) as error:
            raise unacceptable(error) or error from error
        return rows, time.perf_counter() - started

    async def log(
        self, stream_id: str, *, since: int = 0, limit: int = 1000, until: int | None = None
    ) -> list[LoggedChange]:
        """See `Store.log`."""
        return await queries.read_log(self, stream_id, since, limit, until)

    async def redact(
        self, stream_id: str, entity: str, entity_id: str, values: Mapping[str, Any]
    ) -> None:
        """See `Store.redact`."""
        await self.operate([queries.redaction(stream_id, entity, entity_id, values)])

    async def purge(self, stream_id: str, operations: Sequence[Operation] = ()) -> None:
        """See `Store.purge`."""
        await self.operate([queries.purging(stream_id), *operations])

    async def ping(self) -> None:
        """See `Store.ping`."""
        try:
            self._open().execute("SELECT 1 FROM streams LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise _failed(error) from error

    def _open(self) -> sqlite3.Connection:
        if self._reader is None:
            raise Unavailable("The store is closed; the server is stopping.", code="stopping")
        return self._reader

    async def _write_group(self, group: Sequence[Item]) -> list[Outcome]:
        if self._reader is None:
            return [Unavailable("The store has not been started.", code="stopping") for _ in group]
        loop = asyncio.get_running_loop()
        self._writing = True
        try:
            outcomes = await loop.run_in_executor(self._writer_thread, self._writer.write, group)
            self._learn(group, outcomes, self._writer.span)
        finally:
            self._writing = False
        if self._checkpointer.after_group():
            self._writer_thread.submit(self._writer.restart_log)
        return outcomes

    def _learn(
        self,
        group: Sequence[Item],
        outcomes: Sequence[Outcome],
        span: tuple[bytes, bytes] | None,
    ) -> None:
        """Keep what is known of seqs true over a group of our own."""
        if span is not None and span[0] == span[1]:
            # Nothing came of it.
            return
        if span is None or not is_next(*span) or any(map(removes_streams, group)):
            self._seen = b""
            return
        before, after = span
        moved: dict[str, int] = {}
        for done in outcomes:
            if isinstance(done, Committed):
                moved[done.stream_id] = max(done.seq, moved.get(done.stream_id, 0))
        if self._seen == before:
            self._known.update(moved)
        elif self._seen != after:
            self._known = moved
        self._seen = after


def _revision(connection: sqlite3.Connection) -> str | None:
    """At which revision of the schema a file is, None when it is empty."""
    try:
        if not connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        ).fetchone():
            return None
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise failure(error) from error
    return None if found is None else str(found[0])


def _failed(error: sqlite3.Error) -> Exception:
    return error if is_defect(error) else failure(error)


def _decoded(rows: list[Any], compiled: Compiled) -> list[Row]:
    if not compiled.json and not compiled.booleans:
        return rows
    decoded: list[Row] = []
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
