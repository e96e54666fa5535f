"""Where a task comes to stand in its workspace's order."""

from typing import Any

import msgspec

from tidework.errors import Conflict, invalid
from tidework.store.sql.positions import LONGEST, between, is_position, position_of
from tidework.tasks.planner import Plan
from tidework.tasks.schemas import Move, TaskCreate, TaskPatch

_BEFORE_ALL = ""
_AFTER_ALL = "~"


async def position_wanted(
    plan: Plan, data: TaskCreate | TaskPatch, pointer: str, moved: str | None = None
) -> str | None:
    """The position that a request asks for, None when it asks for none. Raises `Invalid`.

    `moved` is the task that is there already; it cannot be put beside itself.
    """
    wanted = data.position
    if isinstance(wanted, Move):
        return await _place(plan, wanted, f"{pointer}/position", moved)
    if not isinstance(wanted, str):
        return None
    if not is_position(wanted):
        raise invalid(
            f"{pointer}/position",
            "invalid_position",
            f"{pointer}/position must be digits and letters that do not end in 0.",
        )
    return wanted


async def _place(plan: Plan, move: Move, pointer: str, moved: str | None) -> str:
    """The position between two tasks. It is right while the stream does not move."""
    plan.base_needed = True
    last_number = await plan.reads.last_number()
    if move.after is msgspec.UNSET and move.before is msgspec.UNSET:
        raise invalid(pointer, "missing", f"{pointer}: say `after`, or `before`, or both.")
    ids = {name: str(value) for name in ("after", "before") if (value := _id(move, name))}
    await plan.reads.load(ids.values())
    beside = {
        name: _position(plan, task_id, last_number, f"{pointer}/{name}", moved)
        for name, task_id in ids.items()
    }
    after, before = beside.get("after"), beside.get("before")
    if after is not None and before is not None and after >= before:
        raise invalid(
            pointer,
            "not_neighbours",
            f"{pointer}: the task in `after` does not stand before the one in `before`.",
        )
    own = None if moved is None else plan.task(moved).position
    if after is not None:
        # Others may have come in between the two: right behind the first is between them too.
        before = await _next(plan, after, last_number)
    elif before is not None:
        after = await _previous(plan, before, last_number)
    elif move.after is None and move.before is msgspec.UNSET:
        before = await _next(plan, _BEFORE_ALL, last_number)
    else:
        after = await _previous(plan, _AFTER_ALL, last_number)
    if own is not None and own in (after, before):
        return own
    # Behind the last one, it stays before all that are made later.
    end = position_of(last_number + len(plan.created) + 1)
    if before is None and (after is None or after < end):
        before = end
    position = between(after, before)
    if len(position) > LONGEST:
        raise Conflict(
            f"{pointer}: there is no room left at this place. Move one of the two tasks to"
            " somewhere else first.",
            code="no_room",
        )
    return position


def _id(move: Move, name: str) -> Any:
    value = getattr(move, name)
    return None if value is msgspec.UNSET else value


def _position(plan: Plan, task_id: str, last_number: int, pointer: str, moved: str | None) -> str:
    found = plan.tasks[task_id] if task_id in plan.tasks else plan.reads.tasks.get(task_id)
    if found is None or task_id == moved:
        raise invalid(
            pointer,
            "unknown_reference",
            f"{pointer}: there is no such other task in this workspace.",
        )
    # A new one without a position goes to the end, by the number that it is going to have.
    return found.position or position_of(last_number + plan.created[task_id])


def _planned(plan: Plan, last_number: int) -> list[str]:
    return [
        task.position or position_of(last_number + plan.created[task.id])
        for task in plan.tasks.values()
        if task is not None
    ]


async def _next(plan: Plan, position: str, last_number: int) -> str | None:
    planned = [key for key in _planned(plan, last_number) if key > position]
    stored = await plan.reads.next_position(position)
    return min([*planned, *([stored] if stored else [])], default=None)


async def _previous(plan: Plan, position: str, last_number: int) -> str | None:
    planned = [key for key in _planned(plan, last_number) if key < position]
    stored = await plan.reads.previous_position(position)
    return max([*planned, *([stored] if stored else [])], default=None)
