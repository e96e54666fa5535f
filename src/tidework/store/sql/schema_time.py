"""The tables of reminders."""

from sqlalchemy import Column, Index, Integer

from tidework.store.sql.schema_parts import TIME, id_column, operational, state

# On the stream of the account whose they are: one's reminders are nobody else's business.
reminders = state(
    "reminders",
    id_column("workspace_id"),
    id_column("task_id"),
    Column("at", TIME),
    Column("offset_minutes", Integer),
    Column("created_at", TIME, nullable=False),
)

# By which a task's reminders are found, whosever they are. Reminders never change; `fired_at` is the
# time that was last reminded of.
task_reminders = operational(
    "task_reminders",
    id_column("workspace_id"),
    id_column("task_id"),
    id_column("reminder_id"),
    id_column("user_id"),
    Column("at", TIME),
    Column("offset_minutes", Integer),
    Column("fired_at", TIME),
    Index("task_reminders_user", "user_id", "workspace_id"),
    key=("workspace_id", "task_id", "reminder_id"),
    stream=False,
)
