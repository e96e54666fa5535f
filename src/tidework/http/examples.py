"""The ids, times and people that examples in the OpenAPI document speak of."""

from typing import Any, Final

WORKSPACE: Final = "0199c0de-1a2b-7c3d-8e4f-5a6b7c8d9e0f"
ADA: Final = "0199c0de-0001-7000-8000-00000000ada0"
TASK: Final = "0199c0de-2b3c-7d4e-8f5a-6b7c8d9e0f1a"
OTHER_TASK: Final = "0199c0de-2b3c-7d4e-8f5a-6b7c8d9e0f1b"
PROJECT: Final = "0199c0de-3c4d-7e5f-8a6b-7c8d9e0f1a2b"
LABEL: Final = "0199c0de-4d5e-7f6a-8b7c-8d9e0f1a2b3c"
COMMENT: Final = "0199c0de-5e6f-7a8b-8c9d-0e1f2a3b4c5d"
SESSION: Final = "0199c0de-6f7a-7b8c-8d9e-1f2a3b4c5d6e"
KEY: Final = "0199c0de-7a8b-7c9d-8e0f-2a3b4c5d6e7f"
ENTRY: Final = "0199c0de-8b9c-7d0e-8f1a-3b4c5d6e7f8a"
RUN: Final = "0199c0de-9c0d-7e1f-8a2b-4c5d6e7f8a9b"
REQUEST: Final = "0d3b8f5c1a7e4f2b9c6d5e4f3a2b1c0d"
MADE: Final = "2026-11-22T09:00:00.000000Z"
CHANGED: Final = "2026-11-22T10:30:00.000000Z"
LATER: Final = "2026-12-01T17:00:00.000000Z"
CURSOR: Final = "WyJjcmVhdGVkX2F0IixmYWxzZV0"
EMAIL: Final = "ada@example.com"
PHRASE: Final = "correct horse battery"
PERSON: Final[dict[str, Any]] = {
    "id": ADA,
    "email": EMAIL,
    "name": "Ada Lovelace",
    "role": "user",
    "is_active": True,
    "placeholder": False,
    "personal_workspace_id": WORKSPACE,
    "created_at": MADE,
    "updated_at": CHANGED,
    "time_zone": "Europe/Berlin",
    "language": "en",
    "email_confirmed_at": MADE,
}
