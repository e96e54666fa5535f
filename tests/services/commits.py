"""Short ways to make what tests of the store write."""

from collections.abc import Sequence
from typing import Any

from tidework.ids import new_id
from tidework.log import Change, Commit, Committed, Entities, LoggedChange, fold
from tidework.store.protocol import Store
from tidework.times import now

CREATED = "2026-01-02T03:04:05.000006Z"


def workspace_fields(**fields: Any) -> dict[str, Any]:
    """Every field of a workspace."""
    return {
        "name": "Tides",
        "personal": False,
        "created_by": None,
        "created_at": CREATED,
        "deleted_at": None,
    } | fields


def task_fields(**fields: Any) -> dict[str, Any]:
    """Every field of a task; its number and position are left to the store."""
    return {
        "number": None,
        "project_id": None,
        "parent_id": None,
        "title": "Mend the boat",
        "description": "",
        "status": "pending",
        "priority": "medium",
        "due_at": None,
        "assignee_id": None,
        "label_ids": [],
        "position": None,
        "created_by": None,
        "created_at": CREATED,
        "completed_at": None,
        "recurrence": None,
        "previous_id": None,
    } | fields


def label_fields(name: str) -> dict[str, Any]:
    """Every field of a label."""
    return {"name": name, "name_key": name.casefold(), "color": None, "created_at": CREATED}


def member_fields(role: str = "editor") -> dict[str, Any]:
    """Every field of a member."""
    return {"role": role, "created_at": CREATED}


def commit(stream_id: str, *changes: Change, **options: Any) -> Commit:
    """A commit by nobody, now."""
    options = {"actor_id": None, "at": now()} | options
    return Commit(stream_id=stream_id, changes=changes, **options)


def new_task(task_id: str | None = None, **fields: Any) -> Change:
    """A change that creates a task."""
    return Change("task", task_id or new_id(), "create", task_fields(**fields))


def update(task_id: str, **fields: Any) -> Change:
    """A change of a task."""
    return Change("task", task_id, "update", fields)


async def new_workspace(store: Store) -> str:
    """A workspace of its own stream; its first commit has seq 1."""
    stream_id = new_id()
    change = Change("workspace", stream_id, "create", workspace_fields())
    await store.append(commit(stream_id, change, creates="workspace"))
    return stream_id


async def add_task(store: Store, stream_id: str, **fields: Any) -> tuple[str, Committed]:
    """A new task, and what its commit became."""
    change = new_task(**fields)
    return change.id, await store.append(commit(stream_id, change))


async def whole_log(store: Store, stream_id: str, page: int = 1000) -> list[LoggedChange]:
    """Every change of a stream, read page by page."""
    changes: list[LoggedChange] = []
    while found := await store.log(stream_id, since=changes[-1].seq if changes else 0, limit=page):
        changes += found
    return changes


async def folded(store: Store, stream_id: str) -> Entities:
    """What the log of a stream leads to."""
    return fold(await whole_log(store, stream_id))


def seqs_of(changes: Sequence[LoggedChange]) -> list[int]:
    """The seqs in their order, each once."""
    return list(dict.fromkeys(change.seq for change in changes))
