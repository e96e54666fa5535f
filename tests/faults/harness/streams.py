"""Clients of event streams over real connections, and a network between them that is cut and goes dumb.

They read bytes as a browser does: a chunked answer, events between blank lines; and they connect
again with the last id when the connection ends, or when nothing has come for too long.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

_CONNECT_S = 10.0


class Line:
    """One connection through the network. `dumb`: nothing passes, and nobody is told."""

    def __init__(self, writers: Sequence[asyncio.StreamWriter]) -> None:
        self._writers = writers
        self._speaking = asyncio.Event()
        self._speaking.set()

    def cut(self) -> None:
        """End it, for both sides, without a goodbye."""
        self._speaking.set()
        for writer in self._writers:
            writer.transport.abort()

    def silence(self) -> None:
        """Pass nothing on."""
        self._speaking.clear()

    @property
    def is_dumb(self) -> bool:
        """Whether it passes nothing on."""
        return not self._speaking.is_set()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes one way until there are none."""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                await self._speaking.wait()
                writer.write(data)
                await writer.drain()
        await self._speaking.wait()


class Network:
    """Connections to some ports, each through a `Line`; `port(n)` leads to the n-th of them."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.ports: list[int] = []
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def lead_to(self, target: int) -> None:
        """Open a port that leads to another one."""

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                onward, far = await asyncio.open_connection("127.0.0.1", target)
            except OSError:
                writer.transport.abort()
                return
            line = Line((writer, far))
            self.lines.append(line)
            ways = [
                asyncio.ensure_future(line.pass_on(reader, far)),
                asyncio.ensure_future(line.pass_on(onward, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                self.lines.remove(line)
                for end in (writer, far):
                    end.transport.abort()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        self._servers.append(server)
        self.ports.append(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Cut everything."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def network(targets: Sequence[int]) -> AsyncIterator[Network]:
    """A network that leads to these ports."""
    made = Network()
    try:
        for target in targets:
            await made.lead_to(target)
        yield made
    finally:
        await made.close()


class Cut(Exception):
    """The connection has ended, or was given up."""


@dataclass
class Reader:
    """One client. `silence_s` without a byte, and it connects again.

    Attributes:
        seqs: what it was told, over all its connections.
        seen: when it was told each of them.
        opened: how many connections it has made.
        statuses: how each of them was answered.
        end: what the server said when it sent it away for good.
        failed: what it could not make sense of.
    """

    token: str
    workspace: str
    ports: Sequence[int]
    silence_s: float
    dice: Random
    since: int | None = None
    seqs: list[int] = field(default_factory=list)
    seen: dict[int, float] = field(default_factory=dict)
    opened: int = 0
    end: str = ""
    ended_at: float = 0.0
    failed: BaseException | None = None
    statuses: list[int] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _buffer: bytearray = field(default_factory=bytearray)

    @property
    def last(self) -> int:
        """The last seq that it knows."""
        return self.seqs[-1] if self.seqs else self.since or 0

    async def run(self) -> None:
        """Read until the server says that it is over."""
        while not self.end and self.failed is None:
            try:
                await self._connection()
            except (OSError, Cut, TimeoutError, asyncio.IncompleteReadError):
                await asyncio.sleep(self.dice.uniform(0.01, 0.2))
            except Exception as error:
                self.failed = error

    async def _connection(self) -> None:
        port = self.dice.choice(self.ports)
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            self.opened += 1
            self._buffer.clear()
            writer.write(self._request())
            status = await self._head(reader)
            self.statuses.append(status)
            if status != 200:
                if status in (401, 404):
                    self.end, self.ended_at = str(status), time.monotonic()
                raise Cut
            while True:
                await self._event(await self._until(reader, b"\n\n"))
        finally:
            writer.transport.abort()

    def _request(self) -> bytes:
        last = f"last-event-id: {self.last}\r\n" if self.since is not None else ""
        return (
            f"GET /api/v1/workspaces/{self.workspace}/events HTTP/1.1\r\nhost: tidework\r\n"
            f"authorization: Bearer {self.token}\r\n{last}\r\n"
        ).encode()

    async def _head(self, reader: asyncio.StreamReader) -> int:
        async with asyncio.timeout(self.silence_s):
            head = await reader.readuntil(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head.lower() or b" 200 " not in head
        return int(head.split(b" ", 2)[1])

    async def _until(self, reader: asyncio.StreamReader, mark: bytes) -> bytes:
        while mark not in self._buffer:
            async with asyncio.timeout(self.silence_s):
                size = int(await reader.readuntil(b"\r\n"), 16)
                if size == 0:
                    raise Cut
                self._buffer += (await reader.readexactly(size + 2))[:-2]
        block, _, rest = bytes(self._buffer).partition(mark)
        self._buffer[:] = rest
        return block

    async def _event(self, block: bytes) -> None:
        fields: dict[bytes, bytes] = {}
        for line in block.split(b"\n"):
            name, _, value = line.partition(b": ")
            fields[name] = value
        kind = fields.get(b"event", b"commit")
        if b"data" not in fields:
            return
        data: Any = json.loads(fields[b"data"])
        if kind == b"ready":
            if self.since is None:
                self.since = data["seq"]
            self.ready.set()
        elif kind == b"end":
            if data["retry_ms"] is None:
                self.end, self.ended_at = data["code"], time.monotonic()
            raise Cut
        elif kind == b"commit":
            assert int(fields[b"id"]) == data["seq"]
            self.seqs.append(data["seq"])
            self.seen[data["seq"]] = time.monotonic()


@asynccontextmanager
async def reading(readers: Sequence[Reader]) -> AsyncIterator[None]:
    """Let readers run, all of them open at the beginning."""
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    try:
        async with asyncio.timeout(60):
            await asyncio.gather(*(reader.ready.wait() for reader in readers))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_all(
    readers: Sequence[Reader], holds: Callable[[Reader], bool], within: float
) -> None:
    """Wait until something holds for each of them; a reader that has failed is a failure."""
    until = time.monotonic() + within
    while not all(map(holds, readers)):
        for reader in readers:
            assert reader.failed is None, reader.failed
        behind = [reader for reader in readers if not holds(reader)]
        told = [(one.last, one.statuses[-5:], one.end) for one in behind[:5]]
        assert time.monotonic() < until, (len(behind), told)
        await asyncio.sleep(0.01)
