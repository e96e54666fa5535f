from tests.modules.users.harness import compose_world, world
from tests.services.stores import (
    database,
    migrated_file,
    migrated_template,
    postgres_copy,
    sqlite_database,
    store,
)

__all__ = [
    "compose_world",
    "database",
    "migrated_file",
    "migrated_template",
    "postgres_copy",
    "sqlite_database",
    "store",
    "world",
]
