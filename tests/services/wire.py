"""Connections to a server written by hand: a client that goes away whenever it is told to."""

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.services.server import StartServer, TideworkServer
from tidework.auth.keys import KeySet

PASSWORD = "correct horse battery staple"
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Reply:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)


class Line:
    """One client. It opens a connection when there is none, and keeps it."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port = port
        self.token = token
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    async def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Make a request below `/api/v1` and read its answer."""
        await self.send(method, path, body, headers)
        return await self.reply()

    async def must(self, method: str, path: str, body: Any = None) -> Any:
        """What an answer that has to be a good one says."""
        answer = await self.ask(method, path, body)
        assert answer.status < 300, (method, path, answer)
        return answer.json() if answer.body else None

    async def all_of(self, path: str) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.must("GET", f"{path}?limit=100{cursor}")
            found += page["items"]
            if not page.get("next_cursor"):
                return found
            cursor = f"&cursor={page['next_cursor']}"

    async def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a request, whole."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} /api/v1{path} HTTP/1.1", "host: 127.0.0.1"]
        if self.token:
            lines.append(f"authorization: Bearer {self.token}")
        if body is not None:
            lines += ["content-type: application/json", f"content-length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        await self._writer.drain()

    async def reply(self) -> Reply:
        """Read the answer to what was sent."""
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
        }
        assert "transfer-encoding" not in headers, head
        status = int(first.split(" ")[1])
        length = 0 if status in (204, 304) else int(headers.get("content-length", 0))
        body = await self._reader.readexactly(length)
        if headers.get("connection", "").lower() == "close":
            self.hang_up()
        return Reply(status, headers, body)

    async def some(self, count: int) -> bytes:
        """The first bytes of an answer, `count` at most."""
        assert self._reader is not None
        return await self._reader.read(count)

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection, with a reset (RST) as a lost machine's network would answer."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is None:
            return
        if reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        else:
            writer.close()


async def registered(port: int, email: str) -> Line:
    """A client with a new account."""
    line = Line(port)
    body = {"email": email, "password": PASSWORD, "name": email.partition("@")[0]}
    answer = await line.must("POST", "/auth/register", body)
    line.token = answer["access_token"]
    return line


def assert_replays(settings: Mapping[str, str]) -> None:
    """The product's own proof, on the data that these settings lead to: every log folds to its state."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDEWORK_")}
    done = subprocess.run(
        [sys.executable, "-m", "tidework", "doctor", "--replay", "--json"],
        env=kept | dict(settings), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    [found] = [one for one in json.loads(done.stdout)["checks"] if one["name"] == "replay"]
    assert found["ok"], found


async def start_copies(
    start: StartServer, url: str, folder: Path, count: int, **settings: str
) -> list[TideworkServer]:
    """Copies of the server on one migrated PostgreSQL; `settings` without their prefix."""
    keys = folder / "copies-keys.json"
    KeySet.load_or_create(keys)
    wanted = {"RATE_LIMITS": "off", "LOG_LEVEL": "warning", "METRICS": "public"}
    # Tokens are for an address, which copies share.
    wanted |= {"PUBLIC_URL": "http://127.0.0.1:8000", **settings}
    env = {f"TIDEWORK_{name}": value for name, value in wanted.items()}
    env |= {"TIDEWORK_DATABASE_URL": url, "TIDEWORK_SIGNING_KEYS_FILE": str(keys)}
    return [await asyncio.to_thread(start, env=env) for _ in range(count)]
