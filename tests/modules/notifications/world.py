"""The services on a store, and all that follows commits done step by step, at any time of day."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from sqlalchemy import select

from tidework.bus.consumers import Consumers
from tidework.bus.jobs import Jobs
from tidework.composition import Services, compose, finish
from tidework.http.context import Membership, RequestContext, Role
from tidework.log import Operation
from tidework.notifications.schemas import NotificationOut, PreferencesIn
from tidework.settings import load
from tidework.store.protocol import Store
from tidework.store.sql.schema import jobs as job_table
from tidework.store.sql.schema_notifications import notification_deliveries, notifications
from tidework.store.sql.statement import Statement
from tidework.tasks.schemas import CommentOut, TaskCreate, TaskOut, TaskPatch
from tidework.times import canonical, parse
from tidework.users.api import NewAccount

_JOBS = Statement(
    "all_jobs",
    select(job_table.c.kind, job_table.c.stream_id, job_table.c.args, job_table.c.due_at).order_by(
        job_table.c.due_at, job_table.c.id
    ),
    fan_out="a test looks at all jobs",
)
_ROWS = Statement(
    "all_notifications",
    select(notifications.c.stream_id, notifications.c.kind, notifications.c.in_app),
    fan_out="a test looks at all notifications",
)
_WAITING = Statement(
    "all_deliveries",
    select(notification_deliveries.c.stream_id, notification_deliveries.c.channel),
    fan_out="a test looks at all that waits",
)


def context() -> RequestContext:
    return RequestContext("request-1", "203.0.113.7", "http", 0.0)


def at(text: str) -> str:
    """A canonical time of what ISO 8601 says."""
    return canonical(parse(text))


Clock = Callable[[str], None]


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Sets the time; it stands still."""
    with time_machine.travel("2026-03-02T10:00:00+00:00", tick=False) as traveller:
        yield lambda text: traveller.move_to(at(text))


def moment(text: str) -> datetime:
    """A time, as tasks take it."""
    return datetime.fromisoformat(text)


@dataclass
class World:
    store: Store
    services: Services
    jobs: Jobs
    consumers: Consumers
    workspace: str = ""
    owner: str = ""

    async def person(self, name: str, email: str | None = None) -> str:
        address = email or f"{name.lower().replace(' ', '.')}@example.com"
        account, _ = await self.services.users.create(NewAccount(email=address, name=name))
        return account.id

    async def team(self, *names: str) -> list[str]:
        """A workspace of the first of these new people, with the others as editors."""
        people = [await self.person(name) for name in names]
        self.owner = people[0]
        self.workspace = await self.services.workspaces.create(people[0], "Engine")
        for name, person in zip(names[1:], people[1:], strict=True):
            account = await self.services.users.existing(person)
            assert account.email, name
            await self.services.workspaces.add(
                self.member(self.owner, "owner"), account.email, "editor", context()
            )
        await self.settle()
        await self.forget()
        return people

    def member(self, user_id: str, role: Role = "editor") -> Membership:
        return Membership(self.workspace, user_id, "owner" if user_id == self.owner else role)

    async def task(self, by: str, title: str = "Order the brass", **fields: Any) -> TaskOut:
        data = TaskCreate(title=title, **fields)
        return await self.services.tasks.create(self.member(by), data, context())

    async def change(self, by: str, task: TaskOut, **fields: Any) -> TaskOut:
        patch = TaskPatch(**fields)
        return await self.services.tasks.update(self.member(by), task.id, patch, context())

    async def comment(self, by: str, task: TaskOut, body: str) -> CommentOut:
        return await self.services.comments.create(self.member(by), task.id, body, context())

    async def remove(self, user_id: str) -> None:
        owner = self.member(self.owner, "owner")
        await self.services.workspaces.remove(owner, user_id, context())

    async def prefer(self, user_id: str, **fields: Any) -> None:
        chosen = msgspec.convert(fields, PreferencesIn)
        await self.services.notifications.choices.replace(user_id, chosen, context())
        await self.settle()

    async def settle(self) -> None:
        """Let the consumer take in all that has been committed."""
        await self.consumers.sweep("notifications")
        await self.consumers.write_places()

    async def work(self) -> None:
        """Take in what there is, and do the jobs of notifications that are due."""
        await self.settle()
        await self.jobs.run_due()

    async def forget(self) -> None:
        """Begin with empty inboxes, and nothing to send."""
        for stream_id, *_ in await self.store.fetch(_ROWS, {}):
            await self.store.operate(
                [
                    _all("notifications", stream_id),
                    _all("notification_deliveries", stream_id),
                    _all("jobs", stream_id),
                ]
            )

    async def forget_inboxes(self) -> None:
        """Begin with empty inboxes, and leave what is planned."""
        for stream_id, *_ in await self.store.fetch(_ROWS, {}):
            await self.store.operate(
                [_all("notifications", stream_id), _all("notification_deliveries", stream_id)]
            )

    async def inbox(self, user_id: str) -> list[NotificationOut]:
        """What somebody is shown, newest first."""
        await self.settle()
        return (await self.services.notifications.inbox.page(user_id, b"limit=100")).items

    async def told(self, user_id: str) -> list[str]:
        """The kinds of what somebody is shown, the oldest first."""
        return [one.kind for one in reversed(await self.inbox(user_id))]

    async def sent(self, channel: str = "email") -> list[tuple[str, dict[str, Any]]]:
        """The jobs of a channel: whose, and with which arguments."""
        rows = await self.store.fetch(_JOBS, {})
        return [(row[1], row[2]) for row in rows if row[0] == f"notify.{channel}"]

    async def planned(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """The jobs of a kind: when they are due, and their arguments."""
        rows = await self.store.fetch(_JOBS, {})
        return [(row[3], row[2]) for row in rows if row[0] == kind]

    async def waiting(self, user_id: str) -> list[str]:
        """The channels that something waits for."""
        rows = await self.store.fetch(_WAITING, {})
        return sorted(row[1] for row in rows if row[0] == user_id)


def _all(table: str, stream_id: str) -> Operation:
    return Operation(table, "delete", {"stream_id": stream_id})


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    settings = load({"TIDEWORK_DATA_DIR": str(tmp_path)})
    services = compose(settings, store)
    jobs = Jobs(store)
    services.notifications.begin(jobs)
    consumers = Consumers(store, [services.notifications.consumer])
    yield World(store, services, jobs, consumers)
    await finish(services)
