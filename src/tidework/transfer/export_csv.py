"""`tidework export --format csv`: a row a task, for spreadsheets."""

import csv
import io

from tidework.spreadsheets import harmless
from tidework.store.protocol import Store
from tidework.transfer.export_json import Write
from tidework.transfer.export_rows import TaskRow, task_rows
from tidework.transfer.people import Described, Directory
from tidework.transfer.report import Progress

COLUMNS = (
    "number", "title", "description", "status", "priority", "due_at", "project", "labels",
    "assignee", "parent", "created_by", "created_at", "updated_at", "completed_at", "recurrence",
    "time_zone",
)  # fmt: skip


async def export_csv(
    store: Store,
    workspace_id: str,
    directory: Directory,
    write: Write,
    *,
    progress: Progress | None = None,
) -> None:
    """Write the tasks as CSV (RFC 4180), UTF-8, by number. Raises `NotFound`.

    A text that a spreadsheet would take for a formula is preceded by an apostrophe.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    async for task in task_rows(store, workspace_id, directory, progress):
        writer.writerow(_row(task))
        if buffer.tell() > 65_536:
            write(buffer.getvalue().encode())
            buffer.seek(0)
            buffer.truncate()
    write(buffer.getvalue().encode())


def _row(task: TaskRow) -> list[str | int | None]:
    return [
        task.number,
        harmless(task.title),
        harmless(task.description),
        task.status,
        task.priority,
        task.due_at,
        harmless(task.project or ""),
        harmless(", ".join(task.labels)),
        harmless(_person(task.assignee)),
        task.parent,
        harmless(_person(task.created_by)),
        task.created_at,
        task.updated_at,
        task.completed_at,
        *((task.recurrence["rule"], task.recurrence["time_zone"]) if task.recurrence else ("", "")),
    ]


def _person(person: Described | None) -> str:
    return "" if person is None else person.email or person.name
