"""The services on a store, with reminders and what tells of them done step by step."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.modules.notifications.world import World, context

from tidework.bus.consumers import Consumers
from tidework.bus.jobs import Jobs
from tidework.composition import compose, finish
from tidework.reminders.parts import begin
from tidework.reminders.planning import FIRE
from tidework.reminders.schemas import ReminderIn, ReminderOut
from tidework.reminders.service import ReminderService
from tidework.settings import load
from tidework.store.protocol import Store
from tidework.tasks.schemas import TaskOut


class TimeWorld(World):
    """With reminders."""

    @property
    def reminders(self) -> ReminderService:
        return ReminderService(self.store)

    async def remind(self, user_id: str, task: TaskOut, **when: Any) -> ReminderOut:
        data = ReminderIn(**when)
        made = await self.reminders.create(self.member(user_id), task.id, data, context())
        await self.settle()
        return made

    async def mine(self, user_id: str) -> list[ReminderOut]:
        await self.settle()
        return (await self.reminders.mine(user_id, b"limit=100")).items

    async def settle(self) -> None:
        # What the consumer commits itself is taken in as well.
        for _ in range(3):
            await self.consumers.sweep("reminders")
        await self.consumers.sweep("notifications")
        await self.consumers.write_places()

    async def jobs_at(self) -> list[str]:
        """When somebody will be looked at to be reminded."""
        return [due_at for due_at, _ in await self.planned(FIRE)]

    async def reminded(self, user_id: str) -> int:
        """How often somebody has been reminded by now."""
        await self.work()
        return (await self.told(user_id)).count("reminder")


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[TimeWorld]:
    settings = load({"TIDEWORK_DATA_DIR": str(tmp_path)})
    services = compose(settings, store)
    jobs = Jobs(store)
    services.notifications.begin(jobs)
    consumers = Consumers(store, [services.notifications.consumer, begin(store, jobs)])
    yield TimeWorld(store, services, jobs, consumers)
    await finish(services)
