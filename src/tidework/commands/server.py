"""The HTTP server: Granian in this very process, or in worker processes below it.

A single worker needs no process that watches over it: Granian's embedded server answers as fast,
starts sooner and holds half the memory. Workers run the very same; `supervisor` keeps them.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Any, Final

from granian._granian import ListenerSpec, SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from tidework.app import create_app
from tidework.commands.database import Migration
from tidework.commands.ending import Door, Ending, grace
from tidework.commands.lifespan import running
from tidework.commands.listening import CONNECTIONS, notice_the_dead, resolved
from tidework.commands.supervisor import Supervisor
from tidework.errors import TideworkError
from tidework.http import logs
from tidework.settings import Settings

_loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
try:
    from uvloop import new_event_loop as _loop_factory
except ImportError:
    pass

_BACKLOG: Final = 2048
_HEADERS_WITHIN_MS: Final = 10_000


def serve(settings: Settings, migration: Migration | None, on_start: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM. `on_start` is called when the application begins to start.

    Raises what the start of the application raises, SystemExit when a process ended by force.
    """
    logs.start(settings)
    if migration is not None:
        migration.wait()
    if settings.workers > 1:
        _with_workers(settings, on_start)
        return
    listener = ListenerSpec(resolved(settings), settings.port, _BACKLOG).build()
    with asyncio.Runner(loop_factory=_loop_factory) as runner:
        runner.run(_embedded(settings, listener, on_start))


class _Server(Server):
    """Granian on a socket that listens already, and that workers share.

    Those who wait in its queue are not lost with a worker, and it can be closed to newcomers before
    the server is.
    """

    def __init__(self, app: Any, listener: SocketHolder, **options: Any) -> None:
        super().__init__(app, **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        self._shd = self._listener  # type: ignore[assignment]  # declared as None


async def _embedded(
    settings: Settings,
    listener: SocketHolder,
    on_start: Callable[[], None],
    life: int | None = None,
) -> None:
    app = create_app(settings)
    notice_the_dead(listener.get_fd())
    ending = Ending(app.stopping, Door(listener.get_fd()), settings.drain_seconds)
    ending.listen()
    if life is not None:
        asyncio.get_running_loop().add_reader(life, _orphaned, ending, life)
    async with running(app):
        # The application's start is driven here, so that the server has none to drive.
        server = _Server(
            app,
            listener,
            interface=Interfaces.ASGINL,
            address=resolved(settings),
            port=settings.port,
            http=HTTPModes.http1,
            websockets=True,
            backlog=_BACKLOG,
            backpressure=CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_WITHIN_MS),
            # Below errors it tells of itself only.
            log_level=LogLevels.error,
            log_dictconfig=logs.server_log_config(),
        )
        seconds = grace(settings.drain_seconds)
        server.workers_kill_timeout = seconds
        ending.on_shut(server.signal_handler_interrupt)
        on_start()
        try:
            await server.serve()
        except TimeoutError:
            logs.get_logger(__name__).warning("requests_cut_off", after_seconds=seconds)
    if not ending.begun:
        raise SystemExit(1)


def _with_workers(settings: Settings, on_start: Callable[[], None]) -> None:
    # Once here, where a failure can be told; workers that fail are started again.
    asyncio.run(_prove(settings))
    listener = ListenerSpec(resolved(settings), settings.port, _BACKLOG).build()

    def work(life: int) -> int:
        try:
            with asyncio.Runner(loop_factory=_loop_factory) as runner:
                runner.run(_embedded(settings, listener, lambda: None, life))
        except TideworkError as error:
            logs.get_logger(__name__).error("worker_failed", reason=error.detail)
            return 1
        except SystemExit:
            return 1
        return 0

    gc.collect()
    gc.freeze()
    if code := Supervisor(settings.workers, work).run(on_start):
        raise SystemExit(code)


async def _prove(settings: Settings) -> None:
    async with running(create_app(settings)):
        pass


def _orphaned(ending: Ending, life: int) -> None:
    """End this worker when the process that watches over it has been killed."""
    asyncio.get_running_loop().remove_reader(life)
    if not ending.begun:
        ending.tell()
