"""The services on a store, with channels that lead to servers of the test."""

import email
import email.policy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from sqlalchemy import select
from tests.services.browser import Browser
from tests.services.receiver import Receiver

from tidework.bus.consumers import Consumers
from tidework.bus.jobs import Jobs
from tidework.channels.schemas import SubscriptionIn
from tidework.composition import Services, compose, finish
from tidework.http.context import Credential, Membership, Principal, RequestContext
from tidework.ids import new_id
from tidework.log import Operation
from tidework.settings import load
from tidework.store.protocol import Store
from tidework.store.sql.schema import jobs as job_table
from tidework.store.sql.statement import Statement
from tidework.times import now
from tidework.users.api import Account

PASSWORD = "correct horse battery"
URL = "https://tasks.example.org"

_JOBS = Statement(
    "all_jobs",
    select(
        job_table.c.kind,
        job_table.c.state,
        job_table.c.args,
        job_table.c.error,
        job_table.c.attempts,
        job_table.c.due_at,
    ),
    fan_out="a test looks at all jobs",
)


def context() -> RequestContext:
    made = RequestContext("request-1", "203.0.113.7", "http", 0.0)
    made.user_agent = "tests"
    return made


@dataclass
class World:
    store: Store
    services: Services
    folder: Path
    principals: dict[str, Principal]
    workspace: str = ""

    @property
    def jobs(self) -> Jobs:
        return self.services.jobs

    async def person(self, name: str = "Ada", /, **values: Any) -> Account:
        """Somebody who has registered, with whatever their account is to say."""
        auth = self.services.auth
        account, _, _ = await auth.register(
            f"{name.lower()}@example.com", PASSWORD, name, None, context()
        )
        sessions = await auth.sessions.live(account.id)
        credential = Credential(
            kind="session", user_id=account.id, id=sessions[0].id, expires_at=2**40
        )
        self.principals[account.id] = Principal(
            user_id=account.id,
            role=account.role,
            credential=credential,
            personal_workspace_id=account.personal_workspace_id,
        )
        if values:
            await self.services.users.update(account.id, values, context())
        await self.drop_jobs(account.id)
        return await self.services.users.existing(account.id)

    async def drop_jobs(self, stream_id: str) -> None:
        await self.store.operate([Operation("jobs", "delete", {"stream_id": stream_id})])

    async def note(self, to: Account, kind: str = "assigned", **fields: Any) -> str:
        """A notification as the module of notifications keeps it; its id."""
        data = {
            "workspace": "Engine",
            "number": 7,
            "title": "Order the brass",
            "due_at": None,
            **fields.pop("data", {}),
        }
        note_id = new_id()
        values = {
            "kind": kind,
            "workspace_id": to.personal_workspace_id,
            "task_id": new_id(),
            "actor_id": None,
            "data": data,
            "in_app": True,
            "unread": True,
            "created_at": now(),
            **fields,
        }
        key = {"stream_id": to.id, "id": note_id}
        await self.store.operate([Operation("notifications", "insert", key, values)])
        return note_id

    async def tell(
        self, to: Account, channel: str, *ids: str, kind: str = "several", **args: Any
    ) -> str:
        """Make the job of a channel, as the module of notifications does; its id."""
        job_id = new_id()
        values = {
            "user_id": to.id,
            "notification_ids": list(ids),
            "bundle": len(ids) > 1,
            "kind": kind,
            **args,
        }
        operation = Jobs.operation(to.id, f"notify.{channel}", values, job_id=job_id)
        await self.store.operate([operation])
        return job_id

    async def all_jobs(self) -> list[Any]:
        """Kind, state, arguments, error and attempts of every job there is."""
        return [tuple(row) for row in await self.store.fetch(_JOBS, {})]

    async def work(self) -> int:
        """Do the jobs that are due."""
        return await self.jobs.run_due()

    async def work_later(self, hours: float) -> int:
        """Do the jobs that are due in some hours' time."""
        with time_machine.travel(in_hours(hours), tick=True):
            return await self.jobs.run_due()

    def letters(self) -> list[EmailMessage]:
        """The mails so far, in the order of sending."""
        found = []
        for path in sorted((self.folder / "mail").glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found

    async def follow(self) -> None:
        """Let the consumers take in what has been committed."""
        consumers = Consumers(self.store, self.services.consumers)
        for consumer in self.services.consumers:
            await consumers.sweep(consumer.name)
        await consumers.write_places()

    def member(self, user_id: str, role: Any = "owner") -> Membership:
        return Membership(self.workspace, user_id, role)

    async def subscribe(self, person: Account, endpoint: str) -> Browser:
        """A browser of this person."""
        browser = Browser()
        await self.services.channels.subscriptions.add(
            self.principals[person.id], subscription(browser, endpoint), context()
        )
        return browser


def in_hours(hours: float) -> datetime:
    """A moment to travel to."""
    return datetime.now(UTC) + timedelta(hours=hours)


def subscription(browser: Browser, endpoint: str) -> Any:
    """What a browser's subscription is taken in as."""
    return msgspec.convert(browser.subscription(endpoint), SubscriptionIn)


def text_of(message: EmailMessage) -> str:
    """A mail's plain text, with the line ends of Python."""
    body = message.get_body(["plain"])
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    """A mail's HTML."""
    body = message.get_body(["html"])
    assert body is not None
    return str(body.get_content())


OpenWorld = Callable[..., Awaitable[World]]


@pytest.fixture
async def open_world(store: Store, tmp_path: Path) -> AsyncIterator[OpenWorld]:
    """Opens worlds with settings of one's own: `open_world(SMTP_URL="…")`."""
    async with AsyncExitStack() as stack:

        async def make(**settings: str) -> World:
            environ = {
                "DATA_DIR": str(tmp_path),
                "PUBLIC_URL": URL,
                "OUTGOING_ALLOW": "127.0.0.1/32",
                **settings,
            }
            loaded = load({f"TIDEWORK_{name}": value for name, value in environ.items()})
            services = compose(loaded, store)
            stack.push_async_callback(finish, services)
            return World(store, services, tmp_path, {})

        yield make


@pytest.fixture
async def world(open_world: OpenWorld) -> World:
    """A world with the folder for mails, and without gateways."""
    return await open_world()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server that takes what is posted to it."""
    async with Receiver() as started:
        yield started
