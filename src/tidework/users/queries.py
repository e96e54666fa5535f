"""Queries on accounts."""

from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Column, Integer, bindparam, func, or_, select

from tidework.store.sql.schema import (
    accounts,
    api_tokens,
    audit,
    changes,
    comments,
    emails,
    installation,
    projects,
    saved_filters,
    sessions,
    streams,
    tasks,
    workspaces,
)
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of
from tidework.users.api import DEFAULT_LANGUAGE, DEFAULT_ZONE

_COLUMNS = (
    accounts.c.id,
    accounts.c.email,
    accounts.c.name,
    accounts.c.role,
    accounts.c.is_active,
    accounts.c.placeholder,
    accounts.c.personal_workspace_id,
    accounts.c.created_at,
    accounts.c.updated_at,
    accounts.c.version,
    func.coalesce(accounts.c.time_zone, DEFAULT_ZONE),
    func.coalesce(accounts.c.language, DEFAULT_LANGUAGE),
    accounts.c.email_confirmed_at,
)

GET = Statement(
    "account",
    select(*_COLUMNS).where(
        accounts.c.stream_id == bindparam("user_id"), accounts.c.id == bindparam("user_id")
    ),
)

GET_MANY = Statement(
    "accounts",
    select(*_COLUMNS).where(
        any_of(accounts.c.stream_id, "user_ids"), accounts.c.id == accounts.c.stream_id
    ),
)

SAVED_FILTERS = Statement(
    "saved_filters",
    select(
        streams.c.seq,
        saved_filters.c.id,
        saved_filters.c.name,
        saved_filters.c.workspace_id,
        saved_filters.c.query,
        saved_filters.c.created_at,
        saved_filters.c.updated_at,
        saved_filters.c.version,
    )
    .select_from(streams.outerjoin(saved_filters, saved_filters.c.stream_id == streams.c.stream_id))
    .where(streams.c.stream_id == bindparam("user_id"))
    .order_by(saved_filters.c.name_key),
)

# All that an account's log has ever said of these, removed by now or not.
LOGGED = Statement(
    "logged_entities",
    select(changes.c.entity, changes.c.entity_id)
    .where(changes.c.stream_id == bindparam("user_id"), any_of(changes.c.entity, "entities"))
    .distinct(),
    heavy=True,
)

BY_EMAIL = Statement("email", select(emails.c.user_id).where(emails.c.email == bindparam("email")))

INSTALLATION = Statement(
    "installation",
    select(installation.c.value).where(installation.c.name == bindparam("name")),
)

ADMINS = Statement(
    "admins",
    select(func.count())
    .select_from(accounts)
    .where(
        accounts.c.role == "admin",
        accounts.c.is_active.is_(True),
        accounts.c.stream_id != bindparam("but"),
    ),
    fan_out="whether another administrator is left, asked when one is removed",
)


@lru_cache(maxsize=4)
def page(*, searched: bool, continued: bool) -> Statement:
    """Accounts in the order in which they came: `limit`, and `pattern`, `after` where asked for."""
    query = (
        select(*_COLUMNS)
        .where(accounts.c.id == accounts.c.stream_id)
        .order_by(accounts.c.stream_id)
        .limit(bindparam("limit"))
    )
    if searched:
        pattern: BindParameter[str] = bindparam("pattern")
        query = query.where(
            or_(
                accounts.c.name.ilike(pattern, escape="\\"),
                accounts.c.email.ilike(pattern, escape="\\"),
            )
        )
    if continued:
        query = query.where(accounts.c.stream_id > bindparam("after"))
    return Statement(
        "account_page", query, heavy=True, fan_out="an administrator's view of all accounts"
    )


@lru_cache(maxsize=2)
def audit_page(*, continued: bool) -> Statement:
    """The audit, newest first: `limit`, and `before` where asked for."""
    query = (
        select(
            audit.c.id,
            audit.c.at,
            audit.c.actor_id,
            audit.c.action,
            audit.c.target_id,
            audit.c.detail,
            audit.c.request_id,
        )
        .order_by(audit.c.id.desc())
        .limit(bindparam("limit"))
    )
    if continued:
        query = query.where(audit.c.id < bindparam("before"))
    return Statement("audit_page", query)


_ALL = "an administrator's statistics of the installation"

_USERS: tuple[Any, ...] = (
    func.count(),
    func.count().filter(accounts.c.is_active.is_(True)),
    func.count().filter(accounts.c.is_active.is_(True), accounts.c.role == "admin"),
    func.count().filter(accounts.c.placeholder.is_(True)),
)

USER_COUNTS = Statement(
    "user_counts",
    select(*_USERS).select_from(accounts),
    heavy=True,
    fan_out=_ALL,
)

_living = workspaces.c.deleted_at.is_(None)

CONTENT_COUNTS = Statement(
    "content_counts",
    select(
        select(func.count()).select_from(workspaces).where(_living).scalar_subquery(),
        select(func.count()).select_from(projects).scalar_subquery(),
        select(func.count()).select_from(comments).scalar_subquery(),
        select(func.count())
        .select_from(sessions)
        .where(sessions.c.expires_at > bindparam("now"))
        .scalar_subquery(),
        select(func.count()).select_from(api_tokens).scalar_subquery(),
    ),
    heavy=True,
    fan_out=_ALL,
)

TASK_COUNTS = Statement(
    "task_counts",
    select(tasks.c.status, func.count()).group_by(tasks.c.status),
    heavy=True,
    fan_out=_ALL,
)

_page_count = func.pragma_page_count().table_valued(Column("page_count", Integer))
_page_size = func.pragma_page_size().table_valued(Column("page_size", Integer))

DATABASE_BYTES = {
    "sqlite": Statement(
        "database_bytes",
        select(_page_count.c.page_count * _page_size.c.page_size),
        heavy=True,
        fan_out=_ALL,
    ),
    "postgresql": Statement(
        "database_bytes",
        select(func.pg_database_size(func.current_database())),
        heavy=True,
        fan_out=_ALL,
    ),
}
