"""The HTTP interface of users, and of the administration of accounts."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.users.api import InstallationDay, Language, UserRole, UserView, WorkspaceUsage

Name = Annotated[
    str,
    Meta(
        description="1 to 100 characters after trimming",
        extra_json_schema={"minLength": 1, "maxLength": 100, "pattern": r"\S"},
        examples=["Ada Lovelace"],
    ),
]
Email = Annotated[str, Meta(max_length=254, examples=["ada@example.com"])]
TimeZone = Annotated[
    str,
    Meta(
        max_length=64,
        description="A name of the IANA time zone database",
        examples=["Europe/Berlin"],
    ),
]
Typed = Annotated[str, Meta(max_length=1024, examples=["correct horse battery"])]


class MePatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. Another e-mail address takes the password."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    current_password: Typed | UnsetType = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    language: Language | UnsetType = UNSET


class MeDelete(Struct, frozen=True, forbid_unknown_fields=True):
    """The password, since this cannot be undone."""

    password: Typed


class UserPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    role: UserRole | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class UserPage(Struct, frozen=True):
    """A page of accounts, oldest first; `next_cursor` is null on the last one."""

    items: list[UserView]
    next_cursor: str | None


class AuditEntry(Struct, frozen=True):
    """What an administrator looked at or did."""

    id: str
    at: str
    actor_id: str | None
    action: str
    target_id: str | None
    detail: dict[str, Any]
    request_id: str | None


class AuditPage(Struct, frozen=True):
    """A page of the audit, newest first; `next_cursor` is null on the last one."""

    items: list[AuditEntry]
    next_cursor: str | None


class UserCounts(Struct, frozen=True):
    """Accounts; `placeholders` have not registered yet and are among `total` only."""

    total: int
    active: int
    inactive: int
    admins: int
    placeholders: int


class Stats(Struct, frozen=True):
    """The installation in numbers. `database_bytes` is its size on disk. `days` and
    `largest_workspaces` are counted as commits happen, a moment later.
    """

    users: UserCounts
    workspaces: int
    projects: int
    tasks: int
    tasks_by_status: dict[str, int]
    comments: int
    sessions: int
    api_tokens: int
    database_bytes: int
    days: list[InstallationDay]
    largest_workspaces: list[WorkspaceUsage]


ADA = UserView(
    id="0193c5a6-4f10-7c3e-9d52-3f1a7b2c4d5e",
    email="ada@example.com",
    name="Ada Lovelace",
    role="user",
    is_active=True,
    placeholder=False,
    personal_workspace_id="0193c5a6-4f11-7e21-8a4b-5c6d7e8f9a0b",
    created_at="2026-11-22T09:00:00.000000Z",
    updated_at="2026-11-22T09:00:00.000000Z",
    time_zone="Europe/Berlin",
    language="en",
    email_confirmed_at="2026-11-22T09:05:00.000000Z",
)

EXAMPLES: list[Struct] = [
    ADA,
    MePatch(name="Ada King", time_zone="Europe/Berlin"),
    MeDelete(password="correct horse battery"),  # noqa: S106
    UserPatch(role="admin"),
    UserPage(items=[ADA], next_cursor=None),
    AuditPage(
        items=[
            AuditEntry(
                id="0193c5b0-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
                at="2026-11-22T09:30:00.000000Z",
                actor_id="0193c5a0-0000-7abc-8def-0123456789ab",
                action="user.updated",
                target_id=ADA.id,
                detail={"role": ["user", "admin"]},
                request_id="0d3b8f5c1a7e4f2b9c6d5e4f3a2b1c0d",
            )
        ],
        next_cursor=None,
    ),
]
"""What the API's document shows."""
