from tests.modules.tasks.conftest import database_url
from tests.services.stores import (
    emptied_name,
    migrated_file,
    migrated_template,
    postgres_emptied,
)

__all__ = [
    "database_url",
    "emptied_name",
    "migrated_file",
    "migrated_template",
    "postgres_emptied",
]
