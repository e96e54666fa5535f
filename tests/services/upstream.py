"""A small HTTP server for tests of what stands in front of one: it notes what it is asked, and goes
away in the middle of an answer when told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Upstream:
    """Answers every request with its own name.

    Attributes:
        asked: what has come so far.
        connections: how many have been taken.
        vanishing: whether the connection is closed instead of answering, once the request is read.
        status: of its answers.
        body: what is answered instead of the name.
        content_type: of the answer.
        caching: what its Cache-Control says, if anything.
        headers: further ones.
        held: what is in the paths of requests that are answered only once `go` is set.
        more: with server-sent events, set for each event that is to follow the first.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = 0
        self.asked: list[Asked] = []
        self.connections = 0
        self.vanishing = False
        self.status = "200 OK"
        self.body = name.encode()
        self.content_type = "text/plain"
        self.caching = ""
        self.headers: dict[str, str] = {}
        self.held: str | None = None
        self.go = asyncio.Event()
        self.more = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no connections any more, as after a kill."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self.connections += 1
        try:
            while asked := await _read(reader):
                self.asked.append(asked)
                if self.vanishing:
                    return
                if self.held is not None and self.held in asked.path:
                    await self.go.wait()
                if asked.path.endswith("/events"):
                    await self._stream(writer)
                    return
                head = f"HTTP/1.1 {self.status}\r\ncontent-type: {self.content_type}\r\n"
                if self.caching:
                    head += f"cache-control: {self.caching}\r\n"
                head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                length = f"content-length: {len(self.body)}\r\n\r\n"
                writer.write((head + length).encode() + self.body)
                await writer.drain()
                if asked.headers.get("connection") == "close":
                    return
        except ConnectionError:
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: first\n\n")
        while True:
            await writer.drain()
            await self.more.wait()
            self.more.clear()
            writer.write(b"data: next\n\n")


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    return Asked(method, path, headers, body)


@asynccontextmanager
async def upstreams(*names: str) -> AsyncIterator[list[Upstream]]:
    """Started servers of these names."""
    servers = [Upstream(name) for name in names]
    try:
        for server in servers:
            await server.start()
        yield servers
    finally:
        for server in servers:
            await server.stop()
