"""The data folder: made, proved writable, and served by one server only."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tidework.errors import TideworkError
from tidework.settings import Settings

_LOCK: Final = "serve.lock"
_ELSEWHERE: Final = "or choose another folder with --data-dir or TIDEWORK_DATA_DIR."


class FolderError(TideworkError):
    """The data folder cannot be used as it is."""

    status = 503
    title = "The data folder cannot be used"
    code = "data_folder"


def prepare(folder: Path) -> None:
    """Make the folder, readable by its owner only, if it is missing; raise unless it is writable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Asking for the rights would not tell of a read-only or a full file system.
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
    except (FileExistsError, NotADirectoryError) as error:
        raise FolderError(f"{folder} is not a folder. Move what is there, {_ELSEWHERE}") from error
    except OSError as error:
        raise FolderError(
            f"The data folder {folder} cannot be written by user {os.geteuid()}:"
            f" {error.strerror}. Put that right, {_ELSEWHERE}"
        ) from error


@contextlib.contextmanager
def served_by_us(settings: Settings) -> Iterator[None]:
    """Keep other servers off the data folder and off the database, wherever that lies.

    Ends with this process, however that ends. Raises `FolderError`, naming the process that has it.
    With PostgreSQL any number of copies may share a folder, and nothing is kept.
    """
    with contextlib.ExitStack() as held:
        for path in _lock_files(settings):
            held.callback(os.close, _locked(path))
        yield


def server_of(settings: Settings) -> int | None:
    """The process id of the server that runs on this data folder; None when there is none."""
    for path in _lock_files(settings):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _holder(descriptor)
        finally:
            os.close(descriptor)
    return None


def _lock_files(settings: Settings) -> list[Path]:
    database = settings.database_path
    if database is None:
        return []
    # Both, always: another server may name this database and a data folder of its own, also by a link.
    database = database.resolve()
    return [settings.data_dir / _LOCK, database.with_name(f"{database.name}.{_LOCK}")]


def _locked(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FolderError(f"{path} cannot be opened: {error.strerror}. {_repair(path)}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
    except BlockingIOError:
        holder = _holder(descriptor)
        os.close(descriptor)
        what, instead = path.parent, _ELSEWHERE
        if path.name != _LOCK:
            what = path.with_name(path.name.removesuffix(f".{_LOCK}"))
            instead = "or name another database in TIDEWORK_DATABASE_URL."
        raise FolderError(
            f"A server (process {holder or 'unknown'}) already runs on {what}. Stop it, {instead}"
        ) from None
    except OSError as error:
        os.close(descriptor)
        raise FolderError(f"{path} cannot be locked: {error.strerror}. {_repair(path)}") from error
    return descriptor


def _repair(path: Path) -> str:
    return f"Make {path.parent} writable on a file system with locks, {_ELSEWHERE}"


def _holder(descriptor: int) -> int:
    text = os.pread(descriptor, 32, 0)
    return int(text) if text.isdigit() else 0
