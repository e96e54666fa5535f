"""Written on one copy and read on another at once: never an older answer, and never a 304 for one."""

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.services.runs import FULL, Run
from tests.services.server import StartServer
from tests.services.wire import Line, Reply, registered, start_copies

from tidework.store.sql.migrations.runner import migrate_postgresql

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 if FULL else 300)]

COPIES = 3
STREAMS = 4
READERS = 3


@dataclass
class Hot:
    """A workspace with one task, which one writer changes and many read all the time.

    Attributes:
        acked: the version that was acknowledged last; no answer to a later question may be older.
        told: how many answers were compared, by kind.
    """

    home: str
    task: str
    acked: int
    ended: bool = False
    told: dict[str, int] = field(default_factory=dict)

    def paths(self) -> list[str]:
        """What is read: by id, by number, in lists, found by text."""
        tasks = f"{self.home}/tasks"
        return [
            f"{tasks}/{self.task}", f"{tasks}/1", tasks, f"{tasks}?q=hot", f"{tasks}?sort=-priority",
        ]  # fmt: skip


def version_in(answer: Reply) -> int:
    """The task's version by an answer to one of `paths`."""
    found = answer.json()
    task = found["items"][0] if "items" in found else found
    version: int = task["version"]
    return version


class Reader:
    """Asks all copies in turn, again and again, with the entity tags that it has from them."""

    def __init__(self, ports: list[int], token: str, hot: Hot, dice: random.Random) -> None:
        self._lines = [Line(port, token) for port in ports]
        self._hot = hot
        self._dice = dice
        self._tags: dict[tuple[int, str], tuple[str, int]] = {}

    async def look(self, copy: int, path: str) -> None:
        """Read once, and hold the answer against what was acknowledged before it was asked for."""
        hot, acked = self._hot, self._hot.acked
        tag, known = self._tags.get((copy, path), ("", 0))
        headers = {"if-none-match": tag} if tag and self._dice.random() < 0.8 else {}
        answer = await self._lines[copy].ask("GET", path, headers=headers)
        if answer.status == 304:
            version = known
        else:
            assert answer.status == 200, answer
            version = version_in(answer)
            self._tags[copy, path] = (answer.headers["etag"], version)
        assert version >= acked, f"{answer.status} {path} on {copy}: {version}, after {acked}"
        kind = "not modified" if answer.status == 304 else "given"
        hot.told[kind] = hot.told.get(kind, 0) + 1

    async def run(self) -> None:
        while not self._hot.ended:
            await self.look(self._dice.randrange(COPIES), self._dice.choice(self._hot.paths()))

    def close(self) -> None:
        for line in self._lines:
            line.hang_up()


class Writer:
    """Writes on one copy, and reads on another as soon as that is acknowledged."""

    def __init__(self, ports: list[int], token: str, hot: Hot, dice: random.Random) -> None:
        self._lines = [Line(port, token) for port in ports]
        self._reader = Reader(ports, token, hot, dice)
        self._hot = hot
        self._dice = dice
        self._done = 0

    async def run(self, count: int) -> None:
        for _ in range(count):
            here = self._dice.randrange(COPIES)
            there = (here + self._dice.randrange(1, COPIES)) % COPIES
            await self._reader.look(there, self._dice.choice(self._hot.paths()))
            await self._write(here)
            path = self._dice.choice([*self._hot.paths(), "stats", "changes"])
            if path == "stats":
                await self._stats(there)
            elif path == "changes":
                await self._changes(there)
            else:
                await self._reader.look(there, path)
        self._hot.ended = True
        self._reader.close()
        for line in self._lines:
            line.hang_up()

    async def _write(self, copy: int) -> None:
        self._done += 1
        status = "completed" if self._done % 2 else "pending"
        path = f"{self._hot.home}/tasks/{self._hot.task}"
        body = {"status": status, "description": f"{self._done}"}
        self._hot.acked = (await self._lines[copy].must("PATCH", path, body))["version"]

    async def _stats(self, copy: int) -> None:
        found = await self._lines[copy].must("GET", f"{self._hot.home}/stats")
        wanted = "completed" if self._done % 2 else "pending"
        assert found["by_status"][wanted] == 1, (self._done, found)

    async def _changes(self, copy: int) -> None:
        since = self._hot.acked - 1
        found = await self._lines[copy].must("GET", f"{self._hot.home}/changes?since={since}")
        assert [change["seq"] for change in found["changes"]][-1:] == [self._hot.acked]


async def new_hot(line: Line, number: int) -> Hot:
    """A workspace of its own, with its task."""
    made = await line.must("POST", "/workspaces", {"name": f"Hot {number}"})
    home = f"/workspaces/{made['id']}"
    task: dict[str, Any] = await line.must("POST", f"{home}/tasks", {"title": "hot"})
    return Hot(home, task["id"], task["version"])


@pytest.mark.parametrize("tier", ["without Redis", "with Redis"])
async def test_no_copy_gives_an_older_answer_than_any_has_acknowledged(
    tidework_server: StartServer,
    postgres_url: str,
    run: Run,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    tier: str,
) -> None:
    settings = {}
    if tier == "with Redis":
        settings["REDIS_URL"] = request.getfixturevalue("redis_url")
    await migrate_postgresql(postgres_url)
    copies = await start_copies(tidework_server, postgres_url, tmp_path, COPIES, **settings)
    ports = [copy.port for copy in copies]
    with await registered(ports[0], "ada@example.com") as line:
        hots = [await new_hot(line, number) for number in range(STREAMS)]
        token = line.token
    readers = [
        Reader(ports, token, hot, run.dice(f"reader {n} {m}"))
        for n, hot in enumerate(hots)
        for m in range(READERS)
    ]
    writers = [Writer(ports, token, hot, run.dice(f"writer {n}")) for n, hot in enumerate(hots)]
    count = run.pick(30, 500)
    try:
        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(reader.run())
            for writer in writers:
                group.create_task(writer.run(count))
    finally:
        for reader in readers:
            reader.close()
    for hot in hots:
        # Both kinds of answers were given, or nothing was tried.
        assert hot.told["not modified"] > 0
        assert hot.told["given"] > count
