"""A server that is killed at any moment: what bears a key happens once, whoever asks again."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.conftest import Command
from tests.services.server import StartServer, TideworkServer

PASSWORD = "correct horse battery staple"
CLIENTS = 6
ROUNDS = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tidework_server: StartServer, tidework: Command, tmp_path: Path
) -> TideworkServer:
    environment = {"TIDEWORK_RATE_LIMITS": "off", "TIDEWORK_LOG_LEVEL": "warning"}
    if request.param == "postgresql":
        keys = tmp_path / "keys.json"
        environment["TIDEWORK_DATABASE_URL"] = request.getfixturevalue("postgres_url")
        environment["TIDEWORK_SIGNING_KEYS_FILE"] = str(keys)
        assert tidework("keys", "create", keys).returncode == 0
        assert tidework("migrate", env=environment).returncode == 0
    return tidework_server(env=environment)


class Load:
    """Writes until it is told to stop, and notes what was answered."""

    def __init__(self, client: httpx.Client, task: str) -> None:
        self._client = client
        self._task = task
        self._stopped = threading.Event()
        self.answered: dict[str, httpx.Response] = {}
        self.unanswered: list[tuple[str, str, Any]] = []

    def commands(self, worker: str) -> Iterator[tuple[str, str, Any]]:
        """A key, a path and a body, again and again."""
        place = "/api/v1/workspaces/personal"
        number = 0
        while not self._stopped.is_set():
            number += 1
            name = f"{worker}-{number}"
            operations = [{"op": "create", "data": {"title": f"{name}-{n}"}} for n in range(2)]
            yield f"task-{name}", f"{place}/tasks", {"title": name}
            yield f"batch-{name}", f"{place}/tasks/batch", {"operations": operations}
            yield f"comment-{name}", f"{place}/tasks/{self._task}/comments", {"body": name}
            yield f"label-{name}", f"{place}/labels", {"name": name}
        # The dearest of all, and the one that makes two streams.
        email = f"{worker}@example.com"
        yield f"register-{worker}", "/api/v1/auth/register", registration(email)

    def run(self, worker: str) -> None:
        for key, path, body in self.commands(worker):
            try:
                answer = self._client.post(path, json=body, headers={"idempotency-key": key})
            except httpx.TransportError:
                self.unanswered.append((key, path, body))
                return
            assert answer.status_code in (200, 201), answer.text
            self.answered[key] = answer

    def stop(self) -> None:
        self._stopped.set()


def registration(email: str) -> dict[str, str]:
    return {"email": email, "password": PASSWORD, "name": email}


def everything(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    """All items of a list."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"limit": 100} | ({"cursor": cursor} if cursor else {})
        page = client.get(path, params=query).raise_for_status().json()
        found += page["items"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return found


def test_every_post_happens_once_though_the_server_is_killed(server: TideworkServer) -> None:
    chance = random.Random(7)
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        made = client.post("/api/v1/auth/register", json=registration("ada@example.com")).json()
        client.headers["authorization"] = f"Bearer {made['access_token']}"
        place = "/api/v1/workspaces/personal"
        task = client.post(f"{place}/tasks", json={"title": "commented"}).json()["id"]
        done: dict[str, httpx.Response] = {}
        lost: list[tuple[str, str, Any]] = []
        for turn in range(ROUNDS):
            load = Load(client, task)
            enough = chance.randrange(5, 60)
            with ThreadPoolExecutor(CLIENTS) as pool:
                running = [pool.submit(load.run, f"r{turn}w{w}") for w in range(CLIENTS)]
                # Killed in the middle of the work, and once in the middle of registering.
                while len(load.answered) < enough and not all(one.done() for one in running):
                    threading.Event().wait(0.001)
                if turn == ROUNDS - 1:
                    load.stop()
                threading.Event().wait(chance.random() * 0.05)
                server.kill()
                for one in running:
                    one.result()
            server.start()
            again = [
                client.post(path, json=body, headers={"idempotency-key": key})
                for key, path, body in load.unanswered
            ]
            for (key, _, _), answer in zip(load.unanswered, again, strict=True):
                assert answer.status_code in (200, 201), (key, answer.text)
                done[key] = answer
            done |= load.answered
            lost += load.unanswered
        assert len(lost) >= ROUNDS

        tasks = Counter(one["title"] for one in everything(client, f"{place}/tasks"))
        comments = Counter(
            one["body"] for one in everything(client, f"{place}/tasks/{task}/comments")
        )
        labels = Counter(one["name"] for one in client.get(f"{place}/labels").json()["items"])
        people = Counter(one["email"] for one in everything(client, "/api/v1/admin/users"))
        expected = [key.partition("-") for key in done]
        assert tasks == Counter(
            ["commented"]
            + [name for kind, _, name in expected if kind == "task"]
            + [f"{name}-{n}" for kind, _, name in expected if kind == "batch" for n in range(2)]
        )
        assert comments == Counter(name for kind, _, name in expected if kind == "comment")
        assert labels == Counter(name for kind, _, name in expected if kind == "label")
        assert set(people.values()) == {1}
        for key, answer in done.items():
            if key.startswith("task-"):
                now = client.get(f"{place}/tasks/{answer.json()['id']}")
                assert now.json() == answer.json(), key
            elif key.startswith("register-"):
                own = {"authorization": f"Bearer {answer.json()['access_token']}"}
                assert client.get("/api/v1/users/me", headers=own).status_code == 200
