import pytest
from tests.modules.tasks.conftest import api

__all__ = ["api"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """An empty file. Only what is told follows from the database: `test_stream` runs on each kind."""
    return sqlite_url
