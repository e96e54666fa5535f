"""The queries of tasks. Lists are made once for each set of filters."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    tuple_,
    union_all,
)

from tidework.store.sql.schema import (
    accounts,
    changes,
    comments,
    relations,
    streams,
    tasks,
    workspaces,
)
from tidework.store.sql.schema_parts import BIG, KEY, TIME
from tidework.store.sql.statement import Statement
from tidework.store.sql.tables import HasAny, Matches, any_of
from tidework.tasks.foreign_keys import CAME_UNDER

TASK_COLUMNS = (
    tasks.c.id,
    tasks.c.stream_id,
    tasks.c.number,
    tasks.c.project_id,
    tasks.c.parent_id,
    tasks.c.title,
    tasks.c.description,
    tasks.c.status,
    tasks.c.priority,
    tasks.c.due_at,
    tasks.c.assignee_id,
    tasks.c.label_ids,
    tasks.c.position,
    tasks.c.created_by,
    tasks.c.created_at,
    tasks.c.updated_at,
    tasks.c.completed_at,
    tasks.c.recurrence,
    tasks.c.previous_id,
    tasks.c.version,
)
"""In the order of the fields of `TaskOut`."""

_OF_STREAM = tasks.c.stream_id == bindparam("stream_id")
_CLOSED = ("completed", "cancelled")

_EARLIEST = bindparam("earliest", "0001-01-01T00:00:00.000000Z", type_=TIME)
_LATEST = bindparam("latest", "9999-12-31T23:59:59.999999Z", type_=TIME)
_RANK = case(
    (tasks.c.priority == "low", 1),
    (tasks.c.priority == "medium", 2),
    (tasks.c.priority == "high", 3),
    else_=4,
)

# A to Z in lower case, then by code points: in the same order on every database and locale.
_TITLE = func.lower(cast(tasks.c.title, KEY), type_=KEY)

SORTS: dict[str, tuple[ColumnElement[Any], ColumnElement[Any]]] = {
    "created_at": (tasks.c.created_at, tasks.c.created_at),
    "updated_at": (tasks.c.updated_at, tasks.c.updated_at),
    # What has no due date comes last, whichever way.
    "due_at": (func.coalesce(tasks.c.due_at, _LATEST), func.coalesce(tasks.c.due_at, _EARLIEST)),
    "priority": (_RANK, _RANK),
    "position": (tasks.c.position, tasks.c.position),
    "number": (tasks.c.number, tasks.c.number),
    "title": (_TITLE, _TITLE),
}
"""What a list is sorted by: ascending, descending."""

_NUMBERS = frozenset({"priority", "number"})


def _or_none(column: ColumnElement[Any], name: str) -> dict[str, ColumnElement[bool]]:
    ids = any_of(column, name)
    return {
        name: ids,
        f"{name}_none": column.is_(None),
        f"{name}_or_none": or_(ids, column.is_(None)),
    }


FILTERS: dict[str, ColumnElement[bool]] = {
    "status": any_of(tasks.c.status, "status"),
    "priority": any_of(tasks.c.priority, "priority"),
    **_or_none(tasks.c.assignee_id, "assignee"),
    **_or_none(tasks.c.project_id, "project"),
    **_or_none(tasks.c.parent_id, "parent"),
    "label": HasAny(tasks.c.label_ids, "label"),
    "due_before": tasks.c.due_at < bindparam("due_before", type_=TIME),
    "due_after": tasks.c.due_at > bindparam("due_after", type_=TIME),
    "overdue": and_(
        tasks.c.due_at < bindparam("now", type_=TIME),
        *(tasks.c.status != closed for closed in _CLOSED),
    ),
    "q": Matches("q"),
    "q_or_key": or_(Matches("q"), CAME_UNDER),
}
_SEARCHES = frozenset({"q", "q_or_key"})


def _key(sort: str, descending: bool) -> ColumnElement[Any]:
    return SORTS[sort][descending]


@lru_cache(maxsize=512)
def task_list(
    filters: frozenset[str], sort: str, descending: bool, after: bool, offset: bool
) -> Statement:
    """A page of tasks: the seq of the snapshot, the task, what it was sorted by.

    Always one row at least: the seq is there also when no task is. `after` continues behind
    (`after_key`, `after_id`), `offset` skips that many.
    """
    key = _key(sort, descending)
    chosen = select(*TASK_COLUMNS, key.label("sort_key")).where(
        _OF_STREAM, *(FILTERS[name] for name in sorted(filters))
    )
    if after:
        kind = tasks.c.number.type if sort in _NUMBERS else _kind_of(sort)
        place = tuple_(
            bindparam("after_key", type_=kind), bindparam("after_id", type_=tasks.c.id.type)
        )
        here = tuple_(key, tasks.c.id)
        chosen = chosen.where(here < place if descending else here > place)
    order = (key.desc(), tasks.c.id.desc()) if descending else (key, tasks.c.id)
    chosen = chosen.order_by(*order).limit(bindparam("limit"))
    if offset:
        chosen = chosen.offset(bindparam("offset"))
    page = chosen.subquery("page")
    outer = (
        (page.c.sort_key.desc(), page.c.id.desc()) if descending else (page.c.sort_key, page.c.id)
    )
    statement = (
        select(streams.c.seq, *page.c)
        .select_from(streams.outerjoin(page, page.c.stream_id == streams.c.stream_id))
        .where(streams.c.stream_id == bindparam("stream_id"))
        .order_by(*outer)
    )
    return Statement(
        "task_search" if _SEARCHES & filters else "task_list",
        statement,
        heavy=bool(_SEARCHES & filters),
    )


def _kind_of(sort: str) -> Any:
    return TIME if sort.endswith("_at") else KEY


@lru_cache(maxsize=256)
def task_count(filters: frozenset[str]) -> Statement:
    """How many tasks there are, and the seq of the snapshot."""
    count = (
        select(func.count())
        .select_from(tasks)
        .where(_OF_STREAM, *(FILTERS[name] for name in sorted(filters)))
        .scalar_subquery()
    )
    statement = select(streams.c.seq, count).where(streams.c.stream_id == bindparam("stream_id"))
    return Statement("task_count", statement, heavy=bool(_SEARCHES & filters))


def _one(name: str, condition: ColumnElement[bool], *, shared: bool = False) -> Statement:
    return Statement(
        name,
        select(streams.c.seq, *TASK_COLUMNS)
        .select_from(streams.join(tasks, tasks.c.stream_id == streams.c.stream_id))
        .where(streams.c.stream_id == bindparam("stream_id"), condition),
        shared=shared,
    )


TASK = _one("task", tasks.c.id == bindparam("id"), shared=True)
TASK_BY_NUMBER = _one("task_by_number", tasks.c.number == bindparam("number"), shared=True)
TASKS = _one("tasks_by_id", any_of(tasks.c.id, "ids"))
IDS_OF_NUMBERS = Statement(
    "task_ids_of_numbers",
    select(tasks.c.number, tasks.c.id).where(_OF_STREAM, any_of(tasks.c.number, "numbers")),
)

# What hangs on tasks: the task, and the id of what hangs on it.
CHILDREN = Statement(
    "task_children",
    select(tasks.c.parent_id, tasks.c.id)
    .where(_OF_STREAM, any_of(tasks.c.parent_id, "ids"))
    .order_by(tasks.c.id),
)

COMMENT_IDS = Statement(
    "comment_ids",
    select(comments.c.task_id, comments.c.id)
    .where(comments.c.stream_id == bindparam("stream_id"), any_of(comments.c.task_id, "ids"))
    .order_by(comments.c.id),
)

RELATION_IDS = Statement(
    "relation_ids",
    union_all(
        select(relations.c.task_id, relations.c.id).where(
            relations.c.stream_id == bindparam("stream_id"), any_of(relations.c.task_id, "ids")
        ),
        select(relations.c.other_id, relations.c.id).where(
            relations.c.stream_id == bindparam("stream_id"), any_of(relations.c.other_id, "ids")
        ),
    ),
)

OF_PROJECTS = Statement(
    "tasks_of_projects",
    select(tasks.c.project_id, tasks.c.id).where(_OF_STREAM, any_of(tasks.c.project_id, "ids")),
)
OF_MEMBERS = Statement(
    "tasks_of_members",
    select(tasks.c.assignee_id, tasks.c.id).where(_OF_STREAM, any_of(tasks.c.assignee_id, "ids")),
)
OF_LABELS = Statement(
    "tasks_of_labels",
    select(tasks.c.label_ids, tasks.c.id).where(_OF_STREAM, HasAny(tasks.c.label_ids, "ids")),
    heavy=True,
)

ACCOUNTS = Statement(
    "accounts_of_members",
    select(accounts.c.id).where(any_of(accounts.c.stream_id, "ids")),
)


def _ancestors() -> Any:
    walk = (
        select(tasks.c.id, tasks.c.parent_id, tasks.c.stream_id)
        .where(_OF_STREAM, any_of(tasks.c.id, "ids"))
        .cte("ancestors", recursive=True)
    )
    up = tasks.alias("up")
    return walk.union(
        select(up.c.id, up.c.parent_id, up.c.stream_id).where(
            up.c.stream_id == bindparam("stream_id"), up.c.id == walk.c.parent_id
        )
    )


_WALK = _ancestors()
# Tasks and all above them, each with its parent.
ANCESTORS = Statement("task_ancestors", select(_WALK.c.id, _WALK.c.parent_id))


def _blocked() -> Any:
    walk = (
        select(relations.c.task_id, relations.c.other_id)
        .where(
            relations.c.stream_id == bindparam("stream_id"),
            relations.c.kind == "blocks",
            any_of(relations.c.task_id, "ids"),
        )
        .cte("blocked", recursive=True)
    )
    further = relations.alias("further")
    return walk.union(
        select(further.c.task_id, further.c.other_id).where(
            further.c.stream_id == bindparam("stream_id"),
            further.c.kind == "blocks",
            further.c.task_id == walk.c.other_id,
        )
    )


_CHAIN = _blocked()
# Who blocks whom, from these tasks on and as far as it goes.
BLOCKED = Statement("blocked_tasks", select(_CHAIN.c.task_id, _CHAIN.c.other_id))

NEXT_POSITION = Statement(
    "next_position",
    select(func.min(tasks.c.position)).where(
        _OF_STREAM, tasks.c.position > bindparam("position", type_=tasks.c.position.type)
    ),
)
PREVIOUS_POSITION = Statement(
    "previous_position",
    select(func.max(tasks.c.position)).where(
        _OF_STREAM, tasks.c.position < bindparam("position", type_=tasks.c.position.type)
    ),
)
COMMENT_COLUMNS = (
    comments.c.id,
    comments.c.task_id,
    comments.c.author_id,
    comments.c.body,
    comments.c.created_at,
    comments.c.updated_at,
    comments.c.version,
)

COMMENT = Statement(
    "comment",
    select(streams.c.seq, *COMMENT_COLUMNS)
    .select_from(streams.join(comments, comments.c.stream_id == streams.c.stream_id))
    .where(streams.c.stream_id == bindparam("stream_id"), comments.c.id == bindparam("id")),
)

COMMENTS = Statement(
    "comments",
    select(streams.c.seq, *COMMENT_COLUMNS)
    .select_from(streams.join(comments, comments.c.stream_id == streams.c.stream_id))
    .where(
        streams.c.stream_id == bindparam("stream_id"),
        comments.c.task_id == bindparam("task_id"),
        tuple_(comments.c.created_at, comments.c.id)
        > tuple_(
            bindparam("after_at", type_=TIME), bindparam("after_id", type_=comments.c.id.type)
        ),
    )
    .order_by(comments.c.created_at, comments.c.id)
    .limit(bindparam("limit")),
)

RELATIONS = Statement(
    "relations",
    select(
        streams.c.seq,
        relations.c.id,
        relations.c.kind,
        relations.c.task_id,
        relations.c.other_id,
        relations.c.created_at,
        relations.c.version,
    )
    .select_from(streams.join(relations, relations.c.stream_id == streams.c.stream_id))
    .where(
        streams.c.stream_id == bindparam("stream_id"),
        or_(relations.c.task_id == bindparam("id"), relations.c.other_id == bindparam("id")),
    )
    .order_by(relations.c.created_at, relations.c.id),
)

HISTORY = Statement(
    "task_history",
    select(
        changes.c.seq,
        changes.c.ordinal,
        changes.c.at,
        changes.c.actor_id,
        changes.c.op,
        changes.c.set,
        changes.c.was,
    )
    .where(
        changes.c.stream_id == bindparam("stream_id"),
        changes.c.entity_id == bindparam("id"),
        changes.c.entity == "task",
        tuple_(changes.c.seq, changes.c.ordinal)
        > tuple_(bindparam("after_seq", type_=BIG), bindparam("after_ordinal", type_=BIG)),
    )
    .order_by(changes.c.seq, changes.c.ordinal)
    .limit(bindparam("limit")),
)


@lru_cache(maxsize=8)
def admin_tasks(filters: frozenset[str]) -> Statement:
    """Tasks of all workspaces, by id; `text` is a part of the title, with A to Z in lower case."""
    conditions: dict[str, ColumnElement[bool]] = {
        "status": any_of(tasks.c.status, "status"),
        "text": _TITLE.like(bindparam("text"), escape="\\"),
    }
    return Statement(
        "admin_tasks",
        select(*TASK_COLUMNS)
        .select_from(tasks.join(workspaces, workspaces.c.stream_id == tasks.c.stream_id))
        .where(
            tasks.c.id > bindparam("after"),
            workspaces.c.deleted_at.is_(None),
            *(conditions[name] for name in sorted(filters)),
        )
        .order_by(tasks.c.id)
        .limit(bindparam("limit")),
        heavy=True,
        fan_out="an administrator's view over all workspaces",
    )


def examples() -> Iterator[Statement]:
    """Statements with each filter and each sort, for whoever checks them."""
    for name in FILTERS:
        yield task_count(frozenset({name}))
        yield task_list(frozenset({name}), "number", False, False, True)
    for sort in SORTS:
        yield task_list(frozenset(FILTERS), sort, True, True, False)
    yield admin_tasks(frozenset({"status", "text"}))
