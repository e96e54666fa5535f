"""The HTTP interface of changes in bulk."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.tasks.schemas import (
    Description,
    DueAt,
    LabelIds,
    PriorityName,
    StatusName,
    Title,
)
from tidework.tasks.selection import TaskFilter

RunState = Literal[
    "dry_run", "waiting", "running", "done", "failed", "cancelled", "undoing", "undone"
]
Labels = Annotated[list[UUID], Meta(min_length=1, max_length=100)]


class BulkSet(Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON merge patch for each task. Places in the order are no matter of many tasks at once."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    status: StatusName | UnsetType = UNSET
    priority: PriorityName | UnsetType = UNSET
    due_at: DueAt | UnsetType | None = UNSET
    project_id: UUID | UnsetType | None = UNSET
    parent_id: UUID | UnsetType | None = UNSET
    assignee_id: UUID | UnsetType | None = UNSET
    label_ids: LabelIds | UnsetType | None = UNSET


class BulkAction(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done to each task: `delete` alone, or any of the others together."""

    set: BulkSet | UnsetType = UNSET
    add_labels: Labels | UnsetType = UNSET
    remove_labels: Labels | UnsetType = UNSET
    delete: bool | UnsetType = UNSET


class BulkIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Which tasks, and what to do to them. A dry run only says how many they are."""

    filter: TaskFilter
    action: BulkAction
    dry_run: bool = False


class BulkUndoIn(Struct, frozen=True, forbid_unknown_fields=True):
    """With `partial`, tasks that have been changed since stay as they are; else they forbid it."""

    partial: bool = False


class BulkProblem(Struct, frozen=True):
    """A task that was left as it is, and why."""

    id: str
    code: str
    detail: str


class BulkOut(Struct, frozen=True):
    """A change in bulk, as far as it has come.

    `changed` are the tasks that have been changed so far; `failed` those that
    could not be, `left` those that an undo has not taken back, the first 100 of each. `progress` is
    from 0 to 1.
    """

    id: str | None
    state: RunState
    filter: TaskFilter
    action: BulkAction
    matched: int
    changed: int = 0
    progress: float = 0
    failed_count: int = 0
    failed: list[BulkProblem] = []
    left_count: int = 0
    left: list[BulkProblem] = []
    error: str | None = None
    created_by: str | None = None
    created_at: str | None = None
    undone_by: str | None = None
    undo_until: str | None = None


class BulkList(Struct, frozen=True):
    """The latest changes in bulk, newest first."""

    items: list[BulkOut]
