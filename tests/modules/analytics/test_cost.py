"""What one commit costs the consumer, in rows, whatever else is in the workspace."""

from collections.abc import Mapping
from typing import Any

from tests.modules.analytics.counted import take_in
from tests.services.commits import commit, new_task, new_workspace, update

from tidework.analytics.consumers import AnalyticsConsumer
from tidework.bus.catalogue import commits_of
from tidework.ids import new_id
from tidework.log import Change
from tidework.store.protocol import Row, Store
from tidework.store.sql.statement import Statement
from tidework.times import now

SOME = [f"019{i:x}0000-0000-7000-8000-000000000000" for i in range(12)]


class Counting:
    """Reads through a store, and counts the rows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rows = 0

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Row]:
        found = await self._store.fetch(statement, params)
        self.rows += len(found)
        return found


async def _cost(store: Store, workspace_id: str, change: Change) -> tuple[int, int]:
    """How many rows are read and written for a commit of one change."""
    done = await store.append(commit(workspace_id, change, actor_id=SOME[0]))
    page = await store.log(workspace_id, since=done.seq - 1)
    counting = Counting(store)
    operations = await AnalyticsConsumer(counting).handle_page(commits_of(page))  # type: ignore[arg-type]
    await take_in(store, workspace_id)
    return counting.rows, len(operations)


async def test_a_change_costs_a_few_rows_however_many_tasks_there_are(store: Store) -> None:
    workspace_id, task = await new_workspace(store), new_id()
    crowd = [
        new_task(
            task if number == 1 else None,
            number=number,
            position=f"a{number}V",
            created_at=now(),
            project_id=SOME[number % 12],
            assignee_id=SOME[number % 11],
            label_ids=[SOME[number % 7]],
        )
        for number in range(1, 400)
    ]
    for start in range(0, len(crowd), 80):
        some = crowd[start : start + 80]
        author = [(SOME[n % 12], now()) for n in range(len(some))]
        await store.append(commit(workspace_id, *some, authorship=author))
    await take_in(store, workspace_id)

    # The stream, the task, who was active; nothing of days.
    read, written = await _cost(store, workspace_id, update(task, title="Another"))
    assert (read, written) == (3, 3)
    # And its new step, and four cells: of all labels and of its own, of the day and of all days.
    begun = update(task, status="in_progress")
    assert await _cost(store, workspace_id, begun) == (7, 8)
    # To another assignee: out of four cells, into four others.
    read, written = await _cost(store, workspace_id, update(task, assignee_id=SOME[11]))
    assert read <= 11
    assert written == 12
    # When it goes, its history goes: three steps.
    read, written = await _cost(store, workspace_id, Change("task", task, "delete"))
    assert read <= 14
    assert written <= 11
