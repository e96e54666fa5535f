"""Which entities of a stream have changed since a seq, so that the others' answers go on being true.

A stream's seq moves with every write in a workspace, and most of what is kept has nothing to do with
it. The log says what has.
"""

from collections.abc import Sequence
from typing import Protocol

from tidework.cache.memory import BoundedCache
from tidework.cache.versioned import VersionedCache
from tidework.log import Committed, LoggedChange
from tidework.store.observer import Observer

_MOST_CHANGES = 50
_MOST_ENTITIES = 500


class Log(Protocol):
    """What is asked of the store."""

    async def log(
        self, stream_id: str, *, since: int = 0, limit: int = 1000
    ) -> Sequence[LoggedChange]:
        """See `Store.log`."""
        ...


class _Span:
    """What is known of `first < seq <= last`: the last seq at which each entity was touched."""

    __slots__ = ("first", "last", "seqs")

    def __init__(self, first: int) -> None:
        self.first = first
        self.last = first
        self.seqs: dict[str, int] = {}

    def add(self, entity_id: str, seq: int) -> None:
        self.seqs[entity_id] = max(seq, self.seqs.get(entity_id, 0))
        self.last = max(seq, self.last)


class Touches(Observer):
    """Remembers, for the streams used last, what the commits between two seqs have touched.

    Commits of this process are told to it by the store; what others have written is read from the
    log, once for all who ask.
    """

    def __init__(self, streams: int = 20_000) -> None:
        self._spans: BoundedCache[str, _Span] = BoundedCache(streams)
        self._reading: VersionedCache[str, None] = VersionedCache(1)

    def committed(self, committed: Committed) -> None:
        """See `Observer.committed`."""
        stream, seq = committed.stream_id, committed.seq
        span = self._spans.get(stream)
        if span is None:
            span = _Span(seq - 1)
            self._spans.put(stream, span)
        if span.last != seq - 1:
            # Somebody else's commit is between; the log has both.
            return
        for change in committed.changes:
            span.add(change.id, seq)
        self._bound(stream, span, seq)

    async def untouched(
        self, log: Log, stream_id: str, entity_id: str, since: int, seq: int
    ) -> bool:
        """Whether no commit with `since < seq` of the stream, up to `seq` at least, was about it.

        False also where that is not worth finding out. Raises what `Log.log` raises.
        """
        if since >= seq:
            return True
        span = self._spans.get(stream_id)
        if span is None:
            span = _Span(since)
            self._spans.put(stream_id, span)
        if span.first > since:
            return False
        if span.last < seq:

            async def read() -> tuple[int, None]:
                await self._read(log, stream_id, span, seq)
                return seq, None

            await self._reading.load(stream_id, seq, read)
        return span.first <= since and seq <= span.last and span.seqs.get(entity_id, 0) <= since

    def clear(self) -> None:
        """Forget everything."""
        self._spans.clear()
        self._reading.clear()

    async def _read(self, log: Log, stream_id: str, span: _Span, seq: int) -> None:
        changes = await log.log(stream_id, since=span.last, limit=_MOST_CHANGES)
        reached = changes[-1].seq if changes else span.last
        if reached < seq:
            self._spans.put(stream_id, _Span(seq))
            return
        for change in changes:
            span.add(change.id, change.seq)
        self._bound(stream_id, span, seq)

    def _bound(self, stream_id: str, span: _Span, seq: int) -> None:
        if len(span.seqs) > _MOST_ENTITIES:
            self._spans.put(stream_id, _Span(seq))
