"""When somebody is to be reminded, and by which job.

A reminder and the time that it falls on make one job: its id follows from both, and so it comes once
however often it is planned. When the due date moves, another job is planned; the former finds at its
time that it is not meant any more.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from tidework.bus.jobs import Jobs
from tidework.log import Operation, Values
from tidework.times import after

FIRE: Final = "reminders.fire"
"""The job that reminds, on the stream of the account: `{workspace_id, task_id, reminder_id, at}`."""

_NAMESPACE: Final = UUID("8d5f3f1e-2f0a-4f0e-9f39-6a0c0f6f4a77")
_OPEN: Final = ("pending", "in_progress")


class Wanted(NamedTuple):
    """A reminder, as it is found by its task."""

    task_id: str
    reminder_id: str
    user_id: str
    at: str | None
    offset_minutes: int | None
    fired_at: str | None = None


class TaskState(NamedTuple):
    """What of a task decides."""

    id: str
    due_at: str | None
    status: str


def stable_id(*parts: str) -> str:
    """The id that stands for these parts, always the same."""
    return str(uuid5(_NAMESPACE, ":".join(parts)))


def time_of(wanted: Wanted, task: TaskState | None) -> str | None:
    """When this reminder falls due; None when there is nothing to be reminded of."""
    if task is None or task.status not in _OPEN:
        return None
    if wanted.offset_minutes is None:
        return wanted.at
    if task.due_at is None:
        return None
    try:
        return after(task.due_at, -60 * wanted.offset_minutes)
    except OverflowError:
        return None


def planned(
    workspace_id: str, found: Iterable[Wanted], tasks: Iterable[TaskState], since: str
) -> Iterator[Operation]:
    """The jobs of these reminders, as their tasks are now, after something that happened at `since`.

    What lay behind by then is not reminded of, unless its time has passed only because the due date
    was set that late and still lies ahead: then it is due at once.
    """
    states = {task.id: task for task in tasks}
    for wanted in found:
        task = states.get(wanted.task_id)
        at = time_of(wanted, task)
        if task is None or at is None:
            continue
        ahead = at if wanted.offset_minutes is None else task.due_at
        if ahead is not None and ahead > since:
            yield job_of(workspace_id, wanted, at)


def job_of(workspace_id: str, wanted: Wanted, at: str) -> Operation:
    """The job that reminds at this time."""
    args: Values = {
        "workspace_id": workspace_id,
        "task_id": wanted.task_id,
        "reminder_id": wanted.reminder_id,
        "at": at,
    }
    job_id = stable_id("fire", wanted.reminder_id, at)
    return Jobs.operation(wanted.user_id, FIRE, args, at, job_id)


def place_key(workspace_id: str, task_id: str, reminder_id: str) -> Values:
    """The row by which a task's reminder is found."""
    return {"workspace_id": workspace_id, "task_id": task_id, "reminder_id": reminder_id}
