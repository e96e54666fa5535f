"""Counting again: what is wrong is found and repaired, beside those who write; on either database."""

import asyncio
from typing import Any

import pytest
from tests.modules.analytics.counted import check, rows, take_in
from tests.services.commits import commit, new_task, new_workspace, update
from tests.services.stores import Database

from tidework.analytics import repair as repairing
from tidework.analytics.api import Wanted
from tidework.analytics.consumers import AnalyticsConsumer
from tidework.analytics.rebuild import DEAD, rebuild
from tidework.analytics.repair import NAME, Rebuilt, compare, place_of
from tidework.analytics.rows import KEYS
from tidework.bus.consumers import Consumers
from tidework.commands import replay
from tidework.errors import Gone, NotFound
from tidework.ids import new_id
from tidework.log import Change
from tidework.store.protocol import Store
from tidework.times import now

MEMBER = "01900000-0000-7000-8000-00000000ada0"
DAMAGE = {
    "analytics_tasks": "UPDATE analytics_tasks SET due_at = created_at",
    "analytics_steps": "DELETE FROM analytics_steps WHERE step = 1",
    "analytics_days": "UPDATE analytics_days SET created = created + 1",
    "analytics_activity": "DELETE FROM analytics_activity",
    "analytics_usage": "UPDATE analytics_usage SET tasks = 99",
}


def _today() -> Wanted:
    return Wanted(now()[:10], now()[:10])


async def _busy_workspace(store: Store, tasks: int = 3) -> tuple[str, list[str]]:
    workspace_id = await new_workspace(store)
    ids = [new_id() for _ in range(tasks)]
    made = [
        new_task(task_id, number=n, position=f"a{n}V", created_at=now())
        for n, task_id in enumerate(ids, 1)
    ]
    await store.append(commit(workspace_id, *made, actor_id=MEMBER))
    for task_id in ids:
        done = update(task_id, status="completed", completed_at=now())
        await store.append(commit(workspace_id, done, actor_id=MEMBER))
    return workspace_id, ids


@pytest.mark.parametrize("table", DAMAGE)
async def test_damage_is_found_and_repaired(database: Database, table: str) -> None:
    store = await database.open()
    workspace_id, _ = await _busy_workspace(store)
    await take_in(store, workspace_id)
    right = await rows(store, workspace_id)
    assert await compare(store, workspace_id) == []
    assert (await replay.statistics(store)).ok
    database.execute(DAMAGE[table])
    found = await compare(store, workspace_id)
    assert found
    assert {text.split()[0].rstrip(":") for text in found} == {table}
    said = await replay.statistics(store)
    assert not said.ok
    assert "tidework analytics rebuild" in said.detail
    repaired = await rebuild(store, workspace_id)
    assert repaired.repaired == len(found)
    assert await rows(store, workspace_id) == right
    assert (await replay.statistics(store)).ok


async def test_what_is_lost_is_made_again_in_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await database.open()
    workspace_id, _ = await _busy_workspace(store)
    await take_in(store, workspace_id)
    right = await rows(store, workspace_id)
    monkeypatch.setattr(repairing, "_AT_ONCE", 2)
    monkeypatch.setattr(repairing, "_PAGE", 2)
    database.execute(*(f"DELETE FROM {table}" for table in KEYS))
    said: list[tuple[int, int]] = []
    assert (await rebuild(store, workspace_id, lambda *place: said.append(place))).seq == 5
    assert said[-1] == (5, 5)
    assert await rows(store, workspace_id) == right
    # Rows of nobody knows what, of a stream of which nothing was taken in.
    database.execute("DELETE FROM inbox", "UPDATE analytics_usage SET tasks = 99")
    await rebuild(store, workspace_id)
    assert await rows(store, workspace_id) == right


async def test_it_takes_in_what_was_not_yet(store: Store) -> None:
    workspace_id, _ = await _busy_workspace(store)
    assert await rebuild(store, workspace_id) == Rebuilt(5, 0)
    await check(store, workspace_id, _today())


class Slowly:
    """Reads rows; twice somebody writes after that, and another process counts it."""

    def __init__(self, other: Store, task_ids: list[str]) -> None:
        self._other = other
        self._task_ids = task_ids
        self._read = repairing._present
        self.times = 0

    async def __call__(self, store: Store, workspace_id: str) -> Any:
        found = await self._read(store, workspace_id)
        self.times += 1
        if self.times < 3:
            again = update(self._task_ids[self.times], status="pending", completed_at=None)
            await self._other.append(commit(workspace_id, again, actor_id=MEMBER))
            await take_in(self._other, workspace_id)
        return found


async def test_what_is_counted_meanwhile_is_not_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = await database.open(), await database.open()
    workspace_id, ids = await _busy_workspace(store)
    await take_in(store, workspace_id)
    database.execute("UPDATE analytics_days SET reopened = 7")
    slowly = Slowly(other, ids)
    monkeypatch.setattr(repairing, "_present", slowly)
    assert (await rebuild(store, workspace_id)).seq == 7
    assert slowly.times == 3
    monkeypatch.undo()
    assert await compare(store, workspace_id) == []
    await check(store, workspace_id, _today())


async def test_what_is_compared_while_it_is_counted_is_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = await database.open(), await database.open()
    workspace_id, ids = await _busy_workspace(store)
    await take_in(store, workspace_id)
    slowly = Slowly(other, ids)
    monkeypatch.setattr(repairing, "_present", slowly)
    assert await compare(store, workspace_id) == []
    assert slowly.times == 3


async def test_several_who_count_at_once_count_each_commit_once(database: Database) -> None:
    stores = [await database.open() for _ in range(3)]
    workspace_id, ids = await _busy_workspace(stores[0])
    counting = [Consumers(store, [AnalyticsConsumer(store)]) for store in stores]
    for number in range(12):
        status = ("in_progress", "cancelled")[number % 2]
        await stores[0].append(
            commit(workspace_id, update(ids[number % 3], status=status, completed_at=None))
        )
        await asyncio.gather(*(one.catch_up(workspace_id, [NAME]) for one in counting))
    assert await compare(stores[0], workspace_id) == []
    assert (await check(stores[0], workspace_id, _today())).seq == 17


async def test_what_was_put_aside_as_dead_is_taken_in_and_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_id, ids = await _busy_workspace(store)

    async def broken(*_: Any) -> Any:
        raise ValueError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr("tidework.bus.consumers._FIRST_PAUSE_S", 0.001)
        patched.setattr(AnalyticsConsumer, "handle_page", broken)
        await Consumers(store, [AnalyticsConsumer(store)]).catch_up(workspace_id, [NAME])
    assert await place_of(store, workspace_id) == 5
    assert await compare(store, workspace_id) != []
    dead = await store.fetch(DEAD, {"stream_id": workspace_id, "consumer": NAME})
    assert len(dead) == 5
    # One that is tried again is counted in its place, as are all before it.
    await Consumers(store, [AnalyticsConsumer(store)]).replay(workspace_id, dead[2][0])
    assert await compare(store, workspace_id) == []
    assert (await rebuild(store, workspace_id)).repaired == 0
    assert await store.fetch(DEAD, {"stream_id": workspace_id, "consumer": NAME}) == []
    await store.append(commit(workspace_id, Change("task", ids[0], "delete")))
    await take_in(store, workspace_id)
    await check(store, workspace_id, _today())


async def test_what_there_is_not_cannot_be_counted(database: Database) -> None:
    store = await database.open()
    with pytest.raises(NotFound):
        await rebuild(store, new_id())
    assert await compare(store, new_id()) is None
    workspace_id, _ = await _busy_workspace(store)
    await take_in(store, workspace_id)
    database.execute("UPDATE streams SET kept_since = 2")
    with pytest.raises(Gone):
        await rebuild(store, workspace_id)
    assert await compare(store, workspace_id) is None
