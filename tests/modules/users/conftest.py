from tests.modules.users.harness import compose_world, world
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
    "compose_world",
    "database",
    "emptied_name",
    "migrated_file",
    "migrated_template",
    "postgres_copy",
    "postgres_emptied",
    "sqlite_database",
    "store",
    "world",
]
