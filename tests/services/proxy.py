"""A TCP proxy in front of a PostgreSQL, which cuts the committer's connection when told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Cut = Literal["unsent", "unanswered", "halfway"]


class Proxy:
    """Passes bytes on, until `cut` says otherwise.

    Attributes:
        port: the loopback port it listens on.
        cuts: how many connections have been cut.
        cut: what to do with the committer's next message, once: drop it (`unsent`), deliver it and
            drop the answer (`unanswered`), or deliver half of it (`halfway`).
        again: where not empty, `cut` stays for every message that holds these bytes, and for no other.
        refusing: whether new connections are closed at once.
        delay: by how many seconds each message to the server is late.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.port = 0
        self.cuts = 0
        self.cut: Cut | None = None
        self.again = b""
        self.refusing = False
        self.delay = 0.0
        self._passing = asyncio.Event()
        self._passing.set()
        self._all_passing = [self._passing]
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()

    def silence(self) -> None:
        """From now on nothing passes in either direction, and connections stay open."""
        self._passing.clear()

    def let_new_ones_pass(self) -> None:
        """Connections that are silent stay so; those that come from now on are not."""
        self._passing = asyncio.Event()
        self._passing.set()
        self._all_passing.append(self._passing)

    def release(self) -> None:
        """Let everything pass again."""
        for passing in self._all_passing:
            passing.set()

    async def cut_all(self) -> None:
        """Cut every connection."""
        for writer in list(self._open):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        if self.refusing:
            writer.transport.abort()
            return
        to_reader, to_writer = await asyncio.open_connection(*self._target)
        pair = (writer, to_writer)
        self._open.update(pair)
        drop = asyncio.Event()
        passing = self._passing
        back = asyncio.create_task(self._answer(to_reader, writer, drop, passing))
        committer = False
        try:
            while data := await reader.read(1 << 16):
                committer = committer or b"tidework-committer" in data
                if self.cut and committer and self._chosen(data):
                    cut = self.cut
                    if not self.again:
                        self.cut = None
                    self.cuts += 1
                    if cut == "unanswered":
                        drop.set()
                        to_writer.write(data)
                        # The answer is dropped when it comes, and the connection with it.
                        await back
                    elif cut == "halfway":
                        to_writer.write(data[: len(data) // 2])
                        await to_writer.drain()
                    return
                if self.delay:
                    await asyncio.sleep(self.delay)
                await passing.wait()
                to_writer.write(data)
                await to_writer.drain()
        except ConnectionError:
            pass
        finally:
            back.cancel()
            for each in pair:
                each.transport.abort()
                self._open.discard(each)

    def _chosen(self, data: bytes) -> bool:
        return self.again in data if self.again else b"tidework-committer" not in data

    async def _answer(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        drop: asyncio.Event,
        passing: asyncio.Event,
    ) -> None:
        try:
            while data := await reader.read(1 << 16):
                if drop.is_set():
                    break
                await passing.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.transport.abort()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy in front of the server of a libpq URL, and the URL that leads through it."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy((parts.hostname, parts.port))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    place = parts.netloc.replace(f":{parts.port}", f":{proxy.port}")
    try:
        yield proxy, urlunsplit(parts._replace(netloc=place))
    finally:
        server.close()
        proxy.release()
        await proxy.cut_all()
        await server.wait_closed()
