"""Opening a store on an address, without what only tests themselves need."""

from pathlib import Path
from typing import Any

from tidework.store.sql.postgres import PostgresStore
from tidework.store.sql.sqlite import SqliteStore


def make_store(address: str, **options: Any) -> SqliteStore | PostgresStore:
    """A store on an address: a file's path, or a libpq URL. Not started."""
    if address.startswith("postgresql:"):
        return PostgresStore(address, **{"pool_min": 1, "pool_max": 4, **options})
    return SqliteStore(Path(address), **options)
