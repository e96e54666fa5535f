"""The HTTP interface of copies: a workspace at one moment, and the long texts of its tasks."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.tasks.schemas import PriorityName, Recurrence, StatusName
from tidework.workspaces.api import LabelOut, MemberOut, ProjectOut, WorkspaceOut


class SnapshotTask(Struct, frozen=True, gc=False):
    """A task as lists have it, but whether it has a description in the place of the description."""

    id: str
    workspace_id: str
    number: int
    project_id: str | None
    parent_id: str | None
    title: str
    has_description: bool
    status: StatusName
    priority: PriorityName
    due_at: str | None
    assignee_id: str | None
    label_ids: list[str]
    position: str
    created_by: str | None
    created_at: str
    updated_at: str
    completed_at: str | None
    recurrence: Recurrence | None
    previous_id: str | None
    version: int


class SnapshotRelation(Struct, frozen=True, gc=False):
    """A relation as the log has it: one for both sides, read from `task_id` to `other_id`."""

    id: str
    kind: Literal["blocks", "duplicates", "relates_to"]
    task_id: str
    other_id: str
    created_at: str
    version: int


class Snapshot(Struct, frozen=True):
    """A page of a workspace at `seq`, newest tasks first. All that is no task is on the first page
    alone.
    """

    seq: Annotated[
        int, Meta(description="Of this page's own moment; the first page's is the copy's")
    ]
    tasks: list[SnapshotTask]
    next_cursor: str | None
    workspace: WorkspaceOut | UnsetType = UNSET
    members: list[MemberOut] | UnsetType = UNSET
    projects: list[ProjectOut] | UnsetType = UNSET
    labels: list[LabelOut] | UnsetType = UNSET
    relations: list[SnapshotRelation] | UnsetType = UNSET


class TextOut(Struct, frozen=True, gc=False):
    """The description of a task, as of this version of the task."""

    id: str
    version: int
    description: str


class TextPage(Struct, frozen=True):
    """A page of descriptions, newest tasks first. It ends after about a million characters."""

    seq: int
    items: list[TextOut]
    next_cursor: str | None
