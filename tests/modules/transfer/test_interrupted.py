"""Imports that are cut off or killed: the end is the same."""

import asyncio
import os
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
    make_workspace,
    write_ndjson,
)
from tests.modules.transfer.many_issues import import_file, many_issues
from tests.services.processes import wait_until

from tidework.errors import OutcomeUnknown
from tidework.log import Commit
from tidework.store.protocol import Store
from tidework.store.sql.migrations.runner import migrate_sqlite
from tidework.store.sql.sqlite import SqliteStore
from tidework.transfer import (
    export_json,
    import_json,
)


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


async def uninterrupted(tmp_path: Path, path: Path) -> Any:
    """What an import that nothing disturbs ends with."""
    migrate_sqlite(tmp_path / "whole.db")
    store = SqliteStore(tmp_path / "whole.db")
    await store.start()
    people = await people_with_workspace(store)
    await import_file(store, people, path)
    view = await View.of(store, people)
    await store.close()
    return view.whole()


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
            await import_file(broken, people, path)
            break
        except asyncio.CancelledError:
            cuts += 1
    assert cuts > 5
    assert (await View.of(store, people)).whole() == expected
    assert people.workspace_id is not None
    await assert_log_is_state(store, people.workspace_id)
    assert (await import_file(store, people, path)).written == {}


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

    report = await import_file(Unsure(), people, path)  # type: ignore[arg-type]
    assert (await View.of(store, people)).whole() == expected
    # What was planned twice is told once.
    whole = {kind: finding.count for kind, finding in report.findings.items()}
    assert whole == await _findings(tmp_path, path)


async def _findings(tmp_path: Path, path: Path) -> dict[str, int]:
    """What an import that nothing disturbs notes."""
    migrate_sqlite(tmp_path / "findings.db")
    store = SqliteStore(tmp_path / "findings.db")
    await store.start()
    report = await import_file(store, await people_with_workspace(store), path)
    await store.close()
    return {kind: finding.count for kind, finding in report.findings.items()}


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
    await import_file(store, people, write_ndjson(tmp_path / "a.ndjson", many_issues(150)))
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
