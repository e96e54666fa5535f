"""What migrations need so that copies of the version before them can go on serving.

A migration that only adds what older code need not know of says so: `fits_since = "0007"` names the
oldest revision whose code works on the schema that it leads to. Without it only code of its own
revision does.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from alembic import op
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import text

from tidework.store.sql.migrations.revision import FITS_SINCE


def note(
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: Collection[Any],
    run_args: Mapping[str, Any],
) -> None:
    """Keep, in the transaction of a migration, which code the schema fits from now on."""
    script: Any = step.up_revision
    connection = ctx.connection
    assert connection is not None
    since = str(getattr(script.module, "fits_since", script.revision))
    name = {"name": FITS_SINCE}
    before = connection.execute(
        text("SELECT value FROM installation WHERE name = :name"), name
    ).scalar()
    # What an earlier migration has ended stays ended.
    value = {"value": max(since, before or "")}
    connection.execute(text("DELETE FROM installation WHERE name = :name"), name)
    connection.execute(text("INSERT INTO installation VALUES (:name, :value)"), name | value)


def add_index(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Add an index while others write to the table.

    On PostgreSQL outside of the migration's transaction: keep it the only thing that a migration
    does, or the last. One that was interrupted is made anew.
    """
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table, columns, **options)
        return
    with op.get_context().autocommit_block():
        # It waits for those who use the table, and holds nobody up meanwhile.
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)
        op.execute("RESET lock_timeout")
