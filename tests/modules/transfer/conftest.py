"""Real stores for imports and exports."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.modules.transfer.harness import MemoryPeople, make_workspace

from tidework.store.protocol import Store
from tidework.store.sql.migrations.runner import migrate_postgresql, migrate_sqlite
from tidework.store.sql.postgres import PostgresStore
from tidework.store.sql.sqlite import SqliteStore
from tidework.transfer import jira_groups, link_write


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of the embedded default."""
    migrate_sqlite(tmp_path / "tidework.db")
    opened = SqliteStore(tmp_path / "tidework.db")
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    opened: Store
    if request.param == "sqlite":
        migrate_sqlite(tmp_path / "any.db")
        opened = SqliteStore(tmp_path / "any.db")
    else:
        url = request.getfixturevalue("postgres_url")
        await migrate_postgresql(url)
        opened = PostgresStore(url)
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
async def people(store: Store) -> MemoryPeople:
    """People, and a workspace of one of them."""
    return await people_with_workspace(store)


async def people_with_workspace(store: Store) -> MemoryPeople:
    """As the fixture, for any store."""
    people = MemoryPeople(store)
    people.owner = people.add("Owner", "owner@example.org")
    people.workspace_id = await make_workspace(store, people.owner)
    return people


@pytest.fixture
def small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few issues make many commits."""
    monkeypatch.setattr(jira_groups, "CHANGES_IN_COMMIT", 60)
    monkeypatch.setattr(link_write, "_LINKS_IN_COMMIT", 10)
