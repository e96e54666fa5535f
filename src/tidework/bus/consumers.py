"""Consumers: what follows a commit, once for each commit and in the order of its stream.

The bus wakes a consumer, the log is what it reads: from where the consumer's inbox says that it is,
commit by commit. What a commit leads to is written together with the new place, and only if the
place is still the one that was read. So it does not matter how often an event comes, in which order,
to how many processes, or whether it was lost on the way.
"""

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import cast
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import bindparam, func, select

from tidework.bus.catalogue import LoggedCommit, commits_of
from tidework.bus.consumer import AnyConsumer, Page, Remaking, ask, is_paged
from tidework.bus.event import Event
from tidework.bus.observer import WorkObserver
from tidework.bus.pace import Turns
from tidework.bus.places import KnownPlaces, Places
from tidework.errors import NotFound, Unavailable
from tidework.ids import LOWEST_ID, new_id
from tidework.log import LoggedChange, Operation
from tidework.store.protocol import Contended, Store, UniqueConflict
from tidework.store.sql.schema import dead_events, inbox, streams
from tidework.store.sql.statement import Statement
from tidework.times import now, parse

_PAGE = 500
_ATTEMPTS = 5
_FIRST_PAUSE_S = 0.2
_KEEP_S = 2.0
_BEHIND = 1000
_ERROR_LENGTH = 4000

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


class _Moved(Exception):
    """Another process has taken in what this one was about to."""


class Consumers:
    """Lets consumers take in what streams have for them.

    `due` is called when a job may have become due; `concurrency` streams are worked on at once.
    `turns` are those of its sweeps, None for as many as it can.
    """

    def __init__(
        self,
        store: Store,
        consumers: Iterable[AnyConsumer],
        *,
        observer: WorkObserver | None = None,
        due: Callable[[], None] | None = None,
        concurrency: int = 8,
        turns: Turns | None = None,
    ) -> None:
        self._store = store
        self.by_name = {consumer.name: consumer for consumer in consumers}
        self._observer = observer or WorkObserver()
        self._due = due or (lambda: None)
        self._turns = turns or Turns(None)
        self._room = asyncio.Semaphore(concurrency)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._places = KnownPlaces(store, self._lock)
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
            found: dict[str, int] = {}
            for event in events:
                found[event.streamid] = max(event.seq, found.get(event.streamid, 0))
            await asyncio.gather(
                *[self.catch_up(stream, names, upto=seq) for stream, seq in found.items()]
            )

        return take_in

    def reader(self, names: Sequence[str]) -> Callable[[Sequence[Page]], Awaitable[None]]:
        """What takes pages of the log in for these consumers, for `MemoryBus.subscribe_pages`."""

        async def take_in(pages: Sequence[Page]) -> None:
            found: dict[str, list[Page]] = {}
            for page in pages:
                found.setdefault(page[0].stream_id, []).append(page)
            await asyncio.gather(
                *[self.catch_up(stream, names, _joined(some)) for stream, some in found.items()]
            )

        return take_in

    async def catch_up(
        self,
        stream_id: str,
        names: Sequence[str],
        page: Page = (),
        *,
        upto: int | None = None,
    ) -> None:
        """Let these consumers take in whatever a stream has for them.

        Given a `page` of its log, or a seq that it has come to, they need not be offered more than
        that. Raises `Unavailable` when the store is away.
        """
        async with self._lock(stream_id), self._room:
            while True:
                try:
                    await self._read(stream_id, names, page, page[-1].seq if page else upto)
                except _Moved:
                    continue
                return

    async def sweep(self, name: str, names: Sequence[str] = ()) -> int:
        """Let a consumer take in what it has missed anywhere, and `names` there too; in how many
        streams that was.

        Costs a look at every stream.
        """
        found, last = 0, LOWEST_ID
        while True:
            params = {"consumer": name, "after": last, "limit": _BEHIND}
            rows = await self._store.fetch(_BEHIND_IN, params)
            for (stream_id,) in rows:
                await self._turns.take()
                await self.catch_up(stream_id, names or [name])
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
            operations = await ask(consumer, commits_of(page))
        key = {"stream_id": stream_id, "id": dead_id}
        await self._store.operate([Operation("dead_events", "delete", key, rows=1), *operations])
        self._due()

    async def write_places(self) -> None:
        """Write down places that are ahead of the inbox. Raises `Unavailable`."""
        await self._places.write()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_S)
            try:
                await self.write_places()
            except Exception as error:
                _log.warning("places_not_kept", reason=str(error))

    def _lock(self, stream_id: str) -> asyncio.Lock:
        return self._locks.setdefault(stream_id, asyncio.Lock())

    # --- one stream --------------------------------------------------------------------------

    async def _read(
        self, stream_id: str, names: Sequence[str], page: Page, upto: int | None
    ) -> None:
        """Take in what there is, up to `upto` at least. Raises `_Moved` when others do the same."""
        places = await self._places.of(stream_id)
        while True:
            since = min(map(places.of, names))
            if upto is not None and since >= upto:
                return
            if page and page[0].seq <= since + 1:
                changes, whole = page, True
            else:
                changes = await self._store.log(stream_id, since=since, limit=_PAGE)
                whole = len(changes) < _PAGE
            if changes:
                await self._take_in(names, commits_of(changes), places)
            if whole:
                return

    async def _take_in(
        self, names: Sequence[str], commits: Sequence[LoggedCommit], places: Places
    ) -> None:
        """Let consumers take commits in: all of them at once, those that fail by themselves."""
        new: dict[str, Sequence[LoggedCommit]] = {}
        for name in names:
            place = places.of(name)
            if commits[-1].seq > place:
                new[name] = [commit for commit in commits if commit.seq > place]
        for name in await self._together(new, places):
            await self._apart(name, new[name], places)
        age = _age(commits[-1])
        for name, some in new.items():
            self._observer.consumed(name, len(some), age)

    async def _together(
        self, new: Mapping[str, Sequence[LoggedCommit]], places: Places
    ) -> Sequence[str]:
        """Let consumers take commits in, and write at once what follows; who has to do it apart."""
        effects: dict[str, Sequence[Operation]] = {}
        apart: list[str] = []
        for name, commits in new.items():
            consumer = self.by_name[name]
            if len(commits) > 1 and not is_paged(consumer):
                apart.append(name)
                continue
            try:
                effects[name] = await ask(consumer, commits)
            except Exception as error:
                if _is_away(error):
                    raise
                _log.warning("page_not_taken_in", consumer=name, reason=str(error))
                apart.append(name)
        try:
            await self._write(places, {name: new[name][-1].seq for name in effects}, effects)
        except Exception as error:
            if isinstance(error, _Moved) or _is_away(error):
                raise
            _log.warning("page_not_taken_in", consumer=",".join(effects), reason=str(error))
            return list(new)
        return apart

    async def _apart(self, name: str, commits: Sequence[LoggedCommit], places: Places) -> None:
        """Let a consumer take commits in by itself."""
        if len(commits) > 1 and is_paged(self.by_name[name]):
            try:
                await self._attempt(name, commits, places)
                return
            except Exception as error:
                if isinstance(error, _Moved) or _is_away(error):
                    raise
                _log.warning("page_not_taken_in", consumer=name, reason=str(error))
        for commit in commits:
            await self._one(name, commit, places)

    async def _one(self, name: str, commit: LoggedCommit, places: Places) -> None:
        """Let a consumer take a commit in, or put it aside as dead."""
        stream_id, seq = commit.stream_id, commit.seq
        pause, trouble = _FIRST_PAUSE_S, ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
                pause *= 2
            try:
                await self._attempt(name, [commit], places)
                return
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
        await self._write(places, {name: seq}, {name: [dead]})
        self._observer.consume_failed(name, dead=True)
        _log.error("event_dead", consumer=name, stream_id=stream_id, seq=seq)

    async def _attempt(self, name: str, commits: Sequence[LoggedCommit], places: Places) -> None:
        operations = await ask(self.by_name[name], commits)
        await self._write(places, {name: commits[-1].seq}, {name: operations})

    async def _write(
        self,
        places: Places,
        seqs: Mapping[str, int],
        effects: Mapping[str, Sequence[Operation]],
    ) -> None:
        """Write what follows with the new places of those for whom something does."""
        moved = {name: seqs[name] for name, operations in effects.items() if operations}
        operations = [operation for some in effects.values() for operation in some]
        if operations:
            before = {name: places.written.get(name, 0) for name in moved}
            moving = [places.moving(name, seq) for name, seq in moved.items()]
            try:
                await self._store.operate([*moving, *operations])
            except (Contended, UniqueConflict) as error:
                written = (await self._places.read(places.stream_id)).written
                if any(written.get(name, 0) != place for name, place in before.items()):
                    raise _Moved from error
                raise
            at = now()
            if any(_is_due(operation, at) for operation in operations):
                self._due()
        for name, seq in seqs.items():
            if name in moved:
                places.moved(name, seq)
            else:
                places.ahead[name] = seq


def _joined(pages: Sequence[Page]) -> Page:
    """Pages of one stream as one; should there be a gap, only what comes after it."""
    if len(pages) == 1:
        return pages[0]
    whole: list[LoggedChange] = []
    for page in sorted(pages, key=lambda one: one[0].seq):
        last = whole[-1].seq if whole else 0
        if page[0].seq > last + 1:
            whole = list(page)
        else:
            whole += [change for change in page if change.seq > last]
    return whole


def _is_due(operation: Operation, at: str) -> bool:
    """Whether an operation lets a job be due; of one that is due later, its time tells."""
    due_at = operation.set.get("due_at") if operation.table == "jobs" else None
    return due_at is not None and bool(due_at <= at)


def _is_away(error: Exception) -> bool:
    """Whether the store is away: to be waited out, and not the commit's fault."""
    return isinstance(error, Unavailable) and not isinstance(error, Contended)


def _age(commit: LoggedCommit) -> float:
    if commit.imported:
        return 0.0
    return (parse(now()) - parse(commit.changes[-1].at)).total_seconds()
