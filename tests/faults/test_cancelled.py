"""Requests that are cancelled at any moment: nobody gets a byte of another's answer, nothing is left."""

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tests.services.api import Person, opened
from tests.services.postgres import Postgres
from tests.services.proxy import Proxy, proxied
from tests.services.runs import FULL, Run
from tests.services.server import StartServer, TideworkServer
from tests.services.wire import Line, assert_replays, registered, start_copies

from tidework.settings import load
from tidework.store.sql.migrations.runner import migrate_postgresql

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 if FULL else 300)]

HERE = "/workspaces/personal"
PEOPLE = 8
POOL = 6
MARKER = re.compile(rb"who[0-9]{3}who")


@dataclass
class Wanted:
    """A request, and what its answer has to say."""

    method: str
    path: str
    body: Any = None
    holds: Callable[[Any], bool] = lambda _: True


@dataclass
class Somebody:
    """A person whose every text bears a marker that nobody else's does."""

    marker: str
    dice: random.Random
    tasks: list[str] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    count: int = 0
    answered: int = 0
    cancelled: int = 0
    refused: int = 0

    def request(self) -> Wanted:
        """What this person asks next."""
        self.count += 1
        task, title = self.dice.choice(self.tasks), f"{self.marker} {self.count}"
        kind = self.dice.choice(("list", "list", "task", "me", "create", "update", "text", "hot"))
        if kind == "create":
            self.tried.add(title)
            body = {"title": title}
            return Wanted("POST", f"{HERE}/tasks", body, lambda found: found["title"] == title)
        if kind == "update":
            return Wanted(
                "PATCH", f"{HERE}/tasks/{task}", {"description": title},
                lambda found: (found["id"], found["description"]) == (task, title),
            )  # fmt: skip
        if kind == "task":
            return Wanted("GET", f"{HERE}/tasks/{task}", None, lambda found: found["id"] == task)
        if kind == "me":
            email = f"{self.marker}@example.com"
            return Wanted("GET", "/users/me", None, lambda found: found["email"] == email)
        # The first is another list each time, the last the same for all who ask at once.
        limit = {"list": f"limit={1 + self.count % 100}", "text": f"q={self.marker}"}
        path = f"{HERE}/tasks?{limit.get(kind, 'limit=50')}"
        return Wanted("GET", path, None, lambda found: len(found["items"]) > 0)

    def told(self, wanted: Wanted, status: int, body: bytes, *, strained: bool = False) -> None:
        """Hold an answer against what was asked; `strained` servers may refuse."""
        assert set(MARKER.findall(body)) <= {self.marker.encode()}, (wanted, body)
        if status == 503 and strained:
            self.refused += 1
            return
        assert status in (200, 201), (wanted, status, body)
        assert wanted.holds(json.loads(body)), (wanted, body)
        self.answered += 1
        if wanted.method == "POST":
            self.acknowledged.add(wanted.body["title"])

    def check_rows(self, titles: list[str]) -> None:
        """What there is in the end: all that was acknowledged, and nothing that was not tried."""
        assert len(titles) == len(set(titles))
        assert self.acknowledged <= set(titles)
        assert set(titles) <= self.tried | {f"{self.marker} first", f"{self.marker} second"}


Ask = Callable[[Wanted], Awaitable[tuple[int, bytes]]]


async def ask_or_leave(one: Somebody, ask: Ask, longest: float) -> bool:
    """Ask, and cancel that at a random moment unless it is answered before; whether it was."""
    wanted = one.request()
    asking = asyncio.ensure_future(ask(wanted))
    # Not a wait for something: the moment itself is what is tried.
    await asyncio.wait([asking], timeout=one.dice.uniform(0, longest))
    if not asking.done():
        asking.cancel()
        await asyncio.wait([asking])
    if asking.cancelled():
        one.cancelled += 1
    else:
        one.told(wanted, *asking.result(), strained=True)
    return not asking.cancelled()


async def keep_asking(one: Somebody, ask: Ask, times: int, longest: float) -> None:
    """Ask or leave, as many times. About as many are answered as are left, however slow the machine
    is: who was not answered is a little more patient the next time.
    """
    for _ in range(times):
        longest *= 0.8 if await ask_or_leave(one, ask, longest) else 1.25


async def calmly(one: Somebody, ask: Ask) -> None:
    """Ask, and wait for the answer."""
    wanted = one.request()
    one.told(wanted, *await ask(wanted))


def assert_tried(people: list[Somebody]) -> None:
    """Enough were cancelled and enough were answered to have met each other."""
    cancelled, answered, refused = (
        sum(getattr(one, name) for one in people) for name in ("cancelled", "answered", "refused")
    )
    # How many are refused for want of time is up to the machine.
    print(f"{cancelled} cancelled, {answered} answered, {refused} refused")
    assert cancelled > 5 * PEOPLE
    assert answered > 5 * PEOPLE


def gauges(text: str) -> dict[str, float]:
    """What has to be nothing when nobody asks: all that counts requests under way."""
    names = (
        "tidework_pool_connections_in_use", "tidework_pool_waiting", "tidework_commits_pending",
        "tidework_admission_in_flight", "tidework_admission_waiting",
    )  # fmt: skip
    found = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith(names):
            found[name] = float(value)
    assert any(name.startswith("tidework_admission_in_flight") for name in found), text
    return found


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


# --- people who hang up, on a server behind two slow networks -------------------------------------


class Client:
    """Somebody's connection: one that hangs up when its question is cancelled."""

    def __init__(self, one: Somebody, line: Line) -> None:
        self.one = one
        self.line = line

    async def ask(self, wanted: Wanted) -> tuple[int, bytes]:
        try:
            answer = await self.line.ask(wanted.method, wanted.path, wanted.body)
        except asyncio.CancelledError:
            self.line.hang_up(reset=self.one.dice.random() < 0.5)
            raise
        return answer.status, answer.body


def sessions(postgres: Postgres, url: str) -> list[tuple[Any, ...]]:
    """The product's connections to its database, with what they are doing."""
    name = url.rsplit("/", 1)[1]
    query = (
        "SELECT application_name, state, wait_event_type FROM pg_stat_activity"
        f" WHERE datname = '{name}' AND application_name LIKE 'tidework%'"
    )
    [found] = postgres.execute(query)
    return found


async def idle(server: TideworkServer, postgres: Postgres, url: str) -> bool:
    async with httpx.AsyncClient(base_url=server.base_url) as client:
        text = (await client.get("/metrics")).text
    states = {state for _, state, _ in await asyncio.to_thread(sessions, postgres, url)}
    return not any(gauges(text).values()) and states == {"idle"}


async def hang_up_often(clients: list[Client], each: int) -> None:
    await asyncio.gather(*(keep_asking(one.one, one.ask, each, 1.2) for one in clients))


async def test_those_who_hang_up(
    tidework_server: StartServer, postgres: Postgres, postgres_url: str, run: Run, tmp_path: Path
) -> None:
    await migrate_postgresql(postgres_url)
    async with proxied(postgres_url) as (behind, url):
        [server] = await start_copies(tidework_server, url, tmp_path, 1, POOL_MAX=str(POOL))
        async with proxied(server.base_url) as (before, _):
            clients = await connected(server, before, run)
            people = [client.one for client in clients[::2]]
            for client in clients:
                await calmly(client.one, client.ask)
            base = len(await asyncio.to_thread(sessions, postgres, postgres_url))
            files = psutil.Process(server.pid).num_fds()

            behind.delay = before.delay = 0.1
            await hang_up_often(clients, run.pick(16, 320))
            behind.delay = before.delay = 0.0

            for client in clients:
                client.line.hang_up()
            await until(lambda: idle(server, postgres, postgres_url))
            for client in clients:
                await calmly(client.one, client.ask)
            left = len(await asyncio.to_thread(sessions, postgres, postgres_url))
            # The pool may have grown to its bound meanwhile; nothing stands beside it.
            assert left < base + POOL, (base, left)
            assert psutil.Process(server.pid).num_fds() <= files + POOL
            await look_at_rows(clients)
            for client in clients:
                client.line.hang_up()
        assert await asyncio.to_thread(server.ready)
    assert_tried(people)
    assert_replays({"TIDEWORK_DATABASE_URL": postgres_url, "TIDEWORK_DATA_DIR": str(tmp_path)})


async def connected(server: TideworkServer, before: Proxy, run: Run) -> list[Client]:
    """People with two tasks each, and two connections each through the proxy."""
    clients = []
    for number in range(PEOPLE):
        marker = f"who{number:03}who"
        with await registered(server.port, f"{marker}@example.com") as line:
            one = Somebody(marker, run.dice(marker))
            for which in ("first", "second"):
                body = {"title": f"{marker} {which}"}
                one.tasks.append((await line.must("POST", f"{HERE}/tasks", body))["id"])
            clients += [Client(one, Line(before.port, line.token)) for _ in range(2)]
    return clients


async def look_at_rows(clients: list[Client]) -> None:
    for client in clients:
        items = await client.line.all_of(f"{HERE}/tasks")
        client.one.check_rows([item["title"] for item in items])


# --- handlers that are cancelled, as by a deadline ------------------------------------------------


async def test_handlers_that_are_cancelled(database_url: str, run: Run, tmp_path: Path) -> None:
    """In the test's own process, where a cancellation reaches whatever the handler waits for."""
    if database_url.startswith("sqlite"):
        await cancel_often(database_url, run, tmp_path, None)
        return
    async with proxied(database_url) as (behind, url):
        await cancel_often(url, run, tmp_path, behind)


async def cancel_often(url: str, run: Run, folder: Path, behind: Proxy | None) -> None:
    settings = load(
        {
            "TIDEWORK_DATA_DIR": str(folder),
            "TIDEWORK_DATABASE_URL": url,
            "TIDEWORK_RATE_LIMITS": "off",
            "TIDEWORK_METRICS": "public",
            "TIDEWORK_POOL_MAX": str(POOL),
            # A machine may be busy with other tests; that is no reason for a 503.
            "TIDEWORK_WAIT_SECONDS": "30",
        }
    )
    async with opened(settings) as api:
        people = []
        for number in range(PEOPLE):
            marker = f"who{number:03}who"
            person = await api.person(f"{marker}@example.com", marker)
            one = Somebody(marker, run.dice(marker))
            for which in ("first", "second"):
                made = await person.made(
                    "/workspaces/personal/tasks", {"title": f"{marker} {which}"}
                )
                one.tasks.append(made["id"])
            people.append((one, asker(person)))

        if behind is not None:
            behind.delay = 0.01
        longest = 0.02 if behind is None else 0.3

        times = run.pick(16, 160)
        await asyncio.gather(
            *(keep_asking(*each, times, longest) for each in people for _ in range(2))
        )
        if behind is not None:
            behind.delay = 0.0

        async def calm() -> bool:
            return not any(gauges((await api.client.get("/metrics")).text).values())

        await until(calm)
        for one, ask in people:
            await calmly(one, ask)
            one.check_rows(await titles_of(ask))
        assert (await api.client.get("/health/ready")).status_code == 200
    assert_tried([one for one, _ in people])


async def titles_of(ask: Ask) -> list[str]:
    """All tasks there are, page by page."""
    titles: list[str] = []
    cursor = ""
    while True:
        _, body = await ask(Wanted("GET", f"{HERE}/tasks?limit=100{cursor}"))
        page = json.loads(body)
        titles += [item["title"] for item in page["items"]]
        if not page["next_cursor"]:
            return titles
        cursor = f"&cursor={page['next_cursor']}"


def asker(person: Person) -> Ask:
    async def ask(wanted: Wanted) -> tuple[int, bytes]:
        answer = await person.call(wanted.method, wanted.path, wanted.body)
        return answer.status_code, answer.content

    return ask
