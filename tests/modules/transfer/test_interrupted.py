"""Imports that are cut off, killed, or run twice at once: the end is the same."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.modules.transfer.conftest import people_with_workspace
from tests.modules.transfer.harness import (
    REPOSITORY,
    Account,
    MemoryPeople,
    View,
    assert_log_is_state,
    issue,
    make_workspace,
    whole_log,
    write_ndjson,
)
from tests.services.processes import wait_until

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.log import Change, Commit
from tidework.store.protocol import Store
from tidework.store.sql.migrations.runner import migrate_sqlite
from tidework.store.sql.sqlite import SqliteStore
from tidework.tasks.api import relation_id
from tidework.times import now
from tidework.transfer import (
    JiraOptions,
    export_json,
    import_jira,
    import_json,
    jira_groups,
    link_write,
)

ISSUES = 150


def many_issues(count: int = ISSUES) -> list[dict[str, Any]]:
    """Issues with histories, comments, parents and links, the same every time."""
    chance = random.Random(7)
    day = "2012-03-{:02}T10:00:00.000+0000"
    issues = []
    for n in range(1, count + 1):
        entries = [
            (day.format(d), f"user{chance.randrange(9)}", [("summary", None, f"was {n}.{d - 1}",
             None, f"was {n}.{d}")])
            for d in range(2, 2 + chance.randrange(6))
        ]  # fmt: skip
        links = [
            {"type": {"name": "Blocks"}, "outwardIssue": {"key": f"A-{chance.randint(1, count)}"}}
            for _ in range(chance.randrange(2))
        ]
        parent = chance.randint(1, count)
        issues.append(
            issue(
                f"A-{n}",
                histories=entries,
                comments=[(day.format(20), "cy", f"comment {n}")],
                issuelinks=links,
                labels=[f"label{chance.randrange(20)}"],
                parent={"key": f"A-{parent}"} if n % 3 == 0 else None,
            )
        )
    return issues


class Interrupting:
    """A store that fails at the n-th commit of an import, before or after it has happened."""

    def __init__(self, store: Store, at: int, *, happened: bool) -> None:
        self._store = store
        self._left = at
        self._happened = happened

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, commit: Commit) -> Any:
        if any(change.entity in ("task", "relation") for change in commit.changes):
            self._left -= 1
            if self._left == 0:
                if self._happened:
                    await self._store.append(commit)
                raise asyncio.CancelledError
        return await self._store.append(commit)


@pytest.fixture
def small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few issues make many commits."""
    monkeypatch.setattr(jira_groups, "CHANGES_IN_COMMIT", 60)
    monkeypatch.setattr(link_write, "_LINKS_IN_COMMIT", 10)


async def uninterrupted(tmp_path: Path, path: Path) -> Any:
    """What an import that nothing disturbs ends with."""
    migrate_sqlite(tmp_path / "whole.db")
    store = SqliteStore(tmp_path / "whole.db")
    await store.start()
    people = await people_with_workspace(store)
    await run(store, people, path)
    view = await View.of(store, people)
    await store.close()
    return view.whole()


async def run(store: Store, people: MemoryPeople, path: Path) -> Any:
    assert people.workspace_id is not None
    options = JiraOptions(actor_id=people.owner)
    return await import_jira(store, people.workspace_id, [path], people, options)


@pytest.mark.usefixtures("small_commits")
@pytest.mark.parametrize("happened", [True, False])
async def test_an_import_that_is_cut_off_everywhere_goes_on(
    store: Store, people: MemoryPeople, tmp_path: Path, happened: bool
) -> None:
    path = write_ndjson(tmp_path / "a.ndjson", many_issues())
    expected = await uninterrupted(tmp_path, path)
    cuts = 0
    while True:
        broken: Any = Interrupting(store, 2, happened=happened)
        try:
            await run(broken, people, path)
            break
        except asyncio.CancelledError:
            cuts += 1
    assert cuts > 5
    assert (await View.of(store, people)).whole() == expected
    assert people.workspace_id is not None
    await assert_log_is_state(store, people.workspace_id)
    assert (await run(store, people, path)).written == {}


@pytest.mark.usefixtures("small_commits")
async def test_an_unknown_outcome_is_looked_up(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    path = write_ndjson(tmp_path / "a.ndjson", many_issues())
    expected = await uninterrupted(tmp_path, path)

    class Unsure:
        """Every second commit is reported as of unknown outcome; half of those happened."""

        calls = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def append(self, commit: Commit) -> Any:
            self.calls += 1
            if self.calls % 4 == 1:
                raise OutcomeUnknown("Who knows.")
            done = await store.append(commit)
            if self.calls % 4 == 3:
                raise OutcomeUnknown("Who knows.")
            return done

    report = await run(Unsure(), people, path)  # type: ignore[arg-type]
    assert (await View.of(store, people)).whole() == expected
    # What was planned twice is told once.
    whole = {kind: finding.count for kind, finding in report.findings.items()}
    assert whole == await _findings(tmp_path, path)


async def _findings(tmp_path: Path, path: Path) -> dict[str, int]:
    """What an import that nothing disturbs notes."""
    migrate_sqlite(tmp_path / "findings.db")
    store = SqliteStore(tmp_path / "findings.db")
    await store.start()
    report = await run(store, await people_with_workspace(store), path)
    await store.close()
    return {kind: finding.count for kind, finding in report.findings.items()}


@pytest.mark.usefixtures("small_commits")
async def test_two_imports_of_one_file_at_once(any_store: Store, tmp_path: Path) -> None:
    people = await people_with_workspace(any_store)
    path = write_ndjson(tmp_path / "a.ndjson", many_issues(120))
    reports = await asyncio.gather(*(run(any_store, people, path) for _ in range(3)))
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
        await run(store, people, path)
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
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", [issue("A-1")]))
    workspace = people.workspace_id
    assert workspace is not None
    parent = (await View.of(store, people)).task("Summary of A-1")["id"]
    removal = Commit(
        stream_id=workspace, actor_id=people.owner, at=now(),
        changes=[Change("task", parent, "delete")],
    )  # fmt: skip
    broken: Any = Meddling(store, "task", removal)
    path = write_ndjson(tmp_path / "b.ndjson", [issue("A-2", parent={"key": "A-1"})])
    report = await run(broken, people, path)
    assert (await View.of(store, people)).task("Summary of A-2")["parent"] is None
    assert report.findings["parent_outside"].count == 1


async def test_a_block_that_is_made_meanwhile_closes_no_circle(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    blocks = {"type": {"name": "Blocks"}, "outwardIssue": {"key": "A-2"}}
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", [issue("A-1"), issue("A-2")]))
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
    report = await run(broken, people, path)
    assert (await View.of(store, people)).relations() == [
        ("Summary of A-2", "blocks", "Summary of A-1")
    ]
    assert report.findings["link_circle"].count == 1


SCRIPT = """
import asyncio, sys
from pathlib import Path
from tests.modules.transfer.harness import MemoryPeople
from tidework.store.sql.sqlite import SqliteStore
from tidework.transfer import JiraOptions, import_jira, jira_groups

async def main(database, workspace, owner, path):
    jira_groups.CHANGES_IN_COMMIT = 60
    store = SqliteStore(Path(database))
    await store.start()
    people = MemoryPeople(store, workspace)
    await import_jira(store, workspace, [Path(path)], people, JiraOptions(actor_id=owner))
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_killed_import_goes_on(tmp_path: Path) -> None:
    path = write_ndjson(tmp_path / "a.ndjson", many_issues(800))
    database = tmp_path / "killed.db"
    migrate_sqlite(database)
    store = SqliteStore(database)
    await store.start()
    people = MemoryPeople(store)
    owner = people.add("Owner", "owner@example.org")
    workspace = people.workspace_id = await make_workspace(store, owner)
    await store.close()

    def tasks() -> int:
        with sqlite3.connect(database) as connection:
            return int(connection.execute("SELECT count(*) FROM tasks").fetchone()[0])

    arguments = [str(database), workspace, owner, str(path)]
    kills = 0
    for aim in (1, 200, 500):
        process = _spawn(arguments)
        wait_until(_reached(tasks, aim, process), f"{aim} imported tasks")
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills > 0
    assert 0 < tasks() <= 800
    assert _spawn(arguments).wait() == 0

    await _assert_like_uninterrupted(database, workspace, tmp_path, path)


def _reached(
    tasks: Callable[[], int], aim: int, process: subprocess.Popen[bytes]
) -> Callable[[], bool]:
    return lambda: tasks() >= aim or process.poll() is not None


def _spawn(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.Popen(command, env=environment, cwd=REPOSITORY)


async def _assert_like_uninterrupted(
    database: Path, workspace: str, tmp_path: Path, path: Path
) -> None:
    store = SqliteStore(database)
    await store.start()
    await assert_log_is_state(store, workspace)
    # The accounts were those of other processes: people are known by their marks.
    with sqlite3.connect(database) as connection:
        names = dict(
            connection.execute(
                "SELECT entity_id, substr(foreign_id, 8) FROM import_marks"
                " WHERE foreign_id LIKE 'person/%'"
            ).fetchall()
        )
    people = MemoryPeople(store, workspace)
    for user_id, name in names.items():
        people.by_name[name] = user_id
        people.accounts[user_id] = Account(name, None)
    found = (await View.of(store, people)).whole()
    await store.close()
    assert found == await uninterrupted(tmp_path, path)


async def test_a_json_import_that_is_cut_off_goes_on(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", many_issues(150)))
    assert people.workspace_id is not None
    exported = tmp_path / "export.json"
    with exported.open("wb") as file:
        await export_json(store, people.workspace_id, people, file.write)
    cuts = 0
    while True:
        broken: Any = Interrupting(store, 2, happened=cuts % 2 == 0)
        try:
            report = await import_json(broken, exported, people, people)
            break
        except asyncio.CancelledError:
            cuts += 1
    assert cuts > 0
    assert report.workspace_id is not None
    again = tmp_path / "again.json"
    with again.open("wb") as file:
        await export_json(store, report.workspace_id, people, file.write)
    assert again.read_bytes() == exported.read_bytes()


async def test_two_json_imports_at_once(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", many_issues(100)))
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
