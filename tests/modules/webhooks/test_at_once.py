"""Several processes that take in and deliver at the same time, while others write."""

import asyncio
import random
from collections import defaultdict

import asyncpg
import pytest
from tests.modules.webhooks.world import Copy, World
from tests.services.receiver import Hook, Receiver, Reply
from tests.services.stores import Database

from tidework.times import now
from tidework.webhooks.deliveries import Entry, added

TASKS, CHANGES, COPIES = 6, 20, 3


async def test_many_at_once_lose_nothing_and_overtake_nothing(
    world: World, database: Database, receiver: Receiver
) -> None:
    first: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()

    async def take(hook: Hook) -> Reply:
        await asyncio.sleep(random.uniform(0, 0.004))
        if hook.headers["webhook-id"] not in seen:
            seen.add(hook.headers["webhook-id"])
            first[hook.event["data"]["id"]].append(hook.event["data"]["values"]["title"])
        return Reply()

    receiver.answer = take
    await world.webhook(receiver.url(), "task.updated")
    tasks = [await world.task() for _ in range(TASKS)]
    copies = [Copy(await database.open()) for _ in range(COPIES)]
    for copy in copies:
        copy.jobs.start()
    writing = True

    async def take_in(copy: Copy) -> None:
        while writing:
            await copy.consumers.catch_up(world.workspace, ["webhooks"])
            copy.jobs.wake()
            await asyncio.sleep(random.uniform(0, 0.01))

    async def write(task: str) -> None:
        for number in range(0, CHANGES, 2):
            # The second one may come just as the lane of the first one ends, and nothing after it.
            await world.change(task, title=f"title {number}")
            await asyncio.sleep(random.uniform(0, 0.04))
            await world.change(task, title=f"title {number + 1}")
            await receiver.until(lambda: len(first[task]) == number + 2)  # noqa: B023

    takers = [asyncio.create_task(take_in(copy)) for copy in copies]
    await asyncio.gather(*map(write, tasks))
    writing = False
    await asyncio.gather(*takers)
    async with asyncio.timeout(120):
        while await world.jobs():
            for copy in copies:
                copy.jobs.wake()
            await asyncio.sleep(0.05)
    for copy in copies:
        await copy.jobs.close()
    assert first == {task: [f"title {number}" for number in range(CHANGES)] for task in tasks}
    # Nobody died, so nothing came twice.
    assert len(receiver.received) == TASKS * CHANGES


_BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_what_is_added_while_a_lane_ends_waits_for_its_end(
    world: World, database: Database, receiver: Receiver
) -> None:
    receiver.answer = lambda _: Reply(500)
    webhook = await world.webhook(receiver.url(), "task.*")
    task = await world.task()
    await world.work()
    entry = Entry(webhook.id, task, "again", "task.updated", 9, 0, 0)
    other = await asyncpg.connect(database.address)
    watcher = await asyncpg.connect(database.address)
    try:
        async with other.transaction():
            # As a job ends: its lane first, then itself.
            await other.execute("DELETE FROM webhook_lanes")
            adding = asyncio.create_task(
                world.store.operate(added(world.workspace, [entry], now()))
            )
            async with asyncio.timeout(30):
                while True:
                    if await watcher.fetchval(_BLOCKED):
                        break
                    await asyncio.sleep(0.01)
            await other.execute("DELETE FROM jobs")
        await adding
        assert await watcher.fetchval("SELECT count(*) FROM webhook_lanes") == 1
        assert await watcher.fetchval("SELECT count(*) FROM jobs") == 1
    finally:
        await other.close()
        await watcher.close()
