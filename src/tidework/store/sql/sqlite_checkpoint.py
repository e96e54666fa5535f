"""Keeping the write-ahead log short, beside the writer rather than in its way."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tidework.errors import Unavailable
from tidework.store.sql.sqlite_connection import WAL_KEPT, connect

# Pages that change time and again are moved once; the log takes so much of the disk meanwhile.
_PASSIVE = 8 * WAL_KEPT
_RESTART = 16 * WAL_KEPT


class Checkpointer:
    """Moves committed pages from the write-ahead log into the file, in a thread of its own.

    The log starts again from its beginning, and is cut back, when all of it has been moved while
    nobody reads from it. Under uninterrupted writing that moment has to be made: by the writer,
    between two groups, when nearly all has been moved already.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = f"{path.resolve()}-wal"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._connection: sqlite3.Connection | None = None
        self._moved = 0
        self._busy = False
        self._due = False

    def after_group(self) -> bool:
        """To be called after each group of commits; costs a look at the log's size.

        Returns whether the writer shall restart the log now.
        """
        if self._due:
            self._due = False
            return True
        if self._busy:
            return False
        try:
            size = os.stat(self._log).st_size
        except OSError:
            return False
        if size < self._moved:
            self._moved = 0
        if size >= self._moved + _PASSIVE:
            self._busy = True
            self._thread.submit(self._run, size)
        return False

    def close(self) -> None:
        """Finish what is under way; blocks."""
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def _run(self, size: int) -> None:
        try:
            if self._connection is None:
                self._connection = connect(self._path)
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._moved = size
            self._due = size >= _RESTART
        except (sqlite3.Error, Unavailable):
            # A later group tries again; until then the log is longer, nothing else.
            return
        finally:
            self._busy = False
