"""Many who write at the same moment, and what each of them may rely on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID

import pytest
from tests.modules.tasks.test_log import history
from tests.modules.tasks.world import (
    make,
    open_store,
    seq_of,
    workspace_of,
)
from tests.services.api import Api

from tidework.errors import Invalid, NotFound
from tidework.http.context import Membership, RequestContext
from tidework.log import Commit, Committed
from tidework.store.protocol import Store
from tidework.tasks.schemas import TaskPatch
from tidework.tasks.service import TaskService


async def test_fifty_make_tasks_at_once(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    before = await seq_of(ada)
    people = [ada, eva]
    made = await asyncio.gather(
        *(people[number % 2].made("~/tasks", {"title": str(number)}) for number in range(50))
    )
    assert sorted(task["number"] for task in made) == list(range(1, 51))
    assert sorted(task["version"] for task in made) == list(range(before + 1, before + 51))
    by_number = sorted(made, key=lambda task: task["number"])
    assert by_number == sorted(made, key=lambda task: task["version"])
    assert (await ada.get("~/tasks?total=true")).json()["total"] == 50


async def test_changes_of_one_task_at_once(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    (task,) = await make(ada, "Task")
    path = f"~/tasks/{task['id']}"
    people = [ada, eva]
    values: dict[str, Any] = {
        "title": "New", "description": "Text", "priority": "high", "status": "completed",
        "due_at": "2026-01-01T00:00:00.000000Z", "assignee_id": eva.id, "position": "b",
    }  # fmt: skip
    answers = await asyncio.gather(
        *(
            people[n % 2].patch(path, {name: value})
            for n, (name, value) in enumerate(values.items())
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    left = (await ada.get(path)).json()
    assert {name: left[name] for name in values} == values
    # Of one field the last one stays, and each knew what it replaced.
    answers = await asyncio.gather(
        *(
            people[n % 2].patch(path, {"title": f"T{n}", "status": ["pending", "completed"][n % 2]})
            for n in range(20)
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    for answer in answers:
        shown = answer.json()
        assert (shown["completed_at"] is not None) == (shown["status"] == "completed")
    entries = await history(ada, task["id"])
    title, status, completed = "Task", "pending", None
    for entry in entries[1:]:
        was = {name: one["before"] for name, one in entry["changes"].items()}
        assert was.get("title", title) == title
        assert was.get("status", status) == status
        assert was.get("completed_at", completed) == completed
        now = {name: one["after"] for name, one in entry["changes"].items()}
        title, status = now.get("title", title), now.get("status", status)
        completed = now.get("completed_at", completed)
        assert (completed is not None) == (status == "completed")
    left = (await ada.get(path)).json()
    assert (left["title"], left["status"], left["completed_at"]) == (title, status, completed)
    # With the version in hand, exactly one of many gets through.
    match = {"if-match": f'"{left["version"]}"'}
    answers = await asyncio.gather(
        *(people[n % 2].patch(path, {"description": str(n)}, headers=match) for n in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9


class Overtaken:
    """A store in which somebody else is always a little faster: before the first commit."""

    def __init__(self, store: Store, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, commit: Commit) -> Committed:
        first, self._meanwhile = self._meanwhile, None
        if first is not None:
            await first()
        return await self._store.append(commit)


async def test_what_was_read_may_be_old_when_it_is_written(api: Api) -> None:
    ada = await api.person()
    store = await open_store(api.settings)
    owner = Membership(ada.workspace, ada.id, "owner")
    context = RequestContext("test", "127.0.0.1", "http", 0.0)

    def overtaken(meanwhile: Callable[[], Awaitable[object]]) -> TaskService:
        return TaskService(cast(Store, Overtaken(store, meanwhile)))

    try:
        (task,) = await make(ada, "Task")
        one = task["id"]
        path = f"~/tasks/{one}"
        service = overtaken(lambda: ada.patch(path, {"status": "completed"}))
        done = await service.update(owner, one, TaskPatch(status="in_progress"), context)
        assert (done.status, done.completed_at) == ("in_progress", None)
        # What it was told to be, it is, even if it was so when it was looked at.
        service = overtaken(lambda: ada.patch(path, {"title": "Other"}))
        patch = TaskPatch(title="Task", priority="low")
        both = await service.update(owner, one, patch, context)
        assert (both.title, both.priority) == ("Task", "low")
        # Nothing is left of a task that something was hung on at the last moment.
        service = overtaken(lambda: ada.post(f"{path}/comments", {"body": "B"}))
        await service.delete(owner, one, context)
        (gone,) = await make(ada, "Gone")
        service = overtaken(lambda: ada.delete(f"~/tasks/{gone['id']}"))
        with pytest.raises(NotFound):
            await service.update(owner, gone["id"], TaskPatch(title="x"), context)
        (child, parent) = await make(ada, "Child", "Parent")
        above = {"parent_id": child["id"]}
        service = overtaken(lambda: ada.patch(f"~/tasks/{parent['id']}", above))
        below = TaskPatch(parent_id=UUID(parent["id"]))
        with pytest.raises(Invalid):
            await service.update(owner, child["id"], below, context)
    finally:
        await store.close()
