"""Bringing a database to the schema of this code, and refusing one that is not."""

import sqlite3
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tidework.errors import Unavailable
from tidework.store.sql.migrations.revision import check, head, known
from tidework.store.sql.servers import Primary
from tidework.store.sql.sqlite_connection import BUSY_S, failure, is_defect

_HERE = Path(__file__).parent
# Any number, the same in every copy: only one of them migrates at a time.
_LOCK = 7426950
_CONNECT_S = 10.0


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def revision_of(connection: Connection) -> str | None:
    """The revision of a database, None when it is empty."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> bool:
    revision = revision_of(connection)
    if revision == head():
        return False
    if revision is not None and revision not in known():
        check(revision)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True


def migrate_sqlite(path: Path) -> bool:
    """Migrate a SQLite file, making it if it is missing. Returns whether there was anything to do.

    Processes that do so at once wait for each other. Raises `SchemaMismatch` when the file is from
    a newer version, `Unavailable` when it cannot be used; nothing is changed then.
    """
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path, timeout=BUSY_S, isolation_level=None),
        poolclass=NullPool,
    )
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            return _upgrade(connection)
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error) or is_defect(error.orig):
            raise _failed(error) from error
        raise failure(error.orig) from error
    except sqlite3.Error as error:
        raise failure(error) from error


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


async def migrate_postgresql(url: str) -> bool:
    """Migrate a PostgreSQL database. Returns whether there was anything to do.

    Copies that start at once wait for each other. Raises as `migrate_sqlite` does.
    """
    primary = Primary(url)
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(primary.connect, timeout=_CONNECT_S),
        poolclass=NullPool,
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            return await connection.run_sync(_upgrade)
    except DBAPIError as error:
        raise _failed(error) from error
    except OSError as error:
        raise Unavailable(
            "The database cannot be reached; check its address, and that it runs.",
            code="database",
            reason=str(error) or type(error).__name__,
        ) from error
    finally:
        await engine.dispose()
        primary.close()


def _failed(error: DBAPIError) -> Unavailable:
    return Unavailable(
        "The database cannot be migrated; nothing was changed.",
        code="database",
        reason=str(error.orig),
    )
