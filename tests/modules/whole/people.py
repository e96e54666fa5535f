"""What people do with their accounts, and workspaces that come and go."""

from collections.abc import Awaitable
from typing import Any

from tests.modules.whole.commands import MakeItem
from tests.modules.whole.hanging import Relate, Say
from tests.modules.whole.intents import GUESTS, Call, Pick
from tests.modules.whole.model import Draft, other_owners
from tests.modules.whole.system import new_context, principal
from tests.modules.whole.tasks import MakeTask
from tests.modules.whole.world import World

from tidework.errors import TideworkError
from tidework.users.api import NewAccount


async def _refusal(doing: Awaitable[Any]) -> tuple[Any, TideworkError | None]:
    """What something answers, or what it is refused with."""
    try:
        return await doing, None
    except TideworkError as error:
        return None, error


def _agree(error: TideworkError | None, refused: bool) -> bool:
    """Whether something was done; it must be refused when the model says so, with a conflict."""
    assert (error is not None) == refused, error
    assert error is None or error.status == 409, error
    return error is None


_NAMES = ("Ada", "Bo", "Cy", "Di")


class PeopleRules:
    """Registering, changing, deactivating and closing accounts; making workspaces."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._services = world.system.services
        self._registered = 0

    async def begin(self) -> None:
        """Three people, who share a workspace."""
        for _ in range(3):
            await self._register(f"person{self._registered}@example.com", "Ada")
        owner, editor, commenter = self._world.people
        space_id = await self._make_space(owner, "Team")
        space = self._world.spaces[space_id]
        emails = [person["email"] for person in self._world.people.values()]
        for user_id, email, role in (
            (editor, emails[1], "editor"),
            (commenter, emails[2], "viewer"),
        ):
            membership = await self._world.system.membership(space_id, owner)
            assert membership is not None
            context = new_context(principal(owner, space_id))
            await self._services.workspaces.add(membership, email, role, context)
            changes = await self._world.system.log(space_id, space.seq)
            draft = Draft(space, self._world.people, owner, "owner", changes[0].at)
            fields = {"role": role, "created_at": changes[0].set["created_at"]}
            draft.make("member", user_id, fields)
            space.commit(draft, changes[0].seq)
        for intent in (
            MakeItem("project", {"name": "Apollo"}),
            MakeItem("label", {"name": "Vostok"}),
            MakeTask({"title": "Sail", "label_ids": [Pick("label", 0)]}),
            MakeTask({"title": "boat", "project_id": Pick("project", 0), "status": "completed"}),
            MakeTask({"title": "tide table", "assignee_id": Pick("member", 1)}),
            Say(Pick("task", 0), "Done"),
            Relate(Pick("task", 0), "blocks", Pick("task", 1)),
        ):
            await self._world.perform([Call(0, 0, intent)])

    async def act(self, name: int, who: int, what: int) -> None:
        """One of the things that people do."""
        everybody = list(self._world.people)
        user_id = everybody[who % len(everybody)]
        if name < 6 and len(everybody) < 6:
            taken = [person["email"] for person in self._world.people.values()]
            fresh = f"person{self._registered}@example.com"
            email = ([fresh] * 3 + [taken[what % len(taken)].upper(), GUESTS[0]])[what % 5]
            await self._register(email, _NAMES[what % 4])
        elif name < 12:
            await self._update(user_id, what)
        elif name < 18:
            await self._switch(user_id, what)
        elif name < 21:
            await self._close(user_id)
        elif len(self._world.spaces) < 8:
            active = self._world.active()
            await self._make_space(active[who % len(active)], _NAMES[what % 4])

    def _taken(self, email: str, but: str | None = None) -> bool:
        return any(
            person["email"].lower() == email.lower()
            for user_id, person in self._world.people.items()
            if user_id != but
        )

    async def _register(self, email: str, name: str) -> None:
        taken = self._taken(email)
        new = NewAccount(email=email, name=name, may_be_first=True)
        made, error = await _refusal(self._services.users.create(new))
        if not _agree(error, taken):
            return
        account = made[0]
        self._registered += 1
        assert account.role == ("user" if self._world.people else "admin")
        self._world.know(account)
        await self._world.know_space(account.personal_workspace_id, account.id, "Personal", True)

    async def _make_space(self, user_id: str, name: str) -> str:
        context = new_context(principal(user_id, ""))
        made = await self._services.workspaces.create_for(user_id, name, context)
        assert (made.name, made.role, made.personal, made.version) == (name, "owner", False, 1)
        await self._world.know_space(made.id, user_id, name, False)
        return made.id

    async def _update(self, user_id: str, what: int) -> None:
        person = self._world.people[user_id]
        values = {"name": _NAMES[what % 4]}
        if what % 3 == 0:
            values["email"] = f"person{what % 10}@Example.com"
        refused = "email" in values and self._taken(values["email"], user_id)
        context = new_context(principal(user_id, ""))
        _, error = await _refusal(self._services.users.update(user_id, values, context))
        if _agree(error, refused):
            person.update(values)

    def _admins(self) -> list[str]:
        people = self._world.people
        return [u for u in self._world.active() if people[u]["role"] == "admin"]

    async def _switch(self, user_id: str, what: int) -> None:
        person = self._world.people[user_id]
        values = (
            {"is_active": what % 3 != 0} if what % 2 else {"role": ["user", "admin"][what % 4 // 2]}
        )
        after = {**person, **values}
        loses = user_id in self._admins() and not (after["is_active"] and after["role"] == "admin")
        changes = after != person
        refused = changes and (person["placeholder"] or (loses and len(self._admins()) == 1))
        context = new_context(principal(user_id, ""))
        _, error = await _refusal(self._services.admins.update(user_id, values, None, context))
        if _agree(error, refused):
            person.update(values)

    async def _close(self, user_id: str) -> None:
        world = self._world
        shared = [s for s in world.spaces.values() if user_id in s.things["member"]]
        alone = [
            space
            for space in shared
            if space.role(user_id) == "owner"
            and len(space.things["member"]) > 1
            and not other_owners(space.things, world.people, user_id)
        ]
        refused = bool(alone) or self._admins() == [user_id]
        context = new_context(principal(user_id, ""))
        _, error = await _refusal(self._services.closing.close(user_id, user_id, context))
        if _agree(error, refused):
            await self._gone(user_id)

    async def _gone(self, user_id: str) -> None:
        """Somebody has left all their workspaces; those with nobody left are gone for good."""
        world = self._world
        streams = await world.system.streams()
        for space in [s for s in world.spaces.values() if user_id in s.things["member"]]:
            if len(space.things["member"]) == 1:
                del world.spaces[space.id]
                assert space.id not in streams
                assert await world.system.state(space.id) == {}
                continue
            changes = await world.system.log(space.id, space.seq)
            draft = Draft(space, world.people, None, None, changes[0].at)
            draft.drop_member(user_id)
            space.commit(draft, space.seq + 1)
        del world.people[user_id]
        for space in world.spaces.values():
            await world.check(space)

    async def check(self) -> None:
        """The accounts are as the model has them, and so is what is looked up across streams."""
        found = await self._services.users.get_many(self._world.people)
        for user_id, person in self._world.people.items():
            account = found[user_id]
            assert {name: getattr(account, name) for name in person} == person
        await self._world.check_lookups()
