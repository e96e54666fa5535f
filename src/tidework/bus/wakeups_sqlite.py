"""Wake-ups on SQLite: another process may write to the same file, and its log tells."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Final

from tidework.bus.wakeups import MOST, Listener
from tidework.errors import Unavailable
from tidework.store.sql.sqlite_connection import connect

EVERY_S: Final = 0.05
_LAST: Final = "SELECT coalesce(max(rowid), 0) FROM changes"
_MOVED: Final = "SELECT DISTINCT stream_id FROM changes WHERE rowid > ? LIMIT ?"


class SqliteCarrier:
    """See `wakeups.Carrier`. Looks at the file every `every` seconds, which costs microseconds;
    the commits of its own process are seen once more.
    """

    def __init__(self, path: Path, every: float = EVERY_S) -> None:
        self._path = path
        self._every = every
        self._file: sqlite3.Connection | None = None
        self._version = 0
        self._last = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self, hear: Listener) -> None:
        """See `Carrier.start`."""
        with contextlib.suppress(Unavailable, sqlite3.Error):
            self._look()
        self._task = asyncio.create_task(self._watch(hear), name="wake-ups")

    def send(self, stream_ids: Collection[str]) -> None:
        """Others look at the file."""

    async def close(self) -> None:
        """See `Carrier.close`."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._give_up()

    async def _watch(self, hear: Listener) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                moved = self._look()
            except (Unavailable, sqlite3.Error):
                self._give_up()
                moved = []
            if moved is not None:
                hear(moved)

    def _look(self) -> list[str] | None:
        """The streams that have moved since the last look, none: any; None when nothing has."""
        if self._file is None:
            self._file = connect(self._path, read_only=True, busy=0.1)
        version: int = self._file.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return None
        first, self._version = self._version == 0, version
        [last] = self._file.execute(_LAST).fetchone()
        before, self._last = self._last, last
        if first or last < before:
            return []
        if last == before:
            # No commit: what the machinery keeps for itself, time and again.
            return None
        moved = self._file.execute(_MOVED, (before, MOST)).fetchall()
        return [stream for (stream,) in moved] if len(moved) < MOST else []

    def _give_up(self) -> None:
        file, self._file, self._version = self._file, None, 0
        if file is not None:
            file.close()
