"""Databases for tests of the store: migrated, one for each test, on SQLite and on PostgreSQL."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.emptied import Emptied
from tests.services.migrated import migrated_bytes
from tests.services.opening import make_store
from tests.services.postgres import Postgres
from tidework.store.protocol import Store
from tidework.store.sql.migrations.runner import migrate_postgresql


class Database:
    """A migrated database, and the stores that a test opens on it.

    Attributes:
        dialect: `sqlite` or `postgresql`.
        address: what `make_store` takes, also in another process.
    """

    def __init__(self, dialect: str, address: str, postgres: Postgres | None = None) -> None:
        self.dialect = dialect
        self.address = address
        self._postgres = postgres
        self._stores: list[Store] = []

    async def open(self, **options: Any) -> Any:
        """A further started store on this database, as another copy of the server would have."""
        store = make_store(self.address, **options)
        await store.start()
        self._stores.append(store)
        return store

    async def close(self) -> None:
        """Close what was opened."""
        for store in self._stores:
            await store.close()
        self._stores.clear()

    def execute(self, *statements: str) -> list[list[tuple[Any, ...]]]:
        """Look at the database, or damage it, behind the store's back."""
        if self._postgres is not None:
            return self._postgres.execute(*statements, database=self.address.rsplit("/", 1)[1])
        connection = sqlite3.connect(self.address, timeout=30, isolation_level=None)
        try:
            return [connection.execute(statement).fetchall() for statement in statements]
        finally:
            connection.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "tidework.db"
    path.write_bytes(migrated_bytes())
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    name = postgres.create_database()
    asyncio.run(migrate_postgresql(postgres.url(name)))
    return name


@pytest.fixture
async def sqlite_database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite file of the test's own."""
    path = tmp_path / "tidework.db"
    shutil.copyfile(migrated_file, path)
    database = Database("sqlite", str(path))
    yield database
    await database.close()


@pytest.fixture
async def postgres_copy(
    postgres: Postgres, migrated_template: str, postgres_database: Callable[..., str]
) -> AsyncIterator[Database]:
    """A migrated PostgreSQL database of the test's own, whatever it does to it."""
    database = Database("postgresql", postgres_database(migrated_template), postgres)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def emptied(postgres: Postgres, migrated_template: str) -> Iterator[Emptied]:
    """A migrated PostgreSQL database that tests use one after the other."""
    made = Emptied(postgres, postgres.create_database(template=migrated_template))
    yield made
    made.close()


@pytest.fixture
async def postgres_emptied(postgres: Postgres, emptied: Emptied) -> AsyncIterator[Database]:
    """A migrated, empty PostgreSQL database; making one for each test would take most of the time."""
    postgres.heal()
    emptied.empty()
    database = Database("postgresql", postgres.url(emptied.name), postgres)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated database of each kind."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_emptied"
    found: Database = request.getfixturevalue(name)
    return found


@pytest.fixture
async def store(database: Database) -> Store:
    """A started store on a migrated database, of each kind."""
    store: Store = await database.open()
    return store
