from collections.abc import Callable

import pytest
from tests.services.emptied import Emptied
from tests.services.postgres import Postgres

__all__ = ["empty_postgres"]


@pytest.fixture
def empty_postgres(postgres: Postgres, emptied: Emptied) -> Callable[[], str]:
    """Empties a migrated PostgreSQL database, and says where it is."""
    postgres.heal()

    def make() -> str:
        emptied.empty()
        return postgres.url(emptied.name)

    return make
