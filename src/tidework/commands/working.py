"""The processes of `tidework worker`: the services and a `Worker`, without HTTP."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import replace

from tidework import __version__
from tidework.bus.wakeups import Wakeups
from tidework.bus.worker import JOBS, RELAY, Worker
from tidework.commands.ending import LEAVE_WITHIN_S
from tidework.commands.supervisor import Supervisor
from tidework.composition import (
    compose,
    finish,
    make_bus,
    make_carrier,
    make_shared,
    make_store,
)
from tidework.errors import NotFound, TideworkError
from tidework.http import logs
from tidework.observability.observing import Observing
from tidework.observability.store import Observers
from tidework.observability.work import WorkMetrics
from tidework.settings import Settings

_loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
try:
    from uvloop import new_event_loop as _loop_factory
except ImportError:
    pass

_log = logs.get_logger(__name__)


def work(
    settings: Settings, only: Collection[str] | None, *, concurrency: int, processes: int
) -> None:
    """Work until SIGINT or SIGTERM. Raises what keeps a worker from starting."""
    logs.start(settings)
    parts = _parts(settings, only)
    if processes == 1:
        with asyncio.Runner(loop_factory=_loop_factory) as runner:
            runner.run(_run(settings, only, concurrency, lambda: _announce(settings, parts)))
        return
    settings = replace(settings, workers=processes)

    def one(life: int) -> int:
        try:
            with asyncio.Runner(loop_factory=_loop_factory) as runner:
                runner.run(_run(settings, only, concurrency, lambda: None, life))
        except TideworkError as error:
            _log.error("worker_failed", reason=error.detail)
            return 1
        return 0

    gc.collect()
    gc.freeze()
    if code := Supervisor(processes, one).run(lambda: _announce(settings, parts)):
        raise SystemExit(code)


def _parts(settings: Settings, only: Collection[str] | None) -> list[str]:
    """The parts that this worker does. Raises `NotFound` for one that does not exist."""
    services = compose(settings, make_store(settings))
    services.passwords.close()
    services.reports.close()
    known = [RELAY, JOBS, *(consumer.name for consumer in services.consumers)]
    unknown = sorted(set(only or ()) - set(known))
    if unknown:
        raise NotFound(f"There is no part {unknown[0]!r}. There are: {', '.join(known)}")
    return [name for name in known if only is None or name in only]


def _announce(settings: Settings, parts: list[str]) -> None:
    if settings.log_format == "json":
        line = json.dumps({"event": "ready", "version": __version__, "parts": parts})
    else:
        line = f"Tidework {__version__} works: {', '.join(parts)}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _run(
    settings: Settings,
    only: Collection[str] | None,
    concurrency: int,
    on_start: Callable[[], None],
    life: int | None = None,
) -> None:
    told = _listen(life)
    async with contextlib.AsyncExitStack() as ending:
        observing = Observing(settings)
        wakeups = Wakeups()
        bare = make_store(settings, Observers(observing.observer, wakeups))
        await bare.start()
        observing.begin(ending)
        shared = make_shared(settings)
        services = compose(settings, observing.store(bare), shared.buckets)
        ending.push_async_callback(finish, services)
        if shared.redis is not None:
            await shared.redis.start()
            ending.push_async_callback(shared.redis.close)
        wakeups.carrier = make_carrier(settings, bare, shared)
        await wakeups.start()
        ending.push_async_callback(wakeups.close)
        worker = Worker(
            services.store,
            make_bus(settings),
            services.jobs,
            services.consumers,
            wakeups,
            observer=WorkMetrics(observing.metrics.registry),
            only=only,
            concurrency=concurrency,
        )
        ending.push_async_callback(worker.close)
        await worker.start()
        observing.serve_metrics(ending)
        on_start()
        await told.wait()


def _listen(life: int | None) -> asyncio.Event:
    """Set by the first signal to end, or by the end of the process above; the second one kills."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        if told.is_set():
            _log.warning("stopped_at_once")
            os._exit(1)
        told.set()
        # What hangs is left to be done again by others.
        leaver = threading.Timer(LEAVE_WITHIN_S, os._exit, (1,))
        leaver.daemon = True
        leaver.start()

    def orphaned() -> None:
        assert life is not None
        loop.remove_reader(life)
        if not told.is_set():
            end()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    if life is not None:
        # Of a group of processes only the one above says when to end.
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        loop.add_reader(life, orphaned)
    return told
