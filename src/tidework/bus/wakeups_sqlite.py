"""Wake-ups on SQLite: another process may write to the same file, and its log tells."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Integer, bindparam, func, literal_column, select

from tidework.bus.wakeups import MOST, Listener
from tidework.errors import Unavailable
from tidework.store.sql.schema import changes
from tidework.store.sql.sqlite_connection import connect
from tidework.store.sql.statement import Statement

EVERY_S: Final = 0.05
_ROW: Final = literal_column("rowid", Integer())
_REASON: Final = "whoever wrote to the file may have written to any stream"
_LAST: Final = Statement(
    "changes_last", select(func.coalesce(func.max(_ROW), 0)).select_from(changes), fan_out=_REASON
)
# With the plus, no index tempts: the one that has all streams in order is as long as the log.
_STREAM: Final = literal_column("+changes.stream_id", changes.c.stream_id.type)
_MOVED: Final = Statement(
    "changes_moved",
    select(_STREAM)
    .select_from(changes)
    .where(bindparam("after") < _ROW)
    .distinct()
    .limit(bindparam("limit")),
    fan_out=_REASON,
)


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
        [last] = _ask(self._file, _LAST)[0]
        before, self._last = self._last, last
        if first or last < before:
            return []
        if last == before:
            # No commit: what the machinery keeps for itself, time and again.
            return None
        moved = _ask(self._file, _MOVED, after=before, limit=MOST)
        return [stream for (stream,) in moved] if len(moved) < MOST else []

    def _give_up(self) -> None:
        file, self._file, self._version = self._file, None, 0
        if file is not None:
            file.close()


def _ask(file: sqlite3.Connection, statement: Statement, **params: int) -> list[tuple[Any, ...]]:
    compiled = statement.compiled("sqlite")
    return file.execute(compiled.text, compiled.arguments(params)).fetchall()
