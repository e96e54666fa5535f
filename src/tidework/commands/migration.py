"""`python -m tidework.commands.migration FILE`: migrates a SQLite file; see `database.Migration`."""

import sqlite3
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from tidework.errors import TideworkError
from tidework.store.sql.migrations.runner import migrate_sqlite


def main(path: Path) -> int:
    """Migrate, and say in one line what stood in the way; the exit code."""
    try:
        migrate_sqlite(path)
    except TideworkError as error:
        reason = error.detail
    except (OSError, sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = f"The database {path} cannot be migrated: {cause}. Nothing was changed."
    except KeyboardInterrupt:
        reason = "interrupted; the database is as it was"
    else:
        return 0
    sys.stderr.write(f"tidework: {' '.join(reason.split())}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
