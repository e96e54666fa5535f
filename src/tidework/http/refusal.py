"""What is answered to those who are sent away for lack of time: made beforehand, since thousands a
second may ask for it, and what it costs is missing to those who have a place.
"""

from typing import Final

from tidework.http.admission import Overloaded
from tidework.http.answer import Header, Scope, Send
from tidework.http.cors import Cors
from tidework.http.headers import REQUEST_ID, SecurityHeaders, new_request_id, valid_request_id
from tidework.http.problem import render
from tidework.http.stopping import CLOSE, Stopping

_MARK: Final = "0" * 32


class Refusal:
    """The answer of `Overloaded`, byte for byte as the edge makes it of what was raised."""

    def __init__(self, security: SecurityHeaders, cors: Cors, stopping: Stopping) -> None:
        self._security = security
        self._cors = cors
        self._stopping = stopping
        self._made: dict[int, tuple[list[Header], bytes, bytes]] = {}

    async def send(self, retry_after: int, scope: Scope, send: Send) -> None:
        """Send a request away; its body is not read. 4 µs, beside what the server takes."""
        made = self._made.get(retry_after)
        if made is None:
            made = self._made[retry_after] = self._make(retry_after)
        fixed, before, after = made
        given = origin = None
        for name, value in scope["headers"]:
            if name == REQUEST_ID:
                given = value
            elif name == b"origin":
                origin = value
        if given is None or valid_request_id(given) is None:
            given = new_request_id().encode()
        body = before + given + after
        headers = [
            *fixed, (REQUEST_ID, given), (b"content-length", b"%d" % len(body)),
            *self._cors.headers_for(origin),
        ]  # fmt: skip
        if self._stopping.begun:
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": Overloaded.status, "headers": headers})
        if scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.body", "body": body})

    def _make(self, retry_after: int) -> tuple[list[Header], bytes, bytes]:
        _, headers, body = render(Overloaded(retry_after), _MARK)
        before, _, after = body.partition(_MARK.encode())
        return [*headers, *self._security.api], before, after
