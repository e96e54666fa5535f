"""Tables of the ways that lead to people outside of the application."""

from sqlalchemy import Column, Index, Integer, Text

from tidework.store.sql.schema_parts import TIME, id_column, operational

# Links that prove that an address is somebody's; `email` is the one that they were sent to.
email_confirmations = operational(
    "email_confirmations",
    id_column("stream_id"),
    Column("digest", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Index("email_confirmations_expires", "expires_at"),
    key=("stream_id", "digest"),
)

# Browsers that take messages (RFC 8030), until their session ends; the keys are what RFC 8291
# encrypts for.
push_subscriptions = operational(
    "push_subscriptions",
    id_column("stream_id"),
    id_column("id"),
    Column("endpoint", Text, nullable=False),
    Column("p256dh", Text, nullable=False),
    Column("auth", Text, nullable=False),
    id_column("session_id"),
    Column("user_agent", Text),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME),
    key=("stream_id", "id"),
)

# A phone number or a name in a chat. Nothing is sent there until the code has come back; `digest`
# is the code's while it is waited for.
channel_addresses = operational(
    "channel_addresses",
    id_column("stream_id"),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("confirmed_at", TIME),
    Column("digest", Text),
    Column("attempts", Integer, nullable=False),
    Column("code_expires_at", TIME),
    key=("stream_id", "channel"),
)
