"""Consumers: what follows a commit, once for each commit and in the order of its stream.

The bus wakes a consumer, the log is what it reads: from where the consumer's inbox says that it is,
commit by commit. What a commit leads to is written together with the new place, and only if the
place is still the one that was read. So it does not matter how often an event comes, in which order,
to how many processes, or whether it was lost on the way.
"""

import asyncio
import contextlib
import random
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, cast
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import bindparam, func, select

from tidework.bus.catalogue import LoggedCommit, commits_of
from tidework.bus.event import Event
from tidework.bus.observer import WorkObserver
from tidework.errors import NotFound, Unavailable
from tidework.ids import LOWEST_ID, new_id
from tidework.log import Operation, Values
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.store.sql.schema import dead_events, inbox, streams
from tidework.store.sql.statement import Statement
from tidework.times import now, parse

_PAGE = 500
_ATTEMPTS = 5
_FIRST_PAUSE_S = 0.2
_KEEP_S = 2.0
_BEHIND = 1000
_TOGETHER = 256
_ERROR_LENGTH = 4000

_PLACES = Statement(
    "inbox",
    select(inbox.c.consumer, inbox.c.seq).where(inbox.c.stream_id == bindparam("stream_id")),
)
_BEHIND_IN = Statement(
    "inbox_behind",
    select(streams.c.stream_id)
    .select_from(
        streams.outerjoin(
            inbox,
            (inbox.c.stream_id == streams.c.stream_id)
            & (inbox.c.consumer == bindparam("consumer")),
        )
    )
    .where(
        streams.c.stream_id > bindparam("after"),
        streams.c.seq > func.coalesce(inbox.c.seq, 0),
    )
    .order_by(streams.c.stream_id)
    .limit(bindparam("limit")),
    heavy=True,
    fan_out="a consumer looks for what it has missed in any stream",
)
_DEAD = Statement(
    "dead_event",
    select(dead_events.c.consumer, dead_events.c.seq).where(
        dead_events.c.stream_id == bindparam("stream_id"), dead_events.c.id == bindparam("id")
    ),
)

_log = structlog.get_logger()


class Consumer(Protocol):
    """Takes commits in. `name` is under which its places are kept."""

    name: str

    async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
        """What a commit leads to: operational rows, jobs among them.

        Only reads. It may be called again for the same commit when its process dies or what it
        returned could not be written. When it raises, it is called a few times more; then the commit
        is put aside as dead and the next one comes. `Unavailable` is waited out.
        """
        ...


class PagedConsumer(Protocol):
    """A `Consumer` that takes many commits of one stream in at once, for less."""

    name: str

    async def handle_page(self, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
        """See `Consumer.handle`; of several commits in order, all at once or, when that raised, one
        by one.
        """
        ...


class Remaking(Protocol):
    """A consumer that cannot take in an old commit by itself: what follows depends on the order."""

    async def remake(self, stream_id: str) -> None:
        """Make everything of a stream what its log leads to, up to where the consumer is."""
        ...


AnyConsumer = Consumer | PagedConsumer


class _Moved(Exception):
    """Another process has taken in what this one was about to."""


class Consumers:
    """Lets consumers take in what streams have for them.

    `due` is called when a job may have become due; `concurrency` streams are worked on at once.
    """

    def __init__(
        self,
        store: Store,
        consumers: Iterable[AnyConsumer],
        *,
        observer: WorkObserver | None = None,
        due: Callable[[], None] | None = None,
        concurrency: int = 8,
    ) -> None:
        self._store = store
        self.by_name = {consumer.name: consumer for consumer in consumers}
        self._observer = observer or WorkObserver()
        self._due = due or (lambda: None)
        self._room = asyncio.Semaphore(concurrency)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # Places ahead of those in the inbox (first number): nothing followed from what lies between.
        self._ahead: dict[tuple[str, str], tuple[int, int]] = {}
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write down, now and then, how far consumers have come."""
        self._keeper = asyncio.create_task(self._keep(), name="places of consumers")

    async def close(self) -> None:
        """Write down how far consumers have come."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            try:
                await self.write_places()
            except Unavailable as error:
                _log.warning("places_not_kept", detail=error.detail)

    def handler(self, names: Sequence[str]) -> Callable[[Sequence[Event]], Awaitable[None]]:
        """What takes events in for these consumers, for `Bus.subscribe`."""

        async def take_in(events: Sequence[Event]) -> None:
            found = dict.fromkeys(event.streamid for event in events)
            await asyncio.gather(*[self.catch_up(stream, names) for stream in found])

        return take_in

    async def catch_up(self, stream_id: str, names: Sequence[str]) -> None:
        """Let these consumers take in whatever a stream has for them.

        Raises `Unavailable` when the store is away.
        """
        lock = self._locks.setdefault(stream_id, asyncio.Lock())
        async with lock, self._room:
            while True:
                try:
                    await self._read(stream_id, names)
                except _Moved:
                    continue
                return

    async def sweep(self, name: str) -> int:
        """Let a consumer take in what it has missed anywhere; in how many streams that was.

        Costs a look at every stream.
        """
        found, last = 0, LOWEST_ID
        while True:
            params = {"consumer": name, "after": last, "limit": _BEHIND}
            rows = await self._store.fetch(_BEHIND_IN, params)
            for (stream_id,) in rows:
                await self.catch_up(stream_id, [name])
            found += len(rows)
            if len(rows) < _BEHIND:
                return found
            last = rows[-1][0]

    async def replay(self, stream_id: str, dead_id: str) -> None:
        """Let a consumer try again what was put aside as dead, and forget it when that succeeds.

        Raises `NotFound`, and what the consumer raises.
        """
        rows = await self._store.fetch(_DEAD, {"stream_id": stream_id, "id": dead_id})
        if not rows:
            raise NotFound("There is no such dead event; it may have been replayed already.")
        name, seq = rows[0]
        operations: Sequence[Operation] = ()
        page = await self._store.log(stream_id, since=seq - 1, limit=1, until=seq)
        consumer = self.by_name.get(name)
        if consumer is None:
            raise NotFound(f"There is no consumer {name!r} here; replay it where there is one.")
        if hasattr(consumer, "remake"):
            await cast(Remaking, consumer).remake(stream_id)
        elif page:
            operations = await _ask(consumer, commits_of(page))
        key = {"stream_id": stream_id, "id": dead_id}
        await self._store.operate([Operation("dead_events", "delete", key, rows=1), *operations])
        self._due()

    async def write_places(self) -> None:
        """Write down places that are ahead of the inbox. Raises `Unavailable`."""
        waiting = list(self._ahead)
        for start in range(0, len(waiting), _TOGETHER):
            # At once, so that the committer makes them durable together.
            some = waiting[start : start + _TOGETHER]
            done = await asyncio.gather(
                *[self._write_place(*one) for one in some], return_exceptions=True
            )
            for outcome in done:
                if isinstance(outcome, BaseException):
                    raise outcome

    async def _write_place(self, stream_id: str, name: str) -> None:
        async with self._locks.setdefault(stream_id, asyncio.Lock()):
            written, at = self._ahead.pop((stream_id, name), (0, 0))
            if at > written:
                with contextlib.suppress(Contended, UniqueConflict):
                    await self._store.operate([_place(stream_id, name, written, at)])

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_S)
            try:
                await self.write_places()
            except Exception as error:
                _log.warning("places_not_kept", reason=str(error))

    # --- one stream --------------------------------------------------------------------------

    async def _read(self, stream_id: str, names: Sequence[str]) -> None:
        """Take in what there is. Raises `_Moved` when others do the same."""
        written = await self._places(stream_id)
        places: dict[str, int] = {}
        for name in names:
            inbox_says = written.get(name, 0)
            kept, at = self._ahead.get((stream_id, name), (inbox_says, inbox_says))
            if kept != inbox_says:
                # Somebody else has gone on from here.
                del self._ahead[stream_id, name]
            places[name] = at if kept == inbox_says else inbox_says
        while True:
            page = await self._store.log(stream_id, since=min(places.values()), limit=_PAGE)
            commits = commits_of(page)
            for name in names:
                new = [commit for commit in commits if commit.seq > places[name]]
                if not new:
                    continue
                before = written.get(name, 0)
                written[name] = await self._take_in(name, new, before)
                places[name] = new[-1].seq
                if places[name] > written[name]:
                    self._ahead[stream_id, name] = (written[name], places[name])
                else:
                    self._ahead.pop((stream_id, name), None)
                self._observer.consumed(name, len(new), _age(new[-1]))
            if len(page) < _PAGE:
                return

    async def _places(self, stream_id: str) -> dict[str, int]:
        rows = await self._store.fetch(_PLACES, {"stream_id": stream_id})
        return {str(name): int(seq) for name, seq in rows}

    async def _take_in(self, name: str, commits: Sequence[LoggedCommit], written: int) -> int:
        """Let a consumer take commits in, from where the inbox says `written`; what it says then."""
        if len(commits) > 1 and hasattr(self.by_name[name], "handle_page"):
            try:
                return await self._attempt(name, commits, written)
            except Exception as error:
                if isinstance(error, _Moved) or _is_away(error):
                    raise
                _log.warning("page_not_taken_in", consumer=name, reason=str(error))
        for commit in commits:
            written = await self._one(name, [commit], written)
        return written

    async def _one(self, name: str, commits: Sequence[LoggedCommit], written: int) -> int:
        """Let a consumer take a commit in, or put it aside as dead."""
        stream_id, seq = commits[0].stream_id, commits[0].seq
        pause, trouble = _FIRST_PAUSE_S, ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
                pause *= 2
            try:
                return await self._attempt(name, commits, written)
            except Exception as error:
                if isinstance(error, _Moved) or _is_away(error):
                    raise
                self._observer.consume_failed(name, dead=False)
                trouble = traceback.format_exc()
                reason = str(error) or type(error).__name__
                _log.warning("commit_not_taken_in", consumer=name, reason=reason)
        dead = Operation(
            "dead_events",
            "insert",
            {"stream_id": stream_id, "id": new_id()},
            {"consumer": name, "seq": seq, "error": trouble[-_ERROR_LENGTH:], "created_at": now()},
        )
        await self._write(stream_id, name, written, seq, [dead])
        self._observer.consume_failed(name, dead=True)
        _log.error("event_dead", consumer=name, stream_id=stream_id, seq=seq)
        return seq

    async def _attempt(self, name: str, commits: Sequence[LoggedCommit], written: int) -> int:
        operations = await _ask(self.by_name[name], commits)
        if not operations:
            return written
        seq = commits[-1].seq
        await self._write(commits[0].stream_id, name, written, seq, operations)
        return seq

    async def _write(
        self, stream_id: str, name: str, written: int, seq: int, operations: Sequence[Operation]
    ) -> None:
        try:
            await self._store.operate([_place(stream_id, name, written, seq), *operations])
        except (Contended, UniqueConflict) as error:
            if (await self._places(stream_id)).get(name, 0) != written:
                raise _Moved from error
            raise
        if any(operation.table == "jobs" for operation in operations):
            self._due()


def _place(stream_id: str, name: str, written: int, seq: int) -> Operation:
    """Move a consumer's place, if it is still where it was."""
    key: Values = {"stream_id": stream_id, "consumer": name}
    if not written:
        return Operation("inbox", "insert", key, {"seq": seq})
    return Operation("inbox", "update", {**key, "seq": written}, {"seq": seq}, rows=1)


async def _ask(consumer: AnyConsumer, commits: Sequence[LoggedCommit]) -> Sequence[Operation]:
    if hasattr(consumer, "handle_page"):
        return await cast(PagedConsumer, consumer).handle_page(commits)
    return await consumer.handle(commits[0])


def _is_away(error: Exception) -> bool:
    """Whether the store is away: to be waited out, and not the commit's fault."""
    return isinstance(error, Unavailable) and not isinstance(error, Contended)


def _age(commit: LoggedCommit) -> float:
    if commit.imported:
        return 0.0
    return (parse(now()) - parse(commit.changes[-1].at)).total_seconds()
