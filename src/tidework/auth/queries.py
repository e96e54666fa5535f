"""Queries on credentials, sessions and tokens."""

from sqlalchemy import and_, bindparam, select

from tidework.store.sql.schema import (
    accounts,
    api_tokens,
    credentials,
    email_confirmations,
    password_resets,
    revocations,
    sessions,
    streams,
)
from tidework.store.sql.statement import Statement

_account_of_stream = and_(
    accounts.c.stream_id == streams.c.stream_id, accounts.c.id == streams.c.stream_id
)
_CALLER = (
    streams.c.seq,
    accounts.c.role,
    accounts.c.is_active,
    accounts.c.personal_workspace_id,
)

SESSION_CALLER = Statement(
    "session_caller",
    select(*_CALLER, sessions.c.id, revocations.c.id)
    .select_from(streams)
    .outerjoin(accounts, _account_of_stream)
    .outerjoin(
        sessions,
        and_(sessions.c.stream_id == streams.c.stream_id, sessions.c.id == bindparam("id")),
    )
    .outerjoin(
        revocations,
        and_(revocations.c.stream_id == streams.c.stream_id, revocations.c.id == bindparam("id")),
    )
    .where(streams.c.stream_id == bindparam("user_id")),
)

TOKEN_CALLER = Statement(
    "token_caller",
    select(*_CALLER, api_tokens.c.digest, api_tokens.c.scopes, api_tokens.c.expires_at)
    .select_from(streams)
    .outerjoin(accounts, _account_of_stream)
    .outerjoin(
        api_tokens,
        and_(api_tokens.c.stream_id == streams.c.stream_id, api_tokens.c.id == bindparam("id")),
    )
    .where(streams.c.stream_id == bindparam("user_id")),
)

PASSWORD = Statement(
    "password",
    select(credentials.c.password_hash).where(credentials.c.stream_id == bindparam("user_id")),
)

_SESSION = (
    sessions.c.id,
    sessions.c.created_at,
    sessions.c.used_at,
    sessions.c.expires_at,
    sessions.c.user_agent,
    sessions.c.address,
    sessions.c.refresh_digest,
    sessions.c.previous_digest,
    sessions.c.rotated_at,
    sessions.c.sealed,
    sessions.c.family_key,
)

SESSION = Statement(
    "session",
    select(*_SESSION).where(
        sessions.c.stream_id == bindparam("user_id"), sessions.c.id == bindparam("id")
    ),
)

SESSIONS = Statement(
    "sessions",
    select(*_SESSION)
    .where(sessions.c.stream_id == bindparam("user_id"))
    .order_by(sessions.c.used_at.desc(), sessions.c.id),
)

KNOWN_ADDRESS = Statement(
    "known_address",
    select(sessions.c.id)
    .where(sessions.c.stream_id == bindparam("user_id"), sessions.c.address == bindparam("address"))
    .limit(1),
)

EXPIRED_SESSIONS = Statement(
    "expired_sessions",
    select(sessions.c.id)
    .where(
        sessions.c.stream_id == bindparam("user_id"), sessions.c.expires_at <= bindparam("moment")
    )
    .limit(bindparam("limit")),
)

REVOCATIONS = Statement(
    "revocations",
    select(revocations.c.id).where(revocations.c.stream_id == bindparam("user_id")),
)

OLD_REVOCATIONS = Statement(
    "old_revocations",
    select(revocations.c.id)
    .where(
        revocations.c.stream_id == bindparam("user_id"),
        revocations.c.created_at < bindparam("moment"),
    )
    .limit(bindparam("limit")),
)

RESETS = Statement(
    "resets",
    select(password_resets.c.digest, password_resets.c.expires_at)
    .where(password_resets.c.stream_id == bindparam("user_id"))
    .order_by(password_resets.c.expires_at),
)

CONFIRMATIONS = Statement(
    "confirmations",
    select(
        email_confirmations.c.digest,
        email_confirmations.c.email,
        email_confirmations.c.expires_at,
    )
    .where(email_confirmations.c.stream_id == bindparam("user_id"))
    .order_by(email_confirmations.c.expires_at),
)

API_TOKENS = Statement(
    "api_tokens",
    select(
        api_tokens.c.id,
        api_tokens.c.name,
        api_tokens.c.scopes,
        api_tokens.c.expires_at,
        api_tokens.c.created_at,
    )
    .where(api_tokens.c.stream_id == bindparam("user_id"))
    .order_by(api_tokens.c.id),
)
