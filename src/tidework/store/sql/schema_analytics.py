"""The tables of statistics: what the module `analytics` makes of the log, and can make again.

Operational: nothing here is owned by anybody, and all of it follows from the log.
"""

from sqlalchemy import Boolean, Column, Index, Integer, Text

from tidework.store.sql.schema_parts import BIG, KEY, LIST, TIME, id_column, operational

# What is known of each task. `lead_s` and `cycle_s` are there while it is completed; one that was
# removed stays, for the case that it comes back.
analytics_tasks = operational(
    "analytics_tasks",
    id_column("stream_id"),
    id_column("task_id"),
    Column("status", Text, nullable=False),
    id_column("project_id", nullable=True),
    id_column("assignee_id", nullable=True),
    Column("label_ids", LIST, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("started_at", TIME),
    Column("completed_at", TIME),
    Column("due_at", TIME),
    Column("lead_s", BIG),
    Column("cycle_s", BIG),
    Column("changed_at", TIME, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    key=("stream_id", "task_id"),
)
_completed = analytics_tasks.c.completed_at.is_not(None)
Index(
    "analytics_tasks_completed",
    analytics_tasks.c.stream_id,
    analytics_tasks.c.completed_at,
    sqlite_where=_completed,
    postgresql_where=_completed,
)
_due = analytics_tasks.c.due_at.is_not(None)
Index(
    "analytics_tasks_due",
    analytics_tasks.c.stream_id,
    analytics_tasks.c.due_at,
    sqlite_where=_due,
    postgresql_where=_due,
)

# What a task was from a moment on; the first step is its creation.
analytics_steps = operational(
    "analytics_steps",
    id_column("stream_id"),
    id_column("task_id"),
    Column("step", Integer, nullable=False),
    Column("at", TIME, nullable=False),
    Column("status", Text, nullable=False),
    id_column("project_id", nullable=True),
    id_column("assignee_id", nullable=True),
    Column("label_ids", LIST, nullable=False),
    key=("stream_id", "task_id", "step"),
)

# What happened on a day to the tasks of one project and assignee: all of them, in the row whose
# `label_id` is `cells.ALL`, and those of one label. `net_…` is by how much the number of tasks in
# a status grew.
analytics_days = operational(
    "analytics_days",
    id_column("stream_id"),
    id_column("id"),
    Column("day", KEY, nullable=False),
    id_column("label_id"),
    id_column("project_id", nullable=True),
    id_column("assignee_id", nullable=True),
    Column("created", Integer, nullable=False),
    Column("completed", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False),
    Column("net_pending", Integer, nullable=False),
    Column("net_in_progress", Integer, nullable=False),
    Column("net_completed", Integer, nullable=False),
    Column("net_cancelled", Integer, nullable=False),
    Index("analytics_days_day", "stream_id", "label_id", "day"),
    key=("stream_id", "id"),
)

# Who changed something on a day.
analytics_activity = operational(
    "analytics_activity",
    id_column("stream_id"),
    Column("day", KEY, nullable=False),
    id_column("user_id"),
    Column("changes", Integer, nullable=False),
    key=("stream_id", "day", "user_id"),
)

# What each stream holds, an account's too.
analytics_usage = operational(
    "analytics_usage",
    id_column("stream_id"),
    Column("kind", Text, nullable=False),
    Column("created_at", TIME),
    Column("deleted_at", TIME),
    Column("changed_at", TIME),
    Column("tasks", BIG, nullable=False),
    Column("comments", BIG, nullable=False),
    Column("members", BIG, nullable=False),
    Column("projects", BIG, nullable=False),
    Column("labels", BIG, nullable=False),
    Column("commits", BIG, nullable=False),
    Column("changes", BIG, nullable=False),
    key=("stream_id",),
)
