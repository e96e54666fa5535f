"""The queries of workspaces, members, projects and labels."""

from collections.abc import Iterator
from functools import lru_cache

from sqlalchemy import Select, Table, and_, bindparam, func, not_, select

from tidework.store.sql.schema import (
    accounts,
    labels,
    members,
    projects,
    streams,
    tasks,
    user_workspaces,
    workspaces,
)
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import HasAny, any_of

WORKSPACE_COLUMNS = (
    workspaces.c.id,
    workspaces.c.name,
    workspaces.c.personal,
    workspaces.c.created_at,
    workspaces.c.updated_at,
    workspaces.c.version,
)

# One snapshot: what the front may keep is what was true at this seq.
MEMBERSHIP = Statement(
    "membership",
    select(streams.c.seq, members.c.role)
    .select_from(
        streams.outerjoin(
            members,
            and_(members.c.stream_id == streams.c.stream_id, members.c.id == bindparam("user_id")),
        )
    )
    .where(streams.c.stream_id == bindparam("stream_id")),
)

MY_WORKSPACES = Statement(
    "my_workspaces",
    select(user_workspaces.c.workspace_id).where(user_workspaces.c.user_id == bindparam("user_id")),
)

WORKSPACES = Statement(
    "workspaces",
    select(*WORKSPACE_COLUMNS, members.c.role)
    .select_from(workspaces.join(members, members.c.stream_id == workspaces.c.stream_id))
    .where(
        any_of(workspaces.c.stream_id, "workspace_ids"),
        members.c.id == bindparam("user_id"),
        workspaces.c.deleted_at.is_(None),
    )
    .order_by(workspaces.c.created_at, workspaces.c.id),
)

WORKSPACE = Statement(
    "workspace",
    select(streams.c.seq, *WORKSPACE_COLUMNS)
    .select_from(streams.join(workspaces, workspaces.c.stream_id == streams.c.stream_id))
    .where(
        streams.c.stream_id == bindparam("stream_id"),
        workspaces.c.id == bindparam("stream_id"),
        workspaces.c.deleted_at.is_(None),
    ),
)

MEMBERS = Statement(
    "members",
    select(
        streams.c.seq,
        members.c.id,
        members.c.role,
        members.c.created_at,
        members.c.updated_at,
        members.c.version,
    )
    .select_from(streams.join(members, members.c.stream_id == streams.c.stream_id))
    .where(streams.c.stream_id == bindparam("stream_id"))
    .order_by(members.c.created_at, members.c.id),
)

ASSIGNED = Statement(
    "assigned_tasks",
    select(tasks.c.id).where(
        tasks.c.stream_id == bindparam("stream_id"), tasks.c.assignee_id == bindparam("user_id")
    ),
)

IN_PROJECT = Statement(
    "project_tasks",
    select(tasks.c.id).where(
        tasks.c.stream_id == bindparam("stream_id"), tasks.c.project_id == bindparam("id")
    ),
)

MEMBERS_OF_MANY = Statement(
    "members_of_many",
    select(members.c.stream_id, members.c.id, members.c.role).where(
        any_of(members.c.stream_id, "workspace_ids")
    ),
)

WITH_LABEL = Statement(
    "label_tasks",
    select(tasks.c.id, tasks.c.label_ids).where(
        tasks.c.stream_id == bindparam("stream_id"), HasAny(tasks.c.label_ids, "labels")
    ),
)

_ACTING_OWNERS = (
    select(func.count())
    .select_from(members.join(accounts, accounts.c.id == members.c.id))
    .where(
        members.c.stream_id == workspaces.c.stream_id,
        members.c.role == "owner",
        accounts.c.is_active,
        not_(accounts.c.placeholder),
    )
    .scalar_subquery()
)
_ADMIN_VIEW = (
    select(
        workspaces.c.id,
        workspaces.c.name,
        workspaces.c.personal,
        workspaces.c.created_by,
        workspaces.c.created_at,
        select(func.count())
        .select_from(members)
        .where(members.c.stream_id == workspaces.c.stream_id)
        .scalar_subquery(),
        streams.c.last_number,
        streams.c.seq,
        _ACTING_OWNERS,
    )
    .select_from(workspaces.join(streams, streams.c.stream_id == workspaces.c.stream_id))
    .where(workspaces.c.deleted_at.is_(None))
)

ADMIN_WORKSPACES = Statement(
    "admin_workspaces",
    _ADMIN_VIEW.where(workspaces.c.id > bindparam("after"))
    .order_by(workspaces.c.id)
    .limit(bindparam("limit")),
    heavy=True,
    fan_out="an administrator's view over all workspaces",
)

ADMIN_WORKSPACE = Statement(
    "admin_workspace",
    _ADMIN_VIEW.where(workspaces.c.stream_id == bindparam("stream_id")),
    fan_out="the accounts of a workspace's owners",
)

NAMED_WORKSPACES = Statement(
    "named_workspaces",
    select(workspaces.c.id, workspaces.c.personal, accounts.c.email)
    .select_from(workspaces.outerjoin(accounts, accounts.c.id == workspaces.c.created_by))
    .where(workspaces.c.name == bindparam("name"), workspaces.c.deleted_at.is_(None)),
    heavy=True,
    fan_out="commands name a workspace by its name",
)

ITEM_TABLES: dict[str, Table] = {"project": projects, "label": labels}


def _items(table: Table) -> Select[tuple[object, ...]]:
    columns = [c for c in table.columns if c.name not in ("stream_id", "name_key")]
    # Outer, so that there is a seq also where there is nothing else.
    return (
        select(streams.c.seq, *columns)
        .select_from(streams.outerjoin(table, table.c.stream_id == streams.c.stream_id))
        .where(streams.c.stream_id == bindparam("stream_id"))
    )


@lru_cache
def items(entity: str) -> Statement:
    """All projects, or all labels, of a workspace, by name; one empty row when there are none."""
    table = ITEM_TABLES[entity]
    return Statement(f"{entity}s", _items(table).order_by(table.c.name_key))


@lru_cache
def item(entity: str) -> Statement:
    """One project or label."""
    table = ITEM_TABLES[entity]
    return Statement(entity, _items(table).where(table.c.id == bindparam("id")))


def examples() -> Iterator[Statement]:
    """Statements of each kind of item, for whoever checks them."""
    for entity in ITEM_TABLES:
        yield items(entity)
        yield item(entity)
