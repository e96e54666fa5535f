"""The queries of webhooks."""

from sqlalchemy import and_, bindparam, func, select, tuple_

from tidework.store.sql.schema import changes, streams
from tidework.store.sql.schema_parts import ID, TIME
from tidework.store.sql.schema_webhooks import (
    webhook_deliveries,
    webhook_health,
    webhook_lanes,
    webhook_secrets,
    webhooks,
)
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of, literally

WEBHOOK_COLUMNS = (
    webhooks.c.id,
    webhooks.c.url,
    webhooks.c.description,
    webhooks.c.events,
    webhooks.c.is_active,
    webhooks.c.disabled_reason,
    webhooks.c.rotated_at,
    webhooks.c.created_by,
    webhooks.c.created_at,
    webhooks.c.updated_at,
    webhooks.c.version,
)
"""In the order of the fields of `WebhookOut`."""

_OF_STREAM = webhooks.c.stream_id == bindparam("stream_id")
_ITSELF = and_(_OF_STREAM, webhooks.c.id == bindparam("webhook_id"))

WEBHOOKS = Statement(
    "webhooks",
    select(*WEBHOOK_COLUMNS).where(_OF_STREAM).order_by(webhooks.c.created_at, webhooks.c.id),
)

WEBHOOK = Statement("webhook", select(*WEBHOOK_COLUMNS).where(_ITSELF))

ACTIVE = Statement(
    "active_webhooks",
    select(webhooks.c.id, webhooks.c.events, webhooks.c.version).where(
        _OF_STREAM, webhooks.c.is_active
    ),
)

MADE = Statement(
    "webhooks_made",
    select(changes.c.entity_id, changes.c.seq).where(
        changes.c.stream_id == bindparam("stream_id"),
        any_of(changes.c.entity_id, "ids"),
        changes.c.entity == "webhook",
        changes.c.op == "create",
    ),
)

SECRETS = Statement(
    "webhook_secrets",
    select(
        webhook_secrets.c.secret, webhook_secrets.c.previous, webhook_secrets.c.previous_until
    ).where(
        webhook_secrets.c.stream_id == bindparam("stream_id"),
        webhook_secrets.c.webhook_id == bindparam("webhook_id"),
    ),
)

# What a job needs to know of a webhook before each request.
RECEIVER = Statement(
    "webhook_receiver",
    select(
        webhooks.c.url,
        webhooks.c.is_active,
        webhook_secrets.c.secret,
        webhook_secrets.c.previous,
        webhook_secrets.c.previous_until,
        webhook_health.c.succeeded_at,
        webhook_health.c.failing_since,
        webhook_health.c.failures,
    )
    .select_from(
        webhooks.join(
            webhook_secrets,
            and_(
                webhook_secrets.c.stream_id == webhooks.c.stream_id,
                webhook_secrets.c.webhook_id == webhooks.c.id,
            ),
        ).outerjoin(
            webhook_health,
            and_(
                webhook_health.c.stream_id == webhooks.c.stream_id,
                webhook_health.c.webhook_id == webhooks.c.id,
            ),
        )
    )
    .where(_ITSELF),
)

LANE = Statement(
    "webhook_lane",
    select(webhook_lanes.c.mark).where(
        webhook_lanes.c.stream_id == bindparam("stream_id"),
        webhook_lanes.c.webhook_id == bindparam("webhook_id"),
        webhook_lanes.c.lane == bindparam("lane"),
    ),
)

DELIVERY_COLUMNS = (
    webhook_deliveries.c.id,
    webhook_deliveries.c.type,
    webhook_deliveries.c.event_id,
    webhook_deliveries.c.state,
    webhook_deliveries.c.attempts,
    webhook_deliveries.c.tries,
    webhook_deliveries.c.request,
    webhook_deliveries.c.answer,
    webhook_deliveries.c.created_at,
    webhook_deliveries.c.next_at,
    webhook_deliveries.c.finished_at,
)
_DELIVERIES_OF = and_(
    webhook_deliveries.c.stream_id == bindparam("stream_id"),
    webhook_deliveries.c.webhook_id == bindparam("webhook_id"),
)

NEXT = Statement(
    "webhook_next_delivery",
    select(
        webhook_deliveries.c.id,
        webhook_deliveries.c.type,
        webhook_deliveries.c.event_id,
        webhook_deliveries.c.seq,
        webhook_deliveries.c.ordinal,
        webhook_deliveries.c.attempts,
        webhook_deliveries.c.tries,
        webhook_deliveries.c.created_at,
    )
    .where(
        _DELIVERIES_OF,
        webhook_deliveries.c.lane == bindparam("lane"),
        webhook_deliveries.c.state == literally("waiting"),
    )
    .order_by(webhook_deliveries.c.seq, webhook_deliveries.c.step, webhook_deliveries.c.id)
    .limit(1),
)

DELIVERIES = Statement(
    "webhook_deliveries",
    select(*DELIVERY_COLUMNS)
    .where(
        _DELIVERIES_OF,
        tuple_(webhook_deliveries.c.created_at, webhook_deliveries.c.id)
        < tuple_(bindparam("before_at", type_=TIME), bindparam("before_id", type_=ID)),
    )
    .order_by(webhook_deliveries.c.created_at.desc(), webhook_deliveries.c.id.desc())
    .limit(bindparam("limit")),
)

CHANGE = Statement(
    "webhook_change",
    select(
        changes.c.stream_id,
        changes.c.seq,
        changes.c.ordinal,
        changes.c.actor_id,
        changes.c.at,
        changes.c.request_id,
        changes.c.entity,
        changes.c.entity_id,
        changes.c.op,
        changes.c.set,
        changes.c.was,
        changes.c.origin,
    ).where(
        changes.c.stream_id == bindparam("stream_id"),
        changes.c.seq == bindparam("seq"),
        changes.c.ordinal == bindparam("ordinal"),
    ),
)

# As they were made: they may be gone by now.
COMMENTS_MADE = Statement(
    "webhook_comments_made",
    select(changes.c.entity_id, changes.c.set).where(
        changes.c.stream_id == bindparam("stream_id"),
        any_of(changes.c.entity_id, "ids"),
        changes.c.entity == "comment",
        changes.c.op == "create",
    ),
)

# The time of the first commit at or after a seq that was made here.
TIME_AT = Statement(
    "webhook_time_at",
    select(changes.c.seq, changes.c.at)
    .where(
        changes.c.stream_id == bindparam("stream_id"),
        changes.c.seq >= bindparam("seq"),
        changes.c.origin.is_(None),
    )
    .order_by(changes.c.seq, changes.c.ordinal)
    .limit(1),
)

COUNT = Statement("webhook_count", select(func.count()).select_from(webhooks).where(_OF_STREAM))

SEQ = Statement(
    "webhook_stream",
    select(streams.c.seq, streams.c.kept_since).where(
        streams.c.stream_id == bindparam("stream_id")
    ),
)
