"""What the tests of event streams share."""

import asyncio
import json
from collections.abc import Callable

from tests.services.api import Api, Person
from tests.services.live import Listener

from tidework.live import feed


async def tasks(person: Person, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        await person.made("~/tasks", {"title": f"Task {number}"})


async def seqs(listener: Listener, count: int) -> list[int | None]:
    return [event.id for event in await listener.commits(count)]


def reader_of(api: Api) -> feed.Reader:
    [only] = next(iter(api.app.streams.roster.feeds.values())).readers
    return only


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def refused(stream: Listener, kind: str, status: int, code: str) -> None:
    if kind == "sse":
        await until(lambda: stream.ended)
        assert (stream.status, json.loads(stream.text)["code"]) == (status, code), stream.text
    else:
        assert await stream.end() == code
        assert stream.closing == 4000 + status
