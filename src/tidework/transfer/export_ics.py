"""`tidework export --format ics`: a to-do for each task (iCalendar, RFC 5545)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from icalendar import Calendar, Timezone, Todo, vRecur, vText

from tidework.store.protocol import Store
from tidework.tasks.api import local_time, rule_for_calendars
from tidework.times import parse
from tidework.transfer.export_json import Write
from tidework.transfer.export_rows import TaskRow, task_rows
from tidework.transfer.people import Directory
from tidework.transfer.report import Progress

_STATUS = {
    "pending": "NEEDS-ACTION",
    "in_progress": "IN-PROCESS",
    "completed": "COMPLETED",
    "cancelled": "CANCELLED",
}
_PRIORITY = {"urgent": 1, "high": 3, "medium": 5, "low": 9}
# RFC 5545, 3.1: no control characters in text, except for the tab and escaped line breaks.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


async def export_ics(
    store: Store,
    workspace_id: str,
    directory: Directory,
    write: Write,
    *,
    due_only: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write the tasks by number, each as a VTODO whose UID is the task's id; with `due_only` only
    those with a due date. Raises `NotFound`.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Tidework//Tidework//EN")
    calendar.add("version", "2.0")
    head, end, tail = calendar.to_ical().partition(b"END:VCALENDAR")
    write(head)
    zones: set[str] = set()
    async for task in task_rows(store, workspace_id, directory, progress):
        if task.due_at is not None or not due_only:
            if task.recurrence is not None:
                write(_zone(task.recurrence["time_zone"], zones))
            write(_todo(task).to_ical())
    write(end + tail)


def _todo(task: TaskRow) -> Todo:
    todo = Todo()
    todo.add("uid", task.id)
    todo.add("dtstamp", _moment(task.updated_at))
    todo.add("created", _moment(task.created_at))
    todo.add("last-modified", _moment(task.updated_at))
    todo.add("summary", _text(task.title))
    if task.description:
        todo.add("description", _text(task.description))
    todo.add("status", _STATUS[task.status])
    todo.add("priority", _PRIORITY[task.priority])
    if task.due_at is not None:
        recurs = task.recurrence is not None and _recurs(todo, task.recurrence, task.due_at)
        # RFC 5545, 3.8.2.3: it is later than where the to-do begins, which a rule has to have.
        todo.add("due", _moment(task.due_at) + timedelta(seconds=recurs))
    if task.completed_at is not None:
        todo.add("completed", _moment(task.completed_at))
    names = [*task.labels, *([task.project] if task.project else [])]
    if names:
        todo.add("categories", [_text(name) for name in names])
    if task.parent_id is not None:
        todo.add("related-to", vText(task.parent_id))
    return todo


def _zone(name: str, known: set[str]) -> bytes:
    """The definition of a time zone, where it is used for the first time."""
    if name in known:
        return b""
    known.add(name)
    if name not in available_timezones():
        return b""
    definition: bytes = Timezone.from_tzid(name).to_ical()
    return definition


def _recurs(todo: Todo, recurrence: Mapping[str, Any], due_at: str) -> bool:
    """How a task recurs; whether by a rule, which one that is counted from its completion has not."""
    rule = rule_for_calendars(recurrence)
    if rule is not None:
        todo.add("dtstart", local_time(recurrence, due_at))
        todo.add("rrule", vRecur.from_ical(rule))
    return rule is not None


def _moment(text: str) -> datetime:
    return parse(text).astimezone(UTC).replace(microsecond=0)


def _text(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
