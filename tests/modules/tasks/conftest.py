from collections.abc import AsyncIterator

import pytest
from tests.modules.tasks.world import contradictions, open_store
from tests.services.api import Api, OpenApi


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
