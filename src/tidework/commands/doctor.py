"""`tidework doctor`: whether the installation is as it should be, and what to do where it is not."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Sequence
from typing import Annotated, Final

import asyncpg
import typer

from tidework.commands import checks, database, replay, soundness
from tidework.commands.checks import Check
from tidework.commands.console import progress, say_table
from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, say, say_json
from tidework.composition import make_store
from tidework.errors import TideworkError
from tidework.http import logs
from tidework.settings import InvalidSettings, Settings
from tidework.transfer import Progress

# The databases' own are of a table that is missing.
_TOLD: Final = (TideworkError, sqlite3.Error, asyncpg.PostgresError)


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(doctor)


def doctor(
    with_replay: Annotated[
        bool,
        typer.Option(
            "--replay",
            help="Also fold every log, and compare it with the state tables and statistics.",
        ),
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Look whether all is well, and say what to do.

    Settings, data folder, keys, database, look-ups and Redis; nothing is changed. Exits with 1 when something is wrong. Works beside a running server.
    """
    try:
        settings = load_settings(data_dir=data_dir)
    except InvalidSettings as error:
        found = [Check("settings", False, problem) for problem in error.problems]
    else:
        logs.configure(settings.log_format, "error")
        found = [
            Check("settings", True, settings.public_url),
            *checks.of_folder(settings),
            *checks.of_keys(settings),
            *_of_database(settings, with_replay),
            *asyncio.run(checks.of_redis(settings)),
        ]
    _tell(found, as_json)
    if not all(check.ok for check in found):
        raise typer.Exit(1)


def _of_database(settings: Settings, with_replay: bool) -> list[Check]:
    path = settings.database_path
    found: list[Check] = []
    try:
        if path is not None:
            revision = database.revision_of(path)
            if revision is None:
                missing = f"There is no database at {path} yet. Run: tidework serve"
                return [Check("database", False, missing)]
            found = soundness.of_file(path, revision, thorough=with_replay)
        with progress("Replaying") as advance:
            found += asyncio.run(_look(settings, advance if with_replay else None))
    except _TOLD as error:
        found.append(soundness.told("database", error))
    return found


async def _look(settings: Settings, advance: Progress | None) -> list[Check]:
    store = make_store(settings)
    await store.start()
    try:
        await store.ping()
        found = [Check("database", True, f"{store.dialect}, at a revision that fits this version")]
        if store.dialect == "postgresql":
            found += await _unless_broken("database schema", soundness.of_server(store))
        found += await _unless_broken("look-ups", checks.of_lookups(store))
        if advance is not None:
            found += await _unless_broken("replay", replay.check(store, advance))
            found += await _unless_broken("statistics", replay.statistics(store))
    finally:
        await store.close()
    return found


async def _unless_broken(name: str, looking: Awaitable[list[Check] | Check]) -> list[Check]:
    """What a check found, or what ended it, so that the others are told all the same."""
    try:
        found = await looking
    except _TOLD as error:
        return [soundness.told(name, error)]
    return [found] if isinstance(found, Check) else found


def _tell(found: Sequence[Check], as_json: bool) -> None:
    healthy = all(check.ok for check in found)
    if as_json:
        say_json({"ok": healthy, "checks": [check._asdict() for check in found]})
        return
    rows = [(("ok" if check.ok else "FAILED"), check.name, check.detail) for check in found]
    say_table(("", "check", "detail"), rows)
    for check in found:
        for finding in check.findings:
            say(f"  {check.name}: {finding}")
