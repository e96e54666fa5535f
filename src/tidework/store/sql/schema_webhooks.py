"""The tables of webhooks: what owners have asked for, and how far that has been done."""

from sqlalchemy import Boolean, Column, Index, Integer, Text

from tidework.store.sql.schema_parts import BIG, LIST, TIME, id_column, operational, state

webhooks = state(
    "webhooks",
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("events", LIST, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("rotated_at", TIME),
    id_column("created_by", nullable=True),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

# What requests are signed with: never in the log, which is shown and exported.
webhook_secrets = operational(
    "webhook_secrets",
    id_column("stream_id"),
    id_column("webhook_id"),
    Column("secret", Text, nullable=False),
    Column("previous", Text),
    Column("previous_until", TIME),
    key=("stream_id", "webhook_id"),
)

# How a receiver does: when it last took something, and since when it has not.
webhook_health = operational(
    "webhook_health",
    id_column("stream_id"),
    id_column("webhook_id"),
    Column("succeeded_at", TIME),
    Column("failing_since", TIME),
    Column("failures", Integer, nullable=False),
    key=("stream_id", "webhook_id"),
)

# One event for one webhook. `seq`, `ordinal` and `step` are where the event stands in the log, and
# the order of the lane. Of request and answer the last ones are kept, as far as they are short.
webhook_deliveries = operational(
    "webhook_deliveries",
    id_column("stream_id"),
    id_column("id"),
    id_column("webhook_id"),
    id_column("lane"),
    Column("type", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("seq", BIG, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tries", LIST, nullable=False),
    Column("request", LIST),
    Column("answer", LIST),
    Column("created_at", TIME, nullable=False),
    Column("next_at", TIME),
    Column("finished_at", TIME),
    Column("expires_at", TIME, nullable=False),
    Index("webhook_deliveries_listed", "stream_id", "webhook_id", "created_at", "id"),
    Index("webhook_deliveries_expires", "expires_at"),
    key=("stream_id", "id"),
)
Index(
    "webhook_deliveries_waiting",
    webhook_deliveries.c.stream_id,
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.lane,
    webhook_deliveries.c.seq,
    webhook_deliveries.c.step,
    sqlite_where=webhook_deliveries.c.state == "waiting",
    postgresql_where=webhook_deliveries.c.state == "waiting",
)

# A webhook's deliveries about one task go out one after the other, by one job. `mark` is another one
# each time something is added, so that a job which believes the lane empty ends only if it is.
webhook_lanes = operational(
    "webhook_lanes",
    id_column("stream_id"),
    id_column("webhook_id"),
    id_column("lane"),
    id_column("mark"),
    key=("stream_id", "webhook_id", "lane"),
)
