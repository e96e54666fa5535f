"""The queries of channels."""

from sqlalchemy import and_, bindparam, select

from tidework.store.sql.schema import (
    channel_addresses,
    installation,
    push_subscriptions,
    sessions,
    user_workspaces,
)
from tidework.store.sql.schema_notifications import notifications
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of

NOTIFICATIONS = Statement(
    "channel_notifications",
    select(
        notifications.c.id,
        notifications.c.kind,
        notifications.c.workspace_id,
        notifications.c.task_id,
        notifications.c.actor_id,
        notifications.c.data,
        notifications.c.created_at,
        notifications.c.in_app,
        notifications.c.unread,
    )
    .where(notifications.c.stream_id == bindparam("user_id"), any_of(notifications.c.id, "ids"))
    .order_by(notifications.c.created_at, notifications.c.id),
)

WORKSPACES = Statement(
    "channel_workspaces",
    select(user_workspaces.c.workspace_id).where(user_workspaces.c.user_id == bindparam("user_id")),
)

SUBSCRIPTIONS = Statement(
    "push_subscriptions",
    select(
        push_subscriptions.c.id,
        push_subscriptions.c.endpoint,
        push_subscriptions.c.p256dh,
        push_subscriptions.c.auth,
        push_subscriptions.c.user_agent,
        push_subscriptions.c.created_at,
        push_subscriptions.c.expires_at,
        sessions.c.expires_at,
    )
    .select_from(push_subscriptions)
    .outerjoin(
        sessions,
        and_(
            sessions.c.stream_id == push_subscriptions.c.stream_id,
            sessions.c.id == push_subscriptions.c.session_id,
        ),
    )
    .where(push_subscriptions.c.stream_id == bindparam("user_id"))
    .order_by(push_subscriptions.c.created_at, push_subscriptions.c.id),
)

ADDRESSES = Statement(
    "channel_addresses",
    select(
        channel_addresses.c.channel,
        channel_addresses.c.address,
        channel_addresses.c.confirmed_at,
        channel_addresses.c.digest,
        channel_addresses.c.attempts,
        channel_addresses.c.code_expires_at,
    )
    .where(channel_addresses.c.stream_id == bindparam("user_id"))
    .order_by(channel_addresses.c.channel),
)

INSTALLATION = Statement(
    "channel_installation",
    select(installation.c.value).where(installation.c.name == bindparam("name")),
)
