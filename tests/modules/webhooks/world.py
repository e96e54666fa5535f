"""Webhooks on a store: commits, what follows them, and receivers, step by step and at any time."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from tests.services.commits import commit, member_fields, new_task, new_workspace, update
from tests.services.receiver import Hook, Receiver, Reply

from tidework.bus.consumers import Consumers
from tidework.bus.jobs import Jobs
from tidework.http.context import Membership, RequestContext
from tidework.ids import new_id
from tidework.log import Change, Committed
from tidework.outgoing.client import Outgoing
from tidework.store.protocol import Store
from tidework.store.sql.schema import jobs as job_table
from tidework.store.sql.statement import Statement
from tidework.tasks.service import TaskService
from tidework.webhooks.module import Webhooks
from tidework.webhooks.schemas import DeliveryOut, WebhookMade

LOOPBACK = ["127.0.0.0/8"]
_JOBS = Statement(
    "all_jobs",
    select(job_table.c.kind, job_table.c.due_at, job_table.c.id).order_by(job_table.c.due_at),
    fan_out="a test looks at all jobs",
)


def context() -> RequestContext:
    return RequestContext("request-1", "203.0.113.7", "http", 0.0)


class Copy:
    """What a process has: webhooks, their jobs and their consumer, on a store of its own."""

    def __init__(self, store: Any) -> None:
        self.outgoing = Outgoing(LOOPBACK)
        self.webhooks = Webhooks(store, self.outgoing, TaskService(store).get)
        self.jobs = Jobs(store)
        self.webhooks.begin(self.jobs)
        self.consumers = Consumers(store, [self.webhooks.consumer])

    async def settle(self) -> None:
        """Take in all that has been committed."""
        await self.consumers.sweep("webhooks")
        await self.consumers.write_places()

    async def work(self) -> int:
        """Take in what there is, and do what is due; how many jobs that were."""
        await self.settle()
        return await self.jobs.run_due()


@dataclass
class World:
    """A workspace with an owner."""

    store: Store
    workspace: str
    owner: Membership
    copy: Copy
    tasks: list[str] = field(default_factory=list)

    async def webhook(self, url: str, *events: str) -> WebhookMade:
        values = {"url": url, "events": list(events or ["*"]), "description": ""}
        return await self.copy.webhooks.service.create(self.owner, values, context())

    async def task(self, **fields: Any) -> str:
        """A new task; its id."""
        change = new_task(**fields)
        await self.append(change)
        self.tasks.append(change.id)
        return change.id

    async def change(self, task_id: str, **fields: Any) -> Committed:
        return await self.append(update(task_id, **fields))

    async def append(self, *changes: Change, **options: Any) -> Committed:
        return await self.store.append(commit(self.workspace, *changes, **options))

    async def work(self) -> int:
        return await self.copy.work()

    async def deliveries(self, webhook: Any) -> list[DeliveryOut]:
        """All of a webhook's, oldest event first."""
        found = await self.copy.webhooks.outbox.page(self.workspace, webhook.id, b"limit=100")
        assert found.next_cursor is None
        return sorted(found.items, key=lambda one: (*_place(one.event_id), one.created_at))

    async def states(self, webhook: Any) -> list[tuple[str, str]]:
        """Type and state of each delivery, oldest event first."""
        return [(one.type, one.state) for one in await self.deliveries(webhook)]

    async def jobs(self) -> list[Any]:
        """Every job: kind, when it is due, id."""
        return list(await self.store.fetch(_JOBS, {}))


def _place(event_id: str) -> tuple[int, int]:
    parts = event_id.split(":")
    return (0, 0) if parts[1] == "test" else (int(parts[1]), int(parts[2]))


@pytest.fixture
async def world(store: Store) -> World:
    workspace, owner = await new_workspace(store), new_id()
    await store.append(commit(workspace, Change("member", owner, "create", member_fields("owner"))))
    copy = Copy(store)
    await copy.settle()
    return World(store, workspace, Membership(workspace, owner, "owner"), copy)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as started:
        yield started


@contextmanager
def later(**span: float) -> Iterator[None]:
    """The clock that much further."""
    with time_machine.travel(datetime.now(UTC) + timedelta(**span), tick=True):
        yield


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """Type and subject of what a receiver has been sent, in order."""
    return [(hook.event["type"], hook.event["subject"]) for hook in receiver.received]


def titles(hooks: Sequence[Hook]) -> list[str]:
    """The titles that updates have set, in the order of arrival."""
    return [hook.event["data"]["values"]["title"] for hook in hooks]


def statuses(*codes: int) -> Any:
    """Answers with these, one after the other, then with 200."""
    left = list(codes)
    return lambda _: Reply(left.pop(0) if left else 200)


def dumped(value: Any) -> str:
    return json.dumps(value, default=str)
