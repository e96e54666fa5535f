"""Commands on tasks, against the services and against the model."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from tests.modules.whole.commands import Command
from tests.modules.whole.model import Draft, Fields, Given, Refused, Space

from tidework.composition import Services
from tidework.http.context import Membership, RequestContext
from tidework.tasks.schemas import Batch, TaskCreate, TaskPatch

_DEFAULTS: Fields = {
    "title": "",
    "description": "",
    "status": "pending",
    "priority": "medium",
    "due_at": None,
    "project_id": None,
    "parent_id": None,
    "assignee_id": None,
    "label_ids": [],
    "recurrence": None,
    "previous_id": None,
}
_REFERENCES = {"project_id": "project", "parent_id": "task", "assignee_id": "member"}
_EMPTY = {"description": "", "label_ids": []}


def moment(text: str) -> str:
    """A time as it is kept."""
    utc = datetime.fromisoformat(text).astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def cleaned(draft: Draft, data: Fields) -> Fields:
    """What a request sets, as it is kept; without the position."""
    values: Fields = {}
    for name, value in data.items():
        if name == "position":
            continue
        if value is None:
            values[name] = _EMPTY.get(name)
        elif name == "title":
            values[name] = value.strip()
            if not 1 <= len(value.strip()) <= 200:
                draft.refuse(422)
        elif name == "label_ids":
            values[name] = list(dict.fromkeys(value))
            if any(label not in draft.things["label"] for label in value):
                draft.refuse(422)
        elif name == "due_at":
            values[name] = moment(value)
        else:
            values[name] = value
            target = _REFERENCES.get(name)
            if target is not None and value not in draft.things[target]:
                draft.refuse(422)
    return values


def placed(draft: Draft, task_id: str | None, asked: Any, given: Given, moved: str) -> str:
    """The position that a task gets, where somebody asked for one."""
    if isinstance(asked, str):
        given.take_position(moved, asked)
        return asked
    tasks = draft.things["task"]
    others = {x: t["position"] for x, t in tasks.items() if x != task_id}
    if any(asked.get(name) is not None and asked[name] not in others for name in asked):
        raise Refused(422, "no such neighbour")
    low = others[asked["after"]] if asked.get("after") else None
    high = others[asked["before"]] if asked.get("before") else None
    if low is not None and high is not None and low >= high:
        raise Refused(422, "no such gap")
    # Whoever names one neighbour gets the place right beside it.
    if "before" not in asked:
        high = min((p for p in others.values() if p > (low or "")), default=None)
    elif "after" not in asked:
        low = max((p for p in others.values() if high is None or p < high), default=None)
    chosen = given.position(moved)
    if chosen == "?" and task_id is not None:
        # What stands there already may stay.
        present = tasks[task_id]["position"]
        fits = (low is None or low < present) and (high is None or present < high)
        return present if fits else chosen
    if chosen != "?":
        assert low is None or low < chosen, f"{asked}: {chosen} is not behind {low}"
        assert high is None or chosen < high, f"{asked}: {chosen} is not before {high}"
    return chosen


def make(draft: Draft, data: Fields, given: Given, own: str | None = None) -> str:
    """A new task; its id."""
    # An id is given once, also when its task has gone again meanwhile.
    if own in draft.space.things["task"] or any(step.id == own for step in draft.steps):
        draft.refuse(409)
    values = {**_DEFAULTS, **cleaned(draft, data)}
    made, _ = given.made("task")
    made = own or made
    draft.last_number += 1
    if data.get("position") is None:
        position = given.position(made)
        if position != "?":
            last = max((t["position"] for t in draft.things["task"].values()), default="")
            assert position > last, f"a new task at {position} is not behind {last}"
    else:
        position = placed(draft, None, data["position"], given, made)
    done = draft.at if values["status"] == "completed" else None
    times = {"created_by": draft.actor, "created_at": draft.at, "completed_at": done}
    draft.make("task", made, {"number": draft.last_number, **values, "position": position, **times})
    return made


def patch(draft: Draft, task_id: str, data: Fields, given: Given, if_match: str | None) -> None:
    """Change what is named."""
    task = draft.find("task", task_id)
    draft.match("task", task_id, if_match)
    values = cleaned(draft, data)
    above, seen = values.get("parent_id"), {task_id}
    while above is not None and above in draft.things["task"]:
        if above in seen:
            raise Refused(422, "its own ancestor")
        seen.add(above)
        above = draft.things["task"][above]["parent_id"]
    if "position" in data:
        values["position"] = placed(draft, task_id, data["position"], given, task_id)
    if "status" in values and values["status"] != task["status"]:
        values["completed_at"] = draft.at if values["status"] == "completed" else None
    draft.put("task", task_id, **values)


@dataclass(frozen=True)
class MakeTask(Command):
    data: Fields

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        data = msgspec.convert(self.data, TaskCreate)
        return msgspec.to_builtins(await services.tasks.create(member, data, context))

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        make(draft, self.data, given)

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        return space.task(got["id"])


@dataclass(frozen=True)
class PatchTask(Command):
    """With `number` the task is named by its number."""

    id: str
    data: Fields
    if_match: str | None
    number: int | None = None

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        data = msgspec.convert(self.data, TaskPatch)
        key = self.id if self.number is None else str(self.number)
        return msgspec.to_builtins(await services.tasks.update(member, key, data, context))

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        patch(draft, self.id, self.data, given, self.if_match)

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        return space.task(self.id)


@dataclass(frozen=True)
class DeleteTask(Command):
    id: str
    if_match: str | None

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        await services.tasks.delete(member, self.id, context)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        draft.find("task", self.id)
        draft.match("task", self.id, self.if_match)
        draft.drop_task(self.id)


@dataclass(frozen=True)
class BatchTasks(Command):
    operations: list[Fields]

    @property
    def conditional(self) -> bool:
        return any(operation.get("if_match") is not None for operation in self.operations)

    async def run(self, services: Services, member: Membership, context: RequestContext) -> Any:
        data = msgspec.convert({"operations": self.operations}, Batch)
        done = await services.tasks.batch(member, data.operations, context)
        return msgspec.to_builtins(done)

    def foresee(self, draft: Draft, given: Given) -> None:
        draft.need("editor")
        for operation in self.operations:
            version = operation.get("if_match")
            header = None if version is None else f'"{version}"'
            task_id = operation.get("id")
            if operation["op"] == "create":
                task_id = make(draft, operation["data"], given, task_id)
            elif operation["op"] == "update":
                patch(draft, task_id, operation["data"], given, header)
            else:
                draft.find("task", task_id)
                draft.match("task", task_id, header)
                draft.drop_task(task_id)
            draft.note(task_id)

    def answer(self, space: Space, got: Any, draft: Draft) -> Any:
        """Every task is shown as it was right after the operation."""
        statuses = {"create": 201, "update": 200, "delete": 204}
        results = []
        for operation, (task_id, task) in zip(self.operations, draft.notes, strict=True):
            op = operation["op"]
            shown = {"op": op, "id": task_id, "status": statuses[op]}
            results.append(shown if task is None else {**shown, "task": task})
        return {"results": results, "seq": space.seq}
