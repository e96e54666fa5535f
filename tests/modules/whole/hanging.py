"""Commands on what hangs on tasks: comments and relations."""

from dataclasses import dataclass
from typing import Any

import msgspec
from tests.modules.whole.commands import Command
from tests.modules.whole.model import Draft, Given, Refused, Space, blocking, reachable

from tidework.composition import Services
from tidework.http.context import Membership, RequestContext

_REVERSED = {"blocked_by": "blocks", "duplicated_by": "duplicates"}


@dataclass(frozen=True)
class Say(Command):
    task_id: str
    body: str
    role = "commenter"

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        await services.tasks.get(member.workspace_id, self.task_id)
        done = await services.comments.create(member, self.task_id, self.body, context)
        return msgspec.to_builtins(done)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("commenter")
        draft.find("task", self.task_id)
        if not self.body.strip():
            draft.refuse(422)
        made, at = given.made("comment")
        said = {"task_id": self.task_id, "author_id": draft.actor, "body": self.body}
        draft.make("comment", made, {**said, "created_at": at})

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        return space.view("comment", got["id"])


@dataclass(frozen=True)
class Reword(Command):
    comment_id: str
    body: str
    if_match: str | None
    role = "commenter"

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        done = await services.comments.update(member, self.comment_id, self.body, context)
        return msgspec.to_builtins(done)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("commenter")
        if draft.find("comment", self.comment_id)["author_id"] != draft.actor:
            raise Refused(403, "not the author")
        draft.match("comment", self.comment_id, self.if_match)
        if not self.body.strip():
            draft.refuse(422)
        draft.put("comment", self.comment_id, body=self.body)

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        return space.view("comment", self.comment_id)


@dataclass(frozen=True)
class Unsay(Command):
    comment_id: str
    if_match: str | None
    role = "commenter"

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        await services.comments.delete(member, self.comment_id, context)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("commenter")
        if draft.find("comment", self.comment_id)["author_id"] != draft.actor:
            draft.need("owner")
        draft.match("comment", self.comment_id, self.if_match)
        draft.drop("comment", self.comment_id)


def _stored(kind: str, task: str, other: str) -> dict[str, str]:
    if kind in _REVERSED or (kind == "relates_to" and other < task):
        kind, task, other = _REVERSED.get(kind, kind), other, task
    return {"kind": kind, "task_id": task, "other_id": other}


def _relation(draft: Draft, wanted: dict[str, str]) -> str | None:
    for thing_id, fields in draft.things["relation"].items():
        if wanted.items() <= fields.items():
            return thing_id
    return None


@dataclass(frozen=True)
class Relate(Command):
    task_id: str
    kind: Any
    other_id: str

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        await services.tasks.get(member.workspace_id, self.task_id)
        relations = services.relations
        done = await relations.create(member, self.task_id, self.kind, self.other_id, context)
        return msgspec.to_builtins(done)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        draft.find("task", self.task_id)
        wanted = _stored(self.kind, self.task_id, self.other_id)
        if self.other_id == self.task_id or self.other_id not in draft.things["task"]:
            raise Refused(422, "no other task")
        if _relation(draft, wanted):
            draft.refuse(409)
        ahead = reachable(blocking(draft.things), wanted["other_id"])
        if wanted["kind"] == "blocks" and wanted["task_id"] in ahead:
            draft.refuse(422)
        made, at = given.made("relation")
        draft.make("relation", made, {**wanted, "created_at": at})

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        return {**got, "kind": self.kind, "task_id": self.other_id}


@dataclass(frozen=True)
class Unrelate(Command):
    task_id: str
    kind: str
    other_id: str

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        await services.tasks.get(member.workspace_id, self.task_id)
        await services.relations.delete(member, self.task_id, self.kind, self.other_id, context)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        draft.find("task", self.task_id)
        found = _relation(draft, _stored(self.kind, self.task_id, self.other_id))
        if found is None:
            raise Refused(404, "not related")
        draft.drop("relation", found)
