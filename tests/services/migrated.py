"""The embedded database as migrations leave it, made once in a test process."""

import tempfile
from functools import cache
from pathlib import Path

from tidework.store.sql.migrations.runner import migrate_sqlite


@cache
def migrated_bytes() -> bytes:
    """The file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tidework.db"
        migrate_sqlite(path)
        return path.read_bytes()
