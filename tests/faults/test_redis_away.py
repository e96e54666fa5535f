"""Many copies share their limits through Redis, which is killed, frozen and emptied under load."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.services.api import Api, OpenApi
from tests.services.server import StartServer
from tests.services.stores import Database

from tidework.cluster.redis import Redis

ME = "/api/v1/users/me"


@pytest.fixture
def database_url(postgres_emptied: Database) -> str:
    """Copies share a database, which takes PostgreSQL."""
    return postgres_emptied.address


async def redis_of(api: Api) -> dict[str, Any]:
    answer = await api.client.get("/health/ready")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.content)["checks"]["redis"]
    return found


async def until_redis_is(status: str, apis: Sequence[Api]) -> None:
    """Wait until every copy says so."""
    async with asyncio.timeout(30):
        for api in apis:
            while (await redis_of(api))["status"] != status:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@asynccontextmanager
async def load(calls: Sequence[Callable[[], Any]]) -> AsyncIterator[Counter[int]]:
    """Calls that are made without a pause meanwhile; the statuses of their answers."""
    statuses: Counter[int] = Counter()
    over = False

    async def repeat(call: Callable[[], Any]) -> None:
        while not over:
            statuses[(await call()).status_code] += 1

    tasks = [asyncio.create_task(repeat(call)) for call in calls]
    try:
        yield statuses
    finally:
        over = True
        # Whatever a call raised fails the test.
        await asyncio.gather(*tasks)


async def more(statuses: Counter[int], number: int = 50) -> None:
    """Wait until so many more answers have come."""
    wanted = statuses.total() + number
    async with asyncio.timeout(60):
        while statuses.total() < wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_eight_copies_hold_a_caller_to_one_limit(open_api: OpenApi, redis: Redis) -> None:
    rates = "anonymous=100/day, account=90/day, token=20/day"
    apis = [
        await open_api(REDIS_URL=redis.url, RATE_LIMITS=rates, POOL_MIN="0", POOL_MAX="2")
        for _ in range(8)
    ]
    await apis[0].person()
    ben = await apis[0].person()
    made = await ben.made("/auth/tokens", {"name": "one", "scopes": ["read"]})

    async def flood(headers: dict[str, str], times: int) -> Counter[int]:
        answers = await asyncio.gather(
            *(apis[n % 8].client.get(ME, headers=headers) for n in range(times))
        )
        assert all(int(one.headers["retry-after"]) > 0 for one in answers if one.status_code == 429)
        return Counter(one.status_code for one in answers)

    # Two have registered.
    assert await flood({}, 300) == {401: 98, 429: 202}
    assert await flood({"authorization": f"Bearer {made['token']}"}, 60) == {200: 20, 429: 40}
    # What the token took and the making of it are the account's too.
    assert await flood({"authorization": f"Bearer {ben.access_token}"}, 200) == {200: 69, 429: 131}
    assert (await redis_of(apis[3]))["status"] == "ok"


async def test_failed_log_ins_at_many_copies_count_together(
    open_api: OpenApi, redis: Redis
) -> None:
    apis = [
        await open_api(address="192.0.2.1", REDIS_URL=redis.url, RATE_LIMITS="login=5/hour")
        for _ in range(4)
    ]
    ada = await apis[0].person()
    body = {"email": ada.email, "password": "wrong horse battery"}
    answers = [
        await apis[number % 4].client.post("/api/v1/auth/login", json=body) for number in range(9)
    ]
    assert [one.status_code for one in answers] == [401] * 5 + [429] * 4
    assert 600 <= int(answers[-1].headers["retry-after"]) <= 720


@pytest.mark.parametrize("fault", ["killed", "frozen", "emptied"])
async def test_under_load(open_api: OpenApi, redis: Redis, fault: str) -> None:
    """Nothing fails, whatever happens to Redis; its state is told, and it is used again."""
    rates = "account=1000000/minute, token=1000000/minute, anonymous=5/day"
    apis = [await open_api(REDIS_URL=redis.url, RATE_LIMITS=rates) for _ in range(2)]
    people = [await apis[0].person() for _ in range(3)]

    def reading(api: Api, token: str) -> Callable[[], Any]:
        headers = {"authorization": f"Bearer {token}"}
        return lambda: api.client.get(ME, headers=headers)

    def writing(api: Api, person: Any) -> Callable[[], Any]:
        headers = {"authorization": f"Bearer {person.access_token}"}
        place = f"/api/v1/workspaces/{person.workspace}/tasks"
        return lambda: api.client.post(place, headers=headers, json={"title": "one"})

    calls = [reading(api, one.access_token) for api in apis for one in people]
    calls += [writing(api, people[1]) for api in apis]
    async with load(calls) as statuses:
        await more(statuses)
        if fault == "emptied":
            redis.restart_empty()
            await more(statuses)
        else:
            redis.kill() if fault == "killed" else redis.freeze()
            try:
                await until_redis_is("degraded", apis)
                said = (await redis_of(apis[1]))["detail"]
                assert "counted per copy until it is back" in said
                await more(statuses)
            finally:
                redis.thaw() if fault == "frozen" else redis.start()
        await until_redis_is("ok", apis)
        await more(statuses)
    assert set(statuses) == {200, 201}
    # Counted together again. Three have registered, which Redis knows still, unless it is empty; one
    # that was killed may have lost what it had not put on its disk.
    answers = [await apis[number % 2].client.get(ME) for number in range(8)]
    left = [one.status_code for one in answers].count(401)
    assert left in {"frozen": [2], "emptied": [5], "killed": [2, 3, 4, 5]}[fault]


async def test_without_redis_each_copy_counts_by_itself(open_api: OpenApi, redis: Redis) -> None:
    apis = [
        await open_api(REDIS_URL=redis.url, RATE_LIMITS="anonymous=3/day, login=2/day")
        for _ in range(2)
    ]
    redis.kill()
    for api in apis:
        statuses = [(await api.client.get(ME)).status_code for _ in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
    await until_redis_is("degraded", apis)
    redis.start()
    await until_redis_is("ok", apis)


async def test_a_server_starts_without_redis_and_finds_it_later(
    open_api: OpenApi, redis: Redis
) -> None:
    redis.kill()
    api = await open_api(REDIS_URL=redis.url, RATE_LIMITS="on")
    assert (await redis_of(api))["status"] == "degraded"
    assert (await api.person()).id
    redis.start()
    await until_redis_is("ok", [api])


async def test_workers_of_one_server_share_a_limit_until_redis_is_lost(
    tidework_server: StartServer, redis: Redis
) -> None:
    """Real processes; each connection may come to another worker."""
    environment = {"TIDEWORK_REDIS_URL": redis.url, "TIDEWORK_RATE_LIMITS": "anonymous=40/day"}
    server = tidework_server(env=environment, workers=2)

    async def one(path: str = ME) -> httpx.Response:
        # Not to read the machine's certificates each time.
        async with httpx.AsyncClient(base_url=server.base_url, timeout=30, verify=False) as client:
            return await client.get(path)

    async def flood() -> Counter[int]:
        answers = await asyncio.gather(*(one() for _ in range(20)))
        return Counter(answer.status_code for answer in answers)

    async def until_it_says(status: str) -> None:
        async with asyncio.timeout(30):
            # Either worker may answer.
            in_a_row = 0
            while in_a_row < 6:
                checks = (await one("/health/ready")).json()["checks"]
                in_a_row = in_a_row + 1 if checks["redis"]["status"] == status else 0
                await asyncio.sleep(0.05)

    found: Counter[int] = Counter()
    for _ in range(5):
        found += await flood()
    assert found == {401: 40, 429: 60}
    for broken, mended in ((redis.kill, redis.start), (redis.freeze, redis.thaw)):
        broken()
        try:
            lost = sum([await flood() for _ in range(5)], Counter())
            assert set(lost) <= {401, 429}
            await until_it_says("degraded")
        finally:
            mended()
        await until_it_says("ok")
    said = server.log.read_text()
    assert redis.password not in said
    assert "Traceback" not in said
    # An outage is told once by each worker, not by each request; a slow machine may see more outages.
    assert 2 <= said.count("redis_away") <= 12
    assert 2 <= said.count("redis_back") <= 12
