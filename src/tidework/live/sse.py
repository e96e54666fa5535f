"""Server-sent events: one stream as the body of an answer that does not end.

See the HTML standard, 9.2. The server has no more than a few pieces of it in memory: when the
reader takes none, sending waits, and after a while the reader is dropped.
"""

import asyncio
import contextlib
import random
from typing import Final

import msgspec

from tidework.http.answer import Receive, Send
from tidework.live.ends import LEFT, TOO_SLOW, End, Ended
from tidework.live.feed import Reader, Wish
from tidework.live.hub import Live
from tidework.store.patience import patience

HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    # For a proxy of the nginx kind: pass each event on as it comes.
    (b"x-accel-buffering", b"no"),
]
_ALIVE: Final = b": alive\n\n"
_FAREWELL_S: Final = 1.0
_RETRY_MS: Final = (1000, 3000)

_encode = msgspec.json.Encoder().encode


async def run(live: Live, wish: Wish, receive: Receive, send: Send) -> None:
    """Send a reader what there is until it goes, or is sent away."""
    patience.set(None)
    try:
        async with live.reading(wish) as reader:
            leaving = asyncio.create_task(_leave(reader, receive))
            try:
                await _tell(live, reader, send)
            finally:
                leaving.cancel()
    except Ended as ended:
        if ended.end is not LEFT:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await send(_piece(_farewell(ended.end)))
                    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _tell(live: Live, reader: Reader, send: Send) -> None:
    body = _opening(reader)
    while True:
        try:
            async with asyncio.timeout(live.limits.heartbeat_s):
                await send(_piece(body))
        except TimeoutError:
            raise Ended(TOO_SLOW) from None
        commits = await live.next(reader)
        body = b"".join([commit.sse for commit in commits]) if commits else _ALIVE


async def _leave(reader: Reader, receive: Receive) -> None:
    """Send the reader away when its connection has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.finish(LEFT)


def _piece(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}


def _opening(reader: Reader) -> bytes:
    retry = random.randint(*_RETRY_MS)  # noqa: S311
    return b'retry: %d\nid: %d\nevent: ready\ndata: {"seq":%d}\n\n' % (
        retry, reader.seq, reader.seq,
    )  # fmt: skip


def _farewell(end: End) -> bytes:
    retry = b"" if end.retry_ms is None else b"retry: %d\n" % end.retry_ms
    told = {"code": end.code, "detail": end.detail, "retry_ms": end.retry_ms}
    return retry + b"event: end\ndata: %s\n\n" % _encode(told)
