"""A workspace on a real store, and people from memory, for imports and exports."""

import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidework.ids import new_id
from tidework.log import Change, Commit, Expect, LoggedChange, Operation, fold
from tidework.store.protocol import Contended, Store
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
        self.by_name: dict[str, str] = {}
        self.by_email: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}

    def add(self, name: str, email: str | None) -> str:
        user_id = new_id()
        self.accounts[user_id] = Account(name, email)
        if email:
            self.by_email[email.lower()] = user_id
        else:
            self.by_name[name] = user_id
        return user_id

    async def resolve(self, name: str, display: str | None, email: str | None) -> str:
        known = self.by_email.get(email.lower()) if email else self.by_name.get(name)
        return (
            known or self.add(display or name, email)
            if email
            else known or self._placeholder(name, display)
        )

    def _placeholder(self, name: str, display: str | None) -> str:
        user_id = new_id()
        self.accounts[user_id] = Account(display or name, None)
        self.by_name[name] = user_id
        return user_id

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
        state.setdefault(entity, {})[id_] = found.fields | {
            "version": found.version, "updated_at": found.updated_at,
        }  # fmt: skip
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
        "project": {"key": key.split("-")[0], "name": "Project"},
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
        "id": str(abs(hash(key)) % 10**6),
        "fields": fields,
        "changelog": changelog,
        "comments": [
            {"id": str(i), "author": {"name": who}, "created": at, "body": body}
            for i, (at, who, body) in enumerate(comments, 500)
        ],
    }
