"""Whether the database itself is whole: its pages, its schema, its index of words."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Text, column, func, select, table

from tidework.commands.checks import Check
from tidework.errors import TideworkError
from tidework.store.protocol import Store
from tidework.store.sql.migrations.revision import head
from tidework.store.sql.migrations.runner import migrate_sqlite
from tidework.store.sql.schema import metadata
from tidework.store.sql.sqlite_connection import connect, failure, is_defect
from tidework.store.sql.statement import Statement

_RESTORE: Final = "Stop the server and restore a backup: docs/operations/backup.md"
_NAMES: Final = "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'"
_INDEX_PARTS: Final = ("data", "idx", "docsize", "config")

_REVISION = Statement("doctor_revision", select(table("alembic_version", column("version_num"))))
_catalog = table("pg_class", column("oid"), column("relname", Text))
_RELATIONS = Statement(
    "doctor_relations",
    select(_catalog.c.relname).where(func.pg_table_is_visible(_catalog.c.oid)),
)


def of_file(path: Path, revision: str, *, thorough: bool) -> list[Check]:
    """The embedded database at a revision: its pages, its schema; with `thorough` its search index.

    Nothing in it is changed, and no writer waits for it.
    """
    found = [_looked("database pages", path, lambda file: _pages(file, thorough=thorough))]
    # What another version's schema has is not known here; the store refuses it.
    if revision == head():
        found.append(_looked("database schema", path, _schema))
        if thorough:
            found.append(_looked("search index", path, _words))
    return found


def _looked(name: str, path: Path, look: Callable[[sqlite3.Connection], Check]) -> Check:
    try:
        with closing(connect(path, read_only=True)) as connection:
            return look(connection)
    except sqlite3.Error as error:
        return told(name, error if is_defect(error) else failure(error))
    except TideworkError as error:
        return told(name, error)
    except OSError as error:
        return Check(
            name, False,
            f"It could not be looked at: {error}. Make room for temporary files, or name another"
            " folder for them in TMPDIR.",
        )  # fmt: skip


def told(name: str, error: Exception) -> Check:
    """A check that an error ended: one of ours, or one of a database without what the query needs."""
    if not isinstance(error, TideworkError):
        return Check(name, False, f"It could not be looked at: {error}. {_RESTORE}")
    reason = getattr(error, "reason", "")
    return Check(name, False, f"{error.detail} {reason}".strip())


def _pages(connection: sqlite3.Connection, *, thorough: bool) -> Check:
    how = "integrity_check(5)" if thorough else "quick_check(1)"
    lines: list[str] = []
    try:
        for (text,) in connection.execute(f"PRAGMA {how}"):
            lines += text.splitlines()
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        lines.append(str(error))
        if thorough:
            # It may be ended by what it should have told of; the quick one gets further.
            lines += _pages(connection, thorough=False).findings
    # A line of stars only says which file it is.
    findings = [line for line in lines if line != "ok" and not line.startswith("***")]
    if findings:
        return Check("database pages", False, f"The database file is damaged. {_RESTORE}", findings)
    return Check("database pages", True, "as they should be")


def _is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT


def _schema(connection: sqlite3.Connection) -> Check:
    # What migrations make differs from the tables of the code: the search index, its triggers.
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "fresh.db"
        migrate_sqlite(fresh)
        with closing(sqlite3.connect(fresh)) as migrated:
            wanted = migrated.execute(_NAMES).fetchall()
    there = set(connection.execute(_NAMES))
    return _complete([f"{kind} {name}" for kind, name in wanted if (kind, name) not in there])


def _complete(missing: Sequence[str]) -> Check:
    if missing:
        findings = [f"{one} is missing" for one in missing]
        return Check("database schema", False, f"Not all of it is there. {_RESTORE}", findings)
    return Check("database schema", True, "every table and index is there")


def _words(connection: sqlite3.Connection) -> Check:
    """Compare the search index with the tasks.

    The index keeps no texts, so that its own check does not know what should be in it, and would
    keep a server from writing. A copy that lasts as long as the connection has neither fault.
    """
    connection.execute("PRAGMA temp_store=FILE")
    # What is read only may have no temporary tables either.
    connection.execute("PRAGMA query_only=0")
    connection.execute("BEGIN")
    found = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'tasks_search'")
    declared = "".join(sql for (sql,) in found)
    if not declared:
        return Check("search index", False, f"It is missing. {_RESTORE}")
    connection.execute(
        "CREATE TEMP VIEW texts AS SELECT row, replace(stream_id, '-', '') AS stream, title,"
        " description FROM main.tasks"
    )
    connection.execute(
        declared.replace("TABLE tasks_search", "TABLE temp.tasks_search").replace(
            "content=''", "content='texts', content_rowid='row'"
        )
    )
    for part in _INDEX_PARTS:
        name = f"tasks_search_{part}"
        connection.execute(f"DELETE FROM temp.{name}")  # noqa: S608  (our own name)
        connection.execute(f"INSERT INTO temp.{name} SELECT * FROM main.{name}")  # noqa: S608
    try:
        connection.execute(
            "INSERT INTO temp.tasks_search (tasks_search, rank) VALUES ('integrity-check', 1)"
        )
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        return Check("search index", False, f"It does not have what the tasks have. {_RESTORE}")
    return Check("search index", True, "has what the tasks have")


async def of_server(store: Store) -> list[Check]:
    """The names of tables and indexes on PostgreSQL.

    Nothing where a newer version has migrated it, which alone knows what should be there.
    """
    if [[head()]] != [list(row) for row in await store.fetch(_REVISION, {})]:
        return []
    there = {row[0] for row in await store.fetch(_RELATIONS, {})}
    return [_complete(sorted(set(_relations()) - there))]


def _relations() -> Iterator[str]:
    yield "tasks_search"
    for one in metadata.tables.values():
        named: list[Any] = [one, *one.indexes, *one.constraints]
        yield from (str(part.name) for part in named if part.name is not None)
