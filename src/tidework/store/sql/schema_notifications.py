"""Tables of what people are told, and of how they want to be told."""

from sqlalchemy import Boolean, Column, Index, Integer, Text

from tidework.store.sql.schema_parts import LIST, TIME, id_column, operational, state

# `wanted` and `unwanted` name what the person has chosen, as `kind.channel`; of everything else
# holds what is usual. Times are those of the person's own clock, `HH:MM`.
notification_preferences = state(
    "notification_preferences",
    Column("wanted", LIST, nullable=False),
    Column("unwanted", LIST, nullable=False),
    Column("quiet_start", Text),
    Column("quiet_end", Text),
    Column("digest_at", Text),
    Column("bundle_minutes", Integer, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

# What somebody has been told. One that is not `in_app` is there for the other channels only.
notifications = operational(
    "notifications",
    id_column("stream_id"),
    id_column("id"),
    Column("kind", Text, nullable=False),
    id_column("workspace_id", nullable=True),
    id_column("task_id", nullable=True),
    id_column("actor_id", nullable=True),
    Column("data", LIST, nullable=False),
    Column("in_app", Boolean, nullable=False),
    Column("unread", Boolean, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("read_at", TIME),
    Column("expires_at", TIME),
    Index("notifications_created", "stream_id", "created_at", "id"),
    key=("stream_id", "id"),
)
Index(
    "notifications_unread",
    notifications.c.stream_id,
    notifications.c.created_at,
    notifications.c.id,
    sqlite_where=notifications.c.unread,
    postgresql_where=notifications.c.unread,
)
Index(
    "notifications_expires",
    notifications.c.expires_at,
    sqlite_where=notifications.c.expires_at.is_not(None),
    postgresql_where=notifications.c.expires_at.is_not(None),
)

# What waits to leave by a channel, or in the next digest; gone once its job has been made.
notification_deliveries = operational(
    "notification_deliveries",
    id_column("stream_id"),
    Column("channel", Text, nullable=False),
    id_column("notification_id"),
    id_column("workspace_id", nullable=True),
    key=("stream_id", "channel", "notification_id"),
)
