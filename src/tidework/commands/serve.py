"""`tidework serve`: one process by default, with workers beside it when asked for."""

import errno
import importlib
import json
import os
import socket
import sys
import threading
from typing import Annotated

import typer

from tidework import __version__
from tidework.commands import database, folder
from tidework.commands.loading import load_settings
from tidework.commands.options import DataDir
from tidework.errors import TideworkError
from tidework.settings import Settings

_POLL_SECONDS = 0.01


class CannotListen(TideworkError):
    """The address cannot be listened on."""

    status = 503
    title = "Cannot listen"
    code = "cannot_listen"


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(serve)


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [TIDEWORK_HOST, 127.0.0.1]")
    ] = None,
    port: Annotated[
        str | None, typer.Option(help="Port to listen on. [TIDEWORK_PORT, 8000]")
    ] = None,
    workers: Annotated[
        str | None, typer.Option(help="Worker processes. [TIDEWORK_WORKERS, 1]")
    ] = None,
    data_dir: DataDir = None,
    log_level: Annotated[
        str | None,
        typer.Option(help="debug, info, warning or error. [TIDEWORK_LOG_LEVEL, info]"),
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(help="console or json. [TIDEWORK_LOG_FORMAT, console]")
    ] = None,
) -> None:
    """Serve the product until it is stopped (Ctrl-C, SIGTERM).

    Requests under way are answered first. The embedded database is made and migrated as needed.
    """
    settings = load_settings(
        host=host,
        port=port,
        workers=workers,
        data_dir=data_dir,
        log_level=log_level,
        log_format=log_format,
    )
    folder.prepare(settings.data_dir)
    with folder.served_by_us(settings):
        check_port(settings)
        database.check_keys(settings)
        migration = database.begin_migration(settings)
        # Workers, and whatever the application starts, find the same settings.
        os.environ.update(settings.to_environ())
        stopped = threading.Event()
        announcer = threading.Thread(target=_announce, args=(settings, stopped), daemon=True)
        try:
            # Loaded only now: its imports take most of a start, and the migration runs meanwhile.
            server = importlib.import_module("tidework.commands.server")
            server.serve(settings, migration, announcer.start)
        finally:
            stopped.set()


def check_port(settings: Settings) -> None:
    """Raise `CannotListen` when the address cannot be listened on.

    Asked beforehand, since the server listens in a way that lets several share a port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As any server does: connections of a predecessor that linger do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise CannotListen(_refusal(settings, error)) from error


def _refusal(settings: Settings, error: OSError) -> str:
    where = f"{settings.host} port {settings.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Another program already listens on {where}. Stop it, or choose another port, e.g."
            f" --port {settings.port % 65_535 + 1}"
        )
    if error.errno == errno.EACCES:
        return (
            f"This user may not listen on {where}. Ports below 1024 need rights; choose another"
            " one, e.g. --port 8000"
        )
    return (
        f"Cannot listen on {where}: {error.strerror}. Choose another address with --host, e.g."
        " 127.0.0.1 or 0.0.0.0"
    )


def _announce(settings: Settings, stopped: threading.Event) -> None:
    """Say where the server is, as soon as it can be reached."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    while not stopped.wait(_POLL_SECONDS):
        try:
            socket.create_connection((reachable, settings.port), 1).close()
        except OSError:
            continue
        break
    else:
        return
    docs = f"{settings.public_url}/api/docs"
    if settings.log_format == "json":
        line = json.dumps(
            {
                "event": "ready",
                "version": __version__,
                "url": settings.public_url,
                "docs": docs,
                "data_dir": str(settings.data_dir),
            }
        )
    else:
        line = (
            f"Tidework {__version__} is ready: {settings.public_url}"
            f"   API docs: {docs}   data: {settings.data_dir}"
        )
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
