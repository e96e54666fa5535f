"""Admission: how many requests are worked on at once, and who is sent away when there are more.

Reads, writes and log-ins have places of their own, so that a flood of one kind leaves the others
theirs. A request that finds no place waits for one; when it could not get it in time, by how long
those before it have taken lately, it is refused at once. Health checks and the like need no place.
"""

import asyncio
import math
from collections import deque
from collections.abc import Iterator
from typing import Final, Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tidework.errors import Unavailable
from tidework.http.answer import Receive
from tidework.http.logs import get_logger

Reason = Literal["busy", "late", "waited", "gone"]

BASE: Final = "/api/v1/"
_AUTH: Final = "/api/v1/auth/"
_READING: Final = frozenset({"GET", "HEAD"})
# A weight of 1/16 follows a change within some dozens of requests, and forgets one slow query.
_WEIGHT: Final = 1 / 16
_PULSE_S: Final = 0.05
# However far it is behind, a part goes on: refusing is work too, and could be all that is done.
_LEAST_SHARE: Final = 0.1
_FEWER: Final = 0.7
_MORE: Final = 0.05
_TELL_EVERY_S: Final = 1.0
_LONGEST_RETRY_S: Final = 30

_log = get_logger(__name__)


class Overloaded(Unavailable):
    """The request could not be worked on in time."""

    code = "overloaded"

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(
            "The server has more to do than it can do in time; nothing was changed. Try again after"
            f" {retry_after} s.",
            retry_after=retry_after,
        )


class Gate:
    """The places of one kind of request.

    `limit` are worked on at once. One more waits up to `patience` seconds for its turn, first come,
    first served, when it could then be answered within twice as many. `in_flight` have a place now.
    """

    __slots__ = (
        "_timer",
        "_waiting",
        "behind",
        "came",
        "credit",
        "in_flight",
        "limit",
        "name",
        "patience",
        "refused",
        "service",
        "share",
    )

    def __init__(self, name: str, limit: int, patience: float) -> None:
        self.name = name
        self.limit = limit
        self.patience = patience
        self.in_flight = 0
        self.service = 0.0
        """How long a request has its place, in seconds: an average of the last ones."""
        self.share = 1.0
        """Which part of those who come is let in at all: less than all when the loop is behind."""
        self.credit = 0.0
        self.came = 0
        """How many have come since the last look at the event loop."""
        self.behind = 0.0
        """How long a request has waited in the event loop before it comes here, in seconds."""
        self.refused: dict[Reason, int] = {"busy": 0, "late": 0, "waited": 0, "gone": 0}
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    @property
    def expected_wait(self) -> float:
        """How long one that comes now would wait for a place, in seconds."""
        if self.in_flight < self.limit:
            return 0.0
        return (len(self._waiting) + 1) * self.service / self.limit

    def refuses(self) -> bool:
        """Whether a request that comes now is to be sent away at once; counts it, if so."""
        self.came += 1
        if self.share < 1.0:
            self.credit += self.share
            if self.credit < 1.0:
                self.refused["late"] += 1
                return True
            self.credit -= 1.0
        if self.in_flight < self.limit or self._in_time():
            return False
        self.refused["busy"] += 1
        return True

    def _in_time(self) -> bool:
        waited = self.behind + self.expected_wait
        return waited <= self.patience and waited + self.service <= 2 * self.patience

    def adapt(self, behind: float) -> None:
        """Let in fewer while the event loop is `behind` by more than can be borne, else more.

        Half of `patience`, since who is let in waits for the loop again at every step. Where fewer
        came than there are places, it is not they who keep the loop, and refusing them is no help.
        """
        self.behind = behind
        many, self.came = self.came >= self.limit, 0
        if many and behind > self.patience / 2:
            self.share = max(_LEAST_SHARE, self.share * _FEWER)
        else:
            self.share = min(1.0, self.share + _MORE)

    def retry_after(self) -> int:
        """In how many seconds those who wait now should have been served, at least 1."""
        return min(_LONGEST_RETRY_S, max(1, math.ceil(self.expected_wait)))

    async def enter(self, receive: Receive | None) -> None:
        """Take a place, or wait for one; `leave` gives it back.

        With `receive` a caller who goes away while waiting is dropped: it takes what comes from
        them, so it is for requests without a body. Raises `Overloaded` when none got free in time.
        """
        if self.in_flight < self.limit:
            self.in_flight += 1
            return
        loop = asyncio.get_running_loop()
        place: asyncio.Future[None] = loop.create_future()
        expires = loop.time() + self.patience
        self._waiting.append((place, expires))
        if self._timer is None:
            self._timer = loop.call_at(expires, self._expire, loop)
        watch = asyncio.ensure_future(_gone(receive, place)) if receive is not None else None
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._pass_on()
                raise
            if watch is None or not watch.done():
                raise
            self.refused["gone"] += 1
            raise Overloaded from None
        finally:
            if watch is not None:
                watch.cancel()

    def leave(self, seconds: float) -> None:
        """Give a place back after `seconds`; the next one in the queue gets it."""
        self.service += (seconds - self.service) * _WEIGHT
        self._pass_on()

    def _pass_on(self) -> None:
        waiting = self._waiting
        while waiting:
            place, _ = waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.in_flight -= 1

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send away those who have waited too long; they stand in front."""
        waiting, now = self._waiting, loop.time()
        self._timer = None
        while waiting:
            place, expires = waiting[0]
            if not place.done():
                if expires > now:
                    self._timer = loop.call_at(expires, self._expire, loop)
                    return
                self.refused["waited"] += 1
                place.set_exception(Overloaded(self.retry_after()))
            waiting.popleft()


async def _gone(receive: Receive, place: asyncio.Future[None]) -> None:
    """Give up the place in the queue of a caller who goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
    place.cancel()


class Admission(Collector):
    """The gates of a process. Their numbers are metrics, read when these are.

    `limit` requests that read may be worked on at once, as many that write, and an eighth of that
    for log-ins and what else has to do with accounts' credentials; each waits a third of `wait`
    seconds at most, so that something is left of it for the database.
    """

    def __init__(self, limit: int = 128, wait: float = 1.0) -> None:
        patience = wait / 3
        self.wait = wait
        self.reads = Gate("read", limit, patience)
        self.writes = Gate("write", limit, patience)
        self.logins = Gate("login", max(1, limit // 8), patience)
        self._told = 0
        self._telling = 0.0

    @property
    def gates(self) -> tuple[Gate, Gate, Gate]:
        """All of them."""
        return self.reads, self.writes, self.logins

    def gate(self, method: str, path: str) -> Gate | None:
        """Where a request has to enter; None where everybody may. 0.3 µs."""
        if not path.startswith(BASE):
            return None
        if path.startswith(_AUTH):
            return self.logins
        if method in _READING:
            # A stream stays open for hours: it would take its place away from all others.
            return None if path.endswith("/events") else self.reads
        return None if method == "OPTIONS" else self.writes

    async def watch(self) -> None:
        """Look time and again by how much the event loop is behind, for ever.

        What is ready waits for its turn there, in a queue that nobody sees; whoever comes out of it
        has waited as long as this look came late.
        """
        loop = asyncio.get_running_loop()
        before = 0.0
        while True:
            due = loop.time() + _PULSE_S
            await asyncio.sleep(_PULSE_S)
            now = loop.time()
            # Twice in a row: after a single stall what waited is soon served.
            behind, before = min(now - due, before), now - due
            self.reads.adapt(behind)
            # Writes and log-ins are few beside a flood of reads, and worth more patience.
            for gate in (self.writes, self.logins):
                gate.adapt(behind / 2)
            if now - self._telling > _TELL_EVERY_S:
                self._telling = now
                self._tell()

    def _tell(self) -> None:
        total = sum(sum(gate.refused.values()) for gate in self.gates)
        if total > self._told:
            # One line for many: a line each would cost more than what was refused.
            _log.warning("overloaded", refused=total - self._told)
        self._told = total

    def collect(self) -> Iterator[Metric]:
        """The numbers for Prometheus."""
        refused = CounterMetricFamily(
            "tidework_admission_refused",
            "Requests refused for lack of a place, by kind and reason (busy: at once; late: the"
            " event loop was behind; waited: in vain; gone: the caller left the queue).",
            labels=("kind", "reason"),
        )
        waiting = GaugeMetricFamily(
            "tidework_admission_waiting", "Requests that wait for a place.", labels=("kind",)
        )
        in_flight = GaugeMetricFamily(
            "tidework_admission_in_flight", "Requests that have a place.", labels=("kind",)
        )
        for gate in self.gates:
            for reason, count in gate.refused.items():
                refused.add_metric((gate.name, reason), count)
            waiting.add_metric((gate.name,), gate.waiting)
            in_flight.add_metric((gate.name,), gate.in_flight)
        yield from (refused, waiting, in_flight)
