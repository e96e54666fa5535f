"""Callers that come at a fixed rate, whatever became of those before them.

One process and no event loop but epoll: what the generator takes of the machine is missing to what
is measured. How long a request takes is counted from when it was due, however late it was sent.
"""

from __future__ import annotations

import gc
import random
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle

from bench.client import BenchError

Kind = str
DRAIN_S = 5.0
WAIT_S = 0.001
SIZE = 1 << 18
LENGTH = b"content-length: "
END = b"\r\n\r\n"
# nginx writes it with a capital, and after a thousand requests.
CLOSE = b"onnection: close"


@dataclass(slots=True)
class Tally:
    """What came of requests: seconds of each good answer and of each refusal, from when it was
    due. `within` are the good ones that were there while it was counted, `lost` those that got no
    answer or another one, `asked` all that were due.
    """

    asked: int = 0
    within: int = 0
    good: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    lost: int = 0

    def p99(self) -> float:
        return quantile(self.good, 0.99)


def quantile(values: Sequence[float], part: float) -> float:
    return sorted(values)[int(len(values) * part)] if values else 0.0


@dataclass(slots=True)
class Plan:
    """Requests of one kind: so many a second, any of them, for all are alike."""

    kind: Kind
    requests: Sequence[bytes]
    rate: float


@dataclass(slots=True, eq=False)
class _Caller:
    """A connection with one request on it at a time, which waits until it is `ready`. `left` is how
    much of its answer is to come when that is known; no other one follows the `last`.
    """

    socket: socket.socket
    ready: bool = False
    due: float = 0.0
    kind: Kind = ""
    request: bytes = b""
    again: bool = False
    status: int = 0
    head: bytes = b""
    left: int = -1
    last: bool = False


class Flood:
    """Connections to a server, as many as are under way at once but `callers` at most, and what
    goes over them.
    """

    def __init__(self, port: int, callers: int) -> None:
        self._port = port
        self._most = callers
        self._callers: dict[int, _Caller] = {}
        self._free: list[_Caller] = []
        self._waiting: deque[tuple[float, Kind, bytes]] = deque()
        self._poll = select.epoll()
        self._buffer = bytearray(SIZE)
        self._view = memoryview(self._buffer)
        self._tallies: dict[Kind, Tally] = {}
        self._from = self._to = 0.0

    def close(self) -> None:
        for caller in self._callers.values():
            caller.socket.close()
        self._poll.close()

    def _connect(self) -> _Caller:
        """Begin to. When a server's queue of those that it has to accept is full, the kernel tries
        again after a second, which no other caller has to wait for.
        """
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.connect_ex(("127.0.0.1", self._port))
        caller = self._callers[made.fileno()] = _Caller(made)
        self._poll.register(made, select.EPOLLOUT)
        return caller

    def _connected(self, caller: _Caller) -> None:
        if caller.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise BenchError("the server takes no more connections")
        caller.ready = True
        self._poll.modify(caller.socket, select.EPOLLIN)
        self._send(caller, caller.due, caller.kind, caller.request)

    def peak(self, requests: Sequence[bytes], at_once: int, seconds: float) -> float:
        """Good answers a second while so many requests are always under way."""
        turns = _turns(requests)
        with counting(self, ["peak"], 1.0, seconds) as tallies:
            while (now := time.perf_counter()) < self._to:
                while len(self._callers) - len(self._free) < at_once:
                    self._ask(now, "peak", next(turns))
                self._take(WAIT_S)
        return tallies["peak"].within / seconds

    def at(self, plans: Sequence[Plan], seconds: float, warm: float = 1.0) -> Mapping[Kind, Tally]:
        """What came of these; those of the time before, in which all begins, are not counted."""
        with counting(self, [plan.kind for plan in plans], warm, seconds) as tallies:
            dues = _dues(plans, time.perf_counter())
            due, kind, request = next(dues)
            now = 0.0
            while now < self._to:
                now = time.perf_counter()
                while due <= now and due < self._to:
                    if self._from <= due:
                        tallies[kind].asked += 1
                    if self._free or len(self._callers) < self._most:
                        self._ask(due, kind, request)
                    else:
                        self._waiting.append((due, kind, request))
                    due, kind, request = next(dues)
                # A little later than need be: what comes together costs less together.
                self._take(max(WAIT_S, due - now))
        return tallies

    def _ask(self, due: float, kind: Kind, request: bytes) -> None:
        # The one that was idle for the shortest time: a server closes those that are for long.
        caller = self._free.pop() if self._free else self._connect()
        self._send(caller, due, kind, request)

    def _send(self, caller: _Caller, due: float, kind: Kind, request: bytes) -> None:
        caller.due, caller.kind, caller.request = due, kind, request
        if not caller.ready:
            return
        try:
            if caller.socket.send(request) != len(request):
                raise BenchError("a request is too large for its connection")
        except OSError:
            self._lost(caller)

    def _take(self, wait: float) -> None:
        """Take the answers that are there, or come within so many seconds."""
        buffer, view, callers = self._buffer, self._view, self._callers
        for number, _ in self._poll.poll(wait):
            caller = callers.get(number)
            if caller is None:
                continue
            if not caller.ready:
                self._connected(caller)
                continue
            try:
                size = caller.socket.recv_into(view)
            except BlockingIOError:
                continue
            except OSError:
                size = 0
            if size == 0:
                self._lost(caller)
            elif caller.left >= 0:
                self._more(caller, size)
            else:
                if caller.head:
                    buffer[: size + len(caller.head)] = caller.head + buffer[:size]
                    size += len(caller.head)
                end = buffer.find(END, 0, size)
                if end < 0:
                    caller.head = bytes(buffer[:size])
                    continue
                caller.status = int(buffer[9:12])
                place = buffer.find(LENGTH, 0, end)
                if place < 0:
                    place = buffer[:end].lower().find(LENGTH)
                length = int(buffer[place + 16 : buffer.find(b"\r", place)]) if place >= 0 else 0
                caller.head, caller.left = b"", length + end + 4
                caller.last = buffer.find(CLOSE, 0, end) > 0
                self._more(caller, size)

    def _more(self, caller: _Caller, size: int) -> None:
        caller.left -= size
        if caller.left > 0:
            return
        caller.left = -1
        now, tally = time.perf_counter(), self._tallies.get(caller.kind)
        if tally is not None:
            counted = self._from <= caller.due <= self._to
            if caller.status < 300:
                tally.within += self._from <= now <= self._to
                if counted:
                    tally.good.append(now - caller.due)
            elif counted and caller.status == 503:
                tally.refused.append(now - caller.due)
            elif counted:
                tally.lost += 1
        caller.kind, caller.again = "", False
        if caller.last:
            self._drop(caller)
        else:
            self._free.append(caller)
        if self._waiting:
            self._ask(*self._waiting.popleft())

    def _lost(self, caller: _Caller) -> None:
        """A connection has ended. A server may close one that is idle just when something is sent:
        that is sent once more, as every client does.
        """
        self._drop(caller)
        if not caller.kind:
            self._free.remove(caller)
        elif not (caller.again or caller.head or caller.left >= 0):
            made = self._connect()
            made.again = True
            self._send(made, caller.due, caller.kind, caller.request)
        elif self._from <= caller.due <= self._to:
            self._tallies[caller.kind].lost += 1

    def _drop(self, caller: _Caller) -> None:
        self._poll.unregister(caller.socket)
        del self._callers[caller.socket.fileno()]
        caller.socket.close()


@contextmanager
def counting(
    flood: Flood, kinds: Sequence[Kind], warm: float, seconds: float
) -> Iterator[dict[Kind, Tally]]:
    """Count what is due in the time after the first one, and take late answers afterwards."""
    tallies = flood._tallies = {kind: Tally() for kind in kinds}
    flood._from = time.perf_counter() + warm
    flood._to = flood._from + seconds
    gc.disable()
    try:
        yield tallies
    finally:
        gc.enable()
    until = time.perf_counter() + DRAIN_S
    while len(flood._free) < len(flood._callers) and time.perf_counter() < until:
        flood._take(WAIT_S)
    for due, kind, _ in flood._waiting:
        tallies[kind].lost += due >= flood._from
    flood._waiting.clear()


def _turns(requests: Sequence[bytes]) -> Iterator[bytes]:
    """All of them in any order, again and again: cheaper than dice."""
    return cycle(random.sample(requests, len(requests)))


def _dues(plans: Sequence[Plan], begun: float) -> Iterator[tuple[float, Kind, bytes]]:
    """When which request is due, for ever."""
    between = 1 / sum(plan.rate for plan in plans)
    mixed = [(plan.kind, _turns(plan.requests)) for plan in plans]
    drawn = random.choices(mixed, [plan.rate for plan in plans], k=1 << 14)
    for number, (kind, turns) in enumerate(cycle(drawn), 1):
        yield begun + number * between, kind, next(turns)
