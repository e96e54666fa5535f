"""Examples of what notifications take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.http.examples import ADA, CHANGED, COMMENT, CURSOR, ENTRY, LATER, TASK, WORKSPACE
from tidework.notifications.preferences import USUAL
from tidework.notifications.schemas import (
    NotificationOut,
    NotificationPage,
    PreferencesIn,
    PreferencesOut,
    QuietHours,
    ReadIn,
    ReadOut,
    UnsubscribeOut,
)

_TOLD: dict[str, Any] = {
    "id": ENTRY,
    "kind": "mentioned",
    "workspace_id": WORKSPACE,
    "task_id": TASK,
    "actor_id": ADA,
    "actor_name": "Ada Lovelace",
    "data": {
        "workspace": "Engine",
        "number": 17,
        "title": "Order the brass",
        "due_at": LATER,
        "comment_id": COMMENT,
        "excerpt": "@Charles can you look at the drawing?",
    },
    "created_at": CHANGED,
    "read_at": None,
}
_QUIET = {"start": "22:00", "end": "07:00"}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (NotificationOut, _TOLD),
    (NotificationPage, {"items": [_TOLD], "next_cursor": CURSOR, "unread_count": 3}),
    (ReadIn, {"ids": [ENTRY]}),
    (ReadOut, {"unread_count": 2}),
    (QuietHours, _QUIET),
    (
        PreferencesIn,
        {
            "kinds": {"commented": {"email": False, "push": True}},
            "quiet_hours": _QUIET,
            "digest_at": "08:00",
            "bundle_minutes": 10,
        },
    ),
    (
        PreferencesOut,
        {
            "kinds": USUAL.kinds(),
            "quiet_hours": _QUIET,
            "digest_at": "08:00",
            "bundle_minutes": 10,
        },
    ),
    (UnsubscribeOut, {"unsubscribed": ["commented"]}),
]
