"""What metrics say after requests to the whole product, on either database."""

import asyncio
import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.services.api import PASSWORD, Api, OpenApi

from tidework.http import logs
from tidework.http.active import ActiveAccounts


def shown(api: Api) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = api.app._observing.exposition.render().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(api: Api, name: str, **labels: str) -> float:
    return shown(api).get((name, tuple(sorted(labels.items()))), 0.0)


async def test_refusals_by_kind(open_api: OpenApi) -> None:
    api = await open_api(RATE_LIMITS="account=3/minute, anonymous=9/minute, login=1 per 15 minutes")
    await api.person()  # an administrator, with a limit of their own
    person = await api.person()
    statuses = [(await person.get("/users/me")).status_code for _ in range(6)]
    assert statuses.count(429) >= 3
    assert value(api, "tidework_limit_refusals_total", kind="account") == statuses.count(429)
    wrong = {"email": person.email, "password": "wrong " + PASSWORD}
    tried = [await api.client.post("/api/v1/auth/login", json=wrong) for _ in range(3)]
    assert [one.status_code for one in tried] == [401, 429, 429]
    assert value(api, "tidework_limit_refusals_total", kind="login") == 2
    while (await api.client.get("/api/v1/users/me")).status_code != 429:
        pass
    assert value(api, "tidework_limit_refusals_total", kind="anonymous") == 1


async def test_what_a_write_and_a_read_leave(api: Api) -> None:
    people = [await api.person() for _ in range(3)]
    before = value(api, "tidework_commit_duration_seconds_count")
    made = await people[0].made("~/tasks", {"title": "A"})
    await people[0].get(f"~/tasks/{made['id']}")
    for person in people:
        await person.get("/users/me")
    assert value(api, "tidework_commit_duration_seconds_count") == before + 1
    async with asyncio.timeout(10):
        # What follows the commits is written as well.
        while value(api, "tidework_commits_pending"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert value(api, "tidework_http_requests_in_flight") == 0
    assert value(api, "tidework_query_duration_seconds_count", query="task") >= 1
    assert value(api, "tidework_active_accounts", window="5m") == 3
    assert value(api, "tidework_cache_used", tier="answers") > 0
    assert value(api, "tidework_disk_free_bytes") > 0
    assert value(api, "tidework_memory_available_bytes") > 0
    assert (await api.client.get("/health/ready")).status_code == 200
    assert value(api, "tidework_health_status", check="database") == 1
    assert value(api, "tidework_health_status", check="writes") == 1
    if api.settings.is_cluster:
        assert value(api, "tidework_pool_acquisitions_total", pool="read") > 0


async def test_a_request_that_ends_badly_is_in_flight_no_longer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("tidework.http.front.Front.answer", broken)
    assert (await api.client.get("/api/v1/users/me")).status_code == 500
    assert value(api, "tidework_http_requests_in_flight") == 0


async def test_the_log_bears_the_trace_that_a_request_came_with(api: Api) -> None:
    found: list[Any] = []

    async def seeing(*_: Any, **__: Any) -> None:
        found.append(logs.trace.get())
        raise RuntimeError

    trace = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tidework.http.front.Front.answer", seeing)
        for given in (f"00-{trace}-01", f"00-{trace}", "00-" + "g" * 32 + "-00f067aa0ba902b7-01"):
            await api.client.get("/api/v1/users/me", headers={"traceparent": given})
        await api.client.get("/api/v1/users/me")
    assert found == [tuple(trace.split("-")), None, None, None]


def test_accounts_are_bounded_and_the_last_ones_stay() -> None:
    active = ActiveAccounts(bound=100)
    now = time.perf_counter()
    names = [f"0199c3d5-0000-7000-8000-{number:012x}" for number in range(1000)]
    for number, name in enumerate(names):
        active.seen(name, now + number / 1e6)
    assert len(active) <= 100
    assert {int(name.replace("-", "")[-16:], 16) for name in names[-50:]} <= active.within(300)
    active.seen(names[0], now - 400)
    assert len(active.within(300)) < len(active.within(900))
