"""Which revision of the schema this code was written for, and whether a database has it.

Known from the names of the files, `NNNN_what.py`: a server asks at every start, and what can migrate
is a tenth of its memory.
"""

from functools import cache
from pathlib import Path

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


def check(revision: str | None) -> None:
    """Raise `SchemaMismatch` unless a database at `revision` (None: empty) fits this code."""
    if revision == head():
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
