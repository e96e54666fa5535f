"""One replica, and what is known about it at the moment."""

import asyncio
import random
import time
from collections import deque
from typing import Final

import asyncpg
import structlog

from tidework.errors import Unavailable
from tidework.store.observer import Observer, Standing
from tidework.store.sql.pool import AWAY, Pool
from tidework.store.sql.servers import WHICH, Lookout, Primary, name_of

_LOOK: Final = (
    "SELECT pg_is_in_recovery(), pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint,"
    f" (SELECT value FROM installation WHERE name = 'timeline'), {WHICH}"
)
_LOOK_S: Final = 1.0
_DEADLINE_S: Final = 1.0
_LONGEST_S: Final = 10.0
# How long a replica is not asked about a stream that it lagged behind with: about as long as it
# lags, at least long enough for a healthy one to have caught up.
_SKIP_S: Final = (0.02, 5.0)
_MAX_SKIPPED: Final = 10_000

_log = structlog.get_logger("tidework.replicas")


class Positions:
    """Where the primary's log was, for the last five minutes or so.

    `server` is which server the primary is, as `WHICH` tells it.
    """

    def __init__(self) -> None:
        self.server = ""
        self._known: deque[tuple[float, int]] = deque(maxlen=300)

    def add(self, at: float, position: int) -> None:
        """Note where it was at a moment by `time.monotonic`."""
        self._known.append((at, position))

    def lag(self, replayed: int) -> float | None:
        """How many seconds whoever has replayed up to a position is behind, at most.

        None when nothing is known of the primary.
        """
        if not self._known:
            return None
        if replayed >= self._known[-1][1]:
            return 0.0
        now = time.monotonic()
        for at, position in reversed(self._known):
            if replayed >= position:
                return now - at
        return now - self._known[0][0]


class Replica:
    """One of the settings' replicas.

    `usable` says whether it is asked, `standing` and `problem` why not, `lag` by how many seconds it
    is behind as far as is known.
    """

    def __init__(self, url: str, pool: Pool, heavy: int) -> None:
        self.name = name_of(url)
        self.pool = pool
        self.heavy = asyncio.Semaphore(heavy)
        self.usable = False
        self.standing: Standing = "unseen"
        self.problem = "It has not been looked at yet."
        self.lag: float | None = None
        self._lookout = Lookout(url)
        self._skipped: dict[str, float] = {}
        self._failures = 0
        self._wake = asyncio.Event()

    def may_answer(self, stream_id: str) -> bool:
        """Whether it is worth asking about a stream now."""
        return self.usable and self._skipped.get(stream_id, 0.0) <= time.monotonic()

    def missed(self, stream_id: str) -> None:
        """Note that it has not reached what the primary has of a stream."""
        if len(self._skipped) >= _MAX_SKIPPED:
            self._skipped.clear()
        least, most = _SKIP_S
        pause = min(max(self.lag or 0.0, least), most) * random.uniform(0.75, 1.25)  # noqa: S311
        self._skipped[stream_id] = time.monotonic() + pause

    def reached(self, stream_id: str) -> None:
        """Note that it has."""
        self._skipped.pop(stream_id, None)

    def suspect(self, problem: str) -> None:
        """Ask it no more until it has been looked at, which happens at once."""
        if self.usable:
            self._lose("away", problem)
            self._wake.set()

    async def watch(self, positions: Positions, primary: Primary, observer: Observer) -> None:
        """Look at it time and again, for ever."""
        while True:
            self._wake.clear()
            try:
                in_recovery, replayed, marked, server = await self._lookout.ask(_LOOK, _DEADLINE_S)
            except (*AWAY, asyncpg.PostgresError) as error:
                self.lag = None
                self._failures += 1
                self._lose("away", str(error) or "It does not answer.")
                # Who waits for a silent one goes elsewhere.
                self.pool.drop()
            else:
                self._failures = 0
                self.lag = positions.lag(replayed) if in_recovery else None
                if in_recovery:
                    await self._judge(marked, primary.timeline)
                elif server == positions.server:
                    self._lose("primary", "It is the primary.")
                else:
                    self._lose("promoted", "It takes writes, and is not the primary.")
            observer.replica(self.name, self.lag, self.standing)
            pause = min(_LOOK_S * 2 ** max(0, self._failures - 1), _LONGEST_S)
            pause *= random.uniform(0.75, 1.25)  # noqa: S311
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def close(self) -> None:
        """Give up what was opened for looking."""
        self._lookout.close()

    async def _judge(self, marked: str | None, timeline: int) -> None:
        if marked != str(timeline):
            # Its history may be another one.
            self._lose(
                "behind",
                f"It has not followed the present primary yet (timeline {timeline}, not {marked}).",
            )
        elif not self.usable:
            try:
                # No request has to wait for connections in its quarter of a second.
                async with asyncio.timeout(_LONGEST_S):
                    await self.pool.warm()
            except (Unavailable, *AWAY, asyncpg.PostgresError) as error:
                self._failures += 1
                reason = getattr(error, "reason", "") or str(error) or "It does not answer."
                self._lose("away", reason)
                return
            self.usable, self.standing, self.problem = True, "used", ""
            self._skipped.clear()
            _log.info("replica_usable", replica=self.name, lag=self.lag)

    def _lose(self, standing: Standing, problem: str) -> None:
        if self.usable or self.problem != problem:
            tell = _log.info if standing == "primary" else _log.warning
            tell("replica_not_used", replica=self.name, reason=problem)
        self.usable, self.standing, self.problem = False, standing, problem
