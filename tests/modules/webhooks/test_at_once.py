"""Several processes that take in and deliver at the same time, while others write."""

import asyncio
import random
from collections import defaultdict

from tests.modules.webhooks.world import Copy, World
from tests.services.receiver import Hook, Receiver, Reply
from tests.services.stores import Database

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
        copy.outgoing.close()
    assert first == {task: [f"title {number}" for number in range(CHANGES)] for task in tasks}
    # Nobody died, so nothing came twice.
    assert len(receiver.received) == TASKS * CHANGES
