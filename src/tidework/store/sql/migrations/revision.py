"""Which revision of the schema this code was written for, and whether a database has it.

Known from the names of the files, `NNNN_what.py`: a server asks at every start, and what can migrate
is a tenth of its memory.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

from tidework.errors import TideworkError


class SchemaMismatch(TideworkError):
    """The database's schema is not the one that this code was written for."""

    status = 503
    title = "Database schema does not match"
    code = "schema_mismatch"


@cache
def known() -> tuple[str, ...]:
    """The revisions that lead to this code's schema, oldest first."""
    folder = Path(__file__).parent / "versions"
    return tuple(sorted(path.name.partition("_")[0] for path in folder.glob("[0-9]*_*.py")))


def head() -> str:
    """The revision that this code was written for."""
    return known()[-1]


FITS_SINCE: Final = "schema_fits_since"
"""The row of `installation` that names the oldest revision whose code the schema still fits."""

_STATE: Final = (
    "SELECT version_num, (SELECT value FROM installation WHERE name = $1) FROM alembic_version"
)


async def state_of(connection: Any) -> tuple[str | None, str | None]:
    """At which revision a PostgreSQL database is, None when it is empty, and what it still fits."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None, None
    found = await connection.fetch(_STATE, FITS_SINCE)
    return (found[0][0], found[0][1]) if found else (None, None)


def fits(revision: str | None, since: str | None = None) -> bool:
    """Whether code of this version works on a database at `revision`.

    A newer one does when its migrations have only added what this code need not know of: `since`,
    the oldest revision that the database still fits, is then not after this code's.
    """
    if revision == head():
        return True
    if revision is None or revision in known():
        return False
    return since is not None and since <= head()


def check(revision: str | None, since: str | None = None) -> None:
    """Raise `SchemaMismatch` unless a database at `revision` (None: empty) fits this code."""
    if fits(revision, since):
        return
    if revision is None or revision in known():
        state = "has no tables yet" if revision is None else f"is at revision {revision}"
        raise SchemaMismatch(
            f"The database {state}, this version needs {head()}. Run: tidework migrate"
        )
    raise SchemaMismatch(
        f"The database was written by a newer version of Tidework (revision {revision}, this one"
        f" knows up to {head()}). Install that version or restore a backup; nothing was changed."
    )
