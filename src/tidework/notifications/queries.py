"""The queries of notifications, and of what deciding on them takes."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Text, and_, bindparam, func, literal_column, or_, select, union_all

from tidework.store.sql.schema import (
    comments,
    installation,
    members,
    tasks,
    user_workspaces,
    workspaces,
)
from tidework.store.sql.schema_channels import channel_addresses, push_subscriptions
from tidework.store.sql.schema_notifications import (
    notification_deliveries as deliveries,
)
from tidework.store.sql.schema_notifications import (
    notification_preferences as preferences,
)
from tidework.store.sql.schema_notifications import notifications
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of, holds

# --- somebody's own ------------------------------------------------------------------------------

_COLUMNS = (
    notifications.c.id,
    notifications.c.kind,
    notifications.c.workspace_id,
    notifications.c.task_id,
    notifications.c.actor_id,
    notifications.c.data,
    notifications.c.created_at,
    notifications.c.read_at,
)
# Of a workspace that they are no member of any more nothing is shown.
_MINE = (
    notifications.c.stream_id == bindparam("user_id"),
    notifications.c.in_app,
    or_(
        notifications.c.workspace_id.is_(None),
        any_of(notifications.c.workspace_id, "workspace_ids"),
    ),
)


@lru_cache(maxsize=4)
def page(*, unread: bool, continued: bool) -> Statement:
    """The inbox, newest first: `limit`, and `at`, `after` where it is continued."""
    query = (
        select(*_COLUMNS)
        .where(*_MINE)
        .order_by(notifications.c.created_at.desc(), notifications.c.id.desc())
        .limit(bindparam("limit"))
    )
    if unread:
        query = query.where(holds(notifications.c.unread))
    if continued:
        at: Any = bindparam("at")
        query = query.where(
            notifications.c.created_at <= at,
            or_(
                notifications.c.created_at < at,
                and_(notifications.c.created_at == at, notifications.c.id < bindparam("after")),
            ),
        )
    return Statement("notification_page", query)


UNREAD_COUNT = Statement(
    "notifications_unread",
    select(func.count()).select_from(notifications).where(*_MINE, holds(notifications.c.unread)),
)

BY_IDS = Statement(
    "notifications",
    select(*_COLUMNS, notifications.c.unread, notifications.c.in_app).where(
        notifications.c.stream_id == bindparam("user_id"), any_of(notifications.c.id, "ids")
    ),
)

MY_WORKSPACES = Statement(
    "notified_workspaces",
    select(user_workspaces.c.workspace_id).where(user_workspaces.c.user_id == bindparam("user_id")),
)

WAITING = Statement(
    "notification_deliveries",
    select(deliveries.c.notification_id)
    .where(
        deliveries.c.stream_id == bindparam("user_id"),
        deliveries.c.channel == bindparam("channel"),
    )
    .order_by(deliveries.c.notification_id)
    .limit(bindparam("limit")),
)

PREFERENCES = Statement(
    "notification_preferences",
    select(
        preferences.c.stream_id,
        preferences.c.wanted,
        preferences.c.unwanted,
        preferences.c.quiet_start,
        preferences.c.quiet_end,
        preferences.c.digest_at,
        preferences.c.bundle_minutes,
        preferences.c.version,
    ).where(any_of(preferences.c.stream_id, "user_ids")),
)

# By which channels, besides mail, something can be sent to people at all.
REACH = Statement(
    "notification_reach",
    union_all(
        select(push_subscriptions.c.stream_id, literal_column("'push'", Text).label("channel"))
        .distinct()
        .where(any_of(push_subscriptions.c.stream_id, "user_ids")),
        select(channel_addresses.c.stream_id, channel_addresses.c.channel).where(
            any_of(channel_addresses.c.stream_id, "user_ids"),
            channel_addresses.c.confirmed_at.is_not(None),
        ),
    ),
)

DUE = Statement(
    "digest_tasks",
    select(tasks.c.stream_id, tasks.c.id, tasks.c.number, tasks.c.title, tasks.c.due_at)
    .where(
        any_of(tasks.c.stream_id, "workspace_ids"),
        tasks.c.due_at < bindparam("until"),
        tasks.c.assignee_id == bindparam("user_id"),
        or_(tasks.c.status == "pending", tasks.c.status == "in_progress"),
    )
    .order_by(tasks.c.due_at, tasks.c.id)
    .limit(bindparam("limit")),
)

SECRET = Statement(
    "unsubscribe_key",
    select(installation.c.value).where(installation.c.name == bindparam("name")),
)

# --- what happened in a workspace ----------------------------------------------------------------

WORKSPACE = Statement(
    "notified_workspace",
    select(workspaces.c.name, workspaces.c.personal).where(
        workspaces.c.stream_id == bindparam("stream_id"),
        workspaces.c.id == bindparam("stream_id"),
        workspaces.c.deleted_at.is_(None),
    ),
)

MEMBERS = Statement(
    "notified_members",
    select(members.c.id, members.c.role).where(members.c.stream_id == bindparam("stream_id")),
)

TASKS = Statement(
    "notified_tasks",
    select(
        tasks.c.id,
        tasks.c.number,
        tasks.c.title,
        tasks.c.status,
        tasks.c.due_at,
        tasks.c.assignee_id,
        tasks.c.created_by,
    ).where(tasks.c.stream_id == bindparam("stream_id"), any_of(tasks.c.id, "ids")),
)

COMMENTS = Statement(
    "notified_comments",
    select(comments.c.id, comments.c.task_id).where(
        comments.c.stream_id == bindparam("stream_id"), any_of(comments.c.id, "ids")
    ),
)

COMMENTERS = Statement(
    "notified_commenters",
    select(comments.c.task_id, comments.c.author_id)
    .distinct()
    .where(
        comments.c.stream_id == bindparam("stream_id"),
        any_of(comments.c.task_id, "ids"),
        comments.c.author_id.is_not(None),
    ),
)
