from tests.modules.notifications.world import clock, world
from tests.modules.tasks.conftest import (
    api,
    database_url,
)
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
    "api",
    "clock",
    "database",
    "database_url",
    "emptied_name",
    "migrated_file",
    "migrated_template",
    "postgres_copy",
    "postgres_emptied",
    "sqlite_database",
    "store",
    "world",
]
