import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.modules.tasks.world import contradictions, open_store
from tests.services.api import Api, OpenApi
from tests.services.stores import (
    emptied_name,
    migrated_file,
    migrated_template,
    postgres_emptied,
)

__all__ = ["emptied_name", "migrated_file", "migrated_template", "postgres_emptied"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind, migrated once for all of these tests."""
    if request.param == "sqlite":
        path = tmp_path / "tidework.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        return f"sqlite:///{path}"
    found: str = request.getfixturevalue("postgres_emptied").address
    return found


@pytest.fixture
async def api(open_api: OpenApi) -> AsyncIterator[Api]:
    """The application; whatever a test does to it, what is stored must make sense afterwards."""
    api = await open_api()
    yield api
    store = await open_store(api.settings)
    try:
        assert await contradictions(store) == []
    finally:
        await store.close()
