"""`tidework export`: a workspace as a file."""

import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

from tidework.commands.loading import load_settings
from tidework.commands.options import DataDir
from tidework.commands.people import AccountDirectory
from tidework.commands.services import run, workspace
from tidework.composition import Services
from tidework.errors import NotFound
from tidework.transfer import export_csv, export_ics, export_json

_EXPORTS = {"json": export_json, "csv": export_csv, "ics": export_ics}


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command("export")(export)


def export(
    name: Annotated[str, typer.Argument(metavar="WORKSPACE", help="Name or id of the workspace.")],
    kind: Annotated[
        Literal["json", "csv", "ics"],
        typer.Option(
            "--format",
            help="json: everything with its history, to be imported again; csv: the tasks; ics: the"
            " tasks for calendars.",
        ),
    ] = "json",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File to write. [standard output]"),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="EMAIL", help="Whose, where several have the name."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write a workspace to a file or to standard output."""

    async def work(services: Services) -> None:
        found = await workspace(services, name, owner)
        if found is None:
            raise NotFound(f"There is no workspace {name!r}; give its exact name or its id.")
        with _written(output) as write:
            await _EXPORTS[kind](services.store, found.id, AccountDirectory(services), write)

    run(load_settings(data_dir=data_dir), work)


@contextlib.contextmanager
def _written(output: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Where to write; a file appears whole or not at all, and is its owner's alone."""
    if output is None:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    if output.exists() and not output.is_file():
        # A pipe or a device is written to, never replaced.
        try:
            with output.open("wb") as file:
                yield file.write
        except OSError as error:
            if error.filename is None:
                raise OSError(error.errno, error.strerror, str(output)) from error
            raise
        return
    target = output.resolve()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.filename in (None, temporary, str(temporary)):
            raise OSError(error.errno, error.strerror, str(output)) from error
        raise
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
