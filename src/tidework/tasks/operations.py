"""What can be done to tasks, alone or many in one commit."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from tidework.errors import TideworkError
from tidework.log import Committed, Values
from tidework.tasks.keys import Operation, versions_of
from tidework.tasks.places import position_wanted
from tidework.tasks.planner import Plan, refuse_cycle
from tidework.tasks.recurrence import check_recurrence, following, recurrence_of
from tidework.tasks.schemas import (
    BatchCreate,
    BatchDelete,
    BatchResult,
    BatchUpdate,
    Move,
    TaskCreate,
    TaskOut,
    TaskPatch,
)
from tidework.tasks.values import CREATED, patched, task_after, values_of


class Planned(NamedTuple):
    """An operation's task, and how many changes the plan had after it."""

    task_id: str
    changes: int


async def create(
    plan: Plan, data: TaskCreate, pointer: str = "", task_id: str | None = None
) -> str:
    """Plan a new task; its id."""
    values = values_of(data, CREATED, pointer)
    values["position"] = await position_wanted(plan, data, pointer)
    if data.recurrence is not None:
        zone = await plan.reads.zone_of(plan.actor_id)
        there = f"{pointer}/recurrence"
        values["recurrence"] = recurrence_of(data.recurrence, None, there, zone)
        check_recurrence(values["recurrence"], values["due_at"], pointer)
    return plan.create(values, pointer, task_id)


async def update(
    plan: Plan,
    task: TaskOut,
    data: TaskPatch,
    versions: Sequence[int] | None,
    pointer: str = "",
) -> None:
    """Plan a merge patch."""
    plan.match(task, versions)
    values = values_of(data, patched(data), pointer)
    position = await position_wanted(plan, data, pointer, task.id)
    if position is not None:
        values["position"] = position
    parent = values.get("parent_id")
    if parent is not None and parent != task.parent_id:
        await refuse_cycle(plan, task, parent, pointer)
    await _recurrence(plan, task, data, values, pointer)
    following = _following(plan, task, values)
    plan.update(task, values, pointer)
    if following is not None:
        plan.follow(task.id, following)


async def _recurrence(
    plan: Plan, task: TaskOut, data: TaskPatch, values: Values, pointer: str
) -> None:
    """Add what a merge patch makes of a task's recurrence to `values`."""
    present: Values | None = task.recurrence  # type: ignore[assignment]
    wanted = data.recurrence
    moved = "due_at" in values and values["due_at"] != task.due_at
    if present is not None and moved:
        # From then on its own time of day counts.
        present = {**present, "time": None}
    if wanted is None:
        values["recurrence"] = None
    elif wanted is not msgspec.UNSET:
        zone = await plan.reads.zone_of(plan.actor_id)
        values["recurrence"] = recurrence_of(wanted, present, f"{pointer}/recurrence", zone)
    elif moved:
        values["recurrence"] = present
    if (moved or wanted is not msgspec.UNSET) and values["recurrence"] is not None:
        plan.rest_on(task)
        check_recurrence(values["recurrence"], values.get("due_at", task.due_at), pointer)


def _following(plan: Plan, task: TaskOut, values: Values) -> Values | None:
    """What the next task of a series has when these `values` complete this one, else None.

    The series goes on with the next one: this one does not recur any more then.
    """
    recurrence = values.get("recurrence", task.recurrence)
    if recurrence is None or task.status == "completed" or values.get("status") != "completed":
        return None
    plan.rest_on(task)
    found = following(recurrence, values.get("due_at", task.due_at), plan.at)
    if found is not None:
        values["recurrence"] = None
    return found


async def delete(plan: Plan, task: TaskOut, versions: Sequence[int] | None) -> None:
    """Plan the removal of a task with what belongs to it."""
    plan.match(task, versions)
    plan.delete(task, await plan.reads.hanging_on(task.id))


async def batch(plan: Plan, operations: Sequence[Operation]) -> list[Planned]:
    """Plan one operation after the other, which name their tasks by id.

    Raises what the first impossible one raises.
    """
    await _read_for(plan, operations)
    done: list[Planned] = []
    for index, operation in enumerate(operations):
        pointer = f"/operations/{index}"
        try:
            task_id = await _one(plan, operation, pointer)
        except TideworkError as error:
            if not error.errors:
                error.detail = f"{pointer}: {error.detail}"
            raise
        done.append(Planned(task_id, len(plan.changes)))
    return done


async def _one(plan: Plan, operation: Operation, pointer: str) -> str:
    if isinstance(operation, BatchCreate):
        own = None if operation.id is None else str(operation.id)
        return await create(plan, operation.data, f"{pointer}/data", own)
    task = plan.task(str(operation.id))
    versions = versions_of(operation.if_match, pointer)
    if isinstance(operation, BatchUpdate):
        await update(plan, task, operation.data, versions, f"{pointer}/data")
    else:
        await delete(plan, task, versions)
    return task.id


async def _read_for(plan: Plan, operations: Sequence[Operation]) -> None:
    """Read at once what the operations will ask for."""
    reads = plan.reads
    await reads.last_number()
    named = [str(operation.id) for operation in operations if operation.id is not None]
    doomed = [str(operation.id) for operation in operations if isinstance(operation, BatchDelete)]
    parents = []
    for operation in operations:
        if isinstance(operation, BatchDelete):
            continue
        move = operation.data.position
        if isinstance(move, Move):
            named += [str(value) for value in (move.after, move.before) if value]
        if isinstance(operation, BatchUpdate) and operation.data.parent_id:
            parents.append(str(operation.data.parent_id))
    await reads.load(named)
    await reads.load_hanging(doomed)
    await reads.load_parents(parents)


def results(
    plan: Plan, operations: Sequence[Operation], done: Sequence[Planned], committed: Committed
) -> list[BatchResult]:
    """What each operation has led to, as the task was right after it."""
    tasks = dict(plan.reads.tasks)
    found = []
    start = 0
    for operation, planned in zip(operations, done, strict=True):
        for ordinal in range(start, planned.changes):
            left = task_after(committed, ordinal)
            if left is not None:
                tasks[left.id] = left
        start = planned.changes
        if isinstance(operation, BatchDelete):
            found.append(BatchResult("delete", planned.task_id, 204))
        elif isinstance(operation, BatchUpdate):
            found.append(BatchResult("update", planned.task_id, 200, tasks[planned.task_id]))
        else:
            found.append(BatchResult("create", planned.task_id, 201, tasks[planned.task_id]))
    return found


def results_again(
    operations: Iterable[Operation],
    done: Iterable[Planned],
    committed: Committed,
    tasks: dict[str, TaskOut],
) -> list[BatchResult]:
    """The results of a batch that had happened before its process died, as far as is known.

    New tasks are as they were made, changed ones as they are in `tasks`.
    """
    made = iter([c.id for c in committed.changes if c.entity == "task" and c.op == "create"])
    new = {
        task.id: task
        for ordinal, change in enumerate(committed.changes)
        if change.op == "create" and (task := task_after(committed, ordinal)) is not None
    }
    found = []
    for operation, planned in zip(operations, done, strict=True):
        if isinstance(operation, BatchCreate):
            task_id = next(made)
            found.append(BatchResult("create", task_id, 201, new[task_id]))
        elif isinstance(operation, BatchUpdate):
            found.append(BatchResult("update", planned.task_id, 200, tasks.get(planned.task_id)))
        else:
            found.append(BatchResult("delete", planned.task_id, 204))
    return found
