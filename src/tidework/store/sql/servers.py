"""PostgreSQL servers of an address: which of them takes writes, and which no longer may.

Each promotion of a standby begins a timeline with a higher number. A process remembers the highest
one that it has seen, and has nothing more to do with a primary of a lower one: what such a server
still accepts is not what the others go on with.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg
import structlog

from tidework.errors import Unavailable

_TARGET: Final = re.compile(r"([?&])target_session_attrs=[^&]*(&|$)")
_SURVEY_S: Final = 1.0
# How long the others are waited for once a primary has answered.
_STRAGGLERS_S: Final = 0.3
_KEPT_S: Final = 1.0
_POOLED: Final = re.compile(r"([?&])pgbouncer=(true|on|1)(&|$)", re.IGNORECASE)
TIMELINE: Final = "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
"""The timeline that a primary writes; fails on a standby."""
WHICH: Final = "extract(epoch FROM pg_postmaster_start_time())::text"
"""Which server it is, whatever the name and the way by which it was reached."""

_WHO: Final = (
    f"SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN 0 ELSE {TIMELINE} END,"
    " pg_backend_pid()"
)

_log = structlog.get_logger("tidework.database")


class NotThePrimary(ConnectionError):
    """A server that was reached must not be written to, or read from as the primary."""


class Session(asyncpg.Connection):
    """A connection that knows which server it leads to.

    `timeline` is 0 on a standby.
    """

    url: str = ""
    timeline: int = 0


def split_hosts(url: str) -> list[str]:
    """The URL of each server that a libpq URL names, in their order, without its wishes for one."""
    url = _TARGET.sub(lambda m: m[1] if m[2] else "", url).rstrip("?&")
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    login, at, hosts = place.rpartition("@")
    return [f"{scheme}://{login}{at}{host}{slash}{path}" for host in hosts.split(",")]


def name_of(url: str) -> str:
    """Host and port of a server, for people: nothing secret is in it."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2] or "local socket"


async def open_session(url: str, **options: Any) -> Session:
    """A connection to the server of a URL, whichever part that plays."""
    try:
        session = await open_pooled(url, **options)
    except asyncpg.ProtocolViolationError as error:
        if "startup parameter" in str(error):
            raise _through_pooler(url) from error
        raise
    try:
        [(in_recovery, timeline, pid)] = await session.fetch(_WHO)
    except BaseException:
        session.terminate()
        raise
    session.url = url
    session.timeline = 0 if in_recovery else timeline
    if pid != session.get_server_pid():
        session.terminate()
        raise _through_pooler(url)
    return session


async def open_pooled(url: str, **options: Any) -> Session:
    """A connection to a PgBouncer; which server it leads to is not known."""
    session: Session = await asyncpg.connect(
        url, **{**options, "connection_class": Session, "record_class": asyncpg.Record}
    )
    return session


def _through_pooler(url: str) -> Unavailable:
    return Unavailable(
        f"{name_of(url)} is a pooler (PgBouncer), not PostgreSQL itself: what became of a change"
        " could not be found out through it. Put the server's own address into"
        " TIDEWORK_DATABASE_URL and the pooler's into TIDEWORK_DATABASE_POOLER_URL; behind the"
        " address of a replica write ?pgbouncer=true.",
        code="pooler",
    )


def unmarked(url: str) -> tuple[str, bool]:
    """A URL without the mark that it leads to a PgBouncer, and whether it had that."""
    plain, marks = _POOLED.subn(lambda m: m[1] if m[3] else "", url)
    return plain.rstrip("?&"), marks > 0


class Lookout:
    """One connection for looking at a server time and again, opened anew when it broke."""

    def __init__(self, url: str) -> None:
        self.url, self._pooled = unmarked(url)
        self._session: Session | None = None

    async def ask(self, query: str, deadline: float) -> Any:
        """The first row of a query. Raises what the driver raises, at the latest by the deadline."""
        try:
            async with asyncio.timeout(deadline):
                if self._session is None or self._session.is_closed():
                    self._session = await asyncpg.connect(
                        self.url,
                        connection_class=Session,
                        statement_cache_size=0,
                        server_settings={"application_name": "tidework-lookout"},
                    )
                if not self._pooled:
                    return (await self._session.fetch(query))[0]
                async with self._session.transaction():
                    return (await self._session.fetch(query))[0]
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Disconnect, at once."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(asyncpg.InterfaceError):
                session.terminate()


class Primary:
    """The one server of a URL that takes writes.

    `timeline` is the highest that has been seen. With several hosts the present primary is the one
    of the highest timeline among those that answer; `watch` looks at all of them time and again, so
    that connections to a former primary are given up while it still answers.
    """

    def __init__(self, url: str) -> None:
        self.urls: Sequence[str] = split_hosts(url)
        self.timeline = 0
        self._changed: Callable[[], None] | None = None
        self._lookouts = [Lookout(one) for one in self.urls] if len(self.urls) > 1 else []
        self._chosen = ""
        self._chosen_at = 0.0
        self._survey: asyncio.Task[str] | None = None

    def on_change(self, changed: Callable[[], None]) -> None:
        """Have a function called whenever another server has become the primary."""
        self._changed = changed

    async def connect(
        self, *_: Any, server_settings: Mapping[str, str] | None = None, **options: Any
    ) -> Session:
        """A connection to the primary. Raises what the driver raises, and `NotThePrimary`."""
        url = self.urls[0] if not self._lookouts else await self._choose()
        try:
            session = await open_session(url, server_settings=server_settings, **options)
        except BaseException:
            self._chosen = ""
            raise
        if self.is_current(session):
            self._see(session.timeline)
            return session
        self._chosen = ""
        session.terminate()
        if not session.timeline:
            raise NotThePrimary(f"{name_of(url)} is a standby; it takes no changes.")
        raise NotThePrimary(
            f"{name_of(url)} is a former primary (timeline {session.timeline}); the present one is"
            f" at timeline {self.timeline}."
        )

    def is_current(self, session: Session) -> bool:
        """Whether a connection leads to a primary that no other one has replaced, as far as is known."""
        return session.timeline > 0 and session.timeline >= self.timeline

    def guard(self) -> str:
        """A statement that fails on any server but the present primary."""
        return f"SELECT 1 / ({TIMELINE} >= {self.timeline})::int"

    async def watch(self) -> None:
        """Look at all hosts every second, for ever; ends at once when there is only one."""
        while self._lookouts:
            with suppress(NotThePrimary):
                await self._choose(anew=True)
            await asyncio.sleep(_KEPT_S)

    def close(self) -> None:
        """Give up what was opened for looking."""
        if self._survey is not None:
            self._survey.cancel()
        for lookout in self._lookouts:
            lookout.close()

    async def _choose(self, *, anew: bool = False) -> str:
        loop = asyncio.get_running_loop()
        if self._chosen and not anew and loop.time() - self._chosen_at < _KEPT_S:
            return self._chosen
        if self._survey is None or self._survey.done():
            self._survey = asyncio.create_task(self._look(), name="survey of the primary")
            # Nobody may be left to hear of a failure.
            self._survey.add_done_callback(lambda done: done.cancelled() or done.exception())
        # One survey for all who ask meanwhile; who leaves takes it from nobody.
        return await asyncio.shield(self._survey)

    async def _look(self) -> str:
        """The URL of the primary of the highest timeline."""
        found: dict[str, int] = {}
        waiting = {
            asyncio.create_task(lookout.ask(_WHO, _SURVEY_S)): lookout.url
            for lookout in self._lookouts
        }
        problems = []
        loop = asyncio.get_running_loop()
        until = loop.time() + _SURVEY_S + _STRAGGLERS_S
        pending = set(waiting)
        try:
            while pending and (left := until - loop.time()) > 0:
                done, pending = await asyncio.wait(
                    pending, timeout=left, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    try:
                        in_recovery, timeline, _ = task.result()
                    except Exception as error:
                        problems.append(
                            f"{name_of(waiting[task])}: {error or type(error).__name__}"
                        )
                        continue
                    if in_recovery:
                        problems.append(f"{name_of(waiting[task])}: a standby")
                    else:
                        found[waiting[task]] = timeline
                        until = min(until, loop.time() + _STRAGGLERS_S)
        finally:
            for task in pending:
                task.cancel()
        # The present one stays, where that is left open.
        best = max(found, key=lambda url: (found[url], url == self._chosen), default="")
        problems += [
            f"{name_of(url)}: a former primary (timeline {timeline}, not {self.timeline})"
            for url, timeline in found.items()
            if timeline < self.timeline
        ]
        if not best or found[best] < self.timeline:
            self._chosen = ""
            raise NotThePrimary(
                f"None of the servers is the primary ({'; '.join(problems) or 'no answer'})."
            )
        self._chosen, self._chosen_at = best, loop.time()
        self._see(found[best])
        return best

    def _see(self, timeline: int) -> None:
        before, self.timeline = self.timeline, max(self.timeline, timeline)
        if 0 < before < self.timeline and self._changed is not None:
            _log.warning("primary_changed", timeline=self.timeline, primary=name_of(self._chosen))
            self._changed()
