"""Connections to a SQLite file, and what their failures mean to a caller."""

import sqlite3
import time
from pathlib import Path

from tidework.errors import OutcomeUnknown, Unavailable

BUSY_S = 30.0
WAL_KEPT = 4 * 1024 * 1024
"""To how many bytes the write-ahead log is cut back when it starts again from its beginning."""


def connect(path: Path, *, read_only: bool = False, busy: float = BUSY_S) -> sqlite3.Connection:
    """A connection with the settings that all of ours have.

    Waits up to `busy` seconds wherever another process holds a lock. Raises `Unavailable` when the
    file is not there or cannot be used.
    """
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            timeout=busy,
        )
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(f"PRAGMA journal_size_limit={WAL_KEPT}")
        connection.execute("PRAGMA cache_size=-16000")
        connection.execute("PRAGMA temp_store=MEMORY")
        if read_only:
            connection.execute("PRAGMA query_only=1")
    except sqlite3.Error as error:
        raise failure(error) from error
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite does not wait for locks by itself there."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            # The first read makes or maps the files beside the database, which may fail.
            connection.execute("PRAGMA user_version").fetchone()
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                connection.close()
                raise
        time.sleep(0.01)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else's lock was in the way for too long."""
    return _primary(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_defect(error: sqlite3.Error) -> bool:
    """Whether our own code is at fault, and nothing about the file or the machine."""
    return isinstance(
        error, sqlite3.ProgrammingError | sqlite3.InterfaceError | sqlite3.IntegrityError
    ) or (_primary(error) == sqlite3.SQLITE_ERROR)


def failure(error: sqlite3.Error, *, committing: bool = False) -> Unavailable:
    """What to tell a caller. Nothing has changed, unless `committing` and the disk failed."""
    code, extended = _primary(error), getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_FULL:
        return _full("The disk is full")
    if code == sqlite3.SQLITE_IOERR:
        # A commit is whole only with its last page written: one that could not be is none.
        if extended == sqlite3.SQLITE_IOERR_WRITE:
            return _full("The disk does not take more (it is full, or a file grew too large)")
        if committing:
            return OutcomeUnknown(
                "The disk failed while the change was being written; it may or may not have"
                " happened. Repeat the request with the same Idempotency-Key to find out."
            )
        return Unavailable(
            "The disk failed; nothing was changed. Check the disk.",
            code="storage",
            reason=str(error),
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable(
            "Another process kept the data locked; nothing was changed. Try again.", code="busy"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return unusable(str(error))
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Unavailable(
            "The database file is damaged. Restore a backup.",
            code="storage_damaged",
            retry_after=300,
            reason=str(error),
        )
    return Unavailable(
        "The database refuses at the moment; try again.", code="database", reason=str(error)
    )


def unusable(why: str) -> Unavailable:
    """What to tell when the folder or the file cannot be opened or written."""
    return Unavailable(
        "The data folder cannot be used; nothing was changed. Check that it exists and may be"
        " written to.",
        code="storage_unwritable",
        retry_after=30,
        reason=why,
    )


def _full(what: str) -> Unavailable:
    return Unavailable(
        f"{what}; nothing was changed. Free some space and try again.",
        code="storage_full",
        retry_after=30,
    )


def _primary(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
