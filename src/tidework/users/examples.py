"""Examples of what users take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.http.examples import (
    ADA,
    CHANGED,
    CURSOR,
    ENTRY,
    MADE,
    PERSON,
    PHRASE,
    REQUEST,
    WORKSPACE,
)
from tidework.users.api import UserView
from tidework.users.filter_schemas import (
    SavedFilter,
    SavedFilterCreate,
    SavedFilterList,
    SavedFilterPatch,
)
from tidework.users.schemas import (
    AuditEntry,
    AuditPage,
    MeDelete,
    MePatch,
    Stats,
    UserCounts,
    UserPage,
    UserPatch,
)

_ENTRY = {
    "id": ENTRY,
    "at": CHANGED,
    "actor_id": ADA,
    "action": "user.update",
    "target_id": ADA,
    "detail": {"role": "admin"},
    "request_id": REQUEST,
}
_NAMED = {
    "name": "Mine, soon",
    "workspace_id": WORKSPACE,
    "query": "status=pending,in_progress&assignee=me&sort=due_at",
}
_FILTER = {
    "id": ENTRY,
    **_NAMED,
    "created_at": MADE,
    "updated_at": CHANGED,
    "version": 42,
}
_INSTALLATION_DAY = {
    "day": "2026-11-22",
    "active_users": 23,
    "new_users": 2,
    "new_workspaces": 2,
    "tasks_created": 41,
    "tasks_completed": 38,
}
_USAGE = {
    "workspace_id": WORKSPACE,
    "tasks": 812,
    "comments": 2340,
    "members": 14,
    "commits": 5120,
    "changes": 6033,
    "changed_at": CHANGED,
}
_COUNTS = {"total": 41, "active": 38, "inactive": 2, "admins": 2, "placeholders": 1}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (SavedFilter, _FILTER),
    (SavedFilterList, {"items": [_FILTER]}),
    (SavedFilterCreate, _NAMED),
    (SavedFilterPatch, {"name": "Soon"}),
    (UserView, PERSON),
    (MePatch, {"name": "Ada King", "time_zone": "Europe/Berlin", "language": "de"}),
    (MeDelete, {"password": PHRASE}),
    (UserPatch, {"role": "admin"}),
    (UserPage, {"items": [PERSON], "next_cursor": CURSOR}),
    (AuditEntry, _ENTRY),
    (AuditPage, {"items": [_ENTRY], "next_cursor": None}),
    (UserCounts, _COUNTS),
    (
        Stats,
        {
            "users": _COUNTS,
            "workspaces": 52,
            "projects": 17,
            "tasks": 3036,
            "tasks_by_status": {
                "pending": 812,
                "in_progress": 96,
                "completed": 2101,
                "cancelled": 27,
            },
            "comments": 9120,
            "sessions": 44,
            "api_tokens": 6,
            "database_bytes": 31_457_280,
            "days": [_INSTALLATION_DAY],
            "largest_workspaces": [_USAGE],
        },
    ),
]
