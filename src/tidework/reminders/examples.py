"""Examples of what reminders take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.http.examples import CURSOR, ENTRY, MADE, TASK, WORKSPACE
from tidework.reminders.schemas import ReminderIn, ReminderList, ReminderOut, ReminderPage

_REMINDER: dict[str, Any] = {
    "id": ENTRY,
    "workspace_id": WORKSPACE,
    "task_id": TASK,
    "at": None,
    "offset_minutes": 60,
    "created_at": MADE,
    "version": 12,
}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (ReminderIn, {"offset_minutes": 60}),
    (ReminderOut, _REMINDER),
    (ReminderList, {"items": [_REMINDER]}),
    (ReminderPage, {"items": [_REMINDER], "next_cursor": CURSOR}),
]
