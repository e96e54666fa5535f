from tests.modules.channels.world import open_world, receiver, world
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
    "open_world",
    "postgres_copy",
    "postgres_emptied",
    "receiver",
    "sqlite_database",
    "store",
    "world",
]
