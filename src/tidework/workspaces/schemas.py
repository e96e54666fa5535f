"""The HTTP interface of workspaces."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.http.wording import in_words

Name = Annotated[
    str,
    Meta(
        description="1 to 100 characters after trimming",
        extra_json_schema={"minLength": 1, "maxLength": 100, "pattern": r"\S"},
        examples=["Apollo"],
    ),
]
Color = Annotated[
    str,
    Meta(
        pattern=in_words(r"^#[0-9a-fA-F]{6}$", "a color as #rrggbb, such as #3b82f6"),
        description="#rrggbb",
        examples=["#3b82f6"],
    ),
]
RoleName = Literal["owner", "editor", "commenter", "viewer"]
Description = Annotated[str, Meta(max_length=65_536)]


class WorkspaceOut(Struct, frozen=True):
    """A workspace, and what the caller is in it."""

    id: str
    name: str
    personal: bool
    role: RoleName
    created_at: str
    updated_at: str
    version: int


class WorkspaceList(Struct, frozen=True):
    """The caller's workspaces, oldest first."""

    items: list[WorkspaceOut]


class WorkspaceCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A new workspace; its maker is its owner."""

    name: Name


class WorkspacePatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    name: Name | UnsetType = UNSET


class MemberOut(Struct, frozen=True):
    """A member. An invited person who has not registered yet is a placeholder."""

    user_id: str
    name: str
    email: str | None
    role: RoleName
    is_active: bool
    placeholder: bool
    created_at: str
    updated_at: str
    version: int


class MemberList(Struct, frozen=True):
    """The members of a workspace, in the order in which they came."""

    items: list[MemberOut]


class MemberCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to add. An address without an account is invited by mail."""

    email: Annotated[str, Meta(max_length=254, examples=["ada@example.com"])]
    role: RoleName = "editor"


class MemberPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """The member's new role."""

    role: RoleName


class ProjectOut(Struct, frozen=True):
    """A project."""

    id: str
    name: str
    description: str
    color: str | None
    archived: bool
    created_at: str
    updated_at: str
    version: int


class ProjectList(Struct, frozen=True):
    """The projects of a workspace, by name."""

    items: list[ProjectOut]


class ProjectCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A new project."""

    name: Name
    description: Description = ""
    color: Color | None = None
    archived: bool = False


class ProjectPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    color: Color | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET


class LabelOut(Struct, frozen=True):
    """A label."""

    id: str
    name: str
    color: str | None
    created_at: str
    updated_at: str
    version: int


class LabelList(Struct, frozen=True):
    """The labels of a workspace, by name."""

    items: list[LabelOut]


class LabelCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A new label."""

    name: Name
    color: Color | None = None


class LabelPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    name: Name | UnsetType = UNSET
    color: Color | UnsetType | None = UNSET


class AdminWorkspaceOut(Struct, frozen=True):
    """What an administrator sees of a workspace. `owners` are those whose accounts are active."""

    id: str
    name: str
    personal: bool
    created_by: str | None
    created_at: str
    members: int
    last_number: int
    seq: int
    owners: int


class AdminWorkspacePatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Who becomes the owner of a workspace that has none who is active."""

    owner: Annotated[str, Meta(max_length=254, examples=["ada@example.com"])]


class AdminWorkspaceList(Struct, frozen=True):
    """A page of all workspaces."""

    items: list[AdminWorkspaceOut]
    next_cursor: str | None
