"""What other modules may know of accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from tidework.ids import new_id
from tidework.log import Change, Committed, IdempotencyKey, Operation
from tidework.users.values import (
    clean_email,
    clean_name,
    clean_time_zone,
    combined,
    email_key,
    imported_email,
    is_imported,
    is_visible,
    name_key,
)

__all__ = [
    "DEFAULT_LANGUAGE",
    "DEFAULT_ZONE",
    "DELETED_NAME",
    "Account",
    "Audit",
    "Departures",
    "InstallationDay",
    "Invitations",
    "Language",
    "NewAccount",
    "Secrets",
    "Trends",
    "UserRole",
    "UserView",
    "Users",
    "WorkspaceUsage",
    "clean_email",
    "clean_name",
    "clean_time_zone",
    "combined",
    "email_key",
    "imported_email",
    "is_imported",
    "is_visible",
    "name_key",
    "view",
]

UserRole = Literal["user", "admin"]
Language = Literal["en", "de"]

DEFAULT_ZONE = "UTC"
DEFAULT_LANGUAGE: Language = "en"

DELETED_NAME = "Deleted user"
"""What stands in the place of a person's name once they are erased."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `email` is as they typed it; `version` is the seq of the last change.

    A placeholder stands for somebody who has not registered: they cannot log in, and become a full
    account when they follow a link that was mailed to their address. `time_zone` is an IANA name;
    what they are sent follows their clock and is in their `language`. `email_confirmed_at` is when
    they proved that the address is theirs, which nothing depends on.
    """

    id: str
    email: str | None
    name: str
    role: UserRole
    is_active: bool
    placeholder: bool
    personal_workspace_id: str
    created_at: str
    updated_at: str
    version: int
    time_zone: str = DEFAULT_ZONE
    language: Language = DEFAULT_LANGUAGE
    email_confirmed_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to be made. E-mail and name have been validated.

    `operations` go into the same commit. `may_be_first` says that it becomes the installation's
    admin if there is none yet. `actor_id` is who makes it, the account itself unless given.
    """

    email: str
    name: str
    id: str = field(default_factory=new_id)
    role: UserRole = "user"
    is_active: bool = True
    placeholder: bool = False
    may_be_first: bool = False
    operations: Sequence[Operation] = ()
    actor_id: str | None = None
    request_id: str | None = None
    idempotency: IdempotencyKey | None = None


class UserView(msgspec.Struct, frozen=True):
    """A person, as HTTP shows them to themselves and to administrators."""

    id: str
    email: str | None
    name: str
    role: UserRole
    is_active: bool
    placeholder: bool
    personal_workspace_id: str
    created_at: str
    updated_at: str
    time_zone: str
    language: Language
    email_confirmed_at: str | None


def view(account: Account) -> UserView:
    """The account as HTTP shows it."""
    return UserView(
        id=account.id,
        email=account.email,
        name=account.name,
        role=account.role,
        is_active=account.is_active,
        placeholder=account.placeholder,
        personal_workspace_id=account.personal_workspace_id,
        created_at=account.created_at,
        updated_at=account.updated_at,
        time_zone=account.time_zone,
        language=account.language,
        email_confirmed_at=account.email_confirmed_at,
    )


class Users(Protocol):
    """The accounts of the installation."""

    async def get(self, user_id: str) -> Account | None:
        """The account of this id. One query by key."""
        ...

    async def get_many(self, user_ids: Iterable[str]) -> dict[str, Account]:
        """Those of the accounts that exist, by id. One query by keys."""
        ...

    async def find_by_email(self, email: str) -> Account | None:
        """The account of this address, in whatever spelling; None also for what is no address."""
        ...

    async def create(self, new: NewAccount) -> tuple[Account, Committed]:
        """Make an account, and with it its personal workspace unless it is a placeholder.

        For a repeated idempotency key it is the account of the first time. Raises `Conflict`
        (`email_taken`, or `invitation_pending` when a placeholder has the address).
        """
        ...

    async def ensure_placeholder(
        self, name: str, email: str | None, *, actor_id: str | None = None
    ) -> Account:
        """The account of this address, made as a placeholder if there is none.

        Without an address the name stands for the person: the same name finds the same placeholder.
        Raises `Invalid` for what is no e-mail address.
        """
        ...

    async def take_over(
        self,
        account: Account,
        *,
        name: str | None,
        operations: Sequence[Operation],
        request_id: str | None,
        role: UserRole | None = None,
        idempotency: IdempotencyKey | None = None,
        confirmed: bool = False,
    ) -> tuple[Account, Committed]:
        """Make a placeholder the account of the person it stands for, who has proved it; by a link
        that was mailed to them when `confirmed`.

        It becomes the installation's admin if there is none yet, otherwise it gets `role`, if given.

        Raises `store.protocol.Contended` when somebody else was faster.
        """
        ...


class Audit(Protocol):
    """The record of what administrators looked at and did."""

    def operation(
        self,
        actor_id: str | None,
        action: str,
        target_id: str | None,
        detail: dict[str, Any],
        request_id: str | None,
    ) -> Operation:
        """The record, to be put among the operations of the commit that it tells of."""
        ...

    async def write(
        self,
        actor_id: str | None,
        action: str,
        target_id: str | None,
        detail: dict[str, Any],
        request_id: str | None,
    ) -> None:
        """Write the record alone, for a look rather than an act."""
        ...


class Departures(Protocol):
    """What workspaces say about somebody who wants to leave the installation."""

    async def blocking(self, user_id: str) -> Sequence[str]:
        """The names of the shared workspaces that this person alone owns."""
        ...


class Invitations(Protocol):
    """Asking people in who have no account yet."""

    async def invite(self, email: str, inviter_name: str, workspace_name: str) -> Account:
        """The account of this address; for an unknown one, a placeholder whose person is sent a
        link by mail, valid for seven days.

        A placeholder that exists is sent a new link. Raises `Invalid` for what is no address,
        `Forbidden` (`registration_closed`) where no one may be asked in.
        """
        ...


@runtime_checkable
class Secrets(Protocol):
    """What users need of whoever keeps the passwords and the sessions."""

    async def confirm(self, user_id: str, password: str, address: str, pointer: str) -> None:
        """Raise unless it is this account's password.

        Raises `Invalid` at `pointer` (`password_wrong`), `TooManyRequests` after several failures
        from this address.
        """
        ...

    async def ending(self, user_id: str, reason: str) -> tuple[list[Change], list[Operation]]:
        """What ends every session of an account, as part of a commit on its stream."""
        ...

    async def erasing(self, user_id: str) -> tuple[list[Change], list[Operation]]:
        """What removes all that is kept about an account's sessions, tokens and password."""
        ...


class InstallationDay(msgspec.Struct, frozen=True):
    """One UTC day of all workspaces. `active_users` changed something; `new_users` are the accounts
    made that day, placeholders too.
    """

    day: str
    active_users: int
    new_users: int
    new_workspaces: int
    tasks_created: int
    tasks_completed: int


class WorkspaceUsage(msgspec.Struct, frozen=True):
    """What a workspace holds, and how many commits and changes have led there."""

    workspace_id: str
    tasks: int
    comments: int
    members: int
    commits: int
    changes: int
    changed_at: str


class Trends(Protocol):
    """What statistics say of the whole installation. Cost grows with its size."""

    async def days(self, count: int) -> list[InstallationDay]:
        """Each of the last days, today included."""
        ...

    async def largest(self, limit: int) -> list[WorkspaceUsage]:
        """The workspaces with the most tasks."""
        ...
