"""Answers that copies share through Redis: used, never stale, never needed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from tests.services.api import Api, Person

from tidework.cache.second_tier import SecondTier
from tidework.cluster.redis import Redis

OpenApi = Callable[..., Awaitable[Api]]


def tier(api: Api) -> SecondTier:
    found = api.app._edge._front._second_tier
    assert isinstance(found, SecondTier)
    return found


async def written(api: Api) -> None:
    await asyncio.gather(*tier(api)._writes)


@pytest.fixture
async def two(open_api: OpenApi, redis: Redis) -> tuple[Person, Person]:
    """The same person at two copies."""
    here = await open_api(REDIS_URL=redis.url)
    there = await open_api(REDIS_URL=redis.url)
    ada = await here.person()
    await ada.made("~/tasks", {"title": "Mend the tide gauge"})
    return ada, replace(ada, api=there)


async def test_what_one_copy_has_searched_for_another_need_not(two: tuple[Person, Person]) -> None:
    here, there = two
    first = await here.get("~/tasks?q=tide")
    await written(here.api)
    second = await there.get("~/tasks?q=tide")
    assert (tier(there.api).hits, tier(there.api).misses) == (1, 0)
    assert second.content == first.content
    assert second.headers["etag"] == first.headers["etag"]
    headers = {"if-none-match": first.headers["etag"]}
    assert (await there.get("~/tasks?q=tide", headers=headers)).status_code == 304
    # What is cheaper than asking Redis is not asked there.
    await there.get("~/tasks")
    assert tier(there.api).misses == 0


async def test_nothing_shared_outlives_a_write(two: tuple[Person, Person]) -> None:
    here, there = two
    for number in range(20):
        writer, reader = (here, there) if number % 2 else (there, here)
        await writer.made("~/tasks", {"title": f"tide {number}"})
        for who in (reader, writer):
            found = await who.get("~/tasks?q=tide&limit=100&total=true")
            assert found.json()["total"] == number + 2
            await written(who.api)
    assert tier(here.api).hits + tier(there.api).hits == 20


async def test_what_is_shared_does_not_grow_with_writes(
    two: tuple[Person, Person], redis: Redis
) -> None:
    here, there = two
    for number in range(5):
        await here.made("~/tasks", {"title": f"tide {number}"})
        for who in (here, there):
            assert (await who.get("~/tasks?q=tide")).status_code == 200
            await written(who.api)
    assert len(await asyncio.to_thread(redis.ask, "KEYS", "tw:answer:*")) == 1
    assert tier(there.api).hits == 5


async def test_what_is_one_persons_is_not_anothers(two: tuple[Person, Person]) -> None:
    here, there = two
    ben = (await here.api.team(here, "editor"))[0]
    mine = await here.made("~/tasks", {"title": "tide", "assignee_id": here.id})
    there = replace(ben, api=there.api)
    found = await here.get("~/tasks?q=tide&assignee=me")
    assert [task["id"] for task in found.json()["items"]] == [mine["id"]]
    await written(here.api)
    assert (await there.get("~/tasks?q=tide&assignee=me")).json()["items"] == []


async def test_redis_may_go_and_come_back_empty_or_with_nonsense(
    two: tuple[Person, Person], redis: Redis
) -> None:
    here, there = two
    wanted = (await here.get("~/tasks?q=tide")).content
    await written(here.api)
    for key in (await asyncio.to_thread(redis.ask, "KEYS", "tw:answer:*")) or ():
        await asyncio.to_thread(redis.ask, "SET", key, "nonsense")
    assert (await there.get("~/tasks?q=tide")).content == wanted
    await asyncio.to_thread(redis.kill)
    await there.made("~/tasks", {"title": "another"})
    for who in (here, there):
        answer = await who.get("~/tasks?q=another")
        assert (answer.status_code, len(answer.json()["items"])) == (200, 1)
    await asyncio.to_thread(redis.restart_empty)
    await here.made("~/tasks", {"title": "another"})
    for who in (there, here):
        assert len((await who.get("~/tasks?q=another")).json()["items"]) == 2
