from tests.modules.tasks.conftest import api, database_url
from tests.services.stores import (
    emptied_name,
    migrated_file,
    migrated_template,
    postgres_emptied,
)

__all__ = [
    "api",
    "database_url",
    "emptied_name",
    "migrated_file",
    "migrated_template",
    "postgres_emptied",
]
