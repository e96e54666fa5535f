"""Commands on workspaces, members, projects and labels; and undo.

Each says twice what it does: `run` asks the services for it, `foresee` does it to the model.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from tests.modules.whole.model import Draft, Given, Refused, Space, Step

from tidework.composition import Services
from tidework.http.context import Membership, RequestContext


@dataclass(frozen=True)
class Command:
    """`role` is what its route asks of the caller; `if_match` goes into the request."""

    role: ClassVar[str] = "editor"

    @property
    def conditional(self) -> bool:
        """Whether it asks for a version."""
        return getattr(self, "if_match", None) is not None

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        """Ask for it; the answer as plain data."""
        raise NotImplementedError

    def foresee(self, draft: Draft, given: Given) -> None:
        """Do it to the model."""
        raise NotImplementedError

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        """What the answer must have been; `got` where the model has no say in it."""
        return got


def name_fault(draft: Draft, kind: str, name: str, but: str | None = None) -> None:
    """Refuse a name that is empty, too long or taken."""
    if not 1 <= len(name.strip()) <= 100:
        draft.refuse(422)
    for thing_id, fields in draft.things[kind].items():
        if thing_id != but and fields["name"].casefold() == name.strip().casefold():
            draft.refuse(409)


@dataclass(frozen=True)
class Rename(Command):
    name: str
    if_match: str | None
    role = "owner"

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        return msgspec.to_builtins(await services.workspaces.rename(member, self.name, context))

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("owner")
        own = draft.space.id
        draft.match("workspace", own, self.if_match)
        if not 1 <= len(self.name.strip()) <= 100:
            raise Refused(422, "name")
        draft.put("workspace", own, name=self.name.strip())

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        view = space.view("workspace", space.id)
        del view["created_by"], view["deleted_at"]
        return {**view, "role": got["role"]}


@dataclass(frozen=True)
class DeleteWorkspace(Command):
    if_match: str | None
    role = "owner"

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        await services.workspaces.delete(member, context)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("owner")
        own = draft.space.id
        draft.match("workspace", own, self.if_match)
        if draft.space.own["personal"]:
            draft.refuse(409)
        for user_id in list(draft.things["member"]):
            draft.drop("member", user_id)
        draft.put("workspace", own, deleted_at=given.field("workspace", own, "deleted_at") or "?")


@dataclass(frozen=True)
class AddMember(Command):
    email: str
    new_role: Any
    role = "owner"

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        done = await services.workspaces.add(member, self.email, self.new_role, context)
        return msgspec.to_builtins(done)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("owner")
        if draft.space.own["personal"]:
            raise Refused(409, "personal")
        if "@" not in self.email:
            raise Refused(422, "no address")
        made, at = given.made("member")
        known = {p["email"].casefold(): (u, p) for u, p in draft.people.items()}
        user_id, person = known.get(self.email.casefold(), (made, None))
        if person is not None and not person["is_active"] and not person["placeholder"]:
            draft.refuse(409)
        if user_id in draft.things["member"]:
            raise Refused(409, "a member already")
        draft.make("member", user_id, {"role": self.new_role, "created_at": at})


@dataclass(frozen=True)
class ChangeRole(Command):
    user_id: str
    new_role: Any
    if_match: str | None
    role = "owner"

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        workspaces = services.workspaces
        done = await workspaces.change_role(member, self.user_id, self.new_role, context)
        return msgspec.to_builtins(done)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("owner")
        present = draft.find("member", self.user_id)["role"]
        draft.match("member", self.user_id, self.if_match)
        if present == "owner" != self.new_role and not draft.other_owners(self.user_id):
            draft.refuse(409)
        draft.put("member", self.user_id, role=self.new_role)

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        view = space.view("member", self.user_id)
        return {**got, "user_id": view.pop("id"), **view}


@dataclass(frozen=True)
class RemoveMember(Command):
    user_id: str
    if_match: str | None
    role = "viewer"

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        await services.workspaces.remove(member, self.user_id, context)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("viewer" if self.user_id == draft.actor else "owner")
        present = draft.find("member", self.user_id)["role"]
        draft.match("member", self.user_id, self.if_match)
        if draft.space.own["personal"]:
            draft.refuse(409)
        if present == "owner" and not draft.other_owners(self.user_id):
            draft.refuse(409)
        draft.drop_member(self.user_id)


_DEFAULTS = {
    "project": {"description": "", "color": None, "archived": False},
    "label": {"color": None},
}


def _items(services: Services, kind: str) -> Any:
    return services.projects if kind == "project" else services.labels


def _row(kind: str, row: Any) -> Any:
    names = ["id", "name", *_DEFAULTS[kind], "created_at", "updated_at", "version"]
    return dict(zip(names, row, strict=True))


@dataclass(frozen=True)
class MakeItem(Command):
    kind: str
    values: dict[str, Any]

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        values = {**_DEFAULTS[self.kind], **self.values}
        return _row(self.kind, await _items(services, self.kind).create(member, values, context))

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        name_fault(draft, self.kind, self.values["name"])
        made, at = given.made(self.kind)
        fields = {**_DEFAULTS[self.kind], **self.values, "created_at": at}
        draft.make(self.kind, made, {**fields, "name": self.values["name"].strip()})

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        return space.view(self.kind, got["id"])


@dataclass(frozen=True)
class ChangeItem(Command):
    kind: str
    id: str
    values: dict[str, Any]
    if_match: str | None

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        values = {n: v for n, v in self.values.items() if n in ("name", *_DEFAULTS[self.kind])}
        done = await _items(services, self.kind).update(member, self.id, values, context)
        return _row(self.kind, done)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        draft.find(self.kind, self.id)
        draft.match(self.kind, self.id, self.if_match)
        values = {n: v for n, v in self.values.items() if n in ("name", *_DEFAULTS[self.kind])}
        if "name" in values:
            name_fault(draft, self.kind, values["name"], self.id)
            values["name"] = values["name"].strip()
        draft.put(self.kind, self.id, **values)

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        return space.view(self.kind, self.id)


@dataclass(frozen=True)
class RemoveItem(Command):
    kind: str
    id: str
    if_match: str | None

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        await _items(services, self.kind).delete(member, self.id, context)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        draft.find(self.kind, self.id)
        draft.match(self.kind, self.id, self.if_match)
        for task_id, task in draft.things["task"].items():
            if self.kind == "project" and task["project_id"] == self.id:
                draft.put("task", task_id, project_id=None)
            elif self.kind == "label" and self.id in task["label_ids"]:
                kept = [label for label in task["label_ids"] if label != self.id]
                draft.put("task", task_id, label_ids=kept)
        draft.drop(self.kind, self.id)


@dataclass(frozen=True)
class Undo(Command):
    seq: int

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        return msgspec.to_builtins(await services.log.undo(member, self.seq, context))

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        steps = draft.space.commits.get(self.seq)
        if steps is None:
            raise Refused(404, "no such commit")
        kinds = {step.kind for step in steps}
        roles = [d["role"] for s in steps if s.kind == "member" for d in (s.before, s.after) if d]
        made = any(s.kind == "workspace" and None in (s.before, s.after) for s in steps)
        if made or "owner" in roles:
            # Which of several reasons is named is not promised.
            draft.refuse(409)
        if kinds & {"member", "workspace"}:
            draft.need("owner")
        self._check_comments(draft, steps)
        draft.undo(steps)

    def _check_comments(self, draft: Draft, steps: list[Step]) -> None:
        """What was done to a comment is taken back by its author or by an owner."""
        with_task = {s.id for s in steps if s.kind == "task" and None in (s.before, s.after)}
        for step in steps:
            if step.kind == "comment":
                whole = {**(step.before or {}), **(step.after or {})}
                there = draft.things["comment"].get(step.id, {})
                author = whole.get("author_id", there.get("author_id"))
                if author != draft.actor and whole.get("task_id") not in with_task:
                    draft.need("owner")

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        return {"seq": space.seq, "undone": self.seq}
