"""The queries of copies: a workspace in one snapshot, and the descriptions of its tasks."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    null,
    select,
    union_all,
)

from tidework.store.sql.schema import (
    labels,
    members,
    projects,
    relations,
    streams,
    tasks,
    workspaces,
)
from tidework.store.sql.schema_parts import BIG
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import literally

# JSON as its text: it goes out as it is kept.
_SHAPE: dict[str, ColumnElement[Any]] = {
    "id": tasks.c.id,
    "workspace_id": tasks.c.stream_id,
    "number": tasks.c.number,
    "project_id": tasks.c.project_id,
    "parent_id": tasks.c.parent_id,
    "title": tasks.c.title,
    "has_description": tasks.c.description != "",
    "status": tasks.c.status,
    "priority": tasks.c.priority,
    "due_at": tasks.c.due_at,
    "assignee_id": tasks.c.assignee_id,
    "label_ids": cast(tasks.c.label_ids, Text),
    "position": tasks.c.position,
    "created_by": tasks.c.created_by,
    "created_at": tasks.c.created_at,
    "updated_at": tasks.c.updated_at,
    "completed_at": tasks.c.completed_at,
    "recurrence": cast(tasks.c.recurrence, Text),
    "previous_id": tasks.c.previous_id,
    "version": tasks.c.version,
}
"""In the order of the fields of `SnapshotTask`."""

_COLUMNS = [column.label(name) for name, column in _SHAPE.items()]


def _page(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .where(tasks.c.stream_id == bindparam("stream_id"), *conditions)
        .order_by(tasks.c.number.desc())
        .limit(bindparam("limit"))
    )


def _others(entity: str, table: Table, *where: ColumnElement[bool], **places: Any) -> Any:
    """The rows of another entity in the shape of tasks; `places` is what stands where."""
    places |= {name: table.c[name] for name in ("id", "created_at", "version")}
    if "updated_at" in table.c:
        places["updated_at"] = table.c.updated_at
    shown = [
        places.get(name, cast(null(), column.type)).label(name) for name, column in _SHAPE.items()
    ]
    return (
        select(streams.c.seq, literally(entity).label("entity"), *shown)
        .select_from(streams.join(table, table.c.stream_id == streams.c.stream_id))
        .where(streams.c.stream_id == bindparam("stream_id"), *where)
    )


def _first() -> Any:
    page = _page().subquery("page")
    newest = (
        select(streams.c.seq, literally("task").label("entity"), *page.c)
        .select_from(streams.join(page, page.c.workspace_id == streams.c.stream_id))
        .where(streams.c.stream_id == bindparam("stream_id"))
    )
    return union_all(
        _others(
            "workspace",
            workspaces,
            workspaces.c.id == bindparam("stream_id"),
            workspaces.c.deleted_at.is_(None),
            title=workspaces.c.name,
            has_description=workspaces.c.personal,
        ),
        _others("member", members, status=members.c.role),
        _others(
            "project",
            projects,
            title=projects.c.name,
            position=projects.c.name_key,
            status=projects.c.description,
            priority=projects.c.color,
            has_description=projects.c.archived,
        ),
        _others(
            "label",
            labels,
            title=labels.c.name,
            position=labels.c.name_key,
            priority=labels.c.color,
        ),
        _others(
            "relation",
            relations,
            status=relations.c.kind,
            project_id=relations.c.task_id,
            parent_id=relations.c.other_id,
        ),
        newest,
    )


# All that is on a first page in one statement, hence in one snapshot: the seq, which entity it is,
# and its fields in the shape of tasks. No row where there is no such workspace.
FIRST = Statement("snapshot", _first(), heavy=True)


def _later() -> Any:
    page = _page(tasks.c.number < bindparam("before", type_=tasks.c.number.type)).subquery("page")
    return (
        select(streams.c.seq, *page.c)
        .select_from(streams.outerjoin(page, page.c.workspace_id == streams.c.stream_id))
        .where(streams.c.stream_id == bindparam("stream_id"))
    )


# The tasks before a number; one empty row where there are none.
LATER = Statement("snapshot_later", _later(), heavy=True)


def _texts() -> Any:
    size = func.length(tasks.c.description)
    place = and_(
        tasks.c.stream_id == bindparam("stream_id"),
        tasks.c.number < bindparam("before", type_=tasks.c.number.type),
        tasks.c.description != "",
    )
    newest = (
        select(tasks.c.number, size.label("size"))
        .where(place)
        .order_by(tasks.c.number.desc())
        .limit(bindparam("limit"))
        .subquery("newest")
    )
    # How much comes before each of them, and how many of them there are.
    sized = select(
        newest.c.number,
        (func.sum(newest.c.size).over(order_by=newest.c.number.desc()) - newest.c.size).label(
            "ahead"
        ),
        func.count().over().label("found"),
    ).subquery("sized")
    text = (
        select(
            tasks.c.stream_id,
            sized.c.found,
            tasks.c.number,
            tasks.c.id,
            tasks.c.version,
            tasks.c.description,
        )
        .select_from(tasks.join(sized, sized.c.number == tasks.c.number))
        .where(
            tasks.c.stream_id == bindparam("stream_id"),
            sized.c.ahead < bindparam("characters", type_=BIG),
        )
        .subquery("text")
    )
    shown = [column for column in text.c if column.name != "stream_id"]
    return (
        select(streams.c.seq, *shown)
        .select_from(streams.outerjoin(text, text.c.stream_id == streams.c.stream_id))
        .where(streams.c.stream_id == bindparam("stream_id"))
    )


# The descriptions before a number: the seq, how many were found within the limit, and of those
# that fit the number, the id, the version and the text; one empty row where there are none.
TEXTS = Statement("snapshot_texts", _texts(), heavy=True)
