"""Imports beside others who write: the same import twice, and people at work."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.modules.transfer.conftest import people_with_workspace
from tests.modules.transfer.harness import (
    MemoryPeople,
    View,
    assert_log_is_state,
    issue,
    whole_log,
    write_ndjson,
)
from tests.modules.transfer.many_issues import import_file, many_issues

from tidework.errors import Unavailable
from tidework.log import Change, Commit
from tidework.store.protocol import Store
from tidework.tasks.api import relation_id
from tidework.times import now
from tidework.transfer import (
    export_json,
    import_json,
)


@pytest.mark.usefixtures("small_commits")
async def test_two_imports_of_one_file_at_once(any_store: Store, tmp_path: Path) -> None:
    people = await people_with_workspace(any_store)
    path = write_ndjson(tmp_path / "a.ndjson", many_issues(120))
    reports = await asyncio.gather(*(import_file(any_store, people, path) for _ in range(3)))
    view = await View.of(any_store, people)
    assert len(view.state["task"]) == 120
    assert len(view.state["comment"]) == 120
    assert sum(report.written.get("tasks created", 0) for report in reports) == 120
    assert people.workspace_id is not None
    await assert_log_is_state(any_store, people.workspace_id)
    numbers = sorted(task["number"] for task in view.state["task"].values())
    assert numbers == list(range(1, 121))


@pytest.mark.usefixtures("small_commits")
async def test_people_write_while_an_import_runs(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    path = write_ndjson(tmp_path / "a.ndjson", many_issues(120))
    workspace = people.workspace_id
    assert workspace is not None
    done = asyncio.Event()

    removed = 0

    async def remove_labels() -> None:
        nonlocal removed
        while not done.is_set():
            labels = (await View.of(store, people)).state.get("label", {})
            if len(labels) > 10:
                removed += await _delete_label(store, workspace, people.owner, min(labels))
            await asyncio.sleep(0)

    writer = asyncio.create_task(remove_labels())
    try:
        await import_file(store, people, path)
    finally:
        done.set()
        await writer
    await assert_log_is_state(store, workspace)
    view = await View.of(store, people)
    assert len(view.state["task"]) == 120
    labels = set(view.state["label"])
    assert removed > 0
    assert all(set(task["label_ids"]) <= labels for task in view.state["task"].values())


async def _delete_label(store: Store, workspace: str, actor: str, label: str) -> bool:
    """As the workspaces module does it: from all tasks that bear it, in one commit. Whether it did."""
    base = (await store.seqs([workspace]))[workspace]
    tasks: dict[str, list[str]] = {}
    for change in await whole_log(store, workspace):
        if change.entity == "task" and "label_ids" in change.set:
            tasks[change.id] = change.set["label_ids"]
    changes = [
        Change("task", id_, "update", {"label_ids": [x for x in held if x != label]})
        for id_, held in tasks.items()
        if label in held
    ]
    changes.append(Change("label", label, "delete"))
    try:
        await store.append(
            Commit(stream_id=workspace, actor_id=actor, at=now(), changes=changes, base_seq=base)
        )
    except Unavailable:
        return False
    return True


class Meddling:
    """A store in which somebody else is faster, once: right before a commit that brings `entity`."""

    def __init__(self, store: Store, entity: str, commit: Commit) -> None:
        self._store = store
        self._entity = entity
        self._commit: Commit | None = commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, commit: Commit) -> Any:
        if self._commit and any(change.entity == self._entity for change in commit.changes):
            meddling, self._commit = self._commit, None
            await self._store.append(meddling)
        return await self._store.append(commit)


async def test_a_parent_that_is_removed_meanwhile(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    await import_file(store, people, write_ndjson(tmp_path / "a.ndjson", [issue("A-1")]))
    workspace = people.workspace_id
    assert workspace is not None
    parent = (await View.of(store, people)).task("Summary of A-1")["id"]
    removal = Commit(
        stream_id=workspace, actor_id=people.owner, at=now(),
        changes=[Change("task", parent, "delete")],
    )  # fmt: skip
    broken: Any = Meddling(store, "task", removal)
    path = write_ndjson(tmp_path / "b.ndjson", [issue("A-2", parent={"key": "A-1"})])
    report = await import_file(broken, people, path)
    assert (await View.of(store, people)).task("Summary of A-2")["parent"] is None
    assert report.findings["parent_outside"].count == 1


async def test_a_block_that_is_made_meanwhile_closes_no_circle(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    blocks = {"type": {"name": "Blocks"}, "outwardIssue": {"key": "A-2"}}
    await import_file(
        store, people, write_ndjson(tmp_path / "a.ndjson", [issue("A-1"), issue("A-2")])
    )
    workspace = people.workspace_id
    assert workspace is not None
    view = await View.of(store, people)
    one, two = (view.task(f"Summary of A-{n}")["id"] for n in (1, 2))
    fields = {"kind": "blocks", "task_id": two, "other_id": one, "created_at": now()}
    opposite = Commit(
        stream_id=workspace, actor_id=people.owner, at=now(),
        changes=[Change("relation", relation_id("blocks", two, one), "create", fields)],
    )  # fmt: skip
    broken: Any = Meddling(store, "relation", opposite)
    path = write_ndjson(tmp_path / "b.ndjson", [issue("A-1", issuelinks=[blocks]), issue("A-2")])
    report = await import_file(broken, people, path)
    assert (await View.of(store, people)).relations() == [
        ("Summary of A-2", "blocks", "Summary of A-1")
    ]
    assert report.findings["link_circle"].count == 1


async def test_two_json_imports_at_once(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    await import_file(store, people, write_ndjson(tmp_path / "a.ndjson", many_issues(100)))
    assert people.workspace_id is not None
    change = {"name": "Another name"}
    for _ in range(150):
        await store.append(
            Commit(
                stream_id=people.workspace_id, actor_id=people.owner, at=now(),
                changes=[Change("workspace", people.workspace_id, "update", change)],
            )
        )  # fmt: skip
    first: list[bytes] = []
    await export_json(store, people.workspace_id, people, first.append)
    await asyncio.to_thread((tmp_path / "export.json").write_bytes, b"".join(first))
    reports = await asyncio.gather(
        *(import_json(store, tmp_path / "export.json", people, people) for _ in range(3))
    )
    (workspace,) = {report.workspace_id for report in reports}
    assert workspace is not None
    second: list[bytes] = []
    await export_json(store, workspace, people, second.append)
    assert b"".join(second) == b"".join(first)
