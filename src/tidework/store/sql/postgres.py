"""The store on PostgreSQL 15 and newer, through asyncpg.

The committer has a connection of its own and writes a group with one call of a function in the
database. Reads come from a pool.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tidework.log import Commit, Committed, LoggedChange, Operation
from tidework.store import patience
from tidework.store.answers import Answers, FromStore
from tidework.store.batch import Question, Rows, SeqBatch, SharedReads
from tidework.store.committer import Committer
from tidework.store.observer import Observer
from tidework.store.protocol import Row, UniqueConflict
from tidework.store.sql import queries
from tidework.store.sql.acceptable import check_commit
from tidework.store.sql.migrations.revision import check, state_of
from tidework.store.sql.pool import Pool, busy
from tidework.store.sql.postgres_writer import PostgresWriter
from tidework.store.sql.replica import Replica
from tidework.store.sql.replicas import Replicas
from tidework.store.sql.servers import Primary, open_pooled, open_session, unmarked
from tidework.store.sql.statement import Statement

_SEQS = "SELECT stream_id, seq FROM streams WHERE stream_id = ANY($1::uuid[])"


class PostgresStore:
    """See `store.protocol.Store`.

    `url` is a libpq URL. `pool_min` and `pool_max` bound the connections for reading; a caller
    waits `acquire_timeout` seconds for one at most, a query runs `statement_timeout` seconds at
    most, a group of commits `write_timeout` seconds. Of those, it waits `lock_timeout` seconds for
    a stream that another copy writes to. When a connection breaks, what became of the commits that
    were under way is looked for during `settle_timeout` seconds. `seqs` fails after `seqs_timeout`
    seconds without an answer.
    """

    dialect = "postgresql"

    def __init__(
        self,
        url: str,
        *,
        pool_min: int = 2,
        pool_max: int = 10,
        acquire_timeout: float = 5.0,
        statement_timeout: float = 30.0,
        write_timeout: float = 60.0,
        lock_timeout: float = 5.0,
        settle_timeout: float = 10.0,
        seqs_timeout: float = 5.0,
        replica_urls: Sequence[str] = (),
        pooler_url: str = "",
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer or Observer()
        self._primary = Primary(url)
        sizes = (pool_min, pool_max, acquire_timeout, statement_timeout)
        if pooler_url:
            guard = self._primary.guard
            url = unmarked(pooler_url)[0]
            self.pool = Pool(url, *sizes, connect=open_pooled, guard=guard)
        else:
            connect, current = self._primary.connect, self._primary.is_current
            self.pool = Pool(url, *sizes, connect=connect, current=current)
        self._writer = PostgresWriter(self._primary, write_timeout, lock_timeout, settle_timeout)
        self._committer = Committer(self._writer.write, observe=self._observer.group)
        # Of the machinery's rows nobody waits for the order: they must not hold up commits.
        self._operator = PostgresWriter(self._primary, write_timeout, lock_timeout, settle_timeout)
        self._operations = Committer(self._operator.write)
        self._batch = SeqBatch(self._load_seqs, seqs_timeout)
        self._shared = SharedReads(self._ask, acquire_timeout)
        # Heavy queries leave some of the connections to all others.
        self._acquire_timeout = acquire_timeout
        self._heavy = asyncio.Semaphore(max(1, pool_max // 2))
        replicas = [
            Replica(replica, _replica_pool(replica, *sizes), max(1, pool_max // 2))
            for replica in replica_urls
        ]
        self._replicas = Replicas(replicas, self, self._primary, self._observer)
        self._watch: asyncio.Task[None] | None = None
        self._primary.on_change(self._leave_former)

    @property
    def history(self) -> int:
        """See `Store.history`: each promotion of a standby begins another timeline."""
        return self._primary.timeline

    @property
    def primary(self) -> Primary:
        """The server that takes writes, for who needs a connection to it of their own."""
        return self._primary

    @property
    def replicas(self) -> Sequence[Replica]:
        """The replicas, none when none were named."""
        return self._replicas.all

    @property
    def answers(self) -> Answers:
        """Where answers to GET may be read from."""
        return self._replicas if self._replicas.all else FromStore(self)

    async def start(self) -> None:
        """See `Store.start`."""
        await self.pool.start()
        try:
            await self.check_schema()
            await self._writer.start()
        except BaseException:
            self._primary.close()
            await self.pool.close()
            raise
        self._watch = asyncio.create_task(self._primary.watch(), name="watch of the primary")
        if self._replicas.all:
            await self._replicas.start()

    async def check_schema(self) -> None:
        """Raise `SchemaMismatch` unless the schema is one that this code works on."""
        async with self.pool.connection() as connection:
            check(*await state_of(connection))

    async def close(self) -> None:
        """See `Store.close`."""
        await self._operations.close()
        await self._committer.close()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._replicas.all:
            await self._replicas.close()
        await self._operator.close()
        await self._writer.close()
        self._primary.close()
        await self.pool.close()

    def _leave_former(self) -> None:
        """Wait no more for what a former primary was asked: it may be silent."""
        self.pool.drop()
        self._writer.drop_former()
        self._operator.drop_former()

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
        await self._operations.submit(operations)
        self._observer.operated(operations)

    async def seqs(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """See `Store.seqs`."""
        return await self._batch.get(stream_ids)

    async def _load_seqs(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        async with self.pool.connection() as connection:
            return dict(await connection.fetch(_SEQS, list(stream_ids)))

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        """See `Store.fetch`."""
        if statement.heavy:
            await self._enter_heavy()
            try:
                return await self._fetch(statement, params)
            finally:
                self._heavy.release()
        return await self._fetch(statement, params)

    async def _enter_heavy(self) -> None:
        if not self._heavy.locked():
            await self._heavy.acquire()
            return
        started = time.perf_counter()
        try:
            async with asyncio.timeout(patience.how_long(self._acquire_timeout)):
                await self._heavy.acquire()
        except TimeoutError as error:
            raise busy() from error
        finally:
            patience.spend(time.perf_counter() - started)

    async def _fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        question = statement.compiled("postgresql").arguments(params)
        if statement.shared:
            rows, seconds = await self._shared.get(statement, question)
        else:
            [rows], seconds = await self._ask(statement, [question])
        self._observer.query(statement.name, seconds)
        return rows

    async def _ask(
        self, statement: Statement, questions: Sequence[Question]
    ) -> tuple[list[Rows], float]:
        """The rows of each question, from one query, and how many seconds that took."""
        compiled = statement.compiled("postgresql")
        async with self.pool.connection() as connection:
            started = time.perf_counter()
            if len(questions) == 1:
                rows = [await connection.fetch(compiled.text, *questions[0])]
            else:
                rows = [[] for _ in questions]
                for row in await connection.fetch(compiled.many(), *zip(*questions, strict=True)):
                    rows[row[0] - 1].append(row[1:])
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
        async with self.pool.connection() as connection:
            await connection.fetchval("SELECT 1")


def _replica_pool(
    url: str, minimum: int, maximum: int, acquire_timeout: float, timeout: float
) -> Pool:
    """Connections to a replica, made when they are needed. Its own queries ask what it is."""
    plain, pooled = unmarked(url)
    connect = open_pooled if pooled else open_session
    guard = _anywhere if pooled else None
    sizes = (minimum, maximum, acquire_timeout, timeout)
    return Pool(plain, *sizes, connect=connect, guard=guard, optional=True)


def _anywhere() -> str:
    return "SELECT 1"
