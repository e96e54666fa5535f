"""A whole answer, before it is sent."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Header = tuple[bytes, bytes]
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Stream = Callable[[Receive, Send], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Answer:
    """Status, headers and body; Content-Length follows from it. `variants` are compressed bodies,
    shared by a kept answer. One that is `secured` brings the security headers itself, one that is
    `coded` is compressed or not as its caller likes it, one `for_all` may be read from any origin. A
    `stream` sends the body by itself, once status and headers have been sent.
    """

    __slots__ = ("body", "coded", "for_all", "headers", "secured", "status", "stream", "variants")

    def __init__(
        self,
        status: int,
        headers: list[Header],
        body: bytes,
        variants: dict[str, bytes] | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.variants = variants
        self.secured = False
        self.coded = False
        self.for_all = False
        self.stream: Stream | None = None


async def collect(app: App, scope: Scope, receive: Receive, body: bytes) -> Answer:
    """Call an ASGI app with a body that has been read already; its whole answer, in memory."""
    pending = True
    status = 500
    headers: list[Header] = []
    chunks: list[bytes] = []

    async def replay() -> Message:
        nonlocal pending
        if pending:
            pending = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, replay, send)
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    answer = Answer(status, [header for header in headers if header[0] != b"content-length"], body)
    names = {name for name, _ in headers}
    answer.secured = b"content-security-policy" in names
    answer.coded = b"content-encoding" in names or b"vary" in names
    answer.for_all = b"access-control-allow-origin" in names
    return answer
