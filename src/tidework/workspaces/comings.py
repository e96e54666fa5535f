"""Accounts that come and go, and what that means for workspaces."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tidework.bus.followups import Followups
from tidework.log import Commit
from tidework.store.protocol import Store, UniqueConflict
from tidework.store.retry import retried
from tidework.times import now
from tidework.users.api import Users
from tidework.workspaces import queries
from tidework.workspaces.api import ADMISSION
from tidework.workspaces.commits import founding, lookup, removal
from tidework.workspaces.owners import Owners
from tidework.workspaces.schemas import WorkspaceOut


class Comings:
    """Second commits on workspaces. `mine` tells the workspaces that somebody is a member of."""

    def __init__(
        self,
        store: Store,
        users: Users,
        owners: Owners,
        followups: Followups,
        mine: Callable[[str], Awaitable[Sequence[WorkspaceOut]]],
    ) -> None:
        self._store = store
        self._users = users
        self._owners = owners
        self._mine = mine
        followups.register("personal_workspace", self._make_personal)
        followups.register("account_departure", self._depart)
        followups.register(ADMISSION, self._check)

    async def blocking(self, user_id: str) -> Sequence[str]:
        """See `users.api.Departures`."""
        mine = [item for item in await self._mine(user_id) if item.role == "owner"]
        params = {"workspace_ids": [item.id for item in mine]}
        rows = await self._store.fetch(queries.MEMBERS_OF_MANY, params)
        members = [row for row in rows if row[1] != user_id]
        acting = await self._owners.acting({row[1] for row in members if row[2] == "owner"})
        names = []
        for item in mine:
            others = [row for row in members if row[0] == item.id]
            if others and not any(row[2] == "owner" and row[1] in acting for row in others):
                names.append(item.name)
        return names

    async def _make_personal(self, user_id: str, _: dict[str, Any]) -> None:
        account = await self._users.get(user_id)
        if account is None:
            return
        workspace_id = account.personal_workspace_id
        try:
            await self._store.append(
                founding(workspace_id, user_id, "Personal", None, personal=True)
            )
        except UniqueConflict:
            return

    async def _depart(self, user_id: str, _: dict[str, Any]) -> None:
        """Take somebody out of every workspace; those that are left empty are removed."""
        rows = await self._store.fetch(queries.MY_WORKSPACES, {"user_id": user_id})
        for (workspace_id,) in rows:
            await self._leave(workspace_id, user_id)

    async def _check(self, workspace_id: str, detail: dict[str, Any]) -> None:
        """Take a new member out again whose account was erased in the same moment."""
        user_id: str = detail["user_id"]
        if await self._users.get(user_id) is None:
            await self._leave(workspace_id, user_id)

    @retried
    async def _leave(self, workspace_id: str, user_id: str) -> None:
        rows = await self._store.fetch(queries.MEMBERS, {"stream_id": workspace_id})
        if not any(row[1] == user_id for row in rows):
            await self._store.operate([lookup("delete", user_id, workspace_id)])
            return
        if len(rows) == 1:
            # Nobody could ever see it again.
            await self._store.purge(workspace_id, [lookup("delete", user_id, workspace_id)])
            return
        await self._store.append(
            Commit(
                stream_id=workspace_id,
                actor_id=None,
                at=now(),
                changes=await removal(self._store, workspace_id, user_id),
                base_seq=rows[0][0],
                operations=[lookup("delete", user_id, workspace_id)],
            )
        )
