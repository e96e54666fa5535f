"""Who the people of a file are here.

A file that somebody sends says whatever they like. So nobody is found by an address unless they are
members of the workspace already, nobody else becomes one, and no address of anybody's is taken:
everybody else is a placeholder of this workspace alone.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tidework.errors import Conflict
from tidework.exchange import queries
from tidework.store.protocol import Store
from tidework.users.api import (
    DELETED_NAME,
    NewAccount,
    Users,
    email_key,
    imported_email,
    is_imported,
)
from tidework.workspaces.api import MAX_NAME, Workspaces


class PeopleOfFile:
    """See `transfer.People`; those who are assigned to tasks become members of the workspace."""

    def __init__(
        self, store: Store, users: Users, workspaces: Workspaces, workspace_id: str, actor_id: str
    ) -> None:
        self._store = store
        self._users = users
        self._workspaces = workspaces
        self._workspace_id = workspace_id
        self._actor_id = actor_id
        self._members: dict[str, str] | None = None

    async def resolve(self, name: str, display: str | None, email: str | None) -> str:
        """See `transfer.People`."""
        key = None if email is None else email_key(email)
        known = (await self._by_address()).get(key or "")
        if known is not None:
            return known
        # The workspace is part of it: what one workspace calls somebody is no other's business.
        address = imported_email(f"{name} {self._workspace_id}")
        found = await self._users.find_by_email(address)
        if found is not None:
            return found.id
        shown = " ".join("".join(c if c.isprintable() else " " for c in display or name).split())
        new = NewAccount(
            email=address,
            name=shown[:MAX_NAME].rstrip() or "?",
            is_active=False,
            placeholder=True,
            actor_id=self._actor_id,
        )
        try:
            return (await self._users.create(new))[0].id
        except Conflict:
            made = await self._users.find_by_email(address)
            if made is None:
                raise
            return made.id

    async def ensure_members(self, user_ids: Sequence[str]) -> None:
        """See `transfer.People`. Raises `Conflict` for somebody who has left: who can log in is not
        brought back by a file.
        """
        rows = await self._store.fetch(queries.MEMBERS, {"stream_id": self._workspace_id})
        present = {row[0] for row in rows}
        new = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in present]
        accounts = await self._users.get_many(new)
        for user_id in new:
            account = accounts.get(user_id)
            if account is None or not account.placeholder or account.is_active:
                who = DELETED_NAME if account is None else account.name
                raise Conflict(
                    f"Tasks of the file are assigned to {who}, who was a member at the last import"
                    " and has left. Add them again, or take them out of the file.",
                    code="assignee_left",
                )
            await self._workspaces.admit(self._workspace_id, user_id, "editor")

    async def _by_address(self) -> dict[str, str]:
        """The members by their addresses."""
        if self._members is None:
            rows = await self._store.fetch(queries.MEMBERS, {"stream_id": self._workspace_id})
            accounts = await self._users.get_many(row[0] for row in rows)
            self._members = {
                email_key(account.email) or "": account.id
                for account in accounts.values()
                if account.email is not None
            }
            self._members.pop("", None)
        return self._members


class Described(NamedTuple):
    """See `transfer.Described`."""

    name: str
    email: str | None


class Directory:
    """See `transfer.Directory`. Addresses are those of present members only."""

    def __init__(self, store: Store, users: Users, workspace_id: str) -> None:
        self._store = store
        self._users = users
        self._workspace_id = workspace_id

    async def describe(self, user_ids: Sequence[str]) -> Mapping[str, Described]:
        """See `transfer.Directory`."""
        rows = await self._store.fetch(queries.MEMBERS, {"stream_id": self._workspace_id})
        members = {row[0] for row in rows}
        return {
            user_id: Described(account.name, _address(account.email, user_id in members))
            for user_id, account in (await self._users.get_many(user_ids)).items()
        }


def _address(email: str | None, member: bool) -> str | None:
    return None if not member or email is None or is_imported(email) else email
