"""Commits on PostgreSQL: one connection, a group of commits in one round trip and transaction.

A group is one call of `tidework_group`. What a commit expects is refused without an error, so that
the others of its group go on; what the database itself refuses (a unique conflict) fails the group,
which is then written again one by one, each with a call of `tidework_commit`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.ids import new_id
from tidework.log import Commit, Operation
from tidework.store.committer import Item, Outcome
from tidework.store.sql import queries
from tidework.store.sql.acceptable import unacceptable
from tidework.store.sql.pool import AWAY, away, connect, cut_off
from tidework.store.sql.postgres_answers import (
    LOST,
    NOTHING,
    Group,
    Lost,
    arguments,
    busy,
    creates_only,
    outcome_of,
    translated,
)
from tidework.store.sql.postgres_runs import runs
from tidework.store.sql.rows import encode_json
from tidework.store.sql.servers import Primary, Session
from tidework.store.sql.statement import Statement

_COMMIT = (
    "SELECT o_seq, o_logged, o_refused FROM tidework_commit("
    "$1::uuid, $2::uuid, $3::text, $4::bigint, $5::text, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb)"
)
_GROUP = "SELECT o_created, o_committed FROM tidework_group($1::uuid[], $2::jsonb, $3::jsonb)"
_RUNS = "SELECT tidework_operate_runs($1::jsonb)"
_OPERATE = "SELECT tidework_operate($1::jsonb)"
_END = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = $1 AND pid <> pg_backend_pid()"
)
# A commit of its own that writes, so that it waits for the synchronous standby.
_BARRIER = "SELECT pg_logical_emit_message(true, 'tidework', '')"
_ATTEMPTS = 3
_POLL_S = 0.05
# How far back a commit that was cut off can be: far more than a stream takes in that time.
_RECENT = 100_000
_UNKNOWN = (
    "The database connection broke while the change was being written; it may or may not have"
    " happened. Repeat the request with the same Idempotency-Key to find out."
)


class _CutOff(Exception):
    """What was committed must not be acknowledged yet."""


class PostgresWriter:
    """The one connection of a process that writes.

    In seconds: `timeout` bounds a group, `lock_timeout` the wait for a stream that another copy is
    writing to, `settle_timeout` the search for the outcome of what was cut off.
    """

    def __init__(
        self, primary: Primary, timeout: float, lock_timeout: float, settle_timeout: float
    ) -> None:
        self._primary = primary
        self._timeout = timeout
        self._settle_timeout = settle_timeout
        self._settings = {**_SETTINGS, "lock_timeout": str(int(lock_timeout * 1000))}
        self._connection: Session | None = None
        self._name = ""
        self._server = ("", 0)
        # Whether the server has warned that what it committed may not be on its standby.
        self._warned = False

    async def start(self) -> None:
        """Connect. Raises `Unavailable`."""
        await self._connected()

    async def close(self) -> None:
        """Disconnect."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=5.0)
            except (*AWAY, asyncpg.PostgresError):
                connection.terminate()

    async def write(self, group: Sequence[Item]) -> list[Outcome]:
        """Write every item of the group, each all or nothing.

        Returns an outcome for each: what it became, or the error that it failed with.
        """
        outcomes: dict[int, Outcome] = {}
        try:
            await self._connected()
        except Unavailable as error:
            # Nobody waits for a connection more than once.
            return [away(error.__cause__ or error) for _ in group]
        commits = [(i, item) for i, item in enumerate(group) if isinstance(item, Commit)]
        if len(commits) > 1 or (commits and creates_only(commits[0][1])):
            together = await self._together([commit for _, commit in commits])
            if together is not None:
                outcomes = {i: done for (i, _), done in zip(commits, together, strict=True)}
        others: list[tuple[int, Sequence[Operation]]] = [
            (i, item) for i, item in enumerate(group) if not isinstance(item, Commit)
        ]
        if len(others) > 1:
            operated = await self._operated([item for _, item in others])
            if operated is not None:
                outcomes |= {i: done for (i, _), done in zip(others, operated, strict=True)}
        held: set[str] = set()
        for i, item in enumerate(group):
            if isinstance(outcomes.get(i, LOST), Lost):
                outcomes[i] = await self._in_turn(item, held)
        return [outcomes[i] for i in range(len(group))]

    async def _together(self, commits: Sequence[Commit]) -> list[Outcome] | None:
        """The outcomes of commits in one transaction, `Lost` where another attempt may do better.

        None when it failed for a reason of one of them, and left nothing.
        """
        try:
            whole = Group(commits)
            call = whole.arguments()
            connection = await self._connected()
            row = await connection.fetchrow(_GROUP, *call, timeout=self._timeout)
            await self._hold(connection)
        except UnicodeError:
            return None
        except (*AWAY, asyncpg.PostgresError, _CutOff) as error:
            return await self._settle(commits) if self._was_cut_off(error) else None
        except Unavailable as error:
            return [away(error.__cause__ or error) for _ in commits]
        return whole.outcomes(row)

    async def _operated(self, items: Sequence[Sequence[Operation]]) -> list[Outcome] | None:
        """The outcomes of operations in one transaction, None as `_together`."""
        try:
            await self._operate(items)
        except UnicodeError:
            return None
        except (*AWAY, asyncpg.PostgresError, _CutOff) as error:
            return await self._settle(items) if self._was_cut_off(error) else None
        except Unavailable as error:
            return [away(error.__cause__ or error) for _ in items]
        return [None for _ in items]

    async def _in_turn(self, item: Item, held: set[str]) -> Outcome:
        """The outcome of an item by itself; of those on a held stream only the first one waits."""
        if not isinstance(item, Commit):
            return await self._alone(item)
        if item.stream_id in held:
            return busy()
        outcome = await self._alone(item)
        if isinstance(outcome, Unavailable) and outcome.code == "busy":
            held.add(item.stream_id)
        return outcome

    async def _alone(self, item: Item) -> Outcome:
        for attempt in range(_ATTEMPTS):
            outcome = await self._once(item)
            if not isinstance(outcome, Lost) or attempt == _ATTEMPTS - 1:
                return outcome
        raise AssertionError("unreachable")

    async def _once(self, item: Item) -> Outcome:
        """The outcome of one attempt; `Lost` when another one may do better."""
        try:
            if isinstance(item, Commit):
                connection = await self._connected()
                row = await connection.fetchrow(_COMMIT, *arguments(item), timeout=self._timeout)
                await self._hold(connection)
                return outcome_of(item, row)
            await self._operate([item])
        except (*AWAY, asyncpg.PostgresError, _CutOff) as error:
            if self._was_cut_off(error):
                return (await self._settle([item]))[0]
            if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
                # The next attempt looks for the server that takes changes.
                self._drop()
            return translated(error, item)
        except Unavailable as error:
            return error
        except UnicodeError as error:
            return unacceptable(error)
        return None

    async def _operate(self, items: Sequence[Sequence[Operation]]) -> None:
        """Write operations, all or none."""
        together = runs(items)
        connection = await self._connected()
        if together is None:
            calls = [(encode_json(item),) for item in items]
            await connection.fetchmany(_OPERATE, calls, timeout=self._timeout)
        else:
            await connection.fetchval(_RUNS, encode_json(together), timeout=self._timeout)
        await self._hold(connection)

    async def _hold(self, connection: Session) -> None:
        """See that what has been committed holds before anybody is told.

        Raises `_CutOff` when another server has become the primary meanwhile, or the commit may not
        have reached the synchronous standby.
        """
        if self._warned or not self._primary.is_current(connection):
            raise _CutOff

    async def _connected(self) -> Session:
        connection = self._connection
        if connection is not None and not self._primary.is_current(connection):
            # What is written to a former primary is lost.
            self._drop()
        if self._connection is None or self._connection.is_closed():
            self._connection = None
            name = f"tidework-committer-{new_id()}"
            self._connection = await connect(
                self._primary.connect, name=name, settings=self._settings
            )
            self._connection.add_log_listener(self._listen)
            self._name, self._server = name, (self._connection.url, self._connection.timeline)
            self._warned = False
        return self._connection

    def _listen(self, _: Any, message: Any) -> None:
        # By the function's name: the text is in the server's language.
        if getattr(message, "server_source_function", "") == "SyncRepWaitForLSN":
            self._warned = True

    def drop_former(self) -> None:
        """Break a connection to a former primary; whoever waits for its answer looks elsewhere."""
        connection = self._connection
        if connection is not None and not self._primary.is_current(connection):
            connection.terminate()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _was_cut_off(self, error: BaseException) -> bool:
        """Whether an error leaves open what became of what had been sent."""
        if isinstance(error, _CutOff) or cut_off(error):
            return True
        return self._connection is None or self._connection.is_closed()

    async def _settle(self, group: Sequence[Item]) -> list[Outcome]:
        """The outcomes of a group whose transaction was cut off, looked up in the log.

        The server may still be working on what it had received: it is stopped first, and its end
        waited for, or the look-up could come too early. Another server answers for it only when it
        was promoted since: nothing of the former primary comes into its log any more. What is found
        is told only when it is as durable as an acknowledged commit. `Lost` where nothing is left.
        """
        broken, server = self._name, self._server
        self._drop()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settle_timeout
        while loop.time() < deadline:
            try:
                async with asyncio.timeout_at(deadline):
                    connection = await self._connected()
                    if not _answers_for(connection, server):
                        break
                    if not await connection.fetchval(_END, broken):
                        found = [await self._look_up(connection, item) for item in group]
                        # Waits for the standby behind everything that has been found.
                        await connection.execute(_BARRIER)
                        await self._hold(connection)
                        return found
            except (*AWAY, asyncpg.PostgresError, Unavailable, _CutOff):
                # The server may be restarting.
                self._drop()
            await asyncio.sleep(_POLL_S)
        return [OutcomeUnknown(_UNKNOWN) for _ in group]

    async def _look_up(self, connection: "asyncpg.Connection[Any]", item: Item) -> Outcome:
        if not isinstance(item, Commit):
            return OutcomeUnknown(_UNKNOWN)
        reader, stream = _Direct(connection), item.stream_id
        found = await reader.fetch(queries.STREAM, {"stream_id": stream})
        since = max(0, found[0][1] - _RECENT) if found else 0
        key = {"stream_id": stream, "commit_id": item.id, "since": since}
        seqs = await reader.fetch(queries.COMMIT_SEQ, key)
        if not seqs:
            return Lost(NOTHING)
        return await queries.read_commit(reader, stream, seqs[0][0])


def _answers_for(connection: Session, server: tuple[str, int]) -> bool:
    """Whether a server knows for certain what became of what was sent to another one, or to it."""
    url, timeline = server
    return connection.timeline > timeline or (connection.timeline, connection.url) == (
        timeline,
        url,
    )


class _Direct:
    """Reads on one connection."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Any]:
        """See `Store.fetch`."""
        compiled = statement.compiled("postgresql")
        rows: list[Any] = await self._connection.fetch(compiled.text, *compiled.arguments(params))
        return rows


_SETTINGS = {
    # A statement that waited for a lock must see what the holder did.
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "client_min_messages": "notice",
    "idle_in_transaction_session_timeout": "20s",
    # A holder whose machine is gone is noticed.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    # What the functions ask for is known by its key, and the tables may have been empty when it was
    # planned.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
