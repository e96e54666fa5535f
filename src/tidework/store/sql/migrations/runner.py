"""Bringing a database to the schema of this code, and refusing one that is not."""

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tidework.errors import Unavailable
from tidework.store.sql.migrations.revision import FITS_SINCE, check, head, known
from tidework.store.sql.servers import Primary
from tidework.store.sql.sqlite_connection import BUSY_S, failure, is_defect

_HERE = Path(__file__).parent
# Any number, the same in every copy: only one of them migrates at a time.
_LOCK = 7426950
_CONNECT_S = 10.0
_LOCK_MS = 1000
_POLL_S = 0.1
_PAUSE_S = 1.0
# Lock not available, deadlock, serialization failure.
_PASSING = frozenset({"55P03", "40P01", "40001"})

_log = structlog.get_logger("tidework.database")


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
        check(revision, _since(connection))
        return False
    if connection.dialect.name == "postgresql":
        # Each migration has a transaction of its own there.
        connection.rollback()
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True


def _since(connection: Connection) -> str | None:
    if connection.dialect.name != "postgresql":
        return None
    query = text("SELECT value FROM installation WHERE name = :name")
    found: str | None = connection.execute(query, {"name": FITS_SINCE}).scalar()
    return found


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


async def migrate_postgresql(url: str, patience: float = 120.0) -> bool:
    """Migrate a PostgreSQL database. Returns whether there was anything to do.

    Copies may go on serving meanwhile. Those who migrate at once wait for each other. A migration
    that does not get its locks within a second lets those go first who would queue up behind it,
    and tries again, for `patience` seconds. Raises as `migrate_sqlite` does.
    """
    primary = Primary(url)
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(primary.connect, timeout=_CONNECT_S),
        poolclass=NullPool,
    )
    event.listen(engine.sync_engine, "begin", _lock_briefly)
    try:
        async with _alone(primary):
            return await _upgraded(engine, time.monotonic() + patience)
    except DBAPIError as error:
        raise _failed(error) from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(
            "The database cannot be reached; check its address, and that it runs.",
            code="database",
            reason=str(error) or type(error).__name__,
        ) from error
    finally:
        await engine.dispose()
        primary.close()


def _lock_briefly(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_LOCK_MS}")


@asynccontextmanager
async def _alone(primary: Primary) -> AsyncIterator[None]:
    """Keep others from migrating, by the lock of a transaction on a connection of its own."""
    keeper = await primary.connect(timeout=_CONNECT_S)
    try:
        while True:
            await keeper.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
            if await keeper.fetchval(f"SELECT pg_try_advisory_xact_lock({_LOCK})"):
                break
            # Who waits must hold nothing: an index that is made concurrently would wait for them.
            await keeper.execute("ROLLBACK")
            await asyncio.sleep(_POLL_S)
        # For the same reason: it ends the query before, which has a snapshot as long as it is open.
        await keeper.execute("SELECT 1")
        yield
    finally:
        await keeper.close(timeout=_CONNECT_S)


async def _upgraded(engine: AsyncEngine, deadline: float) -> bool:
    done = False
    while True:
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(_upgrade) or done
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") not in _PASSING or time.monotonic() > deadline:
                raise
            # What was done before the one that failed is done.
            done = True
            _log.warning("migration_waits", reason=str(error.orig))
        await asyncio.sleep(random.uniform(_POLL_S, _PAUSE_S))  # noqa: S311


def _failed(error: DBAPIError) -> Unavailable:
    return Unavailable(
        "The database cannot be migrated; nothing was changed by the step that failed.",
        code="database",
        reason=str(error.orig),
    )
