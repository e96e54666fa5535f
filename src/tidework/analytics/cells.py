"""Days as they are counted: which cells a step of a task is counted in, and by how much.

A cell is a day, a label, a project and an assignee. Each step counts in the cell of all labels
(`ALL`) and in one for each label that the task bears (`NONE` for a task without any), so that every
filter and every grouping is a sum over cells in which no task comes twice.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

ALL: Final = "00000000-0000-0000-0000-000000000000"
"""The label of the cells that count every task, whatever its labels."""

NONE: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""The label of the cells of tasks without a label."""

EVER: Final = "~"
"""The day of the cells that have the sum of all days; it sorts behind every day. So what was before
some day costs the days since, and not those before.
"""

EVENTS: Final = ("created", "completed", "reopened", "cancelled")
STATUSES: Final = ("pending", "in_progress", "completed", "cancelled")
COUNTERS: Final = (*EVENTS, *(f"net_{status}" for status in STATUSES))
"""What a cell counts, in the order of its numbers."""

_NET = {status: len(EVENTS) + i for i, status in enumerate(STATUSES)}
_CREATED, _COMPLETED, _REOPENED, _CANCELLED = range(4)
_CLOSED = ("completed", "cancelled")


class Cell(NamedTuple):
    """Where something is counted."""

    day: str
    label_id: str
    project_id: str | None
    assignee_id: str | None

    @property
    def id(self) -> str:
        """The same for the same cell, always."""
        text = "/".join([part or "-" for part in self])
        hex_ = blake2b(text.encode(), digest_size=16).hexdigest()
        return f"{hex_[:8]}-{hex_[8:12]}-{hex_[12:16]}-{hex_[16:20]}-{hex_[20:]}"


class Step(NamedTuple):
    """What a task was from a moment on."""

    at: str
    status: str
    project_id: str | None
    assignee_id: str | None
    label_ids: tuple[str, ...]


Deltas = dict[Cell, list[int]]


def count(deltas: Deltas, before: Step | None, step: Step, sign: int) -> None:
    """Add what a step that follows `before` (None for the first) changes, or with a `sign` of -1
    take it away.
    """
    day = step.at[:10]
    if before is not None:
        for cell in _cells(day, before):
            _numbers(deltas, cell)[_NET[before.status]] -= sign
    event = _event(before, step)
    for cell in _cells(day, step):
        numbers = _numbers(deltas, cell)
        numbers[_NET[step.status]] += sign
        if before is None:
            numbers[_CREATED] += sign
        if event is not None:
            numbers[event] += sign


def with_sums(deltas: Deltas) -> Deltas:
    """The same, and what it adds to the sums of all days."""
    whole = dict(deltas)
    for cell, numbers in deltas.items():
        ever = cell._replace(day=EVER)
        found = _numbers(whole, ever)
        for i, number in enumerate(numbers):
            found[i] += number
    return whole


def _event(before: Step | None, step: Step) -> int | None:
    was = "pending" if before is None else before.status
    if step.status == was:
        return None
    if step.status == "completed":
        return _COMPLETED
    if step.status == "cancelled":
        return _CANCELLED
    return _REOPENED if was in _CLOSED else None


def _cells(day: str, step: Step) -> Iterator[Cell]:
    for label_id in (ALL, *(step.label_ids or (NONE,))):
        yield Cell(day, label_id, step.project_id, step.assignee_id)


def _numbers(deltas: Deltas, cell: Cell) -> list[int]:
    found = deltas.get(cell)
    if found is None:
        found = deltas[cell] = [0] * len(COUNTERS)
    return found
