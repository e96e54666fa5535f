"""Examples of what workspaces take and answer, for the OpenAPI document."""

from typing import Any, Final

from tidework.http.examples import (
    ADA,
    CHANGED,
    CURSOR,
    EMAIL,
    LABEL,
    MADE,
    PROJECT,
    WORKSPACE,
)
from tidework.workspaces.schemas import (
    AdminWorkspaceList,
    AdminWorkspaceOut,
    AdminWorkspacePatch,
    LabelCreate,
    LabelList,
    LabelOut,
    LabelPatch,
    MemberCreate,
    MemberList,
    MemberOut,
    MemberPatch,
    ProjectCreate,
    ProjectList,
    ProjectOut,
    ProjectPatch,
    WorkspaceCreate,
    WorkspaceList,
    WorkspaceOut,
    WorkspacePatch,
)

_TIMES = {"created_at": MADE, "updated_at": CHANGED, "version": 42}
_WORKSPACE = {"id": WORKSPACE, "name": "Apollo", "personal": False, "role": "owner", **_TIMES}
_MEMBER = {
    "user_id": ADA,
    "name": "Ada Lovelace",
    "email": EMAIL,
    "role": "editor",
    "is_active": True,
    "placeholder": False,
    **_TIMES,
}
_PROJECT = {
    "id": PROJECT,
    "name": "Landing",
    "description": "Down and up again.",
    "color": "#3b82f6",
    "archived": False,
    **_TIMES,
}
_LABEL = {"id": LABEL, "name": "urgent", "color": "#ef4444", **_TIMES}
_SEEN = {
    "id": WORKSPACE,
    "name": "Apollo",
    "personal": False,
    "created_by": ADA,
    "created_at": MADE,
    "members": 3,
    "last_number": 128,
    "seq": 512,
    "owners": 1,
}

EXAMPLES: Final[list[tuple[type[Any], Any]]] = [
    (WorkspaceOut, _WORKSPACE),
    (WorkspaceList, {"items": [_WORKSPACE]}),
    (WorkspaceCreate, {"name": "Apollo"}),
    (WorkspacePatch, {"name": "Apollo 11"}),
    (MemberOut, _MEMBER),
    (MemberList, {"items": [_MEMBER]}),
    (MemberCreate, {"email": EMAIL, "role": "editor"}),
    (MemberPatch, {"role": "owner"}),
    (ProjectOut, _PROJECT),
    (ProjectList, {"items": [_PROJECT]}),
    (ProjectCreate, {"name": "Landing", "color": "#3b82f6"}),
    (ProjectPatch, {"archived": True}),
    (LabelOut, _LABEL),
    (LabelList, {"items": [_LABEL]}),
    (LabelCreate, {"name": "urgent", "color": "#ef4444"}),
    (LabelPatch, {"color": None}),
    (AdminWorkspaceOut, _SEEN),
    (AdminWorkspacePatch, {"owner": EMAIL}),
    (AdminWorkspaceList, {"items": [_SEEN], "next_cursor": CURSOR}),
]
