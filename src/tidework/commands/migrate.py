"""`tidework migrate`."""

import asyncio
from typing import Annotated

import asyncpg
import typer

from tidework.commands import database, folder
from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, say, say_json
from tidework.errors import Unavailable
from tidework.settings import Settings
from tidework.store.sql.migrations.revision import head
from tidework.store.sql.migrations.runner import migrate_postgresql
from tidework.store.sql.servers import Primary

_CONNECT_SECONDS = 10


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(migrate)


def migrate(
    check: Annotated[
        bool,
        typer.Option("--check", help="Change nothing; exit with 1 unless the schema fits."),
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring the database to the schema of this version.

    `serve` does it by itself for the embedded database. On PostgreSQL run it once, before the new
    version's copies start.
    """
    settings = load_settings(data_dir=data_dir)
    wanted = head()
    found = _revision(settings)
    if check or found == wanted:
        _tell(found, wanted, as_json)
        if found != wanted:
            raise typer.Exit(1)
        return
    if settings.is_cluster:
        asyncio.run(migrate_postgresql(settings.database_url))
    else:
        folder.prepare(settings.data_dir)
        database.prepare(settings, create=True)
    _tell(_revision(settings), wanted, as_json)


def _revision(settings: Settings) -> str | None:
    path = settings.database_path
    if path is not None:
        return database.revision_of(path)
    return asyncio.run(_postgresql_revision(settings.database_url))


async def _postgresql_revision(url: str) -> str | None:
    primary = Primary(url)
    try:
        connection = await primary.connect(timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(
            f"The database cannot be reached: {error or type(error).__name__}."
            " Check TIDEWORK_DATABASE_URL and that the server runs."
        ) from error
    finally:
        primary.close()
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
    return None if found is None else str(found)


def _tell(found: str | None, wanted: str, as_json: bool) -> None:
    if as_json:
        say_json({"revision": found, "wanted": wanted, "fits": found == wanted})
    elif found == wanted:
        say(f"The database is at revision {found}, which this version needs.")
    else:
        state = f"is at revision {found}" if found else "has no tables yet"
        newer = found is not None and found > wanted
        then = "It is from a newer version: install that." if newer else "Run: tidework migrate"
        say(f"The database {state}, this version needs {wanted}. {then}")
