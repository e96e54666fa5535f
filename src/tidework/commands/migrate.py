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
from tidework.store.sql.migrations.revision import fits, head, state_of
from tidework.store.sql.migrations.runner import migrate_postgresql
from tidework.store.sql.servers import Primary

_CONNECT_SECONDS = 10
_State = tuple[str | None, str | None]


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
    state = _state(settings)
    if check or fits(*state):
        _tell(state, as_json)
        if not fits(*state):
            raise typer.Exit(1)
        return
    if settings.is_cluster:
        asyncio.run(migrate_postgresql(settings.database_url))
    else:
        folder.prepare(settings.data_dir)
        database.prepare(settings, create=True)
    _tell(_state(settings), as_json)


def _state(settings: Settings) -> _State:
    path = settings.database_path
    if path is not None:
        # Nothing but this version runs on an embedded database: what is newer does not fit.
        return database.revision_of(path), None
    return asyncio.run(_postgresql_state(settings.database_url))


async def _postgresql_state(url: str) -> _State:
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
        return await state_of(connection)
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)


def _tell(state: _State, as_json: bool) -> None:
    found, _ = state
    wanted = head()
    newer = found is not None and found > wanted
    if as_json:
        say_json({"revision": found, "wanted": wanted, "fits": fits(*state)})
    elif found == wanted:
        say(f"The database is at revision {found}, which this version needs.")
    elif fits(*state):
        say(
            f"The database is at revision {found}, newer than this version's {wanted}, and fits it."
        )
    else:
        now = f"is at revision {found}" if found else "has no tables yet"
        then = "It is from a newer version: install that." if newer else "Run: tidework migrate"
        say(f"The database {now}, this version needs {wanted}. {then}")
