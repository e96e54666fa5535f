"""What a copy carries when more is asked of it than it can do: `python -m bench.overload`.

Callers come at a fixed rate, whether or not those before them have been answered: first as many as
are always under way (the peak), then at the peak's rate, twice and five times that. Each asks for a
page of a list; one in ten makes a task. Lists are not kept in memory unless `--cache` is given. Prints what was answered well, what
was refused, and how long those who got their answer waited. Exits with 1 when at five times the peak
less than 80 % of it is answered, or one in a hundred of them waited a second or longer.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvloop

from bench import postgres, texts
from bench.client import render
from bench.tidework import TASKS, Installation, migrate, seed

USERS, SEEDED = 20, 200
AT_ONCE = 64
CALLERS = 4000
TICK_S = 0.002
FLOOR, SLOWEST_S = 0.8, 1.0


@dataclass(slots=True)
class Tally:
    """What came of a time: seconds of each good answer, how many were refused, found no caller."""

    good: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    other: int = 0
    unasked: int = 0

    def quantile(self, part: float, of: list[float] | None = None) -> float:
        values = sorted(self.good if of is None else of)
        return values[int(len(values) * part)] if values else 0.0


class Caller(asyncio.Protocol):
    """A connection with one request on it at a time."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._left = -1
        self._asked = 0.0
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own is no subclass.
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes, now: float) -> None:
        assert self._transport is not None
        self._asked, self._head, self._left = now, b"", -1
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._status = int(self._head[9:12])
            lower = self._head[:end].lower()
            place = lower.find(b"content-length: ")
            length = int(lower[place + 16 :].split(b"\r", 1)[0]) if place >= 0 else 0
            data, self._left = self._head[end + 4 :], length
        self._left -= len(data)
        if self._left == 0:
            self._left = -1
            self._crowd.answered(self, self._status, self._asked)

    def connection_lost(self, _: Exception | None) -> None:
        self._crowd.lost(self)


class Crowd:
    """Connections, and what goes over them."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self._port = port
        self._requests = requests
        self._free: deque[Caller] = deque()
        self._closed_loop = False
        self._count = 0
        self.tally = Tally()

    def next(self) -> bytes:
        return random.choice(self._requests)

    def answered(self, caller: Caller, status: int, asked: float) -> None:
        seconds = asyncio.get_running_loop().time() - asked
        if status in (200, 201):
            self.tally.good.append(seconds)
        elif status == 503:
            self.tally.refused.append(seconds)
        else:
            self.tally.other += 1
        if self._closed_loop:
            caller.ask(self.next(), asyncio.get_running_loop().time())
        else:
            self._free.append(caller)

    def lost(self, caller: Caller) -> None:
        self._count -= 1
        if caller in self._free:
            self._free.remove(caller)

    async def _connect(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        while self._count < count:
            _, caller = await loop.create_connection(lambda: Caller(self), "127.0.0.1", self._port)
            self._count += 1
            self._free.append(caller)

    async def peak(self, seconds: float) -> float:
        """Answers a second while `AT_ONCE` requests are always under way."""
        await self._connect(AT_ONCE)
        loop = asyncio.get_running_loop()
        self._closed_loop = True
        for _ in range(AT_ONCE):
            self._free.popleft().ask(self.next(), loop.time())
        await asyncio.sleep(1)
        self.tally = Tally()
        await asyncio.sleep(seconds)
        rate = len(self.tally.good) / seconds
        self._closed_loop = False
        await asyncio.sleep(1)
        return rate

    async def at(self, rate: float, seconds: float) -> Tally:
        """What came of `rate` requests a second; the second before it is not counted."""
        await self._connect(CALLERS)
        loop = asyncio.get_running_loop()
        began, sent, counting = loop.time(), 0, False
        while (now := loop.time()) < began + seconds + 1:
            if not counting and now > began + 1:
                self.tally, counting = Tally(), True
            due = int((now - began) * rate)
            for _ in range(due - sent):
                if self._free:
                    self._free.popleft().ask(self.next(), now)
                else:
                    self.tally.unasked += 1
            sent = due
            await asyncio.sleep(TICK_S)
        tally, self.tally = self.tally, Tally()
        await asyncio.sleep(2)
        return tally


def requests_of(installation: Installation, port: int) -> list[bytes]:
    """Nine lists to one task to make."""
    found = []
    for account in installation.accounts:
        found += [render("GET", f"{TASKS}?limit=20", port, account.token)] * 9
        found.append(render("POST", TASKS, port, account.token, account.bodies[0]))
    return found


async def measure(crowd: Crowd, seconds: float) -> bool:
    """Measure and print; whether the goals are reached."""
    peak = await crowd.peak(seconds)
    print(f"peak, {AT_ONCE} always under way: {peak:,.0f} answers/s\n")
    print("| asked | /s | answered/s | of peak | p50 | p99 | refused/s | refused p99 | unasked/s |")
    print("|---|---|---|---|---|---|---|---|---|")
    reached = True
    for times in (0.5, 1, 2, 5):
        found = await crowd.at(peak * times, seconds)
        rate, p99 = len(found.good) / seconds, found.quantile(0.99)
        print(
            f"| {times:g} x | {peak * times:,.0f} | {rate:,.0f} | {rate / peak:.0%}"
            f" | {found.quantile(0.5) * 1000:.0f} ms | {p99 * 1000:.0f} ms"
            f" | {len(found.refused) / seconds:,.0f}"
            f" | {found.quantile(0.99, found.refused) * 1000:.0f} ms"
            f" | {found.unasked / seconds:,.0f} |",
            flush=True,
        )
        if found.other:
            print(f"{found.other} answers were neither well nor 503")
            reached = False
        if times == 5:
            reached = reached and rate >= FLOOR * peak and p99 < SLOWEST_S
    return reached


def main() -> int:
    """Run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--cache", action="store_true", help="lists may be answered from memory")
    parser.add_argument("--concurrent", type=int, help="TIDEWORK_MAX_CONCURRENT")
    given = parser.parse_args()
    settings = {} if given.cache else {"TIDEWORK_CACHE_BYTES": "1"}
    if given.concurrent:
        settings["TIDEWORK_MAX_CONCURRENT"] = str(given.concurrent)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        installation = Installation(folder / "data")
        if not given.sqlite:
            database = stack.enter_context(postgres.served())
            installation.database_url = database.create_database("overload")
            installation.database = database.child
            migrate(installation.folder, installation.database_url)
        seed(installation, texts.load(Path("/nonexistent")), USERS, SEEDED)
        server = stack.enter_context(installation.serve(settings=settings))
        crowd = Crowd(server.port, requests_of(installation, server.port))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            reached = runner.run(measure(crowd, given.seconds))
    print(f"\nat five times the peak, {FLOOR:.0%} of it at a p99 below {SLOWEST_S:g} s:", end=" ")
    print("reached" if reached else "not reached")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
