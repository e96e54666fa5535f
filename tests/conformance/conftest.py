"""Every test here runs on every store."""

from tests.services.stores import (
    database,
    migrated_file,
    migrated_template,
    postgres_copy,
    sqlite_database,
    store,
)

__all__ = [
    "database",
    "migrated_file",
    "migrated_template",
    "postgres_copy",
    "sqlite_database",
    "store",
]
