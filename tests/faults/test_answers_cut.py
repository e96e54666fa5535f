"""Answers that are cut off once the request has passed; whoever asks again gets the first answer."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.services.runs import FULL, Run
from tests.services.server import StartServer
from tests.services.wire import Line, Reply, assert_replays, registered, start_copies

from tidework.store.sql.migrations.runner import migrate_postgresql

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 if FULL else 300)]

ACTORS = 12
HERE = "/workspaces/personal"
# What is another in each answer, whatever the answer is to.
OWN = {"date", "x-request-id", "idempotency-replayed"}


@dataclass(frozen=True)
class Post:
    """A request with a key. Each of `words` is in one row that it makes, and nowhere else."""

    path: str
    body: Any
    words: tuple[str, ...]

    @property
    def headers(self) -> dict[str, str]:
        return {"idempotency-key": f"key-{self.words[0]}"}


def posts(count: int, task: str, dice: random.Random) -> list[Post]:
    """Requests of every kind that makes rows; their places among each other are thrown."""
    made = []
    for number in range(count):
        word = f"word{number}"
        kind = dice.choices(
            ("task", "comment", "batch", "label", "project", "workspace"),
            weights=(60, 15, 10, 6, 6, 3),
        )[0]
        if kind == "task":
            made.append(Post(f"{HERE}/tasks", {"title": word}, (word,)))
        elif kind == "comment":
            made.append(Post(f"{HERE}/tasks/{task}/comments", {"body": word}, (word,)))
        elif kind == "batch":
            words = (f"{word}.a", f"{word}.b")
            creates = [{"op": "create", "data": {"title": one}} for one in words]
            made.append(Post(f"{HERE}/tasks/batch", {"operations": creates}, words))
        elif kind == "workspace":
            made.append(Post("/workspaces", {"name": word}, (word,)))
        else:
            made.append(Post(f"{HERE}/{kind}s", {"name": word}, (word,)))
    return made


async def cut_off(line: Line, post: Post, dice: random.Random) -> Reply | None:
    """Ask, and lose the answer. What it was, where it could be known, and was lost after that."""
    how = dice.choice(("passed", "moment", "moment", "half", "lost"))
    await line.send("POST", post.path, post.body, post.headers)
    if how == "lost":
        answer = await line.reply()
        line.hang_up(reset=dice.random() < 0.5)
        return answer
    if how == "half":
        await line.some(dice.randrange(1, 200))
    elif how == "moment":
        # Not a wait for something: the moment itself is what is tried.
        await asyncio.sleep(dice.uniform(0.0, 0.03))
    # A reset at once may take the request along; it has passed otherwise.
    line.hang_up(reset=how != "passed" and dice.random() < 0.5)
    return None


async def again(port: int, token: str, post: Post) -> Reply:
    """Ask again until there is an answer, as a client does that is told to wait."""
    with Line(port, token) as line:
        while True:
            answer = await line.ask("POST", post.path, post.body, post.headers)
            if answer.status != 409 or answer.json()["code"] != "idempotency_running":
                return answer
            await asyncio.sleep(0.01)


def shown(answer: Reply) -> tuple[int, dict[str, str], bytes]:
    """All of an answer that two answers to one request have to share."""
    kept = {name: value for name, value in answer.headers.items() if name not in OWN}
    return answer.status, kept, answer.body


async def actor(ports: list[int], token: str, work: Iterator[Post], dice: random.Random) -> int:
    """Cut off, then ask three times at once; how many first answers could be compared."""
    known = 0
    for post in work:
        first = await cut_off(Line(dice.choice(ports), token), post, dice)
        answers = await asyncio.gather(*(again(dice.choice(ports), token, post) for _ in range(3)))
        answers += [first] if first else []
        known += first is not None
        assert {answer.status for answer in answers} <= {200, 201}, answers
        for other in answers[1:]:
            assert shown(other) == shown(answers[0]), post
        seqs = {answer.headers.get("tidework-seq") for answer in answers}
        assert len(seqs) == 1, answers
        assert None not in seqs, answers
    return known


async def rows(line: Line) -> Counter[str]:
    """How many rows bear each word."""
    found: Counter[str] = Counter()
    for path, name in ((f"{HERE}/tasks", "title"), (f"{HERE}/tasks/1/comments", "body")):
        found.update(one[name] for one in await line.all_of(path))
    for path in (f"{HERE}/labels", f"{HERE}/projects", "/workspaces"):
        found.update(one["name"] for one in (await line.must("GET", path))["items"])
    return Counter({word: count for word, count in found.items() if word.startswith("word")})


async def check(ports: list[int], run: Run) -> None:
    with await registered(ports[0], "ada@example.com") as first:
        task = (await first.must("POST", f"{HERE}/tasks", {"title": "the first"}))["id"]
    wanted = posts(run.pick(120, 1000), task, run.dice("posts"))
    work = iter(wanted)
    known = await asyncio.gather(
        *(actor(ports, first.token, work, run.dice(number)) for number in range(ACTORS))
    )
    assert sum(known) > 0
    rows_wanted = Counter(word for post in wanted for word in post.words)
    for port in ports:
        with Line(port, first.token) as line:
            assert await rows(line) == rows_wanted


async def test_each_post_makes_its_rows_once_and_is_answered_alike(
    tidework_server: StartServer, run: Run
) -> None:
    env = {"TIDEWORK_RATE_LIMITS": "off", "TIDEWORK_LOG_LEVEL": "warning"}
    server = await asyncio.to_thread(tidework_server, env=env)
    await check([server.port], run)
    await asyncio.to_thread(server.stop)
    assert_replays({"TIDEWORK_DATA_DIR": str(server.data_dir)})


async def test_whichever_of_two_copies_is_asked_again(
    tidework_server: StartServer, postgres_url: str, run: Run, tmp_path: Path
) -> None:
    await migrate_postgresql(postgres_url)
    copies = await start_copies(tidework_server, postgres_url, tmp_path, 2)
    await check([copy.port for copy in copies], run)
    assert_replays({"TIDEWORK_DATABASE_URL": postgres_url, "TIDEWORK_DATA_DIR": str(tmp_path)})
