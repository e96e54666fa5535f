"""A server that is killed while it delivers, and a receiver that fails now and then: nothing is lost."""

import asyncio
import sqlite3
from collections import defaultdict
from functools import partial
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook
from tests.services.receiver import Hook, Receiver, Reply
from tests.services.server import StartServer, TideworkServer

pytestmark = pytest.mark.slow

TASKS, CHANGES, KILLS = 4, 12, 2
PASSWORD = "correct horse battery staple"
DEADLINE_S = 120


class Shaky(Receiver):
    """Fails once at one message of each task, and loses its answer to another."""

    def __init__(self) -> None:
        super().__init__(answer=self._answer)
        self.titles: dict[str, list[str]] = defaultdict(list)
        self.taken: set[str] = set()
        self._failed: set[tuple[str, int]] = set()

    def has_taken(self, count: int) -> bool:
        return len(self.taken) >= count

    def _answer(self, hook: Hook) -> Reply:
        known_as, event = hook.headers["webhook-id"], hook.event
        number = int(event["data"]["values"]["title"].split()[1])
        if number == 3 and (known_as, 3) not in self._failed:
            self._failed.add((known_as, 3))
            return Reply(503, {"retry-after": "1"})
        if known_as not in self.taken:
            self.taken.add(known_as)
            self.titles[event["subject"]].append(event["data"]["values"]["title"])
        if number == 8 and (known_as, 8) not in self._failed:
            self._failed.add((known_as, 8))
            raise ConnectionResetError
        return Reply()


def claims_end(server: TideworkServer) -> None:
    """Let what the dead one had claimed be due, as it would be half a minute later."""
    connection = sqlite3.connect(server.data_dir / "tidework.db", timeout=30)
    with connection:
        connection.execute("UPDATE jobs SET due_at = '2026-01-01T00:00:00.000000Z'")
    connection.close()


async def test_deliveries_survive_kills_in_order(tidework_server: StartServer) -> None:
    environ = {"TIDEWORK_RATE_LIMITS": "off", "TIDEWORK_OUTGOING_ALLOW": "127.0.0.0/8"}
    server = await asyncio.to_thread(tidework_server, env=environ)
    async with Shaky() as receiver, httpx.AsyncClient(timeout=60) as client:
        base = f"{server.base_url}/api/v1"

        async def call(method: str, path: str, body: Any = None) -> dict[str, Any]:
            answer = await client.request(method, base + path, json=body)
            assert answer.status_code < 300, answer.text
            found: dict[str, Any] = answer.json()
            return found

        account = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
        made = await call("POST", "/auth/register", account)
        client.headers["authorization"] = f"Bearer {made['access_token']}"
        place = f"/workspaces/{made['user']['personal_workspace_id']}"
        wanted = {"url": receiver.url(), "events": ["task.updated"]}
        webhook = await call("POST", f"{place}/webhooks", wanted)
        tasks = [(await call("POST", f"{place}/tasks", {"title": "t"}))["id"] for _ in range(TASKS)]
        for number in range(CHANGES):
            for task in tasks:
                await call("PATCH", f"{place}/tasks/{task}", {"title": f"title {number}"})
        for kill in range(1, KILLS + 1):
            part = kill * TASKS * CHANGES // (KILLS + 1)
            await receiver.until(partial(receiver.has_taken, part), DEADLINE_S)
            await asyncio.to_thread(server.kill)
            claims_end(server)
            await asyncio.to_thread(server.start)
        await receiver.until(partial(receiver.has_taken, TASKS * CHANGES), DEADLINE_S)
        shown = await client.get(f"{base}{place}/webhooks/{webhook['id']}/deliveries?limit=100")
    in_order = [f"title {number}" for number in range(CHANGES)]
    assert dict(receiver.titles) == {f"tasks/{task}": in_order for task in tasks}
    last = receiver.received[-1]
    assert Webhook(webhook["secret"]).verify(last.body, last.headers)
    assert len(shown.json()["items"]) == TASKS * CHANGES
