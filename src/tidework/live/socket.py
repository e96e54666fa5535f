"""The WebSocket (RFC 6455), for those who prefer it: the same stream, a JSON object a message.

A browser cannot give a WebSocket headers, so the token may come as the first message; no cookie is
ever looked at, so that no other page can open one in somebody's name.
"""

import asyncio
import contextlib
import re
from typing import Any, Final

import msgspec

from tidework.errors import Invalid, Malformed, TideworkError, TooLarge, TooManyRequests, TooSlow
from tidework.http import logs
from tidework.http.answer import Receive, Scope, Send
from tidework.http.context import SCOPE_KEY, RequestContext
from tidework.http.front import Front
from tidework.http.headers import new_request_id
from tidework.http.proxies import TrustedProxies
from tidework.http.request_headers import settle_headers
from tidework.live.ends import LEFT, TOO_SLOW, End, Ended, end_of
from tidework.live.feed import Reader, Wish, wish_of
from tidework.live.hub import Live
from tidework.live.since import since_of
from tidework.store.patience import Patience, patience
from tidework.store.sql.queries import MAX_SEQ

_PATH: Final = re.compile(r"/api/v1/workspaces/[^/]+/events")
_FIRST_WITHIN_S: Final = 10.0
_FAREWELL_S: Final = 1.0
_LARGEST: Final = 16 * 1024
_TOKENS_EVERY_S: Final = 1.0
_ALIVE: Final = '{"event":"alive"}'

_encode = msgspec.json.Encoder().encode


class Hello(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client may send: first of all a token, unless a header had one; later a newer one."""

    token: str
    since: int | None = None


_decode = msgspec.json.Decoder(Hello).decode


class LiveSocket:
    """An ASGI app for WebSockets. `wait` bounds waiting for the database, in seconds."""

    def __init__(self, front: Front, live: Live, proxies: TrustedProxies, wait: float) -> None:
        self._front = front
        self._live = live
        self._proxies = proxies
        self._wait = wait

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket."""
        await receive()
        if not _PATH.fullmatch(scope["path"]):
            await send({"type": "websocket.close", "code": 4404})
            return
        await send({"type": "websocket.accept"})
        try:
            try:
                wish = await self._admit(scope, receive)
            except TideworkError as error:
                raise Ended(end_of(error)) from None
            async with self._live.reading(wish) as reader:
                hearing = asyncio.create_task(self._hear(reader, receive))
                try:
                    await self._tell(reader, send)
                finally:
                    hearing.cancel()
        except Ended as ended:
            if ended.end is not LEFT:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_FAREWELL_S):
                        await _say_goodbye(ended.end, send)

    async def _admit(self, scope: Scope, receive: Receive) -> Wish:
        """Find out who it is and what they wish to read."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        settle_headers(scope, headers)
        client = scope.get("client")
        address, *_ = self._proxies.client(client[0] if client else "unknown", scope["headers"])
        request_id = new_request_id()
        logs.begin(request_id, None)
        context = RequestContext(request_id, address, scope["scheme"], 0.0)
        since = since_of(scope["query_string"], headers.get(b"last-event-id"))
        if b"authorization" not in headers:
            hello = await _first(receive)
            headers[b"authorization"] = b"Bearer " + hello.token.encode("utf-8", "replace")
            since = hello.since if hello.since is not None else since
        patience.set(Patience(self._wait))
        request = {**scope, "type": "http", "method": "GET", SCOPE_KEY: context}
        await self._front.admit(context, request, headers)
        patience.set(None)
        return wish_of("websocket", context, since)

    async def _tell(self, reader: Reader, send: Send) -> None:
        texts = [f'{{"event":"ready","id":{reader.seq},"data":{{"seq":{reader.seq}}}}}']
        while True:
            try:
                async with asyncio.timeout(self._live.limits.heartbeat_s):
                    for text in texts:
                        await send({"type": "websocket.send", "text": text})
            except TimeoutError:
                raise Ended(TOO_SLOW) from None
            commits = await self._live.next(reader)
            texts = [commit.text for commit in commits] or [_ALIVE]

    async def _hear(self, reader: Reader, receive: Receive) -> None:
        """Take newer tokens; send the reader away when it has gone, or says what is wrong."""
        loop = asyncio.get_running_loop()
        last = 0.0
        try:
            while True:
                token = _hello(await receive()).token
                if loop.time() - last < _TOKENS_EVERY_S:
                    raise TooManyRequests("One token a second is enough.", retry_after=1)
                last = loop.time()
                await self._live.renew(reader, token)
        except Ended as ended:
            reader.finish(ended.end)
        except TideworkError as error:
            reader.finish(end_of(error))


async def _first(receive: Receive) -> Hello:
    try:
        async with asyncio.timeout(_FIRST_WITHIN_S):
            return _hello(await receive())
    except TimeoutError:
        raise TooSlow(
            f'No token came within {_FIRST_WITHIN_S:.0f} s. Send {{"token": …}} first of all.'
        ) from None


def _hello(message: Any) -> Hello:
    """What a message says. Raises `Ended` when it is the last one, and what is wrong with it."""
    if message["type"] == "websocket.disconnect":
        raise Ended(LEFT)
    text = message.get("text") or message.get("bytes") or b""
    if len(text) > _LARGEST:
        raise TooLarge(f"A message may have {_LARGEST} characters at most.")
    try:
        hello = _decode(text)
    except msgspec.ValidationError as error:
        raise Invalid(f"The message is not one that is known here: {error}.") from None
    except (msgspec.DecodeError, UnicodeError):
        raise Malformed('The message is not valid JSON. Send {"token": "…"}.') from None
    if hello.since is not None and not 0 <= hello.since <= MAX_SEQ // 10:
        raise Invalid("since must be a seq, or be left out.")
    return hello


async def _say_goodbye(end: End, send: Send) -> None:
    data = {"code": end.code, "detail": end.detail, "retry_ms": end.retry_ms}
    text = _encode({"event": "end", "data": data}).decode()
    await send({"type": "websocket.send", "text": text})
    await send({"type": "websocket.close", "code": end.closing, "reason": end.code})
