"""Examples of what tasks take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.http.examples import (
    ADA,
    CHANGED,
    COMMENT,
    CURSOR,
    ENTRY,
    LABEL,
    LATER,
    MADE,
    OTHER_TASK,
    PROJECT,
    RUN,
    TASK,
    WORKSPACE,
)
from tidework.tasks.bulk_schemas import BulkIn, BulkList, BulkOut, BulkUndoIn
from tidework.tasks.schemas import (
    AdminTaskPage,
    Batch,
    BatchOut,
    ChangesOut,
    CommentIn,
    CommentOut,
    CommentPage,
    HistoryPage,
    RelationIn,
    RelationList,
    RelationOut,
    StatsOut,
    TaskCreate,
    TaskOut,
    TaskPage,
    TaskPatch,
    UndoIn,
    UndoOut,
)
from tidework.tasks.snapshot_schemas import Snapshot, TextPage

_TIMES = {"created_at": MADE, "updated_at": CHANGED, "version": 42}
_TASK: dict[str, Any] = {
    "id": TASK,
    "workspace_id": WORKSPACE,
    "number": 128,
    "project_id": PROJECT,
    "parent_id": None,
    "title": "Write the release notes",
    "description": "What is new, *in order of use*.",
    "status": "in_progress",
    "priority": "high",
    "due_at": LATER,
    "assignee_id": ADA,
    "label_ids": [LABEL],
    "position": "a2S",
    "created_by": ADA,
    "created_at": MADE,
    "updated_at": CHANGED,
    "completed_at": None,
    "recurrence": {
        "rule": "FREQ=WEEKLY;BYDAY=MO,TH",
        "time_zone": "Europe/Berlin",
        "from": "due",
        "time": None,
    },
    "previous_id": None,
    "version": 42,
}
# It can be sent as it stands.
_NEW = {
    "title": "Write the release notes",
    "priority": "high",
    "due_at": "2026-12-01T18:00:00+01:00",
    "recurrence": {"rule": "FREQ=MONTHLY;BYMONTHDAY=1", "time_zone": "Europe/Berlin"},
}
_COMMENT = {
    "id": COMMENT,
    "task_id": TASK,
    "author_id": ADA,
    "body": "Almost done.",
    "created_at": MADE,
    "updated_at": MADE,
    "version": 43,
}
_RELATION = {"kind": "blocks", "task_id": OTHER_TASK, "created_at": MADE, "version": 43}
_BATCH = [
    {"op": "create", "data": _NEW},
    {"op": "update", "id": TASK, "data": {"status": "completed"}, "if_match": 42},
    {"op": "delete", "id": OTHER_TASK},
]
_RESULTS = [
    {"op": "update", "id": TASK, "status": 200, "task": _TASK},
    {"op": "delete", "id": OTHER_TASK, "status": 204},
]
_CHANGE = {
    "seq": 42,
    "at": CHANGED,
    "actor_id": ADA,
    "entity": "task",
    "id": TASK,
    "op": "update",
    "set": {"priority": "high"},
    "was": {"priority": "medium"},
}
_STEP = {
    "seq": 42,
    "at": CHANGED,
    "actor_id": ADA,
    "op": "update",
    "changes": {"priority": {"before": "medium", "after": "high"}},
}
_STATS = {
    "total": 128,
    "by_status": {"pending": 40, "in_progress": 8, "completed": 77, "cancelled": 3},
    "by_priority": {"low": 20, "medium": 90, "high": 16, "urgent": 2},
    "by_assignee": {ADA: 31, "none": 97},
    "by_project": {PROJECT: 100, "none": 28},
    "overdue": 4,
    "days": [{"day": "2026-11-22", "created": 3, "completed": 5}],
}
_FILTER = {"status": ["pending"], "assignee": "none", "due_before": "2026-12-01"}
_ACTION = {"set": {"priority": "high", "assignee_id": ADA}, "add_labels": [LABEL]}
_BULK: dict[str, Any] = {
    "id": RUN,
    "state": "running",
    "filter": _FILTER,
    "action": _ACTION,
    "matched": 1200,
    "changed": 500,
    "progress": 0.417,
    "failed_count": 0,
    "failed": [],
    "left_count": 0,
    "left": [],
    "error": None,
    "created_by": ADA,
    "created_at": MADE,
    "undone_by": None,
    "undo_until": LATER,
}

_COPIED = {name: value for name, value in _TASK.items() if name != "description"}
_SNAPSHOT: dict[str, Any] = {
    "seq": 42,
    "tasks": [_COPIED | {"has_description": True}],
    "next_cursor": CURSOR,
    "workspace": {"id": WORKSPACE, "name": "Apollo", "personal": False, "role": "owner", **_TIMES},
    "members": [],
    "projects": [],
    "labels": [{"id": LABEL, "name": "urgent", "color": "#ef4444", **_TIMES}],
    "relations": [
        {
            "id": ENTRY,
            "kind": "blocks",
            "task_id": TASK,
            "other_id": OTHER_TASK,
            "created_at": MADE,
            "version": 43,
        }
    ],
}
_TEXTS = {
    "seq": 42,
    "items": [{"id": TASK, "version": 42, "description": _TASK["description"]}],
    "next_cursor": None,
}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (TaskOut, _TASK),
    (TaskPage, {"items": [_TASK], "next_cursor": CURSOR, "total": 128}),
    (AdminTaskPage, {"items": [_TASK], "next_cursor": None}),
    (TaskCreate, _NEW),
    (TaskPatch, {"status": "completed", "due_at": None}),
    (Batch, {"operations": _BATCH}),
    (BatchOut, {"results": _RESULTS, "seq": 44}),
    (CommentIn, {"body": "Almost done."}),
    (CommentOut, _COMMENT),
    (CommentPage, {"items": [_COMMENT], "next_cursor": None}),
    (RelationIn, {"kind": "blocks", "task_id": OTHER_TASK}),
    (RelationOut, _RELATION),
    (RelationList, {"items": [_RELATION]}),
    (HistoryPage, {"items": [_STEP], "next_cursor": None}),
    (ChangesOut, {"changes": [_CHANGE], "seq": 42, "more": False}),
    (Snapshot, _SNAPSHOT),
    (TextPage, _TEXTS),
    (UndoIn, {"seq": 42}),
    (UndoOut, {"seq": 44, "undone": 42}),
    (BulkIn, {"filter": _FILTER, "action": _ACTION, "dry_run": True}),
    (BulkOut, _BULK),
    (BulkList, {"items": [_BULK]}),
    (BulkUndoIn, {"partial": True}),
    (StatsOut, _STATS),
]
