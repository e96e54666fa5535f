"""Answers that all copies share: in Redis, each with the version that it stays true for.

An answer counts for who asks for just its version, so none is ever stale; the one to another version
takes its place, so that there are never more than there are questions. Entries expire by themselves.
Without Redis there are none, and nothing is wrong.
"""

import asyncio
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final, Protocol

import msgspec

Header = tuple[bytes, bytes]

_LARGEST: Final = 256 * 1024
_KEPT_S: Final = 300
_MOST_WRITES: Final = 100


class WholeAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer with status 200, as another copy sends it."""

    headers: list[Header]
    body: bytes
    tag: str
    route: str | None


class Entries(Protocol):
    """Where entries are kept. Neither call raises or takes long."""

    async def get(self, key: bytes) -> bytes | None:
        """The entry, or None where there is none or nobody answers."""
        ...

    async def put(self, key: bytes, value: bytes, seconds: int) -> None:
        """Keep an entry for so long, if possible."""
        ...


class SecondTier:
    """Whole answers by (workspace, reader, query) and version, the history and seq of the workspace.

    `release` is the version of the code: an answer of another one may look different.
    """

    def __init__(self, entries: Entries, release: str) -> None:
        self._entries = entries
        self._release = release
        self._decoder = msgspec.msgpack.Decoder(tuple[str, WholeAnswer])
        self._writes: set[asyncio.Task[None]] = set()
        self.hits = 0
        self.misses = 0
        self.used = 0

    async def get(self, key: tuple[str, str, bytes], version: str) -> WholeAnswer | None:
        """What another copy has answered at this version, or None."""
        raw = await self._entries.get(self._name(key))
        with suppress(msgspec.MsgspecError):
            of, answer = self._decoder.decode(raw or b"")
            if of == version:
                self.hits += 1
                return answer
        self.misses += 1
        return None

    def put(self, key: tuple[str, str, bytes], version: str, answer: WholeAnswer) -> None:
        """Let the other copies have an answer, soon and if possible."""
        if len(answer.body) > _LARGEST or len(self._writes) >= _MOST_WRITES:
            return
        value = msgspec.msgpack.encode((version, answer))
        writing = asyncio.create_task(self._entries.put(self._name(key), value, _KEPT_S))
        self._writes.add(writing)
        writing.add_done_callback(self._writes.discard)

    def _name(self, key: tuple[str, str, bytes]) -> bytes:
        digest = blake2b(digest_size=20)
        workspace, reader, query = key
        parts: list[Any] = [self._release, workspace, reader, query]
        digest.update(msgspec.msgpack.encode(parts))
        return f"tw:answer:{digest.hexdigest()}".encode()
