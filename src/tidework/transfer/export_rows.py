"""The tasks of a workspace as people read them: names instead of ids."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, select

from tidework.errors import NotFound
from tidework.store.protocol import Store
from tidework.store.sql.schema import labels, projects, tasks
from tidework.store.sql.statement import Statement
from tidework.transfer.people import Described, Directory
from tidework.transfer.report import Progress

_PAGE = 1_000
_AT_A_TIME = 20
_FIELDS = (
    "id", "number", "title", "description", "status", "priority", "due_at", "project_id",
    "parent_id", "assignee_id", "label_ids", "created_by", "created_at", "updated_at",
    "completed_at", "version", "recurrence",
)  # fmt: skip

_parents = tasks.alias("parents")
_TASKS = Statement(
    "export_tasks",
    select(*(tasks.c[name] for name in _FIELDS), _parents.c.number)
    .select_from(
        tasks.outerjoin(
            _parents,
            and_(_parents.c.stream_id == tasks.c.stream_id, _parents.c.id == tasks.c.parent_id),
        )
    )
    .where(tasks.c.stream_id == bindparam("stream_id"), tasks.c.number > bindparam("after"))
    .order_by(tasks.c.number)
    .limit(bindparam("limit")),
    heavy=True,
)
_LAST = Statement(
    "export_last_number",
    select(func.max(tasks.c.number)).where(tasks.c.stream_id == bindparam("stream_id")),
)
_NAMES = {
    table.name: Statement(
        f"export_{table.name}",
        select(table.c.id, table.c.name).where(table.c.stream_id == bindparam("stream_id")),
    )
    for table in (labels, projects)
}


class TaskRow(NamedTuple):
    """A task; times are canonical."""

    id: str
    number: int
    title: str
    description: str
    status: str
    priority: str
    due_at: str | None
    project: str | None
    parent_id: str | None
    parent: int | None
    assignee: Described | None
    labels: list[str]
    created_by: Described | None
    created_at: str
    updated_at: str
    completed_at: str | None
    version: int
    recurrence: dict[str, Any] | None


async def task_rows(
    store: Store, workspace_id: str, directory: Directory, progress: Progress | None = None
) -> AsyncIterator[TaskRow]:
    """Every task by number. Raises `NotFound`. Memory: a thousand tasks, the names of labels,
    projects and people.
    """
    if not await store.seqs([workspace_id]):
        raise NotFound("There is no such workspace; check its name or id.")
    names: dict[str, str] = {}
    for statement in _NAMES.values():
        names |= dict(await store.fetch(statement, {"stream_id": workspace_id}))  # type: ignore[arg-type]
    people: dict[str, Described | None] = {}
    after = 0
    last = (await store.fetch(_LAST, {"stream_id": workspace_id}))[0][0] or 1
    while True:
        params: dict[str, Any] = {"stream_id": workspace_id, "after": after, "limit": _PAGE}
        rows = [
            dict(zip((*_FIELDS, "parent"), row, strict=True))
            for row in await store.fetch(_TASKS, params)
        ]
        new = {row[name] for row in rows for name in ("assignee_id", "created_by")} - people.keys()
        found = await directory.describe(sorted(user for user in new if user is not None))
        people |= {user: found.get(user) for user in new}
        number = after
        for place, row in enumerate(rows):
            number = row["number"]
            yield _task(row, names, people)
            if place % _AT_A_TIME == 0:
                # Whoever writes them takes a while: others want their turn.
                await asyncio.sleep(0)
        if progress is not None:
            progress(min(number, last), last)
        if len(rows) < _PAGE:
            return
        after = number


def _task(
    row: dict[str, Any], names: dict[str, str], people: dict[str, Described | None]
) -> TaskRow:
    assignee, creator = people[row.pop("assignee_id")], people[row.pop("created_by")]
    project = names.get(row.pop("project_id") or "")
    held = sorted(names[label] for label in row.pop("label_ids") if label in names)
    return TaskRow(**row, project=project, labels=held, assignee=assignee, created_by=creator)
