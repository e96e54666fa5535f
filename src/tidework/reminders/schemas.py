"""The HTTP interface of reminders."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

MAX_OFFSET = 525_600

At = Annotated[datetime, Meta(tz=True, description="RFC 3339 with any offset, kept in UTC")]
Offset = Annotated[
    int, Meta(ge=0, le=MAX_OFFSET, description="Minutes before the task is due, up to a year")
]


class ReminderIn(Struct, frozen=True, forbid_unknown_fields=True):
    """When to remind: at a time, or so many minutes before the task is due. One of the two."""

    at: At | None = None
    offset_minutes: Offset | None = None


class ReminderOut(Struct, frozen=True):
    """A reminder. One with `offset_minutes` moves with the task's due date."""

    id: str
    workspace_id: str
    task_id: str
    at: str | None
    offset_minutes: int | None
    created_at: str
    version: int


class ReminderList(Struct, frozen=True):
    """The caller's reminders of a task, oldest first."""

    items: list[ReminderOut]


class ReminderPage(Struct, frozen=True):
    """A page of the caller's reminders, oldest first."""

    items: list[ReminderOut]
    next_cursor: str | None
