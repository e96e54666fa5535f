import shutil
from pathlib import Path

import pytest
from tests.modules.tasks.conftest import (
    api,
    emptied_name,
    migrated_file,
    migrated_template,
    postgres_emptied,
)

__all__ = ["api", "emptied_name", "migrated_file", "migrated_template", "postgres_emptied"]


@pytest.fixture
def database_url(tmp_path: Path, migrated_file: Path) -> str:
    """An empty file. Only what is told follows from the database: `test_stream` runs on each kind."""
    path = tmp_path / "tidework.db"
    shutil.copyfile(migrated_file, path)
    return f"sqlite:///{path}"
