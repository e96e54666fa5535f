"""Reading from replicas what is only shown, never older than what the primary had said.

Each query asks its replica at once whether it has reached the seq that the answer must have; a
replica that has not says so in the same round trip, and the next one is asked, at last the primary.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

import asyncpg
import structlog

from tidework.errors import Unavailable
from tidework.log import LoggedChange
from tidework.store.observer import Observer
from tidework.store.protocol import Reader, Row, Store
from tidework.store.sql import queries
from tidework.store.sql.pool import AWAY, Pool
from tidework.store.sql.replica import Positions, Replica
from tidework.store.sql.servers import TIMELINE, WHICH, Primary
from tidework.store.sql.statement import Statement

# How long a request may lose on replicas that do not answer, all in all.
_BUDGET_S: Final = 0.25
_LOOK_S: Final = 1.0
_POSITION: Final = (
    f"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint, {TIMELINE},"
    f" (SELECT value FROM installation WHERE name = 'timeline'), {WHICH}"
)
_MARK: Final = (
    "INSERT INTO installation (name, value) VALUES ('timeline', $1)"
    " ON CONFLICT ON CONSTRAINT installation_pkey DO UPDATE SET value = excluded.value"
    " WHERE installation.value::bigint < excluded.value::bigint"
)

_log = structlog.get_logger("tidework.replicas")


@lru_cache(maxsize=1024)
def checked(text: str, parameters: int) -> str:
    """A query that returns nothing unless a standby has reached a seq of the stream.

    Two further parameters are the stream and the seq. Otherwise there is one row at least, each
    beginning with the seq of the snapshot and whether there is anything behind it.
    """
    return (
        "SELECT reached.seq, found.* FROM streams AS reached LEFT JOIN"
        f" (SELECT true AS here, rows.* FROM (\n{text}\n) AS rows) AS found ON true"
        f" WHERE reached.stream_id = ${parameters + 1}::uuid"
        f" AND reached.seq >= ${parameters + 2}::bigint AND pg_is_in_recovery()"
    )


class _PrimaryStore(Store, Protocol):
    pool: Pool


class Replicas:
    """See `store.answers.Answers`.

    A task of its own looks at each replica about once a second. One that is silent, was promoted or
    follows another primary than the present one is not asked until it is well again.
    """

    def __init__(
        self,
        replicas: Sequence[Replica],
        store: _PrimaryStore,
        primary: Primary,
        observer: Observer,
    ) -> None:
        self.all = replicas
        self._store = store
        self._primary = primary
        self._observer = observer
        self._positions = Positions()
        self._turn = 0
        self._tasks: list[asyncio.Task[None]] = []

    def at(self, stream_id: str, seq: int | None) -> Reader:
        """See `Answers.at`."""
        if seq is None:
            return self._store
        return _Answering(self, stream_id, seq)

    async def start(self) -> None:
        """Begin to look at the replicas. One that is away keeps nobody from starting."""
        for replica in self.all:
            await replica.pool.start()
        self._tasks = [asyncio.create_task(self._follow(), name="position of the primary")]
        for replica in self.all:
            watch = replica.watch(self._positions, self._primary, self._observer)
            self._tasks.append(asyncio.create_task(watch, name=f"replica {replica.name}"))

    async def close(self) -> None:
        """Disconnect from all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for replica in self.all:
            replica.close()
            await replica.pool.close()

    async def fetch(
        self, stream_id: str, seq: int, statement: Statement, params: Mapping[str, Any]
    ) -> list[Row]:
        """The rows of a query about the stream, from wherever the seq has been reached."""
        until = time.monotonic() + _BUDGET_S
        for replica in self._candidates(stream_id, statement.heavy):
            left = until - time.monotonic()
            if left <= 0:
                break
            rows = await self._ask(replica, stream_id, seq, statement, params, left)
            if rows is not None:
                self._observer.read("replica")
                return rows
        self._observer.read("primary")
        return await self._store.fetch(statement, params)

    def _candidates(self, stream_id: str, heavy: bool) -> Iterator[Replica]:
        """The replicas that may know, each time beginning with another one."""
        self._turn += 1
        count = len(self.all)
        for i in range(count):
            replica = self.all[(self._turn + i) % count]
            if replica.may_answer(stream_id) and not (heavy and replica.heavy.locked()):
                yield replica

    async def _ask(
        self,
        replica: Replica,
        stream_id: str,
        seq: int,
        statement: Statement,
        params: Mapping[str, Any],
        left: float,
    ) -> list[Row] | None:
        """The rows, or None where this replica cannot give them."""
        compiled = statement.compiled("postgresql")
        text = checked(compiled.text, len(compiled.names))
        arguments = [*compiled.arguments(params), stream_id, seq]
        started = time.perf_counter()
        try:
            if statement.heavy:
                # It may take its time. When the replica falls silent, its connections are broken.
                async with replica.heavy, replica.pool.connection() as connection:
                    found = await connection.fetch(text, *arguments)
            else:
                async with asyncio.timeout(left), replica.pool.connection() as connection:
                    found = await connection.fetch(text, *arguments)
        except Unavailable as error:
            if error.code == "query_timeout":
                raise
            if error.code != "pool_exhausted":
                replica.suspect(error.reason)
            return None
        except AWAY as error:
            replica.suspect(str(error) or "no answer in time")
            return None
        except asyncpg.PostgresError:
            # What replaying makes of it (a conflict with a change) is no concern of the caller's;
            # what is wrong with the query the primary will say too.
            return None
        self._observer.query(statement.name, time.perf_counter() - started)
        if not found:
            replica.missed(stream_id)
            return None
        replica.reached(stream_id)
        if found[0][0] > seq and not await self._is_told(stream_id, found[0][0]):
            return None
        if found[0][1] is None:
            return []
        return [row[2:] for row in found]

    async def _is_told(self, stream_id: str, seq: int) -> bool:
        """Whether the primary shows a seq already.

        A replica may have a commit that still waits on the primary for its synchronous standby. Who
        saw it, and then the primary, would go back in time.
        """
        return (await self._store.seqs([stream_id])).get(stream_id, 0) >= seq

    async def _follow(self) -> None:
        """Note where the primary's log is, time and again, and mark which primary that is."""
        while True:
            try:
                async with self._store.pool.connection() as connection:
                    before = time.monotonic()
                    [(position, timeline, marked, server)] = await connection.fetch(_POSITION)
                self._positions.add(before, position)
                self._positions.server = server
                if str(timeline) != marked:
                    await self._mark(timeline)
            except (Unavailable, *AWAY, asyncpg.PostgresError) as error:
                _log.debug("primary_not_seen", reason=getattr(error, "reason", "") or str(error))
            await asyncio.sleep(_LOOK_S)

    async def _mark(self, timeline: int) -> None:
        """Write down the primary's timeline: a replica that shows it follows this primary."""
        session = await self._primary.connect(
            timeout=_LOOK_S,
            server_settings={
                "application_name": "tidework-marker",
                "synchronous_commit": "local",
                "lock_timeout": "1s",
            },
        )
        try:
            if session.timeline == timeline:
                await session.execute(_MARK, str(timeline), timeout=_LOOK_S)
        finally:
            session.terminate()


class _Answering:
    """A reader of one stream; see `Answers.at`."""

    __slots__ = ("_replicas", "_seq", "_stream_id")

    def __init__(self, replicas: Replicas, stream_id: str, seq: int) -> None:
        self._replicas = replicas
        self._stream_id = stream_id
        self._seq = seq

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        """See `Store.fetch`."""
        return await self._replicas.fetch(self._stream_id, self._seq, statement, params)

    async def log(
        self, stream_id: str, *, since: int = 0, limit: int = 1000, until: int | None = None
    ) -> list[LoggedChange]:
        """See `Store.log`."""
        return await queries.read_log(self, stream_id, since, limit, until)
