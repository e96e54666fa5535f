"""Bringing a database to the schema of this code, and refusing one that is not."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tidework.errors import TideworkError

_HERE = Path(__file__).parent
# Any number, the same in every copy: only one of them migrates at a time.
_LOCK = 7426950


class SchemaMismatch(TideworkError):
    """The database's schema is not the one that this code was written for."""

    status = 503
    title = "Database schema does not match"
    code = "schema_mismatch"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def head() -> str:
    """The revision that this code was written for."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def check(revision: str | None) -> None:
    """Raise `SchemaMismatch` unless a database at `revision` (None: empty) fits this code."""
    if revision == head():
        return
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is None or revision in known:
        state = "has no tables yet" if revision is None else f"is at revision {revision}"
        raise SchemaMismatch(
            f"The database {state}, this version needs {head()}. Run: tidework migrate"
        )
    raise SchemaMismatch(
        f"The database was written by a newer version of Tidework (revision {revision}, this one"
        f" knows up to {head()}). Install that version or restore a backup; nothing was changed."
    )


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
    try:
        check(revision)
    except SchemaMismatch as mismatch:
        if "newer" in mismatch.detail:
            raise
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True


def migrate_sqlite(path: Path) -> bool:
    """Migrate a SQLite file, making it if it is missing. Returns whether there was anything to do.

    Raises `SchemaMismatch` when the file is from a newer version, OSError or `TideworkError` when
    it cannot be opened.
    """
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _prepare(raw: object, _: object) -> None:
        raw.isolation_level = None  # type: ignore[attr-defined]
        raw.execute("PRAGMA busy_timeout=30000")  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        return _upgrade(connection)


async def migrate_postgresql(url: str) -> bool:
    """Migrate a PostgreSQL database. Copies that start at once wait for each other."""
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            return await connection.run_sync(_upgrade)
    except (OSError, DBAPIError) as error:
        raise SchemaMismatch(f"The database cannot be migrated: {error}") from error
    finally:
        await engine.dispose()
