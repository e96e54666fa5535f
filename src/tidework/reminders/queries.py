"""The queries of reminders."""

from sqlalchemy import bindparam, func, select

from tidework.store.sql.schema import tasks, user_workspaces
from tidework.store.sql.schema_time import reminders, task_reminders
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of

_COLUMNS = (
    reminders.c.id,
    reminders.c.workspace_id,
    reminders.c.task_id,
    reminders.c.at,
    reminders.c.offset_minutes,
    reminders.c.created_at,
    reminders.c.version,
)
_MINE = reminders.c.stream_id == bindparam("user_id")

OF_TASK = Statement(
    "reminders_of_task",
    select(*_COLUMNS)
    .where(
        _MINE,
        reminders.c.workspace_id == bindparam("workspace_id"),
        reminders.c.task_id == bindparam("task_id"),
    )
    .order_by(reminders.c.id),
)

# Of a workspace that somebody has left nothing is shown.
MINE = Statement(
    "reminders",
    select(*_COLUMNS)
    .where(
        _MINE,
        reminders.c.id > bindparam("after"),
        reminders.c.workspace_id.in_(
            select(user_workspaces.c.workspace_id).where(
                user_workspaces.c.user_id == bindparam("user_id")
            )
        ),
    )
    .order_by(reminders.c.id)
    .limit(bindparam("limit")),
)

COUNT = Statement("reminder_count", select(func.count()).select_from(reminders).where(_MINE))

_WANTED = (
    task_reminders.c.task_id,
    task_reminders.c.reminder_id,
    task_reminders.c.user_id,
    task_reminders.c.at,
    task_reminders.c.offset_minutes,
    task_reminders.c.fired_at,
)
_HERE = task_reminders.c.workspace_id == bindparam("workspace_id")

OF_TASKS = Statement(
    "task_reminders",
    select(*_WANTED)
    .where(_HERE, any_of(task_reminders.c.task_id, "ids"))
    .order_by(task_reminders.c.reminder_id),
)
OF_MEMBERS = Statement(
    "task_reminders_of_members",
    select(*_WANTED)
    .where(_HERE, any_of(task_reminders.c.user_id, "ids"))
    .order_by(task_reminders.c.reminder_id),
)
OF_USER = Statement(
    "task_reminders_of_user",
    select(
        task_reminders.c.workspace_id, task_reminders.c.task_id, task_reminders.c.reminder_id
    ).where(task_reminders.c.user_id == bindparam("user_id")),
)

# What decides whether somebody is reminded: when a task is due, and whether it is still to be done.
TASKS = Statement(
    "reminded_tasks",
    select(tasks.c.id, tasks.c.due_at, tasks.c.status).where(
        tasks.c.stream_id == bindparam("workspace_id"), any_of(tasks.c.id, "ids")
    ),
)
