"""Migrations lead to the schema of the code, once, whoever starts them."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from tests.services.opening import make_store
from tests.services.stores import Database

from tidework.errors import Unavailable
from tidework.store.sql import postgres_function, schema
from tidework.store.sql.migrations import versions
from tidework.store.sql.migrations.revision import FITS_SINCE, SchemaMismatch, head, known
from tidework.store.sql.migrations.runner import migrate_postgresql, migrate_sqlite
from tidework.store.sql.schema import metadata
from tidework.store.sql.statement import Statement

# SQLite's search index is a table of its own with tables behind it, PostgreSQL's is a column.
_SEARCH_TABLES = {
    "tasks_search",
    *(f"tasks_search_{part}" for part in ("config", "content", "data", "docsize", "idx")),
}
_EXPECTED = {
    # The search index refers to rows by number.
    ("remove_column", "tasks", "row"),
    ("remove_column", "tasks", "search"),
    ("remove_index", "tasks", "tasks_search"),
    # On SQLite that number is the primary key, and (stream_id, id) is unique beside it.
    ("remove_constraint", "tasks", "tasks_pkey"),
}


def differences(connection: Connection) -> list[Any]:
    """What a new migration would have to change, but for what is meant to differ."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    flat: list[Any] = []
    for found in compare_metadata(context, metadata):
        flat += found if isinstance(found, list) else [found]
    return [found for found in flat if place_of(found) not in _EXPECTED]


def place_of(found: tuple[Any, ...]) -> Any:
    kind, *rest = found
    if kind == "remove_table":
        name = rest[0].name
        return ("remove_column", "tasks", "row") if is_machinery(name) else (kind, name)
    if kind == "remove_column":
        return (kind, rest[1], rest[2].name)
    if kind in ("remove_index", "remove_constraint"):
        return (kind, rest[0].table.name, rest[0].name)
    return (kind, repr(rest))


def is_machinery(name: str) -> bool:
    return name in _SEARCH_TABLES or name == "alembic_version"


async def test_the_migrated_schema_is_the_schema(database: Database) -> None:
    if database.dialect == "sqlite":
        engine = create_engine(f"sqlite:///{database.address}", poolclass=NullPool)
        with engine.connect() as connection:
            assert differences(connection) == []
            keys = primary_keys(connection)
        keys["tasks"] = ["stream_id", "id"]
    else:
        url = database.address.replace("postgresql:", "postgresql+asyncpg:")
        remote = create_async_engine(url, poolclass=NullPool)
        async with remote.connect() as connected:
            assert await connected.run_sync(differences) == []
            keys = await connected.run_sync(primary_keys)
        await remote.dispose()
    assert keys == {
        table.name: [column.name for column in table.primary_key]
        for table in metadata.tables.values()
    }


def primary_keys(connection: Connection) -> dict[str, list[str]]:
    """The columns of each table's primary key, in order, which autogenerate does not compare."""
    inspector = inspect(connection)
    return {
        name: inspector.get_pk_constraint(name)["constrained_columns"]
        for name in inspector.get_table_names()
        if not is_machinery(name)
    }


def test_the_frozen_function_is_that_of_the_schema() -> None:
    """`python -m tidework.store.sql.postgres_function` prints the text for the next migration."""
    newest = sorted(Path(versions.__path__[0]).glob("*.sql"))[-1]
    assert newest.read_text("utf-8") == postgres_function.definition()


async def migrate(database: Database | str) -> bool:
    address = database if isinstance(database, str) else database.address
    if address.startswith("postgresql:"):
        return await migrate_postgresql(address)
    return await asyncio.to_thread(migrate_sqlite, Path(address))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        folder = tmp_path / "a folder? with #100% odd & names"
        folder.mkdir()
        return str(folder / "new.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


async def test_migrating_twice_does_nothing_the_second_time(empty: str) -> None:
    assert await migrate(empty)
    assert not await migrate(empty)
    store = make_store(empty)
    await store.start()
    await store.close()


async def test_several_migrate_at_once(empty: str) -> None:

    async def start() -> bool:
        done = await migrate(empty)
        store = make_store(empty)
        await store.start()
        await store.close()
        return done

    assert sorted(await asyncio.gather(*(start() for _ in range(6)))) == [False] * 5 + [True]


async def test_a_newer_database_is_refused_and_left_alone(database: Database) -> None:
    set_revision = "UPDATE alembic_version SET version_num = '{}'"
    database.execute(set_revision.format("9999"))
    try:
        for attempt in (migrate(database), make_store(database.address).start()):
            with pytest.raises(SchemaMismatch, match="newer version") as caught:
                await attempt
            assert "9999" in caught.value.detail
        assert database.execute("SELECT version_num FROM alembic_version") == [[("9999",)]]
    finally:
        database.execute(set_revision.format(head()))


async def test_an_empty_database_says_what_to_do(empty: str) -> None:
    for _ in range(2):
        with pytest.raises(SchemaMismatch, match="Run: tidework migrate"):
            await make_store(empty).start()


async def test_a_migration_that_fails_leaves_nothing(database: Database) -> None:
    # The tables are there already, and the revision says that they are not.
    database.execute("DELETE FROM alembic_version")
    try:
        with pytest.raises(Unavailable, match="nothing was changed") as caught:
            await migrate(database)
        assert "already exists" in caught.value.reason
        assert database.execute("SELECT count(*) FROM alembic_version") == [[(0,)]]
    finally:
        database.execute(f"INSERT INTO alembic_version VALUES ('{head()}')")
    assert not await migrate(database)


def test_what_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is no database, but it is long enough." * 100)
    (tmp_path / "folder.db").mkdir()
    for name in ("text.db", "folder.db", "missing/new.db"):
        with pytest.raises(Unavailable) as caught:
            migrate_sqlite(tmp_path / name)
        assert caught.value.detail.endswith(".")


def test_revisions_are_known_by_their_files() -> None:
    assert known()[0] == "0001"
    assert head() == known()[-1]


async def test_a_newer_schema_that_this_code_fits_is_served_on_postgresql(
    database: Database,
) -> None:
    """A copy of the version before goes on while, and after, a migration has only added."""
    remember = "INSERT INTO installation VALUES ('schema_fits_since', '{}')"
    forget = "DELETE FROM installation WHERE name = 'schema_fits_since'"
    database.execute(forget)
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    try:
        for since, welcome in ((head(), True), (known()[0], True), ("9998", False)):
            database.execute(remember.format(since))
            store = make_store(database.address)
            if welcome and database.dialect == "postgresql":
                assert not await migrate(database)
                await store.start()
                await store.close()
            else:
                # Nothing runs on an embedded database beside the one who migrates it.
                for attempt in (migrate(database), store.start()):
                    with pytest.raises(SchemaMismatch, match="newer version"):
                        await attempt
            database.execute(forget)
        assert database.execute("SELECT version_num FROM alembic_version") == [[("9999",)]]
    finally:
        database.execute(f"UPDATE alembic_version SET version_num = '{head()}'")
        database.execute(forget)
        database.execute(remember.format(head()))


async def test_a_migrated_database_says_what_it_fits(empty: str) -> None:
    await migrate(empty)
    store = make_store(empty)
    await store.start()
    query = select(schema.installation.c.value).where(schema.installation.c.name == FITS_SINCE)
    try:
        [(since,)] = await store.fetch(Statement("fits_since", query), {})
    finally:
        await store.close()
    assert known()[0] <= since <= head()


async def test_a_migration_waits_for_those_who_hold_what_it_needs(postgres_url: str) -> None:
    """It does not queue up in front of everybody else, and tries again."""
    await migrate_postgresql(postgres_url)
    holder = await asyncpg.connect(postgres_url)
    others = await asyncpg.connect(postgres_url)
    await holder.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    # What the first migration makes is made by somebody else, who takes their time to decide.
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    migration = asyncio.create_task(migrate_postgresql(postgres_url))
    blocked = (
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE NOT l.granted AND a.datname = current_database()"
    )
    try:
        for wanted in (1, 0, 1):
            async with asyncio.timeout(20):
                while await others.fetchval(blocked) != wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        assert not migration.done()
        await transaction.rollback()
        assert await migration
    finally:
        await holder.close()
        await others.close()
