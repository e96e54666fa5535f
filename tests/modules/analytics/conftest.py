from tests.modules.tasks.conftest import api, database_url
from tests.modules.whole.conftest import empty_postgres
from tests.services.api import open_api
from tests.services.stores import (
    database,
    emptied_name,
    migrated_file,
    migrated_template,
    postgres_emptied,
    sqlite_database,
    store,
)

__all__ = [
    "api",
    "database",
    "database_url",
    "emptied_name",
    "empty_postgres",
    "migrated_file",
    "migrated_template",
    "open_api",
    "postgres_emptied",
    "sqlite_database",
    "store",
]
