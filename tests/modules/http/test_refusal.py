"""What is answered to those who find no place: of the same form as every failure, only cheaper."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.services.api import Api

from tidework.http.admission import Overloaded
from tidework.http.cors import Cors
from tidework.http.headers import SecurityHeaders
from tidework.http.problem import Problem, render
from tidework.http.refusal import Refusal
from tidework.http.stopping import Stopping

ORIGIN = "https://app.example.com"


async def sent(
    headers: Mapping[str, str], *, method: str = "GET", retry_after: int = 1,
    stopping: Stopping | None = None,
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:  # fmt: skip
    refusal = Refusal(SecurityHeaders("https://x"), Cors([ORIGIN]), stopping or Stopping())
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    await refusal.send(retry_after, {"method": method, "headers": given}, send)
    start, end = messages
    return start["status"], start["headers"], end["body"]


@pytest.mark.parametrize("retry_after", [1, 30])
async def test_it_is_what_a_raised_refusal_becomes(retry_after: int) -> None:
    status, headers, body = await sent({"x-request-id": "r-1"}, retry_after=retry_after)
    _, wanted, wanted_body = render(Overloaded(retry_after), "r-1")
    assert (status, body) == (503, wanted_body)
    security, cors = SecurityHeaders("https://x").api, Cors([ORIGIN]).headers_for(None)
    length = (b"content-length", str(len(body)).encode())
    assert sorted(headers) == sorted([*wanted, *security, *cors, length, (b"x-request-id", b"r-1")])


@pytest.mark.parametrize("given", ["", "bad id", "x" * 129, 'x"'])
async def test_an_id_that_is_none_is_replaced(given: str) -> None:
    _, headers, body = await sent({"x-request-id": given} if given else {})
    found = msgspec.json.decode(body, type=Problem)
    assert found.request_id == dict(headers)[b"x-request-id"].decode()
    assert len(found.request_id) == 32
    _, _, other = await sent({})
    assert msgspec.json.decode(other, type=Problem).request_id != found.request_id


async def test_other_origins_end_and_head_are_told_as_elsewhere() -> None:
    _, headers, _ = await sent({"origin": ORIGIN})
    assert dict(headers)[b"access-control-allow-origin"] == ORIGIN.encode()
    assert b"retry-after" in dict(headers)[b"access-control-expose-headers"].lower()
    status, headers, body = await sent({}, method="HEAD")
    assert (status, body) == (503, b"")
    assert int(dict(headers)[b"content-length"]) > 0
    stopping = Stopping()
    stopping.begin()
    _, headers, _ = await sent({}, stopping=stopping)
    assert dict(headers)[b"connection"] == b"close"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What stands here does not depend on the store."""
    return sqlite_url


async def test_who_is_sent_away_is_counted_and_has_taken_no_time(api: Api) -> None:
    ada = await api.person()
    reads = api.app._admission.reads
    # As many as there are places, each for long.
    reads.in_flight, reads.service = reads.limit, 1e5
    refused = [await ada.get("/users/me") for _ in range(3)]
    assert [one.status_code for one in refused] == [503] * 3
    assert refused[0].json()["code"] == "overloaded"
    assert refused[0].headers["retry-after"] == "30"
    assert (await ada.post("~/tasks", {"title": "x"})).status_code == 201
    reads.in_flight = 0
    assert (await ada.get("/users/me")).status_code == 200
    registry = api.app._metrics.registry
    about = {"method": "GET", "route": "other", "status": "503"}
    assert registry.get_sample_value("tidework_http_requests_total", about) == 3
    duration = "tidework_http_request_duration_seconds_count"
    assert not registry.get_sample_value(duration, {"route": "other"})
