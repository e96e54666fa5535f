"""Readers of event streams, over ASGI: what was sent to them, event by event."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.services.api import Person

WITHIN_S = 20.0


@dataclass
class Event:
    """One event; `kind` is `commit`, `ready`, `end`, `inbox` or `alive`."""

    kind: str
    id: int | None = None
    data: Any = None


def parse(block: str) -> Event:
    """One event of a stream, as the HTML standard reads it."""
    kind, number, data = "commit", None, ""
    if block.startswith(":"):
        return Event("alive")
    for line in block.split("\n"):
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "id":
            number = int(value)
        elif name == "data":
            data += value
    return Event(kind, number, json.loads(data))


@dataclass
class Listener:
    """A reader. `slow` takes nothing while it is set; `leave` cuts the connection."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    text: str = ""
    """All that has come."""
    ended: bool = False
    closing: int = 0
    _events: list[Event] = field(default_factory=list)
    _taken: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _inbox: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._flowing.set()

    def leave(self) -> None:
        """Cut the connection."""
        self._inbox.put_nowait({"type": "http.disconnect"})

    def say(self, value: Any) -> None:
        """Send a message to a WebSocket."""
        text = value if isinstance(value, str) else json.dumps(value)
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    def hang(self) -> None:
        """Take nothing from now on."""
        self._flowing.clear()

    async def receive(self) -> Any:
        return await self._inbox.get()

    async def send(self, message: Any) -> None:
        await self._flowing.wait()
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        elif kind == "http.response.body":
            self._took(message["body"], whole=not message.get("more_body", False))
        elif kind == "websocket.send":
            found = json.loads(message["text"])
            self._events.append(Event(found["event"], found.get("id"), found.get("data")))
        elif kind == "websocket.close":
            self.closing, self.ended = message["code"], True
        self._more.set()

    def _took(self, body: bytes, *, whole: bool) -> None:
        self.body += body
        self.text += body.decode()
        if self.status == 200:
            *blocks, rest = self.body.decode().split("\n\n")
            self.body = rest.encode()
            self._events += [parse(block) for block in blocks]
        self.ended = self.ended or whole

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                self._more.clear()
                await self._more.wait()

    async def next(self, kind: str = "commit") -> Event:
        """The next event of a kind; others but signs of life and hints must not come before."""
        while True:
            await self.until(lambda: len(self._events) > self._taken or self.ended)
            assert len(self._events) > self._taken, f"ended: {self.text!r}"
            event = self._events[self._taken]
            self._taken += 1
            if event.kind != kind and event.kind in ("alive", "inbox"):
                continue
            assert event.kind == kind, event
            return event

    async def commits(self, count: int) -> list[Event]:
        """The next commits."""
        return [await self.next() for _ in range(count)]

    async def end(self) -> str:
        """The code with which the server sends it away; commits may come before."""
        await self.until(lambda: self.ended)
        last = self._events[-1]
        assert last.kind == "end", last
        code: str = last.data["code"]
        return code

    def waiting(self) -> list[Event]:
        """What has come and was not taken, but for hints, which may come at any time."""
        return [event for event in self._events[self._taken :] if event.kind != "inbox"]


@asynccontextmanager
async def listening(
    person: Person,
    *,
    since: int | None = None,
    last: int | str | None = None,
    kind: str = "sse",
    token: str | None = None,
    method: str = "GET",
    workspace: str | None = None,
    app: Any = None,
    header: bool = True,
) -> AsyncIterator[Listener]:
    """A reader of a person's workspace; its first answer has come, or, of a WebSocket, nothing."""
    listener = Listener()
    headers = [(b"host", b"127.0.0.1:8000")]
    if header:
        headers.append((b"authorization", b"Bearer " + (token or person.access_token).encode()))
    if last is not None:
        headers.append((b"last-event-id", str(last).encode()))
    scope = {
        "type": "http" if kind == "sse" else "websocket",
        "path": f"/api/v1/workspaces/{workspace or person.workspace}/events",
        "query_string": b"" if since is None else f"since={since}".encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1234),
        "scheme": "http" if kind == "sse" else "ws",
    }
    if kind == "sse":
        scope["method"] = method
        first = {"type": "http.request", "body": b"", "more_body": False}
    else:
        first = {"type": "websocket.connect"}
    listener._inbox.put_nowait(first)
    task = asyncio.create_task((app or person.api.app)(scope, listener.receive, listener.send))
    task.add_done_callback(lambda _: listener._more.set())
    try:
        if kind == "sse":
            await listener.until(lambda: bool(listener.status) or task.done())
        yield listener
    finally:
        leaving = "http.disconnect" if kind == "sse" else "websocket.disconnect"
        listener._inbox.put_nowait({"type": leaving})
        listener._flowing.set()
        async with asyncio.timeout(WITHIN_S):
            await task
