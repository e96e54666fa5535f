"""A temporary file that holds what an import has read, so that memory does not.

It lies in the folder for temporary files (`TMPDIR`) and takes about as much room as the source
without its packing.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from tidework.errors import Unavailable

_SCHEMA = """
CREATE TABLE issues (
  ordinal INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, parent TEXT, created TEXT NOT NULL,
  updated TEXT NOT NULL, creator TEXT, digest TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE aliases (alias TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE people (alias TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE persons (
  id TEXT PRIMARY KEY, display TEXT, email TEXT, user_id TEXT) WITHOUT ROWID;
CREATE TABLE link_events (
  issue TEXT NOT NULL, other TEXT NOT NULL, phrase TEXT NOT NULL, added INTEGER NOT NULL,
  at TEXT NOT NULL, actor TEXT, kind TEXT, type TEXT, a TEXT, b TEXT);
CREATE INDEX link_events_issue ON link_events (issue);
CREATE TABLE links (
  issue TEXT NOT NULL, other TEXT NOT NULL, outward INTEGER NOT NULL, type TEXT NOT NULL,
  kind TEXT, a TEXT, b TEXT);
CREATE INDEX links_issue ON links (issue);
CREATE TABLE marks (
  foreign_id TEXT PRIMARY KEY, entity_id TEXT NOT NULL, fingerprint TEXT NOT NULL) WITHOUT ROWID;
"""

_PERSON = (
    "INSERT INTO persons (id, display, email) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
    " SET display = coalesce(display, excluded.display), email = coalesce(email, excluded.email)"
)
_NAME = "INSERT OR IGNORE INTO people VALUES (?, ?)"
_ALIAS = "INSERT OR REPLACE INTO people VALUES (?, ?)"


class Spool:
    """A private SQLite file, gone when the context is left.

    The statements of its users run as they stand; `execute` and `many` raise `Unavailable` when the
    disk is full.
    """

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="tidework-import-")
        path = Path(self._folder.name) / "spool.db"
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-32000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_SCHEMA)
        self._connection.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._folder.cleanup()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        try:
            return self._connection.execute(sql, values)
        except sqlite3.OperationalError as error:
            raise self._full(error) from error

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.OperationalError as error:
            raise self._full(error) from error

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows, one after the other."""
        yield from self.execute(sql, values)

    def _full(self, error: sqlite3.OperationalError) -> Unavailable:
        if "full" not in str(error) and "disk I/O" not in str(error):
            raise error
        return Unavailable(
            f"The folder for temporary files ({tempfile.gettempdir()}) is full; free some space or "
            "set TMPDIR to another folder. Nothing that was imported is lost.",
            code="storage_full",
        )


def keep_person(
    spool: Spool, id_: str, aliases: Sequence[str], display: str | None, email: str | None
) -> None:
    """Note somebody, or what more is known of them; `id_` is one of the aliases."""
    spool.execute(_PERSON, (id_, display, email))
    for alias in aliases:
        # Whoever was met by another name only turns out to be this one.
        spool.execute(_NAME if alias == id_ else _ALIAS, (alias, id_))
