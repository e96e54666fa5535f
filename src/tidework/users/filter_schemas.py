"""The HTTP interface of saved filters."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.users.schemas import Name

FilterQuery = Annotated[
    str,
    Meta(
        max_length=2000,
        description="What stands behind the `?` of `GET …/tasks`; kept as it is given",
        examples=["status=pending,in_progress&assignee=me&sort=due_at"],
    ),
]


class SavedFilter(Struct, frozen=True):
    """A filter that somebody has saved. Without a `workspace_id` it is for all of them."""

    id: str
    name: str
    workspace_id: str | None
    query: str
    created_at: str
    updated_at: str
    version: int


class SavedFilterList(Struct, frozen=True):
    """The caller's saved filters, by name."""

    items: list[SavedFilter]


class SavedFilterCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A filter to save."""

    name: Name
    query: FilterQuery
    workspace_id: UUID | None = None


class SavedFilterPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    name: Name | UnsetType = UNSET
    query: FilterQuery | UnsetType = UNSET
    workspace_id: UUID | UnsetType | None = UNSET
