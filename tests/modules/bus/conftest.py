"""The databases that these tests run on."""

from tests.services.stores import (
    database,
    emptied_name,
    migrated_file,
    migrated_template,
    postgres_copy,
    postgres_emptied,
    sqlite_database,
    store,
)

__all__ = [
    "database",
    "emptied_name",
    "migrated_file",
    "migrated_template",
    "postgres_copy",
    "postgres_emptied",
    "sqlite_database",
    "store",
]
