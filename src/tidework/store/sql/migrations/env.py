"""Run by Alembic, with the connection that `migrations.runner` hands over."""

from alembic import context

from tidework.store.sql.migrations.compatibility import note

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    # Each is done or not done by itself, and holds its locks no longer than it must.
    transaction_per_migration=True,
    on_version_apply=note,
)
with context.begin_transaction():
    context.run_migrations()
