"""The database before it is used: made, migrated, or refused with what to do about it."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Final

from tidework.commands import Reported, folder
from tidework.commands.folder import FolderError
from tidework.errors import NotFound, TideworkError
from tidework.settings import Settings
from tidework.store.sql.migrations.revision import head

# What the disk or the folder refuses; the file itself may be whole.
_OUTSIDE: Final = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


class DatabaseError(TideworkError):
    """The database cannot be used as it is."""

    status = 503
    title = "The database cannot be used"
    code = "database"


class Migration:
    """A migration of the embedded database in a process of its own.

    So that what it imports does not stay in a server's memory, and is loaded while the server loads
    its own parts.
    """

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603  (our own module, no shell)
            [sys.executable, "-m", "tidework.commands.migration", str(path)],
            stdin=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Wait until it is done. Raises `Reported` when it failed."""
        if self._process.wait():
            raise Reported("the database was not migrated")


def revision_of(path: Path) -> str | None:
    """The revision of a SQLite file; None when it is missing or empty.

    Raises `DatabaseError` when it is no database or cannot be read.
    """
    if not path.exists():
        return None
    try:
        # A connection of the kind that the store opens: one that only reads could not recover a
        # write-ahead log that a killed process left behind.
        connection = sqlite3.connect(path, timeout=30)
        try:
            if not connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone():
                _refuse_foreign(connection, path)
                return None
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        whole = getattr(error, "sqlite_errorcode", 0) & 0xFF in _OUTSIDE
        repair = (
            "Make room on its disk, and its folder writable for this user"
            if whole
            else "Restore a backup"
        )
        raise DatabaseError(
            f"{path} cannot be used as a database: {error}. {repair}, or name another one"
            " in TIDEWORK_DATABASE_URL; nothing was changed."
        ) from error
    return None if found is None else str(found[0])


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise DatabaseError(
            f"{path} belongs to another program. Name another file in TIDEWORK_DATABASE_URL;"
            " nothing was changed."
        )


def begin_migration(settings: Settings) -> Migration | None:
    """Start bringing the embedded database to this version, if it is not there yet.

    With PostgreSQL that is left to `tidework migrate`. Raises `DatabaseError`.
    """
    path = settings.database_path
    if path is None or revision_of(path) == head():
        return None
    create_private(path)
    return Migration(path)


def create_private(path: Path) -> None:
    """Make an empty file that its owner alone may read, if there is none."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DatabaseError(
            f"The database {path} cannot be opened: {error.strerror}. Make its folder, and make"
            " both writable for this user."
        ) from error


def prepare(settings: Settings, *, create: bool = False) -> None:
    """Make the embedded database ready for a command.

    Without `create` it must be there. A database of an older version is migrated, unless a server
    of that version is running on it.
    """
    path = settings.database_path
    if path is None:
        return
    if not create and not path.exists():
        raise NotFound(
            f"There is no database at {path} yet. Start with: tidework serve; or name the right"
            " folder with --data-dir or TIDEWORK_DATA_DIR."
        )
    folder.prepare(settings.data_dir)
    if revision_of(path) == head():
        return
    if pid := folder.server_of(settings):
        raise FolderError(
            f"The database needs this version's changes, and a server of another version (process"
            f" {pid}) runs on it. Stop that server first."
        )
    migration = begin_migration(settings)
    if migration is not None:
        migration.wait()


def check_keys(settings: Settings) -> None:
    """Raise unless there are signing keys where copies could not agree on generated ones."""
    if settings.is_cluster and not settings.keys_path.exists():
        raise DatabaseError(
            f"There are no signing keys at {settings.keys_path}, and with PostgreSQL they are not"
            " generated, since every copy needs the same. Make them once with: tidework keys create"
            f" {settings.keys_path}; then give the file to each copy"
            " (TIDEWORK_SIGNING_KEYS_FILE)."
        )
