"""Reminders of due dates: when a task is due soon, and when it is overdue.

Each due date of a task has two jobs, whose ids say which date they are for. A job that finds another
date, or nothing left to do, ends without effect. A moment that had passed already when the date was
set is not reminded of: who set it has seen it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from tidework.bus.jobs import Job, Jobs
from tidework.log import LoggedChange, Operation
from tidework.notifications import queries
from tidework.notifications.deciding import Note, TaskFacts, task_data
from tidework.notifications.kinds import Kind
from tidework.notifications.teller import Teller, stable_id
from tidework.store.protocol import Reader
from tidework.times import after, now

DUE: Final = "notifications.due"
"""The job that reminds of one due date: `{task_id, kind, due_at}`, on the workspace's stream."""

_BEFORE_S: Final[dict[Kind, float]] = {"due_soon": 24 * 3600.0, "overdue": 0.0}
_FIELDS: Final = frozenset({"due_at", "status"})


def concerns(change: LoggedChange) -> bool:
    """Whether a change may move a reminder."""
    if change.entity != "task":
        return False
    if change.op == "update":
        return not _FIELDS.isdisjoint(change.set)
    return (change.set or change.was).get("due_at") is not None


def plans(changes: Iterable[LoggedChange], tasks: Mapping[str, TaskFacts]) -> Iterator[Operation]:
    """The jobs to make and to cancel after a commit's changes. `tasks` are as they are now."""
    for change in changes:
        if not concerns(change):
            continue
        task = tasks.get(change.id)
        due_at = task.due_at if task is not None and task.is_open else None
        former = change.was.get("due_at")
        if former is not None and former != due_at:
            yield from _cancelled(change.stream_id, change.id, former)
        if due_at is not None:
            since = now() if change.origin == "import" else change.at
            yield from _planned(change.stream_id, change.id, due_at, since)
        elif task is not None and task.due_at is not None:
            yield from _cancelled(change.stream_id, change.id, task.due_at)


def _planned(stream_id: str, task_id: str, due_at: str, since: str) -> Iterator[Operation]:
    for kind, before in _BEFORE_S.items():
        at = after(due_at, -before)
        if at > since:
            args = {"task_id": task_id, "kind": kind, "due_at": due_at}
            yield Jobs.operation(stream_id, DUE, args, at, _job_id(task_id, kind, due_at))


def _cancelled(stream_id: str, task_id: str, due_at: str) -> Iterator[Operation]:
    for kind in _BEFORE_S:
        yield Jobs.cancelled(stream_id, _job_id(task_id, kind, due_at))


def _job_id(task_id: str, kind: str, due_at: str) -> str:
    return stable_id("due", task_id, kind, due_at)


class Reminding:
    """Does the jobs of reminders."""

    def __init__(self, store: Reader, teller: Teller) -> None:
        self._store = store
        self._teller = teller

    async def remind(self, job: Job) -> Sequence[Operation]:
        """Remind whoever has the task, or, where nobody has it, who made it. See `DUE`."""
        workspace_id, kind, due_at = job.stream_id, job.args["kind"], job.args["due_at"]
        params = {"stream_id": workspace_id, "ids": [job.args["task_id"]]}
        rows = await self._store.fetch(queries.TASKS, params)
        task = TaskFacts(*rows[0]) if rows else None
        if task is None or not task.is_open or task.due_at != due_at:
            return []
        if kind == "due_soon" and due_at <= now():
            # It comes too late: it is overdue, and that is said by the other one.
            return []
        user_id = task.assignee_id or task.created_by
        place = {"stream_id": workspace_id}
        members = {row[0] for row in await self._store.fetch(queries.MEMBERS, place)}
        names = await self._store.fetch(queries.WORKSPACE, place)
        if user_id not in members or not names or user_id is None:
            return []
        source = f"{task.id}:{due_at}"
        data = task_data(task, names[0][0])
        note = Note(kind, user_id, source, now(), task.id, None, data)
        return await self._teller.operations([note], workspace_id)
