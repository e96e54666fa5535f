from collections.abc import Callable

import pytest
from tests.services.postgres import Postgres

from tidework.store.sql.schema import metadata

__all__ = ["empty_postgres"]


@pytest.fixture
def empty_postgres(postgres: Postgres, emptied_name: str) -> Callable[[], str]:
    """Empties a migrated PostgreSQL database, and says where it is."""
    postgres.heal()
    statements = [f"DELETE FROM {table}" for table in metadata.tables]

    def make() -> str:
        postgres.execute(*statements, database=emptied_name)
        return postgres.url(emptied_name)

    return make
