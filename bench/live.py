"""Open event streams: how many are held, the memory of each, and how late a commit reaches them."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import re
import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from bench.client import render
from bench.processes import Memory
from bench.report import Goal, table
from bench.tidework import PERSONAL, TASKS, Account, Tidework

DEADLINE = 60.0
PART = 100
WRITERS = 16
EACH = 2
"""How many readers each workspace has that is written to."""
SETTINGS = {"TIDEWORK_LIVE_STREAMS_PER_ACCOUNT": "10000", "TIDEWORK_LIVE_STREAMS": "12000"}
# The first two are of the commit; each of its changes has the same again.
_COMMIT = re.compile(rb'data: \{"seq":\d+,"at":"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Told:
    """`written` commits were made at `offered` a second, each for `EACH` readers; `late` is how many
    seconds after its command each of them came to a reader, sorted."""

    offered: int
    seconds: int
    written: int
    late: list[float] = field(repr=False)

    def at(self, share: float) -> float:
        return self.late[min(len(self.late) - 1, int(share * len(self.late)))] if self.late else 0.0

    @property
    def whole(self) -> bool:
        """Whether every commit reached each of its readers."""
        return len(self.late) == EACH * self.written


@dataclass(frozen=True, slots=True)
class Streams:
    """Of `wanted` streams, `held` were open at the same time."""

    wanted: int
    held: int
    seconds: float
    before: Memory
    after: Memory
    told: Told

    @property
    def bytes_each(self) -> float:
        used = (self.after.pss or self.after.rss) - (self.before.pss or self.before.rss)
        return used / max(1, self.held)


@dataclass(slots=True)
class Live:
    title: str
    workers: int
    streams: Streams
    name: str = "live"

    @property
    def errors(self) -> int:
        return 0 if self.streams.told.whole else 1

    def goals(self) -> Iterable[Goal]:
        one, told = self.streams, self.streams.told
        each, p99 = one.bytes_each / 1000, told.at(0.99) * 1000
        held = f"{one.held:,}"
        yield Goal("open event streams", held, f"{one.wanted:,}", one.held >= one.wanted)
        yield Goal("memory of an open event stream", f"{each:.1f} KB", "under 40 KB", each < 40)
        what = f"commit to reader, p99 at {told.offered:,} commits/s"
        yield Goal(what, f"{p99:.0f} ms", "under 200 ms", p99 < 200 and told.whole)

    def plots(self, folder: Any) -> Iterable[tuple[str, str]]:
        return ()

    def lines(self) -> list[str]:
        one, told = self.streams, self.streams.told
        head = ["streams", "held", "opened in s", "MB before", "MB with them", "KB each"]
        sizes = [(m.pss or m.rss) / 1e6 for m in (one.before, one.after)]
        row = [f"{one.wanted:,}", f"{one.held:,}", f"{one.seconds:.0f}"]
        row += [f"{sizes[0]:.0f}", f"{sizes[1]:.0f}", f"{one.bytes_each / 1000:.1f}"]
        late_head = ["commits/s offered", "written in all", "told", "p50 ms", "p95 ms", "p99 ms"]
        late = [f"{told.offered:,}", f"{told.written:,}", f"{len(told.late):,}"]
        late += [f"{told.at(share) * 1000:.0f}" for share in (0.5, 0.95, 0.99)]
        note = (
            f"{self.title}, {self.workers} workers, memory of all its processes; the kernel's"
            f" buffers are not in it. While all streams were open, commits were made for"
            f" {told.seconds} s in workspaces that have {EACH} readers each; the time is from the"
            " command's own to the reader's having the event. The clients run on the same machine."
        )
        return [
            "## Open event streams", "", *table(head, [row]), "",
            *table(late_head, [late]), "", note,
        ]  # fmt: skip

    def data(self) -> Any:
        one = self.streams
        found = {**asdict(one), "bytes_each": round(one.bytes_each)}
        told = one.told
        found["told"] = {
            "offered": told.offered, "seconds": told.seconds, "written": told.written,
            "told": len(told.late),
            **{f"p{share * 100:.0f}": told.at(share) for share in (0.5, 0.95, 0.99)},
        }  # fmt: skip
        return found


class Clients:
    """Connections that read events, on one thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self.open: set[socket.socket] = set()
        self.late: list[float] = []

    def close(self) -> None:
        for one in self.open:
            one.close()
        self._selector.close()

    def listen(self, accounts: Sequence[Account], count: int) -> int:
        """Open so many streams, in turns for each account; how many were answered."""
        held = 0
        for begin in range(0, count, PART):
            waiting: set[socket.socket] = set()
            for number in range(begin, min(count, begin + PART)):
                account = accounts[number % len(accounts)]
                request = render("GET", f"{PERSONAL}/events", self._port, account.token)
                with contextlib.suppress(OSError):
                    one = socket.create_connection(("127.0.0.1", self._port), timeout=DEADLINE)
                    one.sendall(request)
                    one.setblocking(False)
                    self._selector.register(one, selectors.EVENT_READ)
                    waiting.add(one)
            self.open |= waiting
            until = time.monotonic() + DEADLINE
            while waiting and time.monotonic() < until:
                for one, data in self.read(0.5):
                    if b"event: ready" in data:
                        waiting.discard(one)
                        held += 1
        return held

    def read(self, seconds: float) -> Iterable[tuple[socket.socket, bytes]]:
        """What has come, waiting so long at most."""
        for key, _ in self._selector.select(seconds):
            one = key.fileobj
            assert isinstance(one, socket.socket)
            data = b""
            with contextlib.suppress(OSError):
                data = one.recv(1 << 18)
            if not data:
                self._selector.unregister(one)
                self.open.discard(one)
                one.close()
            yield one, data

    def note(self, seconds: float) -> None:
        """Note how late the commits are that come within so many seconds."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for _, data in self.read(left):
                now = time.time()
                self.late += [now - _moment(at) for at in _COMMIT.findall(data)]


def _moment(text: bytes) -> float:
    return datetime.fromisoformat(text.decode()).astimezone(UTC).timestamp()


def measure(server: Tidework, wanted: int, rate: int, seconds: int) -> Streams:
    """Open streams, `EACH` for some accounts, all others for the rest; then write for the former."""
    some = server.accounts[: max(1, len(server.accounts) // 2)]
    rest = server.accounts[len(some) :] or some
    requests = [
        render("POST", TASKS, server.port, account.token, {"title": f"Live {number}"})
        for number in range(4)
        for account in some
    ]
    clients = Clients(server.port)
    try:
        # Warm, so that what it keeps for each account is not counted as the streams'.
        warm = Clients(server.port)
        warm.listen(server.accounts, len(server.accounts))
        warm.close()
        before = server.children[0].memory()
        begun = time.monotonic()
        heard = EACH * len(some)
        held = clients.listen(some, heard) + clients.listen(rest, max(0, wanted - heard))
        took = time.monotonic() - begun
        after = server.children[0].memory()
        written = _write_and_read(clients, server.port, requests, rate, seconds)
    finally:
        clients.close()
    told = Told(rate, seconds, written, sorted(clients.late))
    return Streams(wanted, held, took, before, after, told)


def _write_and_read(
    clients: Clients, port: int, requests: list[bytes], rate: int, seconds: int
) -> int:
    """Let another process write while this one reads; how many commits there were."""
    context = multiprocessing.get_context("spawn")
    written = context.Value("i", -1)
    writer = context.Process(target=_writer, args=(port, requests, rate, seconds, written))
    writer.start()
    try:
        while written.value < 0 and writer.is_alive():
            clients.note(0.2)
        clients.note(1.0)
    finally:
        writer.join(DEADLINE)
        writer.kill()
    return int(written.value)


def _writer(port: int, requests: list[bytes], rate: int, seconds: int, written: Any) -> None:
    written.value = asyncio.run(_write(port, requests, rate, seconds))


async def _write(port: int, requests: list[bytes], rate: int, seconds: int) -> int:
    """Make commits at a steady rate, whatever the answers take; how many were made."""
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(WRITERS):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    made = 0

    async def one(request: bytes) -> None:
        nonlocal made
        reader, writer = await idle.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert found
        await reader.readexactly(int(found[1]))
        made += head.startswith(b"HTTP/1.1 201")
        idle.put_nowait((reader, writer))

    begun = time.monotonic()
    tasks = []
    for number in range(rate * seconds):
        await asyncio.sleep(begun + number / rate - time.monotonic())
        tasks.append(asyncio.create_task(one(requests[number % len(requests)])))
    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(*tasks)
    return made
