"""The model and the system side by side: commands go to both, and both must come to the same."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, groupby
from typing import Any

from tests.modules.whole.client import Client
from tests.modules.whole.commands import AddMember, Command, DeleteWorkspace
from tests.modules.whole.intents import GUESTS, Binder, Call
from tests.modules.whole.model import (
    KINDS,
    LEVELS,
    UNKNOWN,
    Draft,
    Fields,
    Given,
    Refused,
    Space,
    faults,
)
from tests.modules.whole.system import Outcome, System

from tidework.http.context import Membership
from tidework.log import LoggedChange
from tidework.store.verify import verify_stream
from tidework.users.api import Account


@dataclass
class Asked:
    """A command on its way."""

    space: Space
    actor: str
    command: Command
    stale: Membership | None
    outcome: Outcome = field(default_factory=lambda: Outcome(""))


@dataclass
class World:
    """Everybody and everything. `people` are the accounts that exist."""

    system: System
    people: dict[str, Fields] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    first_seen: dict[tuple[str, str], Membership] = field(default_factory=dict)
    rounds: int = 0

    # --- people and workspaces ---------------------------------------------------------------

    def know(self, account: Account) -> None:
        """Take an account into the model."""
        self.people[account.id] = {
            "email": account.email,
            "name": account.name,
            "is_active": account.is_active,
            "placeholder": account.placeholder,
            "role": account.role,
        }

    async def know_space(self, workspace_id: str, owner: str, name: str, personal: bool) -> None:
        """Take a workspace that has just been made into the model."""
        changes = await self.system.log(workspace_id)
        space = Space(workspace_id)
        at = changes[0].at
        draft = Draft(space, self.people, owner, "owner", at)
        times = {"created_by": owner, "created_at": at, "deleted_at": None}
        draft.make("workspace", workspace_id, {"name": name, "personal": personal, **times})
        draft.make("member", owner, {"role": "owner", "created_at": at})
        space.commit(draft, 1)
        self.spaces[workspace_id] = space
        self.clients[workspace_id] = Client(workspace_id)
        await self.check(space)

    def active(self) -> list[str]:
        """Those who can log in."""
        return [u for u, p in self.people.items() if p["is_active"] and not p["placeholder"]]

    async def _know_guests(self) -> None:
        known = {person["email"] for person in self.people.values()}
        for email in GUESTS:
            account = await self.system.services.users.find_by_email(email)
            if account is not None and account.email not in known:
                assert account.placeholder, account
                self.know(account)
                known.add(account.email)

    # --- commands ----------------------------------------------------------------------------

    def space_at(self, number: int) -> Space:
        """Some workspace, mostly the first that is shared."""
        spaces = list(self.spaces.values())
        shared = [s for s in spaces if not s.own["personal"] and s.things["member"]]
        options = [*shared[:1] * 6, *shared[1:2], *spaces[-1:], *shared[:1] * 6]
        return options[number % len(options)]

    def actor_at(self, space: Space, number: int, stale: bool) -> str:
        """Mostly who may do something, sometimes anybody; of those who act by what they were, who
        has lost it since."""
        everybody = self.active()
        lost = [
            user_id
            for (space_id, user_id), seen in self.first_seen.items()
            if space_id == space.id and user_id in everybody
            if LEVELS[seen.role] > LEVELS.get(space.role(user_id) or "", 0)
        ]
        if stale and lost:
            return lost[number % len(lost)]
        members = [user_id for user_id in space.things["member"] if user_id in everybody]
        able = [user_id for user_id in members if LEVELS[space.role(user_id) or ""] > 2]
        options = [*able * 4, *members, *everybody]
        return options[number % len(options)]

    def _bind(self, call: Call) -> Asked:
        space = self.space_at(call.space)
        if isinstance(call.intent, DeleteWorkspace):
            # The first shared one stays, so that more can happen in it.
            others = [s for s in self.spaces.values() if s is not self.space_at(0)]
            space = others[-1 - call.space % 2]
        actor = self.actor_at(space, call.actor, call.stale)
        others = [other for other in self.spaces.values() if other is not space]
        foreign = {
            kind: next((x for other in others for x in other.things[kind]), UNKNOWN)
            for kind in KINDS
        }
        foreign["member"] = UNKNOWN
        emails = [p["email"] for p in self.people.values()]
        command = Binder(space, foreign, emails, self.rounds).bind(call.intent)
        stale = self.first_seen.get((space.id, actor)) if call.stale else None
        return Asked(space, actor, command, stale)

    async def perform(self, calls: Sequence[Call]) -> None:
        """Give commands at the same moment; what came of them must be explained by some order."""
        self.rounds += 1
        asked = [self._bind(call) for call in calls]
        for one in asked:
            await self._remember(one.space, one.actor)
        outcomes = await asyncio.gather(
            *(self.system.ask(a.space.id, a.actor, a.command, a.stale) for a in asked)
        )
        for one, outcome in zip(asked, outcomes, strict=True):
            one.outcome = outcome
        if any(isinstance(one.command, AddMember) for one in asked):
            await self._know_guests()
        for space_id in dict.fromkeys(one.space.id for one in asked):
            await self._explain(
                self.spaces[space_id], [one for one in asked if one.space.id == space_id]
            )

    async def _remember(self, space: Space, user_id: str) -> None:
        if (space.id, user_id) not in self.first_seen:
            membership = await self.system.membership(space.id, user_id)
            if membership is not None:
                self.first_seen[space.id, user_id] = membership

    async def _explain(self, space: Space, asked: list[Asked]) -> None:
        """Do to the model what was committed, in that order; then judge what was not."""
        moments = [space.snapshot()]
        left = {one.outcome.request_id: one for one in asked}
        for seq, changes in _commits(await self.system.log(space.id, space.seq)):
            one = left.pop(changes[0].request_id or "", None)
            assert one is not None, f"commit {seq} is nobody's: {changes}"
            assert one.outcome.error is None, f"{one}: refused, and committed {changes}"
            self._replay(space, one, seq, changes, alone=len(asked) == 1)
            moments.append(space.snapshot())
        for one in left.values():
            self._judge(one, moments)
        await self.check(space)

    def _replay(
        self, space: Space, one: Asked, seq: int, changes: Sequence[LoggedChange], *, alone: bool
    ) -> None:
        draft, statuses = self._foreseen(
            space, one, Given(changes), changes[0].at, space.role(one.actor)
        )
        if not alone:
            # Of two who do the same at the same moment, the second writes what is so already.
            draft.repeat(changes)
        assert not statuses, f"{one.command} was done at seq {seq}, and must give {statuses}"
        assert changes[0].actor_id == one.actor
        space.commit(draft, seq)
        wanted = one.command.answer(space, one.outcome.answer, draft)
        got = one.outcome.answer
        assert got == wanted, f"{one.command} answered {got}, it must be {wanted}"

    def _judge(self, one: Asked, moments: Sequence[Space]) -> None:
        """What was refused, or changed nothing, must have been so at some moment."""
        expected: list[Any] = []
        # The guard may have asked at an earlier moment than the service.
        for claimed, moment in combinations_with_replacement(moments, 2):
            role = claimed.role(one.actor)
            draft, statuses = self._foreseen(moment, one, Given(), "?", role)
            expected.append(statuses or ("a commit" if draft.steps else "no change"))
            # Who has lost the role may be told that first, or that there is no such workspace.
            real = LEVELS.get(moment.role(one.actor) or "", 0)
            lost = [403, 404][: 2 if real == 0 else real < LEVELS[draft.needed]]
            # What has just been removed is also no longer at the version that was named.
            lost += [412] if 404 in statuses and one.command.conditional else []
            if one.outcome.error is not None and one.outcome.error.status in statuses + lost:
                return
            same = one.outcome.error is None and not statuses and not draft.steps
            if same and one.command.answer(moment, one.outcome.answer, draft) == one.outcome.answer:
                return
        raise AssertionError(f"{one.command}: {one.outcome}; expected one of {expected}")

    def _foreseen(
        self, space: Space, one: Asked, given: Given, at: str, role: str | None
    ) -> tuple[Draft, list[int]]:
        claimed = one.stale.role if one.stale else role
        draft = Draft(space, self.people, one.actor, claimed, at)
        try:
            if claimed is None:
                raise Refused(404, "no member")
            if LEVELS[claimed] < LEVELS[one.command.role]:
                raise Refused(403, "the guard")
            one.command.foresee(draft, given)
            draft.finish()
        except Refused as refused:
            draft.refusals.append(refused.status)
        return draft, draft.refusals

    # --- what must always hold ---------------------------------------------------------------

    async def check(self, space: Space) -> None:
        """Model, state tables and a client that follows the changes say the same of a workspace."""
        assert faults(space.things, self.people) == []
        wanted = {(kind, x): space.view(kind, x) for kind in KINDS for x in space.things[kind]}
        state = await self.system.state(space.id)
        # A relation is never changed, and its table does not say when it was.
        found = {
            key: {"id": key[1], "updated_at": self.stamp(space, key), **_shown(fields)}
            for key, fields in state.items()
        }
        assert found == wanted, f"state tables and model: {differences(found, wanted)}"
        assert (await self.system.streams())[space.id] == space.seq
        client = self.clients[space.id]
        await client.follow(self.system.services.log)
        assert client.state == wanted, f"client and model: {differences(client.state, wanted)}"

    @staticmethod
    def stamp(space: Space, key: tuple[str, str]) -> str | None:
        """When a thing was last changed."""
        return space.stamps.get(key, (0, None))[1]

    async def check_lookups(self) -> None:
        """What is looked up across streams is what the streams say."""
        members = {(u, s.id) for s in self.spaces.values() for u in s.things["member"]}
        assert await self.system.lookups() == members
        owned = {p["email"].lower(): u for u, p in self.people.items()}
        assert await self.system.emails() == owned

    async def verify(self) -> None:
        """Every stream's folded log is its state tables."""
        for stream_id in await self.system.streams():
            assert await verify_stream(self.system.store, stream_id) == []


def differences(found: Any, wanted: Any) -> list[str]:
    """Where two states differ."""
    texts = []
    for key in {**found, **wanted}:
        got, must = found.get(key), wanted.get(key)
        if got is None or must is None or got.keys() != must.keys():
            texts.append(f"{key}: {got} and {must}")
        else:
            names = {**got, **must}
            texts += [
                f"{key}: {name} {got.get(name)!r} and {must.get(name)!r}"
                for name in names
                if got.get(name) != must.get(name)
            ]
    return texts


def _shown(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name != "name_key"}


def _commits(changes: Sequence[LoggedChange]) -> Iterator[tuple[int, list[LoggedChange]]]:
    for seq, group in groupby(changes, lambda change: change.seq):
        yield seq, list(group)
