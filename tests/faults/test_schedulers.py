"""Many schedulers at once, killed again and again: each reminder once, also what is late by a day."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine
from tests.faults.harness.schedulers import HASTY, REAL, Schedulers
from tests.services.receiver import Receiver
from tests.services.runs import FULL, Run
from tests.services.stores import Database

from tidework.composition import Services, compose, finish
from tidework.http.context import Membership, RequestContext
from tidework.log import Operation
from tidework.notifications.schemas import PreferencesIn
from tidework.reminders.schemas import ReminderIn
from tidework.reminders.service import ReminderService
from tidework.settings import Settings, load
from tidework.tasks.schemas import TaskCreate
from tidework.times import now
from tidework.users.api import NewAccount

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200 if FULL else 280)]

WORKERS = 5
TITLE = re.compile(r"r-\d+-\d+")

# A note of each time that a notification is written, whatever it is written over.
COUNTING = {
    "sqlite": (
        "CREATE TABLE written (id TEXT)",
        """CREATE TRIGGER made AFTER INSERT ON notifications WHEN new.kind = 'reminder'
        BEGIN INSERT INTO written VALUES (new.id); END""",
        """CREATE TRIGGER changed AFTER UPDATE ON notifications WHEN new.kind = 'reminder'
        BEGIN INSERT INTO written VALUES (new.id); END""",
    ),
    "postgresql": (
        "CREATE TABLE written (id uuid)",
        "GRANT ALL ON written TO PUBLIC",
        """CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO written VALUES (new.id); RETURN NULL; END $$""",
        """CREATE TRIGGER written AFTER INSERT OR UPDATE ON notifications
        FOR EACH ROW WHEN (new.kind = 'reminder') EXECUTE FUNCTION note_written()""",
    ),
}
LEFT = """SELECT count(*) FROM jobs WHERE kind IN
    ('reminders.fire', 'notifications.tell', 'notifications.send', 'notify.chat')"""


@dataclass
class Crowd:
    """People who want to be reminded, each of several tasks, on one database."""

    services: Services
    environ: dict[str, str]
    expected: set[str] = field(default_factory=set)
    people: list[Membership] = field(default_factory=list)

    async def person(self, number: int) -> None:
        """Somebody who is told by chat, at once and in the inbox."""
        name = f"Person {number}"
        account, _ = await self.services.users.create(
            NewAccount(email=f"p{number}@example.com", name=name)
        )
        workspace = await self.services.workspaces.create(account.id, "Tides")
        key = {"stream_id": account.id, "channel": "chat"}
        address = {"address": f"@p{number}", "confirmed_at": now(), "attempts": 0}
        await self.services.store.operate([Operation("channel_addresses", "upsert", key, address)])
        chosen = {
            "kinds": {"reminder": {"chat": True, "email": False, "push": False}},
            "bundle_minutes": 0,
        }
        await self.services.notifications.choices.replace(
            account.id, msgspec.convert(chosen, PreferencesIn), _context()
        )
        self.people.append(Membership(workspace, account.id, "owner"))

    async def remind(self, number: int, count: int, due: datetime, dice: random.Random) -> None:
        """Reminders of so many tasks that are due about then: at a time, or before it."""
        member = self.people[number]
        reminders = ReminderService(self.services.store)
        for _ in range(count):
            title = f"r-{number}-{len(self.expected)}"
            at = due + timedelta(seconds=dice.uniform(0, 3))
            task = await self.services.tasks.create(
                member, TaskCreate(title=title, due_at=at + timedelta(hours=1)), _context()
            )
            when = ReminderIn(at=at) if dice.random() < 0.5 else ReminderIn(offset_minutes=60)
            await reminders.create(member, task.id, when, _context())
            self.expected.add(title)


def _context() -> RequestContext:
    return RequestContext("request-1", "203.0.113.7", "http", 0.0)


def _settings(database: Database, folder: Path, receiver: Receiver) -> Settings:
    url = database.address
    if database.dialect == "sqlite":
        url = f"sqlite:///{database.address}"
    return load(
        {
            "TIDEWORK_DATA_DIR": str(folder),
            "TIDEWORK_DATABASE_URL": url,
            "TIDEWORK_CHAT_URL": receiver.url("/chat"),
        }
    )


@pytest.fixture(params=["postgresql", "sqlite"] if FULL else ["postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A database of the test's own: what it counts with stays in it."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_copy"
    found: Database = request.getfixturevalue(name)
    return found


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as found:
        yield found


@pytest.fixture
async def crowd(database: Database, tmp_path: Path, receiver: Receiver) -> AsyncIterator[Crowd]:
    settings = _settings(database, tmp_path, receiver)
    database.execute(*COUNTING[database.dialect])
    services = compose(settings, await database.open())
    yield Crowd(services, settings.to_environ())
    await finish(services)


async def until(true: Callable[[], bool], within_s: float) -> None:
    """Wait until something holds, while the receiver goes on."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - other processes make it so
            await asyncio.sleep(0.1)


def titles(receiver: Receiver) -> Counter[str]:
    """How often each reminder has arrived. What comes again with its key has come already."""
    messages = {hook.headers["idempotency-key"]: hook.event["text"] for hook in receiver.received}
    return Counter(title for text in messages.values() for title in TITLE.findall(text))


@pytest.mark.parametrize("program", [HASTY, REAL] if FULL else [HASTY], ids=lambda one: one[1][-8:])
async def test_each_reminder_comes_once_whoever_is_killed(
    database: Database,
    crowd: Crowd,
    receiver: Receiver,
    tmp_path: Path,
    run: Run,
    program: tuple[str, ...],
) -> None:
    dice = run.dice()
    people, each, kills = run.pick((6, 5, 4), (80, 5, 40))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with time_machine.travel(yesterday, tick=True):
        # Wanted, and then everything stood still for a day.
        for number in range(people):
            await crowd.person(number)
            await crowd.remind(number, each, yesterday + timedelta(hours=2), dice)
    with Schedulers(tmp_path, crowd.environ, WORKERS, program) as schedulers:
        for _ in range(kills // 2):
            await asyncio.sleep(dice.uniform(0.2, 1.5))
            await asyncio.to_thread(schedulers.kill, dice)
        # Some fall due while they work.
        for number in range(people):
            await crowd.remind(number, each, datetime.now(UTC) + timedelta(seconds=5), dice)
        for _ in range(kills // 2):
            await asyncio.sleep(dice.uniform(0.2, 1.5))
            await asyncio.to_thread(schedulers.kill, dice)
        await until(lambda: crowd.expected <= set(titles(receiver)), run.pick(120, 600))
        # Until nobody has anything left to do that could come twice.
        await until(lambda: not database.execute(LEFT)[0][0][0], run.pick(60, 300))
        schedulers.assert_alive()
    repeated = len(receiver.received) - len(
        {h.headers["idempotency-key"] for h in receiver.received}
    )
    print(
        f"{database.dialect}: {len(crowd.expected)} reminders, {schedulers.started} workers,"
        f" {kills} killed; {len(receiver.received)} messages, of which {repeated} again by their key"
    )
    told = titles(receiver)
    assert set(told) == crowd.expected
    assert {title: count for title, count in told.items() if count > 1} == {}
    written = Counter(row[0] for row in database.execute("SELECT id FROM written")[0])
    assert {one: count for one, count in written.items() if count > 1} == {}
    assert len(written) == len(crowd.expected)
