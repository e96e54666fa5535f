"""The store on PostgreSQL 15 and newer, through asyncpg.

The committer has a connection of its own and writes a group with one round trip: one call of
`tidework_commit` for each commit, pipelined in one transaction. Reads come from a pool.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.ids import new_id
from tidework.log import Commit, Committed, LoggedChange, Operation
from tidework.store.batch import SeqBatch
from tidework.store.committer import Committer
from tidework.store.observer import Observer
from tidework.store.protocol import Contended, Row, StreamMissing, UniqueConflict
from tidework.store.sql import queries
from tidework.store.sql.migrations.runner import check
from tidework.store.sql.pool import Pool, connect
from tidework.store.sql.rows import encode_json
from tidework.store.sql.statement import Statement

Item = Commit | Sequence[Operation]
Outcome = Committed | BaseException | None

_COMMIT = (
    "SELECT o_seq, o_logged FROM tidework_commit("
    "$1::uuid, $2::uuid, $3::text, $4::bigint, $5::text, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb)"
)
_OPERATE = "SELECT tidework_operate($1::jsonb)"
_SEQS = "SELECT stream_id, seq FROM streams WHERE stream_id = ANY($1::uuid[])"
_SETTLE_S = 10.0
_END = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = $1 AND pid <> pg_backend_pid()"
)
_UNKNOWN = (
    "The database connection broke while the change was being written; it may or may not have"
    " happened. Repeat the request with the same Idempotency-Key to find out."
)
_AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, TimeoutError)


class PostgresStore:
    """See `store.protocol.Store`.

    `url` is a libpq URL. `pool_min` and `pool_max` bound the connections for reading; a caller
    waits `acquire_timeout` seconds for one at most, a query runs `statement_timeout` seconds at
    most.
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
        observer: Observer | None = None,
    ) -> None:
        self._url = url
        self._observer = observer or Observer()
        self.pool = Pool(url, pool_min, pool_max, acquire_timeout, statement_timeout)
        self._committer = Committer(self._write_group, observe=self._observer.group)
        self._batch = SeqBatch(self._load_seqs)
        self._connection: asyncpg.Connection[Any] | None = None
        self._name = ""

    async def start(self) -> None:
        """See `Store.start`."""
        await self.pool.start()
        async with self.pool.connection() as connection:
            exists = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
            revision = None
            if exists:
                revision = await connection.fetchval("SELECT version_num FROM alembic_version")
        check(revision)
        await self._writer()

    async def close(self) -> None:
        """See `Store.close`."""
        await self._committer.close()
        if self._connection is not None:
            await self._connection.close()
        await self.pool.close()

    async def append(self, commit: Commit) -> Committed:
        """See `Store.append`."""
        try:
            committed = await self._committer.submit(commit)
        except UniqueConflict as conflict:
            if commit.idempotency is None or conflict.constraint != "idempotency_pkey":
                raise
            return await queries.recall(self, commit, conflict)
        assert committed is not None
        return committed

    async def operate(self, operations: Sequence[Operation]) -> None:
        """See `Store.operate`."""
        await self._committer.submit(operations)

    async def seqs(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        """See `Store.seqs`."""
        return await self._batch.get(stream_ids)

    async def _load_seqs(self, stream_ids: Sequence[str]) -> Mapping[str, int]:
        async with self.pool.connection() as connection:
            return dict(await connection.fetch(_SEQS, list(stream_ids)))

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        """See `Store.fetch`."""
        compiled = statement.compiled("postgresql")
        async with self.pool.connection() as connection:
            started = time.perf_counter()
            rows = await connection.fetch(compiled.text, *compiled.arguments(params))
            self._observer.query(statement.name, time.perf_counter() - started)
        return rows

    async def log(
        self, stream_id: str, *, since: int = 0, limit: int = 1000, until: int | None = None
    ) -> list[LoggedChange]:
        """See `Store.log`."""
        return await queries.read_log(self, stream_id, since, limit, until)

    async def ping(self) -> None:
        """See `Store.ping`."""
        async with self.pool.connection() as connection:
            await connection.fetchval("SELECT 1")

    async def _write_group(self, group: Sequence[Item]) -> list[Outcome]:
        """Write a group in one transaction; when one of them fails, write them one by one."""
        commits = [item for item in group if isinstance(item, Commit)]
        outcomes: dict[int, Outcome] = {}
        if len(commits) > 1:
            # Several processes lock the streams of their groups in the same order.
            commits.sort(key=lambda commit: commit.stream_id)
            try:
                rows = await self._run(commits)
            except _AWAY:
                for item, outcome in zip(commits, await self._settle(commits), strict=True):
                    outcomes[id(item)] = outcome
            except (asyncpg.PostgresError, Unavailable):
                pass
            else:
                for commit, row in zip(commits, rows, strict=True):
                    outcomes[id(commit)] = _committed(commit, row)
        for item in group:
            if id(item) not in outcomes:
                outcomes[id(item)] = await self._alone(item)
        return [outcomes[id(item)] for item in group]

    async def _run(self, commits: Sequence[Commit]) -> list[Any]:
        connection = await self._writer()
        rows: list[Any] = await connection.fetchmany(_COMMIT, [_arguments(c) for c in commits])
        return rows

    async def _writer(self) -> "asyncpg.Connection[Any]":
        if self._connection is None or self._connection.is_closed():
            self._name = f"tidework-committer-{new_id()}"
            self._connection = await connect(self._url, name=self._name)
        return self._connection

    async def _alone(self, item: Item) -> Outcome:
        try:
            if isinstance(item, Commit):
                return _committed(item, (await self._run([item]))[0])
            connection = await self._writer()
            await connection.fetchval(_OPERATE, _operations(item))
        except _AWAY:
            return (await self._settle([item]))[0]
        except asyncpg.PostgresError as error:
            return _translated(error, item)
        except Unavailable as error:
            return error
        return None

    async def _settle(self, group: Sequence[Item]) -> list[Outcome]:
        """The outcomes of a group whose transaction was cut off, looked up in the log.

        The server may still be working on what it had received: it is stopped first, and its end
        waited for, or the look-up could come too early.
        """
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        try:
            async with asyncio.timeout(_SETTLE_S):
                broken = self._name
                connection = await self._writer()
                while await connection.fetchval(_END, broken):
                    await asyncio.sleep(0.05)
        except (*_AWAY, asyncpg.PostgresError, Unavailable):
            return [OutcomeUnknown(_UNKNOWN)] * len(group)
        return [await self._look_up(item) for item in group]

    async def _look_up(self, item: Item) -> Outcome:
        if not isinstance(item, Commit):
            return OutcomeUnknown(_UNKNOWN)
        try:
            key = {"stream_id": item.stream_id, "commit_id": item.id}
            found = await self.fetch(queries.COMMIT_SEQ, key)
            if not found:
                return Unavailable(
                    "The database connection broke; nothing was changed. Try again.",
                    code="database",
                )
            seq = found[0][0]
            logged = await self.log(item.stream_id, since=seq - 1, until=seq)
        except Unavailable:
            return OutcomeUnknown(_UNKNOWN)
        return Committed(item.stream_id, seq, logged)


def _operations(operations: Sequence[Operation]) -> str:
    return encode_json(operations)


def _arguments(commit: Commit) -> tuple[Any, ...]:
    expects = [
        {"entity": e.entity, "id": e.id, "fields": e.fields, "absent": e.absent}
        for e in commit.expects
    ]
    changes = []
    for ordinal, change in enumerate(commit.changes):
        actor, at = commit.author_of(ordinal)
        changes.append(
            {
                "entity": change.entity,
                "id": change.id,
                "op": change.op,
                "set": change.set,
                "actor": actor,
                "at": at,
            }
        )
    return (
        commit.stream_id,
        commit.id,
        commit.creates,
        commit.base_seq,
        commit.request_id,
        encode_json(expects),
        encode_json(changes),
        _operations(commit.operations),
        None if commit.idempotency is None else encode_json(commit.idempotency),
    )


def _committed(commit: Commit, row: Any) -> Committed:
    seq, written = row
    logged, after = [], []
    for ordinal, (change, (set_, was, left)) in enumerate(
        zip(commit.changes, written, strict=True)
    ):
        after.append(left)
        actor, at = commit.author_of(ordinal)
        place = (commit.stream_id, seq, ordinal, actor, at, commit.request_id)
        logged.append(LoggedChange(*place, change.entity, change.id, change.op, set_, was))
    return Committed(commit.stream_id, seq, logged, after=after)


def _translated(error: asyncpg.PostgresError, item: Item) -> BaseException:
    if isinstance(error, asyncpg.UniqueViolationError):
        return UniqueConflict(error.constraint_name or "unknown")
    code = error.sqlstate
    if code == "TW001" and isinstance(item, Commit):
        return item.expects[int(error.args[0])].error or Contended()
    if code == "TW002":
        return Contended()
    if code == "TW003":
        return UniqueConflict("idempotency_pkey")
    if code == "TW004":
        return StreamMissing("There is no such stream; it may have been removed.")
    if isinstance(error, asyncpg.InsufficientResourcesError):
        return Unavailable(
            f"The database has run out of something: {error}. Nothing was changed.",
            code="storage_full",
            retry_after=30,
        )
    if isinstance(error, asyncpg.OperatorInterventionError | asyncpg.DeadlockDetectedError):
        return Unavailable(f"The database refused the change: {error}.", code="database")
    return error
