"""A workspace on a real store, and people from memory, for imports and exports."""

import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select

from tidework.ids import new_id
from tidework.log import Change, Commit, Expect, LoggedChange, Operation, fold
from tidework.store.protocol import Contended, Store
from tidework.store.sql.schema import ENTITIES
from tidework.store.sql.statement import Statement
from tidework.times import now

REPOSITORY = Path(__file__).parents[3]
SHARED = REPOSITORY.parent / "shared" / "data"


@dataclass
class Account:
    """What an export says about somebody."""

    name: str
    email: str | None


class MemoryPeople:
    """Accounts by name; the same name or e-mail is the same account."""

    def __init__(self, store: Store, workspace_id: str | None = None) -> None:
        self.store = store
        self.workspace_id = workspace_id
        self.owner = ""
        self.by_name: dict[str, str] = {}
        self.by_email: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}

    def add(self, name: str, email: str | None) -> str:
        user_id = new_id()
        self.accounts[user_id] = Account(name, email)
        if email:
            self.by_email[email.lower()] = user_id
        return user_id

    async def resolve(self, name: str, display: str | None, email: str | None) -> str:
        known = self.by_email.get(email.lower()) if email else self.by_name.get(name)
        if known is None:
            known = self.add(display or name, email)
            if not email:
                self.by_name[name] = known
        return known

    async def ensure_members(self, user_ids: Sequence[str]) -> None:
        assert self.workspace_id is not None
        for user_id in user_ids:
            at = now()
            change = Change("member", user_id, "create", {"role": "editor", "created_at": at})
            commit = Commit(
                stream_id=self.workspace_id,
                actor_id=None,
                at=at,
                changes=[change],
                expects=[Expect("member", user_id, absent=True)],
            )
            try:
                await self.store.append(commit)
            except Contended:
                continue

    async def describe(self, user_ids: Sequence[str]) -> Mapping[str, Account]:
        return {i: self.accounts[i] for i in user_ids if i in self.accounts}


async def make_workspace(store: Store, owner: str, name: str = "Team") -> str:
    """A workspace with one member, as the workspaces module makes it."""
    workspace_id, at = new_id(), now()
    fields = {
        "name": name, "personal": False, "created_by": owner, "created_at": at, "deleted_at": None,
    }  # fmt: skip
    await store.append(
        Commit(
            stream_id=workspace_id,
            actor_id=owner,
            at=at,
            creates="workspace",
            changes=[
                Change("workspace", workspace_id, "create", fields),
                Change("member", owner, "create", {"role": "owner", "created_at": at}),
            ],
            operations=[
                Operation(
                    "user_workspaces", "upsert", {"user_id": owner, "workspace_id": workspace_id}
                )
            ],
        )
    )
    return workspace_id


async def whole_log(store: Store, stream_id: str) -> list[LoggedChange]:
    """Every change of a stream."""
    changes: list[LoggedChange] = []
    while page := await store.log(stream_id, since=changes[-1].seq if changes else 0):
        changes += page
    return changes


async def state_of(store: Store, stream_id: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The entities of a stream by kind and id, as its log leads to them."""
    state: dict[str, dict[str, dict[str, Any]]] = {}
    for (entity, id_), found in fold(await whole_log(store, stream_id)).items():
        derived = {"version": found.version, "updated_at": found.updated_at}
        columns = ENTITIES[entity].columns
        state.setdefault(entity, {})[id_] = found.fields | {
            name: value for name, value in derived.items() if name in columns
        }
    return state


def read_shared(name: str) -> list[dict[str, Any]]:
    """The records of a shared ndjson file."""
    with lzma.open(SHARED / name) as file:
        return [json.loads(line) for line in file]


def write_ndjson(path: Path, issues: Sequence[Mapping[str, Any]]) -> Path:
    """A file with an issue a line."""
    path.write_text("".join(json.dumps(issue) + "\n" for issue in issues), encoding="utf-8")
    return path


def issue(key: str, **more: Any) -> dict[str, Any]:
    """A small issue: `histories`, `comments` and fields by name."""
    histories, comments = more.pop("histories", []), more.pop("comments", [])
    fields = {
        "summary": f"Summary of {key}",
        "description": "Text",
        "created": "2012-03-01T10:00:00.000+0000",
        "updated": "2012-03-09T10:00:00.000+0000",
        "status": {"name": "Open"},
        "priority": {"name": "Major"},
        "issuetype": {"name": "Bug"},
        "project": {"key": key.partition("-")[0], "name": "Project"},
        "reporter": {"name": "rita"},
        "creator": {"name": "rita"},
        **more,
    }
    changelog = {
        "histories": [
            {
                "id": str(i),
                "author": {"name": author},
                "created": at,
                "items": [
                    {"field": f, "from": a, "fromString": b, "to": c, "toString": d}
                    for f, a, b, c, d in items
                ],
            }
            for i, (at, author, items) in enumerate(histories, 100)
        ]
    }
    return {
        "key": key,
        "id": key.partition("-")[2],
        "fields": fields,
        "changelog": changelog,
        "comments": [
            {"id": str(i), "author": {"name": who}, "created": at, "body": body}
            for i, (at, who, body) in enumerate(comments, 500)
        ],
    }


def _everything(entity: str) -> Statement:
    table = ENTITIES[entity]
    return Statement(
        f"test_{entity}", select(table).where(table.c.stream_id == bindparam("stream_id"))
    )


_EVERYTHING = {entity: _everything(entity) for entity in ENTITIES}


async def tables_of(store: Store, stream_id: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The entities of a stream by kind and id, as the state tables have them."""
    state: dict[str, dict[str, dict[str, Any]]] = {}
    for entity, statement in _EVERYTHING.items():
        names = [column.name for column in ENTITIES[entity].columns]
        for row in await store.fetch(statement, {"stream_id": stream_id}):
            values = dict(zip(names, row, strict=True))
            del values["stream_id"]
            state.setdefault(entity, {})[values.pop("id")] = values
    return state


async def assert_log_is_state(store: Store, stream_id: str) -> None:
    """What the log folds to is what the state tables hold."""
    assert await state_of(store, stream_id) == await tables_of(store, stream_id)


class View:
    """A workspace's tasks as people see them: names instead of ids, tasks by title."""

    def __init__(self, state: dict[str, dict[str, dict[str, Any]]], people: MemoryPeople) -> None:
        self.state = state
        self._names = {id_: account.name for id_, account in people.accounts.items()}

    @classmethod
    async def of(cls, store: Store, people: MemoryPeople) -> "View":
        assert people.workspace_id is not None
        return cls(await state_of(store, people.workspace_id), people)

    def task(self, title: str) -> dict[str, Any]:
        """The one task of this title."""
        (found,) = [id_ for id_, t in self.state["task"].items() if t["title"] == title]
        return self.by_id(found)

    def by_id(self, task_id: str) -> dict[str, Any]:
        """A task with names instead of ids."""
        task = dict(self.state["task"][task_id])
        task["id"] = task_id
        task["labels"] = sorted(self.state["label"][i]["name"] for i in task.pop("label_ids"))
        project = task.pop("project_id")
        task["project"] = project and self.state["project"][project]["name"]
        parent = task.pop("parent_id")
        task["parent"] = parent and self.state["task"][parent]["title"]
        task["assignee"] = self._name(task.pop("assignee_id"))
        task["created_by"] = self._name(task["created_by"])
        return task

    def comments(self, title: str) -> list[tuple[str, str | None, str]]:
        """Time, author and text of a task's comments."""
        task_id = self.task(title)["id"]
        return sorted(
            (c["created_at"], self._name(c["author_id"]), c["body"])
            for c in self.state.get("comment", {}).values()
            if c["task_id"] == task_id
        )

    def relations(self) -> list[tuple[str, str, str]]:
        """Task, kind and other task, by title; symmetric ones in the order of titles."""
        found = []
        for relation in self.state.get("relation", {}).values():
            one, other = (
                self.state["task"][relation[side]]["title"] for side in ("task_id", "other_id")
            )
            if relation["kind"] == "relates_to":
                one, other = sorted((one, other))
            found.append((one, relation["kind"], other))
        return sorted(found)

    def whole(self) -> Any:
        """Everything, without what may differ from run to run."""
        volatile = ("id", "version", "position")
        tasks = [self.by_id(id_) for id_ in self.state["task"]]
        shown = [{k: v for k, v in task.items() if k not in volatile} for task in tasks]
        comments = [
            (self.state["task"][c["task_id"]]["title"], c["created_at"], c["body"],
             self._name(c["author_id"]))
            for c in self.state.get("comment", {}).values()
        ]  # fmt: skip
        return sorted(shown, key=lambda task: task["number"]), sorted(comments), self.relations()

    def _name(self, user_id: str | None) -> str | None:
        return None if user_id is None else self._names[user_id]
