"""Random histories, as imports bring them: years of changes whose times need not be in order, many
in a commit, of tasks that go and come back; counted live in random bites, against the slow way.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.modules.analytics.counted import check, rows, take_in
from tests.modules.whole.test_whole import quick_folder
from tests.services.commits import commit, new_workspace, task_fields

from tidework.analytics.api import Wanted
from tidework.analytics.rebuild import rebuild
from tidework.analytics.repair import Rebuilt
from tidework.ids import new_id
from tidework.log import Change
from tidework.store.protocol import Store
from tidework.store.sql.sqlite import SqliteStore

__all__ = ["quick_folder"]

SOME = [f"019{i}0000-0000-7000-8000-000000000000" for i in range(4)]
_days = st.integers(1, 28).map(lambda day: f"2019-03-{day:02}")
_times = st.builds(
    "{}T{:02}:30:00.{:06}Z".format, _days, st.integers(0, 23), st.sampled_from([0, 999_999])
)
_statuses = st.sampled_from(["pending", "in_progress", "completed", "cancelled"])
_fields = st.fixed_dictionaries(
    {},
    optional={
        "status": _statuses,
        "project_id": st.sampled_from([None, *SOME[:2]]),
        "assignee_id": st.sampled_from([None, *SOME[2:]]),
        "label_ids": st.lists(st.sampled_from(SOME), max_size=3, unique=True),
        "due_at": st.none() | _times,
        "title": st.just("Another"),
    },
)
_acts = st.tuples(st.sampled_from(["change"] * 4 + ["make", "remove", "restore"] * 2),
                  st.integers(0, 9), _fields, _times, st.sampled_from([None, *SOME]))  # fmt: skip
_histories = st.lists(st.lists(_acts, min_size=1, max_size=8), min_size=1, max_size=8)
_wanted = st.builds(
    lambda since, length, projects, assignees, label: Wanted(
        f"2019-03-{since:02}", f"2019-{3 + length // 28:02}-{1 + length % 28:02}",
        projects, assignees, label,
    ),
    since=st.integers(1, 5),
    length=st.integers(5, 40),
    projects=st.sampled_from([(), (), (None,), (SOME[0],), (SOME[0], None), tuple(SOME[:2])]),
    assignees=st.sampled_from([(), (), (None,), (SOME[2],), (SOME[3], None)]),
    label=st.sampled_from([None, None, *SOME]),
)  # fmt: skip


class History:
    """Makes commits of random acts; what is not possible is left out."""

    def __init__(self, store: Store, workspace_id: str) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self._there: dict[str, dict[str, Any]] = {}
        self._gone: dict[str, dict[str, Any]] = {}
        self._number = 0

    async def write(self, acts: list[Any]) -> None:
        made = [self._change(*act) for act in acts]
        changes = [(change, author) for change, author in made if change is not None]
        if changes:
            await self._store.append(
                commit(
                    self._workspace_id,
                    *[change for change, _ in changes],
                    authorship=[author for _, author in changes],
                )
            )

    def _change(
        self, act: str, number: int, fields: dict[str, Any], at: str, actor: str | None
    ) -> tuple[Change | None, tuple[str | None, str]]:
        there, author = list(self._there), (actor, at)
        if act == "make":
            self._number += 1
            made = task_fields(number=self._number, position=f"a{self._number}V", **fields)
            made["created_at"] = at
            if made["status"] == "completed":
                made["completed_at"] = max(at, f"2019-03-{1 + number:02}T00:00:00.000000Z")
            task_id = new_id()
            # Sometimes somebody gives a new task the id of one that is gone.
            if self._gone and number == 0:
                task_id = next(iter(self._gone))
                del self._gone[task_id]
            self._there[task_id] = made
            return Change("task", task_id, "create", made), author
        if act == "restore" and self._gone:
            task_id = list(self._gone)[number % len(self._gone)]
            self._there[task_id] = self._gone.pop(task_id)
            return Change("task", task_id, "create", self._there[task_id]), author
        if not there or act == "restore":
            return None, author
        task_id = there[number % len(there)]
        if act == "remove":
            self._gone[task_id] = self._there.pop(task_id)
            return Change("task", task_id, "delete"), author
        task = self._there[task_id]
        if "status" in fields:
            closed = fields["status"] == "completed"
            fields = {**fields, "completed_at": at if closed else None}
        task.update(fields)
        return (Change("task", task_id, "update", fields) if fields else None), author


@settings(
    max_examples=settings.default.max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=_histories, pauses=st.sets(st.integers(0, 7)), wanted=_wanted)
def test_a_random_history_is_counted_right(
    migrated_file: Path,
    quick_folder: Path,
    history: list[Any],
    pauses: set[int],
    wanted: Wanted,
) -> None:
    async def main(folder: str) -> None:
        path = Path(folder) / "tidework.db"
        shutil.copyfile(migrated_file, path)
        store = SqliteStore(path)
        await store.start()
        try:
            workspace_id = await new_workspace(store)
            writer = History(store, workspace_id)
            for number, acts in enumerate(history):
                await writer.write(acts)
                if number in pauses:
                    await take_in(store, workspace_id)
            await take_in(store, workspace_id)
            await check(store, workspace_id, wanted)
            live = await rows(store, workspace_id)
            seq = (await store.seqs([workspace_id]))[workspace_id]
            assert await rebuild(store, workspace_id) == Rebuilt(seq, 0)
            assert await rows(store, workspace_id) == live
        finally:
            await store.close()

    with tempfile.TemporaryDirectory(dir=quick_folder) as folder:
        asyncio.run(main(folder))
