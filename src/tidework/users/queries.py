"""Queries on accounts."""

from sqlalchemy import bindparam, func, select

from tidework.store.sql.schema import accounts, emails, installation
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import any_of

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
