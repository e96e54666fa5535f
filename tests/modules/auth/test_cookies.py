"""The refresh token as a cookie: for whom it works, and whose limit it counts for."""

import re

import httpx
import pytest
from tests.services.api import PASSWORD, Api, OpenApi

BASE = "/api/v1"
OWN = "http://127.0.0.1:8000"


async def post(api: Api, path: str, body: object = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.client.post(BASE + path, json=body, headers=named)


async def logged_in(api: Api, **headers: str) -> httpx.Response:
    """Somebody new, with a cookie, which the client keeps."""
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada", "cookie": True}
    answer = await post(api, "/auth/register", body, **headers)
    assert answer.status_code == 201, answer.text
    return answer


def held(answer: httpx.Response) -> str:
    """The cookie that an answer sets, as a browser sends it back."""
    return answer.headers["set-cookie"].partition(";")[0]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def limit(answer: httpx.Response) -> str:
    """Whose limit a request has counted for, and what is left of it."""
    found = re.match(r'"(\w+)";r=(\d+)', answer.headers["ratelimit"])
    assert found is not None
    return f"{found[1]} {found[2]}"


async def test_the_next_pair_comes_with_whose_it_is(api: Api) -> None:
    user = (await logged_in(api)).json()["user"]
    by_cookie = await post(api, "/auth/refresh")
    assert by_cookie.json()["user"] == user
    assert by_cookie.headers["cache-control"] == "no-store"
    login = await post(api, "/auth/login", {"email": "ada@example.com", "password": PASSWORD})
    token = login.json()["refresh_token"]
    by_body = await post(api, "/auth/refresh", {"refresh_token": token})
    assert by_body.json()["user"] == user
    assert "set-cookie" not in by_body.headers


@pytest.mark.parametrize("name", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
async def test_it_works_without_tls_on_this_machine(api: Api, name: str) -> None:
    page = f"http://{name}"
    cookie = held(await logged_in(api, host=name, origin=page))
    assert cookie.startswith("tidework_refresh=twr_")
    again = await post(api, "/auth/refresh", host=name, origin=page, cookie=cookie)
    assert again.status_code == 200
    out = await post(api, "/auth/logout", host=name, origin=page, cookie=held(again))
    assert out.status_code == 204
    assert out.headers["set-cookie"].startswith('tidework_refresh="";')
    assert "Max-Age=0" in out.headers["set-cookie"]


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8001"},
    {"origin": "https://127.0.0.1:8000"},
    {"origin": f"{OWN}.evil.example"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "cross-site", "origin": "https://evil.example"},
    # Whatever the page says of itself: the browser knows better.
    {"sec_fetch_site": "same-site", "origin": "http://tasks.example"},
]


@pytest.mark.parametrize("page", FOREIGN)
@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
async def test_a_page_of_somebody_else_s_cannot_use_it(
    api: Api, path: str, page: dict[str, str]
) -> None:
    await logged_in(api)
    refused = await post(api, path, **page)
    assert problem(refused) == (403, "foreign_origin")
    assert "set-cookie" not in refused.headers
    assert (await post(api, "/auth/refresh")).status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"origin": OWN},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        # A proxy that names itself as host.
        {"host": "backend:80", "origin": "https://tasks.example"},
        {"host": "backend:80", "origin": "https://other.example", "sec_fetch_site": "same-origin"},
        {"origin": "https://app.example", "sec_fetch_site": "cross-site"},
    ],
)
async def test_one_s_own_pages_can(open_api: OpenApi, page: dict[str, str]) -> None:
    api = await open_api(PUBLIC_URL="https://tasks.example", CORS_ORIGINS="https://app.example")
    cookie = held(await logged_in(api))
    again = await post(api, "/auth/refresh", cookie=cookie, **page)
    assert again.status_code == 200
    assert (await post(api, "/auth/logout", cookie=held(again), **page)).status_code == 204


async def test_a_token_in_the_body_needs_no_page(api: Api) -> None:
    """Who knows it may use it from anywhere."""
    ada = await api.person()
    body = {"refresh_token": ada.refresh_token}
    assert (await post(api, "/auth/refresh", body, origin="https://x.example")).status_code == 200


@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
async def test_a_cookie_that_proves_nothing_is_forgotten(api: Api, path: str) -> None:
    made = await logged_in(api)
    bearer = {"authorization": f"Bearer {made.json()['access_token']}"}
    cookie = held(made)
    sessions = (await api.client.get(f"{BASE}/auth/sessions", headers=bearer)).json()["items"]
    await api.client.delete(f"{BASE}/auth/sessions/{sessions[0]['id']}", headers=bearer)
    ended = await post(api, path, cookie=cookie)
    assert problem(ended) == (401, "session_ended")
    assert ended.headers["set-cookie"].startswith('tidework_refresh="";')
    assert "Max-Age=0" in ended.headers["set-cookie"]
    body = {"refresh_token": cookie.partition("=")[2]}
    ended = await post(api, path, body)
    assert problem(ended) == (401, "session_ended")
    assert "set-cookie" not in ended.headers


# --- limits --------------------------------------------------------------------------------------


async def test_an_office_behind_one_address_is_not_locked_out(open_api: OpenApi) -> None:
    api = await open_api(RATE_LIMITS="anonymous=3/hour, account=20/hour")
    made = await logged_in(api)
    cookie = held(made)
    for left in range(19, 13, -1):
        again = await post(api, "/auth/refresh", cookie=cookie)
        assert (again.status_code, limit(again)) == (200, f"account {left}")
        cookie = held(again)
    token = cookie.partition("=")[2]
    by_body = await post(api, "/auth/refresh", {"refresh_token": token}, cookie="")
    assert limit(by_body) == "account 13"
    # What others do at this address is theirs to bear.
    for _ in range(3):
        spent = await post(api, "/auth/refresh", {"refresh_token": "nonsense"}, cookie="")
    assert problem(spent) == (429, "rate_limited")
    body = {"refresh_token": by_body.json()["refresh_token"]}
    last = await post(api, "/auth/logout", body, cookie="")
    assert (last.status_code, limit(last)) == (204, "account 12")


async def test_what_is_no_good_token_counts_for_the_address(open_api: OpenApi) -> None:
    api = await open_api(RATE_LIMITS="anonymous=100/hour, account=20/hour")
    ada, ben = await api.person(), await api.person()
    good = ada.refresh_token
    head, _, tag = good.rpartition(".")
    of_ben = ben.refresh_token.split(".")
    attempts: list[object] = [
        None,
        {},
        {"refresh_token": "nonsense"},
        {"refresh_token": f"{head}.{'A' * len(tag)}"},
        # Of another's session, under this name.
        {"refresh_token": ".".join([good.split(".")[0], *of_ben[1:]])},
        {"refresh_token": good, "more": 1},
        [good],
        "text",
    ]
    left = 98
    for path in ("/auth/refresh", "/auth/logout"):
        for body in attempts:
            left -= 1
            assert limit(await post(api, path, body, cookie="")) == f"anonymous {left}", body
    for raw in (b"{", b"\xff", b'{"refresh_token": "' + b"x" * 9000 + b'"}', b"[" * 4000):
        left -= 1
        answer = await api.client.post(
            f"{BASE}/auth/refresh", content=raw, headers={"content-type": "application/json"}
        )
        assert 400 <= answer.status_code < 500
        assert "ratelimit" not in answer.headers or limit(answer).startswith("anonymous")
    assert (await post(api, "/auth/logout", {"refresh_token": good})).status_code == 204
    gone = await post(api, "/auth/refresh", {"refresh_token": good})
    assert limit(gone).startswith("anonymous")


async def test_one_account_s_refreshing_is_bounded(open_api: OpenApi) -> None:
    api = await open_api(RATE_LIMITS="anonymous=100/hour, account=2/hour")
    cookie = held(await logged_in(api))
    for _ in range(2):
        answer = await post(api, "/auth/refresh", cookie=cookie)
        cookie = held(answer)
    refused = await post(api, "/auth/refresh", cookie=cookie)
    assert problem(refused) == (429, "rate_limited")
    assert limit(refused) == "account 0"
