"""A database that answers two seconds late, under many times more clients than connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
import pytest
from tests.services.proxy import proxied
from tests.services.server import StartServer, TideworkServer

from tidework.auth.keys import KeySet
from tidework.store.sql.migrations.runner import migrate_postgresql

POOL = 4
CLIENTS = 20 * POOL
SLOW_S = 2.0
TASKS = "/api/v1/workspaces/personal/tasks"
PERSON = {
    "email": "ada@example.com",
    "password": "correct horse battery staple",
    "name": "Ada",
}


@dataclass
class Seen:
    """The answers of a time: status and seconds."""

    answers: list[tuple[int, float]] = field(default_factory=list)

    def all_well(self, count: int) -> bool:
        """Whether the last `count` answers were what was asked for."""
        last = self.answers[-count:]
        return len(last) == count and all(status in (200, 201) for status, _ in last)

    def of(self, status: int) -> list[float]:
        return [seconds for found, seconds in self.answers if found == status]


class Crowd:
    """Clients that ask one thing after the other; `seen` is where their answers go now."""

    def __init__(self, server: TideworkServer, client: httpx.AsyncClient) -> None:
        self.client = client
        self.seen = Seen()
        self.server = server

    async def ask(self, number: int) -> None:
        turn = 0
        while True:
            turn += 1
            started, seen = time.monotonic(), self.seen
            if number % 8 == 0:
                answer = await self.client.post(TASKS, json={"title": "x"})
            else:
                # What nobody has asked for yet: memory could answer it without a query for data.
                answer = await self.client.get(f"{TASKS}?limit={number}&page={turn}")
            seen.answers.append((answer.status_code, time.monotonic() - started))

    async def until(self, true: Callable[[], bool], deadline: float = 30.0) -> None:
        async with asyncio.timeout(deadline):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def crowd(server: TideworkServer) -> AsyncIterator[Crowd]:
    limits = httpx.Limits(max_connections=CLIENTS + 4)
    async with httpx.AsyncClient(base_url=server.base_url, timeout=30, limits=limits) as client:
        answer = await client.post("/api/v1/auth/register", json=PERSON)
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        made = Crowd(server, client)
        tasks = [asyncio.create_task(made.ask(number + 1)) for number in range(CLIENTS)]
        try:
            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.alone
async def test_who_cannot_be_served_is_told_within_two_seconds_and_all_is_well_soon_after(
    tidework_server: StartServer, postgres_url: str, tmp_path: Path
) -> None:
    await migrate_postgresql(postgres_url)
    keys = tmp_path / "keys.json"
    KeySet.load_or_create(keys)
    async with proxied(postgres_url) as (proxy, url):
        env = {
            "TIDEWORK_DATABASE_URL": url,
            "TIDEWORK_POOL_MAX": str(POOL),
            "TIDEWORK_RATE_LIMITS": "off",
            "TIDEWORK_SIGNING_KEYS_FILE": str(keys),
            "TIDEWORK_LOG_LEVEL": "error",
        }
        server = await asyncio.to_thread(tidework_server, env=env)
        async with crowd(server) as people:
            await people.until(lambda: people.seen.all_well(CLIENTS))

            people.seen = slow = Seen()
            proxy.delay = SLOW_S
            await people.until(lambda: len(slow.of(503)) > 3 * CLIENTS)
            live = await people.client.get("/health/live")
            assert live.status_code == 200

            people.seen = well = Seen()
            proxy.delay = 0.0
            ended = time.monotonic()
            await people.until(lambda: well.all_well(CLIENTS), 10)
            ready = await people.client.get("/health/ready")
            assert ready.status_code == 200
            assert time.monotonic() - ended < 10
    assert {status for status, _ in slow.answers} <= {200, 201, 503}
    # Of a machine that has other things to do, some clients are late themselves.
    assert median(slow.of(503)) < SLOW_S
