"""Real stores for imports and exports."""

import pytest
from tests.modules.transfer.harness import MemoryPeople, make_workspace
from tests.services.stores import Database

from tidework.store.protocol import Store
from tidework.transfer import jira_groups, link_write


@pytest.fixture
async def store(sqlite_database: Database) -> Store:
    """An empty store of the embedded default."""
    opened: Store = await sqlite_database.open()
    return opened


@pytest.fixture
async def any_store(database: Database) -> Store:
    """An empty store of each kind."""
    opened: Store = await database.open()
    return opened


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
