"""What other modules may know of workspaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tidework.bus.followups import Followups
from tidework.errors import Forbidden, invalid
from tidework.http.context import ROLES, Membership, Role
from tidework.log import Expect, Operation
from tidework.workspaces.names import MAX_NAME, clean_name, name_key
from tidework.workspaces.schemas import LabelOut, MemberOut, ProjectOut, WorkspaceOut
from tidework.workspaces.shown import member_out

__all__ = [
    "MAX_NAME",
    "LabelOut",
    "MemberOut",
    "Named",
    "ProjectOut",
    "WorkspaceOut",
    "Workspaces",
    "admission",
    "clean_name",
    "member_out",
    "name_key",
    "present",
    "still",
]

ADMISSION = "member_admitted"
"""The follow-up that takes out who was made a member while their account was erased."""


@dataclass(frozen=True, slots=True)
class Named:
    """A workspace as commands name it."""

    id: str
    name: str
    personal: bool
    owner_email: str | None


class Workspaces(Protocol):
    """The workspaces of the installation."""

    async def create(self, user_id: str, name: str, workspace_id: str | None = None) -> str:
        """Make a workspace that this user owns; its id, a new one unless given."""
        ...

    async def named(self, name: str) -> Sequence[Named]:
        """The workspaces of this name, or the one of this id."""
        ...

    async def admit(self, workspace_id: str, user_id: str, role: Role) -> None:
        """Make somebody a member; nothing happens when they are one already."""
        ...


def still(membership: Membership, role: Role) -> Expect:
    """That the caller may still do this when the commit happens."""
    enough = [name for name in ROLES if ROLES.index(name) >= ROLES.index(role)]
    gone = Forbidden("You have just lost the role that this needs. Ask an owner of the workspace.")
    return Expect("member", membership.user_id, {"role": enough}, error=gone)


def admission(workspace_id: str, user_id: str) -> list[Operation]:
    """What goes with the commit that makes somebody a member."""
    return [
        Operation("user_workspaces", "upsert", {"user_id": user_id, "workspace_id": workspace_id}),
        # Whether the account is still there can only be known after the commit.
        Followups.operation(workspace_id, ADMISSION, {"user_id": user_id}),
    ]


def present(entity: str, entity_id: str, pointer: str) -> Expect:
    """That what a field refers to is there when the commit happens."""
    names = {"member": "member of this workspace", "task": "task in this workspace"}
    what = names.get(entity, f"{entity} in this workspace")
    error = invalid(pointer, "unknown_reference", f"{pointer}: there is no such {what}.")
    return Expect(entity, entity_id, error=error)
