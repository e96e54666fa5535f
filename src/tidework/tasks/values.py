"""From what a request says of a task to the fields that the log has."""

from collections.abc import Iterable
from typing import Any

import msgspec

from tidework.errors import invalid
from tidework.log import Committed, Values
from tidework.store.sql.schema import fields_of
from tidework.tasks.schemas import TaskOut
from tidework.times import canonical

MAX_TITLE = 200
CREATED = (
    "title",
    "description",
    "status",
    "priority",
    "due_at",
    "project_id",
    "parent_id",
    "assignee_id",
    "label_ids",
)
"""The fields of a new task that its request gives, without those that take more than itself."""

_FIELDS = frozenset(fields_of("task"))
_EMPTY = {"description": "", "label_ids": []}


def patched(data: msgspec.Struct) -> list[str]:
    """The names of the fields of `CREATED` that a merge patch sets."""
    return [name for name in CREATED if getattr(data, name, msgspec.UNSET) is not msgspec.UNSET]


def values_of(data: Any, names: Iterable[str], pointer: str = "") -> Values:
    """The named fields of a request as the log has them. `pointer` leads those of errors.

    Raises `Invalid`.
    """
    values: Values = {}
    for name in names:
        value = getattr(data, name)
        if value is None:
            values[name] = _EMPTY.get(name)
        elif name == "title":
            values[name] = _title(value, pointer)
        elif name == "label_ids":
            values[name] = list(dict.fromkeys(str(label) for label in value))
        elif name == "due_at":
            values[name] = _due(value, pointer)
        elif name.endswith("_id"):
            values[name] = str(value)
        else:
            values[name] = value
    return values


def _title(title: str, pointer: str) -> str:
    text = title.strip()
    if not 1 <= len(text) <= MAX_TITLE:
        raise invalid(
            f"{pointer}/title",
            "length",
            f"{pointer}/title must have 1 to {MAX_TITLE} characters, not {len(text)}.",
        )
    return text


def _due(moment: Any, pointer: str) -> str:
    try:
        return canonical(moment)
    except OverflowError:
        raise invalid(
            f"{pointer}/due_at",
            "out_of_range",
            f"{pointer}/due_at lies outside the years 1 to 9999.",
        ) from None


def task_of(fields: Values, task_id: str, workspace_id: str, at: str, version: int) -> TaskOut:
    """A task from the fields that a commit has left it at."""
    # What was logged before there was a field does not have it.
    known: Values = {name: fields.get(name) for name in _FIELDS}
    return TaskOut(id=task_id, workspace_id=workspace_id, updated_at=at, version=version, **known)


def task_after(committed: Committed, ordinal: int) -> TaskOut | None:
    """What one change of a commit has left its task at; None when it is gone, or no task."""
    change = committed.changes[ordinal]
    # Of a repeated command only what it set is known.
    fields = committed.after[ordinal] if committed.after else change.set
    if change.entity != "task" or change.op == "delete":
        return None
    return task_of(fields, change.id, committed.stream_id, change.at, committed.seq)
