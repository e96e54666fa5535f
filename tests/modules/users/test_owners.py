"""Owners who cannot act, and members whose accounts end at the wrong moment, on both stores."""

from typing import Any

import pytest
from tests.modules.users.harness import World, context

from tidework.bus.followups import Followups
from tidework.errors import Conflict
from tidework.http.context import Membership
from tidework.log import fold
from tidework.users.api import Account
from tidework.workspaces.service import WorkspaceService


async def members(world: World, workspace_id: str) -> dict[str, str]:
    """Roles by member, as the log says."""
    state = fold(await world.store.log(workspace_id, limit=100_000))
    return {i: e.fields["role"] for (kind, i), e in state.items() if kind == "member"}


async def code_of(work: Any) -> str:
    with pytest.raises(Conflict) as caught:
        await work
    return caught.value.code


async def test_a_placeholder_or_inactive_owner_is_none_to_count_on(world: World) -> None:
    root, _ = await world.person("Root")
    ada, _ = await world.person("Ada")
    bob, _ = await world.person("Bob")
    ghost = await world.users.ensure_placeholder("Ghost", "ghost@example.com")
    shared = await world.workspaces.create(ada.id, "Apollo")
    for account in (ghost, bob):
        await world.workspaces.admit(shared, account.id, "owner")
    await world.admins.update(bob.id, {"is_active": False}, root.id, context())
    me = Membership(shared, ada.id, "owner")
    leave = world.workspaces.remove(me, ada.id, context())
    assert await code_of(leave) == "last_owner"
    step_back = world.workspaces.change_role(me, ada.id, "editor", context())
    assert await code_of(step_back) == "last_owner"
    assert await code_of(world.closing.close(ada.id, ada.id, context())) == "sole_owner"
    assert await code_of(world.admins.delete(ada.id, root.id, context())) == "sole_owner"
    # Owners who cannot act may go, or become something else.
    await world.workspaces.change_role(me, ghost.id, "editor", context())
    await world.workspaces.remove(me, ghost.id, context())
    await world.admins.update(bob.id, {"is_active": True}, root.id, context())
    await world.workspaces.remove(me, ada.id, context())
    assert await members(world, shared) == {bob.id: "owner"}


class Erasing:
    """Accounts, one of which is erased as soon as it has been looked up."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world.users, name)

    async def find_by_email(self, email: str) -> Account | None:
        account = await self._world.users.find_by_email(email)
        assert account is not None
        await self._world.closing.close(account.id, account.id, context())
        return account


async def test_who_is_erased_while_they_are_added_is_no_member(world: World) -> None:
    root, _ = await world.person("Root")
    ada, _ = await world.person("Ada")
    shared = await world.workspaces.create(root.id, "Apollo")
    users: Any = Erasing(world)
    followups = Followups(world.store)
    service = WorkspaceService(world.store, users, followups)
    me = Membership(shared, root.id, "owner")
    assert ada.email is not None
    await service.add(me, ada.email, "editor", context())
    assert await members(world, shared) == {root.id: "owner"}
    assert await world.workspaces.mine(ada.id) == []
    # Also where the process has died in between.
    await world.workspaces.admit(shared, ada.id, "editor")
    assert await members(world, shared) == {root.id: "owner"}
    assert await followups.sweep() == 0
