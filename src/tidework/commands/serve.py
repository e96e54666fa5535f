"""`tidework serve`: one process by default, with workers beside it when asked for."""

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
from tidework.commands.listening import allow_connections, check_address, resolved
from tidework.commands.loading import load_settings
from tidework.commands.options import DataDir
from tidework.settings import Settings

_POLL_SECONDS = 0.01


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
    # Before anything is opened that might find no place.
    allow_connections()
    folder.prepare(settings.data_dir)
    with folder.served_by_us(settings):
        check_address(settings)
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


def _announce(settings: Settings, stopped: threading.Event) -> None:
    """Say where the server is, as soon as it can be reached."""
    address = resolved(settings)
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
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
