"""`tidework worker`: what follows commits, in processes of its own."""

import importlib
import os
from typing import Annotated

import typer

from tidework.commands import database, folder
from tidework.commands.loading import load_settings
from tidework.commands.options import DataDir


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(worker)


def worker(
    only: Annotated[
        str | None,
        typer.Option(metavar="PART,…", help="Parts: relay, jobs, consumers by name. [all]"),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=256, help="Streams that consumers work on at once.")
    ] = 8,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where /metrics answers. [TIDEWORK_METRICS, off]"),
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
    """Do what follows changes (events, mails, reminders, reports) until stopped (Ctrl-C, SIGTERM).

    Any number of workers share the work; one that ends, however it ends, is replaced by the others.
    A server with a broker, or with TIDEWORK_BACKGROUND=off, leaves it to them.
    """
    settings = load_settings(
        metrics=metrics, data_dir=data_dir, log_level=log_level, log_format=log_format
    )
    folder.prepare(settings.data_dir)
    database.check_keys(settings)
    database.prepare(settings, create=False)
    os.environ.update(settings.to_environ())
    parts = None if only is None else frozenset(filter(None, only.replace(" ", "").split(",")))
    working = importlib.import_module("tidework.commands.working")
    working.work(settings, parts, concurrency=concurrency, processes=processes)
