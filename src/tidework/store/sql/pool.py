"""Connections to PostgreSQL: how they are set up, and a pool that hands out only clean ones."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import msgspec
import structlog

from tidework.errors import Unavailable
from tidework.store import patience
from tidework.store.sql.acceptable import refused_value
from tidework.store.sql.at_hand import AtHand, end
from tidework.store.sql.servers import NotThePrimary, Session, open_session

_log = structlog.get_logger("tidework.database")
# It tells of each attempt in vain, with a traceback; `Pool` tells of the outage.
logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)

_decode_json = msgspec.json.decode
_CONNECT_S = 5.0
# Times come as text; whatever the database's defaults are, in one form.
_SESSION = {"timezone": "UTC", "datestyle": "ISO"}
# How much longer a client waits than the server may take for a query.
_GRACE_S = 2.0
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
)
"""What a driver raises when the server cannot be reached or does not answer."""


def cut_off(error: BaseException) -> bool:
    """Whether the connection ended, so that an answer to what was sent may have been lost."""
    if isinstance(error, AWAY):
        return True
    severity = getattr(error, "severity_en", None) or getattr(error, "severity", None)
    return severity in ("FATAL", "PANIC") or isinstance(error, _ENDING)


# No waiting helps against these.
_REFUSED = (
    asyncpg.ClientConfigurationError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.UndefinedObjectError,
)
# A server that stops says so in place of an answer.
_ENDING = (
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


def _time_in(text: str) -> str:
    return text


def _time_out(text: str) -> str:
    # `2026-11-22 01:02:03.4+00`, fraction left out when it is zero, becomes canonical.
    return f"{text[:10]}T{text[11:19]}.{text[20:-3]:0<6}Z"


async def prepare(connection: "asyncpg.Connection[Any]") -> None:
    """Make a connection speak canonical values: ids, times and JSON as `store.protocol.Row` says."""
    for name, encode, decode in (
        ("uuid", str, str),
        ("timestamptz", _time_in, _time_out),
        ("jsonb", _time_in, _decode_json),
    ):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=encode, decoder=decode, format="text"
        )


async def prepare_pooled(connection: "asyncpg.Connection[Any]") -> None:
    """The same through a PgBouncer: what it asks for is asked of one server connection."""
    async with connection.transaction():
        await prepare(connection)


Connect = Callable[..., Awaitable[Session]]
"""Makes a connection, from what `asyncpg.connect` takes beside the address."""


async def connect(open_: Connect, *, name: str, settings: Mapping[str, str]) -> Session:
    """A connection of its own. Raises `Unavailable` when there is none within 5 s."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            connection = await open_(
                server_settings={"application_name": name, **_SESSION, **settings}
            )
            try:
                await prepare(connection)
            except BaseException:
                connection.terminate()
                raise
    except (*AWAY, asyncpg.PostgresError) as error:
        raise away(error) from error
    return connection


class Pool:
    """Connections for reading. `waiting` callers wait for one now, `acquired` have waited for one so
    far, `waited` seconds altogether.

    A connection whose use ended in anything but an answer of the server (cancelled, timed out,
    broken) is closed, never reused: the next user could read somebody else's answer from it. So is
    one that `current` no longer holds for.

    An `optional` one may be away when it starts: `warm` opens its first connections, and whoever
    calls that tells of outages. With a `guard` the way leads through a PgBouncer, which may give each transaction another server
    connection: each query is a transaction, begun with what `guard` says, and no statement is kept.
    """

    def __init__(
        self,
        url: str,
        minimum: int,
        maximum: int,
        acquire_timeout: float,
        statement_timeout: float,
        *,
        connect: Connect | None = None,
        current: Callable[[Session], bool] | None = None,
        optional: bool = False,
        guard: Callable[[], str] | None = None,
    ) -> None:
        self._url = url
        self._connect = connect or open_session
        self._current = current
        self._optional = optional
        self._guard = guard
        self._minimum = minimum
        self._maximum = maximum
        self._acquire_timeout = acquire_timeout
        self._statement_timeout = statement_timeout
        self._pool: asyncpg.Pool[Any] | None = None
        self._at_hand: AtHand | None = None
        self._used: set[Any] = set()
        self._away_since: float | None = None
        self.waiting = 0
        self.acquired = 0
        self.waited = 0.0

    async def start(self) -> None:
        """Open the first connections. Raises `Unavailable`."""
        settings = {"application_name": "tidework", **_SESSION}
        if self._guard is None:
            settings |= {
                "default_transaction_read_only": "on",
                "statement_timeout": str(int(self._statement_timeout * 1000)),
                # A query whose caller is gone would otherwise run on to that timeout.
                "client_connection_check_interval": "1s",
                # Every query names its stream, and to plan one takes longer than to answer it.
                "plan_cache_mode": "force_generic_plan",
            }
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                connect=cast(Any, self._connect),
                min_size=0 if self._optional else self._minimum,
                max_size=self._maximum,
                timeout=_CONNECT_S,
                # A server that does not answer at all cannot keep its own timeout.
                command_timeout=self._statement_timeout + _GRACE_S,
                init=prepare if self._guard is None else prepare_pooled,
                reset=_nothing,
                max_inactive_connection_lifetime=300.0,
                statement_cache_size=100 if self._guard is None else 0,
                server_settings=settings,
            )
        except (*AWAY, asyncpg.PostgresError) as error:
            raise away(error) from error
        self._at_hand = AtHand(self._pool, self._maximum, self._is_current)

    async def close(self) -> None:
        """Close every connection, at once if some are still in use after 5 s."""
        if self._pool is None or self._at_hand is None:
            return
        try:
            async with asyncio.timeout(5.0):
                await self._at_hand.close()
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def warm(self) -> None:
        """Have the first connections at hand. Raises `Unavailable`."""
        await asyncio.gather(*(self._touch() for _ in range(self._minimum)))

    async def _touch(self) -> None:
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1")

    def size(self) -> tuple[int, int, int]:
        """How many connections there are, may be, and are idle."""
        if self._pool is None or self._at_hand is None:
            return 0, self._maximum, 0
        idle = self._pool.get_idle_size() + len(self._at_hand)
        return self._pool.get_size(), self._maximum, idle

    def _is_current(self, connection: Any) -> bool:
        return self._current is None or self._current(connection)

    @asynccontextmanager
    async def connection(self) -> "AsyncIterator[Any]":
        """A connection for one query.

        Raises `Unavailable` when none is free before the deadline or the database is away.
        """
        at_hand = self._at_hand
        if at_hand is None:
            raise Unavailable("The store is closed; the server is stopping.", code="stopping")
        connection = at_hand.now()
        if connection is None:
            connection = await self._wait(at_hand)
        else:
            self.acquired += 1
        self._used.add(connection)
        well = False
        try:
            if self._guard is None:
                yield connection
            else:
                await self._begin(connection)
                yield connection
                await connection.execute("COMMIT")
        except asyncpg.PostgresError as error:
            if cut_off(error):
                end(connection)
                raise self._gone(error) from error
            if self._guard is not None:
                await _rolled_back(connection)
            raise _translated(error) from error
        except AWAY as error:
            end(connection)
            raise self._gone(error) from error
        except BaseException:
            end(connection)
            raise
        else:
            well = True
            if self._away_since is not None:
                self._back()
        finally:
            self._used.discard(connection)
            if not (well and at_hand.put(connection)):
                await at_hand.discard(connection)

    async def _wait(self, at_hand: AtHand) -> Any:
        self.waiting += 1
        started = time.perf_counter()
        try:
            return await at_hand.take(patience.how_long(self._acquire_timeout))
        except TimeoutError as error:
            raise busy() from error
        except (*AWAY, asyncpg.PostgresError) as error:
            raise self._gone(error) from error
        finally:
            self.waiting -= 1
            waited = time.perf_counter() - started
            self.acquired += 1
            self.waited += waited
            patience.spend(waited)

    async def _begin(self, connection: Any) -> None:
        """Begin a transaction in one round trip; from here on it is one server's."""
        assert self._guard is not None
        timeout = int(self._statement_timeout * 1000)
        try:
            await connection.execute(
                f"BEGIN READ ONLY; SET LOCAL statement_timeout = {timeout}; {self._guard()}"
            )
        except asyncpg.PostgresError as error:
            if cut_off(error):
                raise
            raise NotThePrimary("The pooler leads to a server that is not the primary.") from error

    def _gone(self, error: BaseException) -> Unavailable:
        """What a caller gets; the log has one line for the whole outage."""
        gone = away(error)
        if self._away_since is None:
            self._away_since = time.monotonic()
            if not self._optional:
                _log.warning("database_away", reason=gone.reason)
        return gone

    def _back(self) -> None:
        assert self._away_since is not None
        seconds = round(time.monotonic() - self._away_since, 1)
        self._away_since = None
        if not self._optional:
            _log.warning("database_back", after_seconds=seconds)

    def drop(self) -> None:
        """Break the connections that are in use and no longer wanted: their server may be silent."""
        for connection in list(self._used):
            if self._current is None or not self._current(connection):
                end(connection)


def busy() -> Unavailable:
    """What a caller gets when no connection was free in time."""
    return Unavailable(
        "All database connections are busy; try again in a moment.", code="pool_exhausted"
    )


async def _rolled_back(connection: Any) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (*AWAY, asyncpg.PostgresError):
        end(connection)


def _translated(error: asyncpg.PostgresError) -> Exception:
    if isinstance(error, asyncpg.QueryCanceledError):
        return Unavailable(
            "The query took too long and was stopped; narrow it down.", code="query_timeout"
        )
    if isinstance(error, asyncpg.DataError):
        return refused_value()
    if isinstance(error, asyncpg.InsufficientResourcesError | asyncpg.OperatorInterventionError):
        return away(error)
    return error


async def _nothing(_: Any) -> None:
    # Reads leave no session state behind; the default reset costs a round trip each time.
    return


def away(error: BaseException) -> Unavailable:
    """What a caller gets when the server cannot be reached, or lets nobody in."""
    if isinstance(error, _REFUSED):
        return Unavailable(
            "The database cannot be used as it is named: somebody has to correct its address"
            " (TIDEWORK_DATABASE_URL and the like), or the server's roles and databases.",
            code="database",
            reason=str(error),
        )
    in_vain = isinstance(error, TimeoutError)
    return Unavailable(
        "The database is away; try again in a moment.",
        code="database",
        reason=str(error) or ("No answer in time." if in_vain else type(error).__name__),
    )
