"""The relay: from the committed log to the bus, at least once, each stream in its order.

A commit marks its stream as pending, and the relay takes the mark away when it has published the
stream's log up to its end. Nothing that becomes visible late can be skipped: there is no cursor over
several streams. Any number of relays share the streams; each says every two seconds that it lives,
and what one leaves behind another has within ten. Two that publish the same stream for a moment only
repeat each other: both begin at what is known to have been published.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextvars import Context

import structlog
from sqlalchemy import bindparam, select

from tidework.bus.catalogue import events_of
from tidework.bus.memory import MemoryBus
from tidework.bus.observer import WorkObserver
from tidework.bus.pace import Turns
from tidework.bus.protocol import Bus
from tidework.errors import Unavailable
from tidework.ids import LOWEST_ID, new_id
from tidework.log import LoggedChange, Operation
from tidework.store.protocol import Store
from tidework.store.sql.schema import relays, streams
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import holds
from tidework.times import after, now

_SLOTS = 64
_BEAT_S = 2.0
_LIFE_S = 6.0
_SETTLE_S = 0.02
_PAGE = 500
_PENDING_PAGE = 2000
_NOTED_AT_ONCE = 100
_REMEMBERED = 5_000
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0

_PENDING = Statement(
    "streams_pending",
    select(streams.c.stream_id, streams.c.seq, streams.c.relayed)
    .where(holds(streams.c.pending), streams.c.stream_id > bindparam("after"))
    .order_by(streams.c.stream_id)
    .limit(bindparam("limit")),
    fan_out="the relay publishes what any stream has left",
)
_RELAYED = Statement(
    "stream_relayed",
    select(streams.c.relayed).where(streams.c.stream_id == bindparam("stream_id")),
)
_LIVING = Statement(
    "relays", select(relays.c.id).where(relays.c.expires_at > bindparam("at")).order_by(relays.c.id)
)

_log = structlog.get_logger()


class Relay:
    """Publishes the streams of its slots; `concurrency` of them at once.

    `turns` say when it looks into a stream, None for at once: beside requests, what many streams have
    to tell waits and goes out together.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        *,
        observer: WorkObserver | None = None,
        concurrency: int = 16,
        turns: Turns | None = None,
    ) -> None:
        self.id = new_id()
        self._store = store
        self._bus = bus
        self._observer = observer or WorkObserver()
        self._room = asyncio.Semaphore(concurrency)
        self._turns = turns or Turns(None)
        self._living: Sequence[str] = ()
        self._history = store.history
        # Up to where streams have been published, and what the database knows of it.
        self._places: dict[str, int] = {}
        self._noted: dict[str, int] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to publish."""
        self._task = asyncio.create_task(self._run(), name="relay")

    async def close(self) -> None:
        """End, after what is on its way, and leave the streams to others at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        try:
            await self._note()
            await self._store.operate([Operation("relays", "delete", {"id": self.id})])
        except Unavailable as error:
            _log.warning("relay_not_ended", detail=error.detail)

    def wake(self, stream_ids: Collection[str]) -> None:
        """Look at these streams at once; none: at all that are pending."""
        if not stream_ids:
            self._look.set()
        for stream_id in stream_ids:
            if self._is_mine(stream_id):
                self._begin(stream_id)

    def _is_mine(self, stream_id: str) -> bool:
        living = self._living
        if not living:
            return False
        return living[int(stream_id[-2:], 16) % _SLOTS % len(living)] == self.id

    async def _run(self) -> None:
        beat = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                if loop.time() >= beat:
                    await self._beat()
                    beat = loop.time() + _BEAT_S
                    await self._note()
                    await self._look_for_pending()
                elif self._look.is_set():
                    self._look.clear()
                    await self._look_for_pending()
            except Unavailable as error:
                _log.warning("relay_unavailable", detail=error.detail)
                beat = loop.time() + _BEAT_S
            except Exception as error:
                # Whatever it is, it must not be the end of the relay.
                _log.error("defect", exc_info=error)
                beat = loop.time() + _BEAT_S
            try:
                async with asyncio.timeout_at(beat):
                    await self._look.wait()
                    await asyncio.sleep(_SETTLE_S)
            except TimeoutError:
                continue

    async def _beat(self) -> None:
        """Say that this relay lives, and see who else does."""
        at = now()
        living = Operation("relays", "upsert", {"id": self.id}, {"expires_at": after(at, _LIFE_S)})
        await self._store.operate([living, Operation("relays", "expire", set={"expires_at": at})])
        found = [row[0] for row in await self._store.fetch(_LIVING, {"at": at})]
        if found != self._living or self._store.history != self._history:
            # Others may have come further with streams that were theirs meanwhile.
            self._living, self._history = found, self._store.history
            self._places.clear()
            self._noted.clear()

    async def _look_for_pending(self) -> None:
        last, waiting = LOWEST_ID, 0
        while True:
            params = {"after": last, "limit": _PENDING_PAGE}
            rows = await self._store.fetch(_PENDING, params)
            for stream_id, seq, relayed in rows:
                if self._is_mine(stream_id) and seq > self._places.get(stream_id, relayed):
                    waiting += 1
                    self._begin(stream_id)
            if len(rows) < _PENDING_PAGE:
                break
            last = rows[-1][0]
        self._observer.relay_lag(waiting)

    def _begin(self, stream_id: str) -> None:
        if stream_id in self._busy:
            self._again.add(stream_id)
            return
        # Whoever wakes may be a request: what follows it is no part of it.
        task = asyncio.create_task(
            self._publish(stream_id), name="relay of a stream", context=Context()
        )
        self._busy[stream_id] = task

    async def _publish(self, stream_id: str) -> None:
        pause = _FIRST_PAUSE_S
        try:
            while True:
                self._again.discard(stream_id)
                try:
                    if not await self._is_done(stream_id):
                        # What is committed in the meantime goes out together.
                        await asyncio.sleep(_SETTLE_S)
                        await self._turns.take()
                        self._again.discard(stream_id)
                        async with self._room:
                            await self._publish_all(stream_id)
                except Unavailable as error:
                    _log.warning("not_published", detail=error.detail, again_in_s=round(pause, 1))
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE_S)
                    if not self._is_mine(stream_id):
                        return
                    continue
                if stream_id not in self._again:
                    return
        except Exception as error:
            _log.error("defect", exc_info=error, stream_id=stream_id)
        finally:
            self._again.discard(stream_id)
            self._busy.pop(stream_id, None)

    async def _is_done(self, stream_id: str) -> bool:
        """Whether there is certainly nothing new: the same commit wakes more than once."""
        place = self._places.get(stream_id)
        if place is None:
            return False
        return (await self._store.seqs([stream_id])).get(stream_id) == place

    async def _publish_all(self, stream_id: str) -> None:
        place = self._places.get(stream_id)
        if place is None:
            rows = await self._store.fetch(_RELAYED, {"stream_id": stream_id})
            if not rows:
                return
            place = self._noted[stream_id] = int(rows[0][0])
        while True:
            page = await self._store.log(stream_id, since=place, limit=_PAGE)
            if not page:
                break
            await self._tell(page)
            place = page[-1].seq
            self._places[stream_id] = place
            if len(page) < _PAGE:
                break
        self._places[stream_id] = place

    async def _tell(self, page: Sequence[LoggedChange]) -> None:
        if isinstance(self._bus, MemoryBus):
            # Whoever is told is in this process, and reads the log: here it is.
            told = await self._bus.hand_over(page)
        else:
            events = events_of(page)
            told = len(events)
            if events:
                await self._bus.publish(events)
        if told:
            self._observer.relayed(told)

    async def _note(self) -> None:
        """Write down up to where streams have been published. Raises `Unavailable`."""
        moved = sorted(
            stream for stream, place in self._places.items() if self._noted.get(stream) != place
        )
        for at in range(0, len(moved), _NOTED_AT_ONCE):
            # In the order in which commits lock their streams.
            batch = {stream: self._places[stream] for stream in moved[at : at + _NOTED_AT_ONCE]}
            await self._store.operate(
                [
                    Operation("streams", "relayed", {"stream_id": stream}, {"relayed": place})
                    for stream, place in batch.items()
                ]
            )
            self._noted.update(batch)
        if len(self._places) > _REMEMBERED:
            # What is noted and at rest need not be remembered.
            for stream in [one for one in self._places if one not in self._busy]:
                if self._noted.get(stream) == self._places[stream]:
                    del self._places[stream]
                    self._noted.pop(stream, None)
