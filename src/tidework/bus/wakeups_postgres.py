"""Wake-ups over PostgreSQL: NOTIFY, and LISTEN on a connection of its own.

NOTIFY makes the transactions that use it wait for each other. So it is no part of a commit: what a
process has committed within some milliseconds goes out after it, in a transaction of its own.
"""

import asyncio
import random
import secrets
from collections.abc import Collection
from typing import Any, Final

import asyncpg
import structlog

from tidework.bus.wakeups import Listener, Outbox
from tidework.errors import Unavailable
from tidework.store.sql.servers import Primary, Session

CHANNEL: Final = "tidework_wakeups"
_TOGETHER_S: Final = 0.01
# A payload has 8,000 bytes at most, a stream's id 36 and a space.
_MOST_IDS: Final = 200
_SIGN_OF_LIFE_S: Final = 0.5
_DEADLINE_S: Final = 2.0
_SLOWEST_S: Final = 2.0
_LAST_WORD_S: Final = 1.0
_NOTIFY: Final = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"
_FAILURES: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    Unavailable,
)

_log = structlog.get_logger("tidework.wakeups")


class PostgresCarrier:
    """See `wakeups.Carrier`. Its connection follows the primary; after each new one it says "any",
    because what was said meanwhile is lost.
    """

    def __init__(self, primary: Primary) -> None:
        self._primary = primary
        self._me = secrets.token_hex(4)
        self._outbox = Outbox()
        self._task: asyncio.Task[None] | None = None
        self._hear: Listener = _nobody
        self._ending = False
        self.is_open = False

    async def start(self, hear: Listener) -> None:
        """See `Carrier.start`."""
        self._hear = hear
        self._task = asyncio.create_task(self._run(), name="wake-ups")

    def send(self, stream_ids: Collection[str]) -> None:
        """See `Carrier.send`."""
        self._outbox.add(stream_ids)

    async def close(self) -> None:
        """See `Carrier.close`."""
        waiting = self._outbox.filled.is_set()
        self._ending = True
        self._outbox.filled.set()
        if self._task is None:
            return
        if waiting and not self.is_open:
            # A command may have done what it does before there was a connection.
            await asyncio.wait([self._task], timeout=_LAST_WORD_S)
        if not self.is_open:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause = _TOGETHER_S
        while not self._ending:
            session: Session | None = None
            try:
                async with asyncio.timeout(_DEADLINE_S):
                    session = await self._connect()
                self.is_open, pause = True, _TOGETHER_S
                await self._carry(session)
            except _FAILURES as error:
                if self.is_open:
                    _log.warning("wakeups_lost", reason=str(error) or type(error).__name__)
            finally:
                self.is_open = False
                if session is not None:
                    session.terminate()
            if not self._ending:
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
                pause = min(2 * pause, _SLOWEST_S)

    async def _connect(self) -> Session:
        # NOTIFY writes a little to the server's log, which nobody has to wait for.
        wishes = {"application_name": "tidework-wakeups", "synchronous_commit": "off"}
        session = await self._primary.connect(server_settings=wishes)
        try:
            await session.add_listener(CHANNEL, self._notified)
        except BaseException:
            session.terminate()
            raise
        self._hear(())
        return session

    async def _carry(self, session: Session) -> None:
        """Send what there is, and look whether the connection still lives, until it does not."""
        while self._primary.is_current(session):
            try:
                async with asyncio.timeout(_SIGN_OF_LIFE_S):
                    await self._outbox.filled.wait()
            except TimeoutError:
                pass
            ending = self._ending
            lists = self._outbox.take(_MOST_IDS)
            async with asyncio.timeout(_DEADLINE_S):
                if lists:
                    await session.fetch(
                        _NOTIFY, CHANNEL, [" ".join([self._me, *ids]) for ids in lists]
                    )
                else:
                    await session.fetch("SELECT 1")
            if ending:
                return
            await asyncio.sleep(_TOGETHER_S)

    def _notified(self, _session: Any, _pid: int, _channel: str, payload: object) -> None:
        sender, *stream_ids = str(payload).split()
        if sender != self._me:
            self._hear(stream_ids)


def _nobody(_stream_ids: Collection[str]) -> None:
    """Before the start."""
