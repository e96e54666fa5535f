"""The HTTP interface of tasks."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.http.wording import in_words
from tidework.store.sql.positions import LONGEST
from tidework.tasks.rules import LONGEST_RULE

StatusName = Literal["pending", "in_progress", "completed", "cancelled"]
PriorityName = Literal["low", "medium", "high", "urgent"]
RelationKind = Literal["blocks", "blocked_by", "duplicates", "duplicated_by", "relates_to"]

Title = Annotated[
    str,
    Meta(
        description="1 to 200 characters after trimming",
        extra_json_schema={"minLength": 1, "maxLength": 200, "pattern": r"\S"},
        examples=["Write the release notes"],
    ),
]
Description = Annotated[str, Meta(max_length=65_536, description="Markdown, stored as it is given")]
DueAt = Annotated[datetime, Meta(tz=True, description="RFC 3339 with any offset, kept in UTC")]
Position = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST,
        pattern=in_words(
            r"^[0-9A-Za-z]*[1-9A-Za-z]$", "letters (A-Z, a-z) and digits that do not end in 0"
        ),
        description="Sorts bytewise; never ends in 0",
    ),
]
RuleText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_RULE,
        description="An RRULE of RFC 5545 without DTSTART",
        examples=["FREQ=WEEKLY;BYDAY=MO,TH"],
    ),
]
TimeZone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="A time zone of the IANA data base",
        examples=["Europe/Berlin"],
    ),
]
TimeOfDay = Annotated[
    str,
    Meta(
        pattern=in_words(
            r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$",
            "a time of day, such as 09:00",
        ),
        description="Local time",
    ),
]
RecurrenceFrom = Literal["due", "completion"]
LabelIds = Annotated[list[UUID], Meta(max_length=100)]
Body = Annotated[str, Meta(min_length=1, max_length=65_536, description="Markdown")]


MAX_NUMBER = 10**15 - 1
_UUID = r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"
TaskKey = (
    Annotated[int, Meta(ge=1, le=MAX_NUMBER, description="A task's number")]
    | Annotated[
        str,
        Meta(
            description="A task's id, or its number as plain digits",
            extra_json_schema={"pattern": rf"^(?:[0-9]{{1,15}}|{_UUID})$"},
        ),
    ]
)
Tags = Annotated[str, Meta(max_length=1000, description='An entity tag, such as "17" or W/"17"')]
Versions = Annotated[int, Meta(description="A version")] | Tags


class Move(Struct, frozen=True, forbid_unknown_fields=True):
    """A place between two tasks: right after one, right before one, or between both.

    Null stands for the beginning (`after`) or the end (`before`) of the workspace's order.
    """

    after: UUID | UnsetType | None = UNSET
    before: UUID | UnsetType | None = UNSET


class Recurrence(Struct, frozen=True, rename={"origin": "from"}):
    """How a task comes again: completing it makes the next one, due as the rule says.

    The dates are local ones of `time_zone`. They are counted `from` when the task was due, or from
    when it was completed. `time` is the time of day of those to come, where the due date's own is
    another one because the clocks change on that day.
    """

    rule: RuleText
    time_zone: TimeZone
    origin: RecurrenceFrom
    time: TimeOfDay | None


class RecurrenceIn(Struct, frozen=True, forbid_unknown_fields=True, rename={"origin": "from"}):
    """How a new task is to come again; without a `time_zone` in that of the caller's account."""

    rule: RuleText
    time_zone: TimeZone | None = None
    origin: RecurrenceFrom = "due"
    time: TimeOfDay | None = None


class RecurrencePatch(Struct, frozen=True, forbid_unknown_fields=True, rename={"origin": "from"}):
    """What changes of how a task comes again (RFC 7396): what is left out stays, null removes."""

    rule: RuleText | UnsetType = UNSET
    time_zone: TimeZone | UnsetType | None = UNSET
    origin: RecurrenceFrom | UnsetType | None = UNSET
    time: TimeOfDay | UnsetType | None = UNSET


class TaskOut(Struct, frozen=True):
    """A task. `version` is the seq of its last change; `previous_id` the recurring task that was
    completed before this one.
    """

    id: str
    workspace_id: str
    number: int
    project_id: str | None
    parent_id: str | None
    title: str
    description: str
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


class TaskPage(Struct, frozen=True, omit_defaults=True):
    """A page of tasks. `total`, `page` and `pages` are there when they were asked for."""

    items: list[TaskOut]
    next_cursor: str | None
    total: int | UnsetType = UNSET
    page: int | UnsetType = UNSET
    pages: int | UnsetType = UNSET


class TaskCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A new task. Without a position it goes to the end."""

    title: Title
    description: Description = ""
    status: StatusName = "pending"
    priority: PriorityName = "medium"
    due_at: DueAt | None = None
    project_id: UUID | None = None
    parent_id: UUID | None = None
    assignee_id: UUID | None = None
    label_ids: LabelIds = []
    position: Position | Move | None = None
    recurrence: RecurrenceIn | None = None


class TaskPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON merge patch (RFC 7396): what is left out stays, null removes."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    status: StatusName | UnsetType = UNSET
    priority: PriorityName | UnsetType = UNSET
    due_at: DueAt | UnsetType | None = UNSET
    project_id: UUID | UnsetType | None = UNSET
    parent_id: UUID | UnsetType | None = UNSET
    assignee_id: UUID | UnsetType | None = UNSET
    label_ids: LabelIds | UnsetType | None = UNSET
    position: Position | Move | UnsetType = UNSET
    recurrence: RecurrencePatch | UnsetType | None = UNSET


class BatchCreate(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="create"):
    """Make a task. An `id` of the caller's own lets later operations refer to it."""

    data: TaskCreate
    id: UUID | None = None


class BatchUpdate(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="update"):
    """Change a task, if it is still at version `if_match`, where that is given."""

    id: TaskKey
    data: TaskPatch
    if_match: Versions | None = None


class BatchDelete(Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="delete"):
    """Remove a task, if it is still at version `if_match`, where that is given."""

    id: TaskKey
    if_match: Versions | None = None


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 500 operations that all happen, in one commit, or none."""

    operations: Annotated[
        list[BatchCreate | BatchUpdate | BatchDelete], Meta(min_length=1, max_length=500)
    ]


class BatchResult(Struct, frozen=True, omit_defaults=True):
    """What one operation has led to."""

    op: Literal["create", "update", "delete"]
    id: str
    status: int
    task: TaskOut | None = None


class BatchOut(Struct, frozen=True):
    """What the operations have led to, in their order, and the seq of the commit."""

    results: list[BatchResult]
    seq: int


class CommentOut(Struct, frozen=True):
    """A comment."""

    id: str
    task_id: str
    author_id: str | None
    body: str
    created_at: str
    updated_at: str
    version: int


class CommentPage(Struct, frozen=True):
    """A page of a task's comments, oldest first."""

    items: list[CommentOut]
    next_cursor: str | None


class CommentIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a comment."""

    body: Body


class RelationOut(Struct, frozen=True):
    """A relation, seen from the task that was asked for."""

    kind: RelationKind
    task_id: str
    created_at: str
    version: int


class RelationList(Struct, frozen=True):
    """A task's relations."""

    items: list[RelationOut]


class RelationIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What this task is to another one; the other side follows by itself."""

    kind: RelationKind
    task_id: TaskKey


class FieldChange(Struct, frozen=True):
    """A field before and after a change."""

    before: Any
    after: Any


class HistoryEntry(Struct, frozen=True):
    """One change of a task: who, when, and what was before."""

    seq: int
    at: str
    actor_id: str | None
    op: Literal["create", "update", "delete"]
    changes: dict[str, FieldChange]


class HistoryPage(Struct, frozen=True):
    """A page of a task's changes, oldest first."""

    items: list[HistoryEntry]
    next_cursor: str | None


class ChangeOut(Struct, frozen=True):
    """One change as the log has it."""

    seq: int
    at: str
    actor_id: str | None
    entity: str
    id: str
    op: Literal["create", "update", "delete"]
    set: dict[str, Any]
    was: dict[str, Any]


class ChangesOut(Struct, frozen=True):
    """What came after a seq. Ask again with `since` = `seq` while there is `more`."""

    changes: list[ChangeOut]
    seq: int
    more: bool


class UndoIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The commit to take back."""

    seq: Annotated[int, Meta(ge=1, le=2**62)]


class UndoOut(Struct, frozen=True):
    """The commit that took it back."""

    seq: int
    undone: int


class DayCount(Struct, frozen=True):
    """One UTC day."""

    day: str
    created: int
    completed: int


class StatsOut(Struct, frozen=True):
    """Counts over the tasks of a workspace. A key of `none` stands for tasks without one."""

    total: int
    by_status: dict[str, int]
    by_priority: dict[str, int]
    by_assignee: dict[str, int]
    by_project: dict[str, int]
    overdue: int
    days: list[DayCount]


class AdminTaskPage(Struct, frozen=True):
    """A page of tasks of all workspaces."""

    items: list[TaskOut]
    next_cursor: str | None
