"""Queries of commands: they look at the whole installation, which no request of the API does."""

from sqlalchemy import Select, and_, bindparam, select

from tidework.store.sql.schema import (
    accounts,
    emails,
    followups,
    members,
    streams,
    user_workspaces,
    workspaces,
)
from tidework.store.sql.statement import Statement

_EXAMPLES = 20


def _of_all(name: str, query: Select[tuple[object, ...]], why: str) -> Statement:
    return Statement(name, query, heavy=True, fan_out=why)


ADMIN_IDS = _of_all(
    "command_admins",
    select(accounts.c.id)
    .where(accounts.c.role == "admin", accounts.c.is_active.is_(True))
    .order_by(accounts.c.created_at, accounts.c.id)
    .limit(1),
    "the first administrator of the installation",
)

STREAMS = _of_all(
    "command_streams",
    select(streams.c.stream_id, streams.c.kind, streams.c.seq)
    .where(streams.c.stream_id > bindparam("after"))
    .order_by(streams.c.stream_id)
    .limit(bindparam("limit")),
    "doctor looks at every stream",
)

ACCOUNT_EMAILS = _of_all(
    "command_account_emails",
    select(accounts.c.id, accounts.c.email, emails.c.email)
    .select_from(accounts.outerjoin(emails, emails.c.user_id == accounts.c.id))
    .where(accounts.c.stream_id > bindparam("after"))
    .order_by(accounts.c.stream_id)
    .limit(bindparam("limit")),
    "doctor compares every account with its look-up",
)

EMAILS_OF_NOBODY = _of_all(
    "command_emails_of_nobody",
    select(emails.c.email)
    .select_from(emails.outerjoin(accounts, accounts.c.id == emails.c.user_id))
    .where(accounts.c.id.is_(None))
    .limit(_EXAMPLES),
    "doctor compares every look-up with its account",
)

MEMBERS_NOT_LISTED = _of_all(
    "command_members_not_listed",
    select(members.c.id, members.c.stream_id)
    .select_from(
        members.outerjoin(
            user_workspaces,
            and_(
                user_workspaces.c.user_id == members.c.id,
                user_workspaces.c.workspace_id == members.c.stream_id,
            ),
        )
    )
    .where(user_workspaces.c.user_id.is_(None))
    .limit(_EXAMPLES),
    "doctor compares every member with the look-up of their workspaces",
)

LISTED_NOT_MEMBERS = _of_all(
    "command_listed_not_members",
    select(user_workspaces.c.user_id, user_workspaces.c.workspace_id)
    .select_from(
        user_workspaces.outerjoin(
            members,
            and_(
                user_workspaces.c.user_id == members.c.id,
                user_workspaces.c.workspace_id == members.c.stream_id,
            ),
        )
    )
    .where(members.c.id.is_(None))
    .limit(_EXAMPLES),
    "doctor compares the look-up of workspaces with their members",
)

WITHOUT_OWNER = _of_all(
    "command_without_owner",
    select(workspaces.c.id)
    .select_from(
        workspaces.outerjoin(
            members,
            and_(members.c.stream_id == workspaces.c.stream_id, members.c.role == "owner"),
        )
    )
    .where(workspaces.c.deleted_at.is_(None), members.c.id.is_(None))
    .limit(_EXAMPLES),
    "doctor looks for workspaces that nobody owns",
)

UNFINISHED = _of_all(
    "command_unfinished",
    select(followups.c.stream_id, followups.c.kind)
    .where(followups.c.created_at < bindparam("before"))
    .limit(_EXAMPLES),
    "doctor looks for second commits that nobody could finish",
)
