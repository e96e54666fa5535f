"""All that follows a commit, in one process: relay, consumers and jobs, each as wanted."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Final

import structlog

from tidework.bus.consumer import AnyConsumer
from tidework.bus.consumers import Consumers
from tidework.bus.jobs import Jobs
from tidework.bus.memory import MemoryBus
from tidework.bus.observer import WorkObserver
from tidework.bus.pace import Turns
from tidework.bus.protocol import Bus
from tidework.bus.relay import Relay
from tidework.bus.wakeups import Wakeups
from tidework.errors import Unavailable
from tidework.store.protocol import Store

RELAY: Final = "relay"
JOBS: Final = "jobs"
_SWEEP_S = 600.0
_LOOK_S = 5.0
_AGAIN_S = 2.0

_log = structlog.get_logger()


class Worker:
    """Does what follows commits. `only` names the parts: `relay`, `jobs`, consumers by name.

    `rate` says how many streams are looked into per second, see `pace.Pace`.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        jobs: Jobs,
        consumers: Sequence[AnyConsumer],
        wakeups: Wakeups,
        *,
        observer: WorkObserver | None = None,
        only: Collection[str] | None = None,
        concurrency: int = 8,
        rate: Callable[[], float] | None = None,
    ) -> None:
        self._bus = bus
        self._jobs = jobs
        self._wakeups = wakeups
        self._observer = observer or WorkObserver()
        jobs.observer = self._observer
        self._only = only
        turns = Turns(rate)
        self.consumers = Consumers(
            store,
            consumers,
            observer=self._observer,
            due=jobs.wake,
            concurrency=concurrency,
            turns=turns,
        )
        self._relay: Relay | None = None
        if self._has(RELAY):
            self._relay = Relay(store, bus, observer=self._observer, turns=turns)
        self._names = [name for name in self.consumers.by_name if self._has(name)]
        self._missed: set[str] = set()
        self._sweeps = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stop_listening: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Begin. Raises `Unavailable` when the broker cannot be reached."""
        self._bus.on_gap(self._missed_some)
        await self._bus.start()
        self.consumers.start()
        if isinstance(self._bus, MemoryBus):
            # One look into the log for all of them, and for the relay.
            await self._bus.subscribe_pages("all", self.consumers.reader(self._names))
        else:
            for name in self._names:
                await self._bus.subscribe(name, self.consumers.handler([name]))
        self._tasks.append(asyncio.create_task(self._sweep(), name="sweep of consumers"))
        for name in self._names:
            self._missed_some(name)
        if self._has(JOBS):
            self._jobs.start()
            self._tasks.append(asyncio.create_task(self._look(), name="look at jobs"))
        if self._relay is not None:
            self._relay.start()
            self._stop_listening = self._wakeups.listen(self._relay.wake)

    async def close(self) -> None:
        """End what runs within its time, give back the rest."""
        self._stop_listening()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._relay is not None:
            await self._relay.close()
        await asyncio.gather(self._bus.close(), self._jobs.close())
        await self.consumers.close()

    def _has(self, part: str) -> bool:
        return self._only is None or part in self._only

    def _missed_some(self, consumer: str) -> None:
        if consumer in self._names:
            self._missed.add(consumer)
            self._sweeps.set()

    async def _sweep(self) -> None:
        """Look into the log for what the bus may have lost, and now and then in any case."""
        while True:
            try:
                async with asyncio.timeout(_SWEEP_S):
                    await self._sweeps.wait()
            except TimeoutError:
                self._missed.update(self._names)
            self._sweeps.clear()
            while self._missed:
                name = self._missed.pop()
                try:
                    # What one has missed, others mostly have too: then it is read once.
                    await self.consumers.sweep(name, [name, *self._missed])
                except Exception as error:
                    _log.warning("sweep_failed", consumer=name, reason=str(error))
                    self._missed.add(name)
                    await asyncio.sleep(_AGAIN_S)

    async def _look(self) -> None:
        while True:
            try:
                await self._jobs.look()
            except Unavailable as error:
                _log.warning("jobs_unavailable", detail=error.detail)
            await asyncio.sleep(_LOOK_S)
