"""Accounts as imports and exports need them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tidework.composition import Services
from tidework.errors import Conflict, Invalid
from tidework.transfer.text import one_line, shortened
from tidework.users.api import NewAccount
from tidework.users.values import MAX_NAME, clean_email, imported_email, is_imported


class AccountsOfImport:
    """See `transfer.People`; they become members of one workspace.

    `actor_id` is who imports.
    """

    def __init__(self, services: Services, workspace_id: str, actor_id: str | None) -> None:
        self._services = services
        self._workspace_id = workspace_id
        self._actor_id = actor_id

    async def resolve(self, name: str, display: str | None, email: str | None) -> str:
        """See `transfer.People`. An address that is none counts as not given."""
        users = self._services.users
        address = imported_email(name)
        if email is not None:
            try:
                address = clean_email(email)
            except Invalid:
                pass
        known = await users.find_by_email(address)
        if known is not None:
            return known.id
        shown = " ".join(one_line(display or name).split())
        new = NewAccount(
            email=address,
            name=shortened(shown, MAX_NAME) or address.partition("@")[0],
            is_active=False,
            placeholder=True,
            actor_id=self._actor_id,
        )
        try:
            account, _ = await users.create(new)
        except Conflict:
            made = await users.find_by_email(address)
            if made is None:
                raise
            return made.id
        return account.id

    async def ensure_members(self, user_ids: Sequence[str]) -> None:
        """See `transfer.People`."""
        workspaces = self._services.workspaces
        present = {one.user_id for one in await workspaces.members(self._workspace_id)}
        for user_id in dict.fromkeys(user_ids):
            if user_id not in present:
                await workspaces.admit(self._workspace_id, user_id, "editor")


class Described(NamedTuple):
    """See `transfer.Described`."""

    name: str
    email: str | None


class AccountDirectory:
    """See `transfer.Directory`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def describe(self, user_ids: Sequence[str]) -> Mapping[str, Described]:
        """See `transfer.Directory`. Addresses that stand for a mere name are left out."""
        accounts = await self._services.users.get_many(user_ids)
        return {
            user_id: Described(
                account.name, None if is_imported(account.email or "") else account.email
            )
            for user_id, account in accounts.items()
        }
