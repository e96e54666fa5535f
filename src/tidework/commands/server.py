"""The HTTP server: Granian in this very process, or with worker processes beside it.

A single worker needs no process that watches over it: Granian's embedded server answers as fast,
starts sooner and holds half the memory.
"""

import asyncio
import contextlib
import os
import resource
import signal
import threading
from collections.abc import Callable
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server as WorkersServer
from granian.server.embed import Server as EmbeddedServer

from tidework.app import create_app
from tidework.commands.database import Migration
from tidework.commands.lifespan import Application, Message, running
from tidework.commands.listening import resolved
from tidework.errors import TideworkError
from tidework.http import logs
from tidework.settings import Settings, load

_loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
try:
    from uvloop import new_event_loop as _loop_factory
except ImportError:
    pass

_GRACE_SECONDS: Final = 20
"""How long requests under way may take once the server is told to stop."""

# A connection holds its place for as long as it is open, idle ones and event streams too.
_CONNECTIONS: Final = 8192
_BACKLOG: Final = 2048
_HEADERS_WITHIN_MS: Final = 10_000
_ORPHAN_POLL_SECONDS: Final = 1.0


def serve(settings: Settings, migration: Migration | None, on_start: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM. `on_start` is called when the application begins to start.

    Raises what the start of the application raises, SystemExit when a worker process has failed.
    """
    logs.start(settings)
    _allow_connections()
    if migration is not None:
        migration.wait()
    if settings.workers > 1:
        _with_workers(settings, on_start)
        return
    with asyncio.Runner(loop_factory=_loop_factory) as runner:
        runner.run(_embedded(settings, on_start))


def _allow_connections() -> None:
    """Ask for as many open files as connections may need; many systems begin with 1,024 or fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _CONNECTIONS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        # macOS has a lower bound of its own below what it calls the hard one.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "address": resolved(settings),
        "port": settings.port,
        "http": HTTPModes.http1,
        "websockets": False,
        "backlog": _BACKLOG,
        "backpressure": _CONNECTIONS,
        "http1_settings": HTTP1Settings(header_read_timeout=_HEADERS_WITHIN_MS),
        # Below errors it tells of itself only.
        "log_level": LogLevels.error,
        "log_dictconfig": logs.server_log_config(),
    }


async def _embedded(settings: Settings, on_start: Callable[[], None]) -> None:
    app = create_app(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    stopping = asyncio.ensure_future(stop.wait())
    async with running(app):
        # The application's start is driven here, so that the server has none to drive.
        server = EmbeddedServer(app, interface=Interfaces.ASGINL, **_common(settings))
        server.workers_kill_timeout = _GRACE_SECONDS
        stopping.add_done_callback(server.signal_handler_interrupt)
        on_start()
        try:
            await server.serve()
        except TimeoutError:
            logs.get_logger(__name__).warning("requests_cut_off", after_seconds=_GRACE_SECONDS)
    if not stop.is_set():
        raise SystemExit(1)


def _with_workers(settings: Settings, on_start: Callable[[], None]) -> None:
    # Once here, where a failure can be told; workers that fail are started again.
    asyncio.run(_prove(settings))
    server = WorkersServer(
        "tidework",
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.auto,
        workers_kill_timeout=_GRACE_SECONDS,
        respawn_failed_workers=True,
        **_common(settings),
    )
    server.on_startup(on_start)
    # A worker inherits this process's handlers, and would miss being told to stop while it starts.
    os.register_at_fork(after_in_child=_end_as_usual)
    server.serve(target_loader=load_worker, wrap_loader=False)


def _end_as_usual() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


async def _prove(settings: Settings) -> None:
    async with running(create_app(settings)):
        pass


def load_worker() -> Application:
    """The application of a worker process, with the settings of the process that started it."""
    settings = load(os.environ)
    logs.start(settings)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    app = create_app(settings)

    async def told(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        # After a start that raises Granian would serve on, without what was not started.
        try:
            await app(scope, receive, send)
        except TideworkError as error:
            await send({"type": "lifespan.startup.failed", "message": error.detail})

    return told


def _end_with_parent(parent: int) -> None:
    """End this worker when the process that watches over it has been killed."""
    asleep = threading.Event()
    while os.getppid() == parent:
        asleep.wait(_ORPHAN_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
