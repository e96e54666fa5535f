"""What the tests of workspaces and tasks share: looking at answers, and at what is stored."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import Any

import asyncpg
import httpx
from sqlalchemy import select
from tests.services.api import Api, Person

from tidework.composition import make_store
from tidework.settings import Settings
from tidework.store.protocol import Store
from tidework.store.sql.queries import STREAM_IDS
from tidework.store.sql.schema import (
    comments,
    labels,
    members,
    projects,
    relations,
    tasks,
    user_workspaces,
)
from tidework.store.sql.statement import Statement
from tidework.store.verify import verify_stream

NOBODY = "01a2011d-c4e9-75ab-a676-e53516a7f244"
"""An id that nothing has."""

_EVERYTHING = "a test looks at every workspace"


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a failed answer."""
    assert answer.status_code >= 400, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


def pointer(answer: httpx.Response) -> str:
    """Where the one wrong value of a 422 stands."""
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    found: str = error["pointer"]
    return found


async def items(person: Person, path: str) -> list[Any]:
    """The items of a list."""
    answer = await person.get(path)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["items"]
    return found


async def titles(person: Person, query: str = "") -> list[str]:
    """The titles of the tasks that a list shows, in its order."""
    return [task["title"] for task in await items(person, f"~/tasks?{query}")]


async def seq_of(person: Person) -> int:
    """The present seq of a person's workspace: it moves with everything that is written."""
    answer = await person.get("~/tasks?limit=1")
    assert answer.status_code == 200, answer.text
    return int(answer.headers["etag"].removeprefix('W/"s').removesuffix('"'))


async def batch(person: Person, *operations: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of a batch that succeeds."""
    answer = await person.post("~/tasks/batch", {"operations": list(operations)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def make(person: Person, *titles_: str, **fields: Any) -> list[dict[str, Any]]:
    """New tasks of these titles, in one commit."""
    made = [{"op": "create", "data": {"title": title, **fields}} for title in titles_]
    return [result["task"] for result in await batch(person, *made)]


async def logged(person: Person, since: int = 0) -> list[dict[str, Any]]:
    """The changes of the workspace after a seq."""
    found: list[dict[str, Any]] = []
    more = True
    while more:
        page = (await person.get(f"~/changes?since={since}&limit=1000")).json()
        found += page["changes"]
        since, more = page["seq"], page["more"]
    return found


async def open_store(settings: Settings) -> Store:
    """A second store beside the application's, as another copy would have."""
    store = make_store(settings)
    await store.start()
    return store


async def execute(api: Api, statement: str) -> None:
    """Change what is stored, behind the application's back."""
    if api.settings.database_path is None:
        connection = await asyncpg.connect(api.settings.database_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
    else:
        with closing(sqlite3.connect(api.settings.database_path, timeout=30)) as file, file:
            file.execute(statement)


def _all(name: str, *columns: Any) -> Statement:
    return Statement(name, select(*columns), fan_out=_EVERYTHING)


_REFERENCES = _all(
    "all_tasks",
    tasks.c.stream_id,
    tasks.c.id,
    tasks.c.parent_id,
    tasks.c.project_id,
    tasks.c.assignee_id,
    tasks.c.label_ids,
)
_RELATIONS = _all(
    "all_relations",
    relations.c.stream_id,
    relations.c.kind,
    relations.c.task_id,
    relations.c.other_id,
)
_KNOWN = {
    "project": _all("all_projects", projects.c.stream_id, projects.c.id),
    "label": _all("all_labels", labels.c.stream_id, labels.c.id),
    "member": _all("all_members", members.c.stream_id, members.c.id),
}
_COMMENTS = _all("all_comments", comments.c.stream_id, comments.c.task_id)
_LOOKUPS = _all("all_lookups", user_workspaces.c.workspace_id, user_workspaces.c.user_id)


async def contradictions(store: Store) -> list[str]:
    """What is wrong with all that is stored; nothing is how it should be.

    The log folds to the state, whatever is referred to is there, nothing is its own ancestor or
    blocks itself, and the look-up of one's workspaces names the members.
    """
    wrong: list[str] = []
    streams = await store.fetch(
        STREAM_IDS, {"after": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "limit": 10_000}
    )
    for stream_id, kind, _ in streams:
        if kind == "workspace":
            wrong += await verify_stream(store, stream_id)
    known = {
        entity: {tuple(row) for row in await store.fetch(statement, {})}
        for entity, statement in _KNOWN.items()
    }
    rows = await store.fetch(_REFERENCES, {})
    known["task"] = {(row[0], row[1]) for row in rows}
    wanted = []
    for stream, _, parent, project, assignee, label_ids in rows:
        wanted += [("task", stream, parent), ("project", stream, project)]
        wanted += [("member", stream, assignee), *(("label", stream, one) for one in label_ids)]
    links = await store.fetch(_RELATIONS, {})
    for stream, _, task, other in links:
        wanted += [("task", stream, task), ("task", stream, other)]
    wanted += [("task", stream, task) for stream, task in await store.fetch(_COMMENTS, {})]
    wrong += [
        f"there is no {entity} {entity_id}"
        for entity, stream, entity_id in wanted
        if entity_id is not None and (stream, entity_id) not in known[entity]
    ]
    if circular([(row[1], row[2]) for row in rows if row[2]]):
        wrong.append("a task is its own ancestor")
    if circular([(task, other) for _, kind, task, other in links if kind == "blocks"]):
        wrong.append("a task blocks itself")
    lookups = {tuple(row) for row in await store.fetch(_LOOKUPS, {})}
    wrong += [f"look-up and members differ: {row}" for row in lookups ^ known["member"]]
    return wrong


def circular(edges: list[tuple[str, str]]) -> bool:
    """Whether a directed graph has a cycle (Kahn's algorithm)."""
    after = defaultdict(list)
    entering: dict[str, int] = defaultdict(int)
    for start, end in edges:
        after[start].append(end)
        entering[end] += 1
    nodes = set(after) | set(entering)
    free = [node for node in nodes if not entering[node]]
    done = 0
    while free:
        done += 1
        for node in after[free.pop()]:
            entering[node] -= 1
            if not entering[node]:
                free.append(node)
    return done < len(nodes)


async def workspace_of(api: Api, *roles: str) -> list[Person]:
    """A new workspace's owner, and a member of each role."""
    owner = await api.person()
    return [owner, *await api.team(owner, *roles)]
