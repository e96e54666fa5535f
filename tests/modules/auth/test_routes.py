"""Auth over HTTP, through the whole application, on both databases."""

import asyncio
import base64
import email
import email.policy
import json
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from tests.services.api import PASSWORD, Api, OpenApi, Person

from tidework.auth.keys import rotate

BASE = "/api/v1"


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def post(api: Api, path: str, body: object = None, **kw: object) -> httpx.Response:
    return await api.client.post(BASE + path, json=body, **kw)  # type: ignore[arg-type]


async def status_of(api: Api, token: str) -> int:
    answer = await api.client.get(f"{BASE}/users/me", headers=bearer(token))
    return answer.status_code


async def link_for(api: Api, address: str) -> str:
    """The token of the last mail to an address; waits until it is there."""
    for _ in range(1000):
        for path in sorted((api.settings.mail_path).glob("*.eml"), reverse=True):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            assert body is not None
            found = re.search(r"#token=(tws_\S+)", body.get_content())
            if message["to"] == address and found:
                return found[1]
        await asyncio.sleep(0.005)
    raise AssertionError(f"no mail to {address}")


async def test_registering_answers_with_account_and_tokens(api: Api) -> None:
    body = {"email": "Ada@Example.com", "password": PASSWORD, "name": " Ada "}
    answer = await post(api, "/auth/register", body)
    assert answer.status_code == 201
    made = answer.json()
    assert made.keys() == {"user", "access_token", "token_type", "expires_in", "refresh_token"}
    assert made["token_type"] == "Bearer"
    assert made["expires_in"] == 900
    assert made["user"]["email"] == "Ada@Example.com"
    assert made["user"]["name"] == "Ada"
    assert made["user"]["role"] == "admin"
    assert PASSWORD not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["tidework-seq"] == "1"
    me = await api.client.get(f"{BASE}/users/me", headers=bearer(made["access_token"]))
    assert me.json() == made["user"]


REFUSED_REGISTRATIONS: list[tuple[dict[str, object], str]] = [
    ({"role": "admin"}, "/role"),
    ({"is_active": True}, "/is_active"),
    ({"email": "nonsense"}, "/email"),
    ({"email": "x" * 250 + "@example.com"}, "/email"),
    ({"email": None}, "/email"),
    ({"password": "short"}, "/password"),
    ({"password": "x" * 129}, "/password"),
    ({"password": "password1"}, "/password"),
    ({"password": 12345678}, "/password"),
    ({"name": ""}, "/name"),
    ({"name": "   "}, "/name"),
    ({"name": "x" * 101}, "/name"),
    ({"name": "a\u2028b"}, "/name"),
    ({"name": "a\x00b"}, "/name"),
]


async def test_what_is_not_taken_is_named(api: Api) -> None:
    for change, pointer in REFUSED_REGISTRATIONS:
        body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada", **change}
        answer = await post(api, "/auth/register", body)
        assert answer.status_code == 422, change
        assert answer.headers["content-type"] == "application/problem+json"
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    # Nothing is half done: the address is still free.
    assert (await api.person("ada@example.com")).id


async def test_a_registration_repeated_with_its_key_happens_once(api: Api) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    key = {"idempotency-key": "one"}
    first = await post(api, "/auth/register", body, headers=key)
    again = await post(api, "/auth/register", body, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    other = await post(api, "/auth/register", {**body, "name": "Eve"}, headers=key)
    assert other.status_code == 422


async def test_logging_in_and_out(api: Api) -> None:
    ada = await api.person()
    login = await post(api, "/auth/login", {"email": ada.email.upper(), "password": PASSWORD})
    assert login.status_code == 200
    assert login.json()["user"]["id"] == ada.id
    token, refresh = login.json()["access_token"], login.json()["refresh_token"]
    gone = await post(api, "/auth/logout", headers=bearer(token))
    assert (gone.status_code, gone.content) == (204, b"")
    assert await status_of(api, token) == 401
    assert code(await post(api, "/auth/refresh", {"refresh_token": refresh})) == (
        401,
        "session_ended",
    )
    # Another session of the same person goes on.
    assert await status_of(api, ada.access_token) == 200


async def test_refused_log_ins_look_alike(api: Api) -> None:
    ada = await api.person()
    answers = set()
    for address, password in [(ada.email, "wrong password"), ("nobody@example.com", PASSWORD)]:
        answer = await post(api, "/auth/login", {"email": address, "password": password})
        problem = answer.json()
        del problem["request_id"]
        answers.add((answer.status_code, json.dumps(problem)))
    assert len(answers) == 1
    assert answers.pop()[0] == 401


async def test_guessing_is_slowed_down_and_the_owner_gets_in(open_api: OpenApi) -> None:
    stranger = await open_api(address="198.51.100.9", RATE_LIMITS="on")
    ada = await stranger.person()
    wrong = {"email": ada.email, "password": "wrong password"}
    for _ in range(5):
        assert (await post(stranger, "/auth/login", wrong)).status_code == 401
    right = {"email": ada.email, "password": PASSWORD}
    slowed = await post(stranger, "/auth/login", right)
    assert code(slowed) == (429, "rate_limited")
    assert int(slowed.headers["retry-after"]) > 0
    owner = await open_api(address="192.0.2.1", RATE_LIMITS="on")
    assert (await post(owner, "/auth/login", right)).status_code == 200


# --- refreshing --------------------------------------------------------------------------------


async def test_refreshing_rotates_and_reuse_ends_the_session(api: Api) -> None:
    ada = await api.person()
    first = {"refresh_token": ada.refresh_token}
    answer = await post(api, "/auth/refresh", first)
    assert answer.status_code == 200
    assert answer.json().keys() == {
        "user", "access_token", "token_type", "expires_in", "refresh_token",
    }  # fmt: skip
    # The retry of a lost answer.
    assert (await post(api, "/auth/refresh", first)).content == answer.content
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=31), tick=True):
        assert code(await post(api, "/auth/refresh", first)) == (401, "refresh_reused")
        assert await status_of(api, answer.json()["access_token"]) == 401
        second = {"refresh_token": answer.json()["refresh_token"]}
        assert code(await post(api, "/auth/refresh", second)) == (401, "session_ended")


async def test_what_is_no_refresh_token(api: Api) -> None:
    attempts: list[tuple[object, int]] = [
        ({"refresh_token": "nonsense"}, 401),
        ({"refresh_token": "x" * 2000}, 422),
        ({"refresh_token": 1}, 422),
        ({"token": "x"}, 422),
        ({}, 401),
        (None, 401),
        ([], 422),
    ]
    for body, status in attempts:
        assert (await post(api, "/auth/refresh", body)).status_code == status, body


async def test_a_cookie_instead_of_the_body(api: Api) -> None:
    await api.person("ada@example.com")
    body = {"email": "ada@example.com", "password": PASSWORD, "cookie": True}
    login = await post(api, "/auth/login", body)
    assert "refresh_token" not in login.json()
    cookie = login.headers["set-cookie"]
    assert re.match(r"tidework_refresh=twr_[^;]+; ", cookie)
    for attribute in ("HttpOnly", "Path=/", "SameSite=strict", "Max-Age=2592000"):
        assert attribute in cookie
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    refreshed = await post(api, "/auth/refresh")
    assert refreshed.status_code == 200
    assert "refresh_token" not in refreshed.json()
    assert refreshed.headers["set-cookie"] != cookie
    out = await post(api, "/auth/logout")
    assert out.status_code == 204
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert await status_of(api, refreshed.json()["access_token"]) == 401
    assert code(await post(api, "/auth/refresh")) == (401, "refresh_missing")


async def test_over_https_the_cookie_bears_the_prefix(open_api: OpenApi) -> None:
    api = await open_api(TRUSTED_PROXIES="127.0.0.1")
    https = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1"}
    body = {"email": "a@example.com", "password": PASSWORD, "name": "Ada", "cookie": True}
    answer = await post(api, "/auth/register", body, headers=https)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-tidework_refresh=twr_")
    assert "Secure" in cookie
    value = cookie.partition(";")[0]
    again = await post(api, "/auth/refresh", headers={**https, "cookie": value})
    assert again.status_code == 200
    # Over http nobody is to get it in, be it by a cookie of that name.
    plain = await post(api, "/auth/refresh", headers={"cookie": value})
    assert plain.status_code == 401


# --- access tokens -----------------------------------------------------------------------------


def forged(token: str) -> dict[str, str]:
    header, payload, signature = token.split(".")

    def text(value: object) -> str:
        raw = json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    longer = text({**claims, "exp": claims["exp"] + 9999})
    none = text({"alg": "none", "typ": "at+jwt"})
    return {
        "none": f"{none}.{payload}.",
        "unsigned": f"{header}.{payload}.",
        "longer": f"{header}.{longer}.{signature}",
        "cut": token[:-4],
        "empty": "",
        "words": "not a token",
        "dots": "..",
        "long": "x" * 5000,
        "latin": "t\xf6ken",
        "reset": "tws_" + "A" * 22 + "." + "A" * 43,
    }


async def test_a_forged_token_is_refused(api: Api) -> None:
    ada = await api.person()
    for kind, token in forged(ada.access_token).items():
        header = {"authorization": f"Bearer {token}".encode("latin-1")}
        answer = await api.client.get(f"{BASE}/users/me", headers=header)
        assert answer.status_code == 401, kind
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_of_another_installation_is_refused(
    open_api: OpenApi, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("other")
    other = await open_api(DATA_DIR=str(folder), DATABASE_URL=f"sqlite:///{folder / 'x.db'}")
    stranger = await other.person()
    api = await open_api()
    assert await status_of(api, stranger.access_token) == 401


async def test_keys_can_be_replaced_while_people_are_logged_in(api: Api) -> None:
    ada = await api.person()
    before = (await api.client.get("/.well-known/jwks.json")).json()["keys"]
    new = rotate(api.settings.keys_path)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=2), tick=True):
        assert await status_of(api, ada.access_token) == 200
        keys = (await api.client.get("/.well-known/jwks.json")).json()["keys"]
        assert [key["kid"] for key in keys] == [new, before[0]["kid"]]
        assert all("d" not in key for key in keys)


# --- sessions ----------------------------------------------------------------------------------


async def test_ending_another_session(api: Api) -> None:
    ada, bob = await api.person(), await api.person()
    login = (await post(api, "/auth/login", {"email": ada.email, "password": PASSWORD})).json()
    listed = (await ada.get("/auth/sessions")).json()["items"]
    assert sorted(session["current"] for session in listed) == [False, True]
    other = next(session for session in listed if not session["current"])
    assert (await bob.delete(f"/auth/sessions/{other['id']}")).status_code == 404
    assert (await ada.delete(f"/auth/sessions/{other['id']}")).status_code == 204
    assert await status_of(api, login["access_token"]) == 401
    assert (await ada.delete(f"/auth/sessions/{other['id']}")).status_code == 404
    assert (await ada.delete("/auth/sessions/nonsense")).status_code == 404
    assert len((await ada.get("/auth/sessions")).json()["items"]) == 1


# --- passwords ---------------------------------------------------------------------------------


async def test_forgetting_answers_alike(api: Api) -> None:
    ada = await api.person()
    answers = [
        await post(api, "/auth/password/forgot", {"email": address})
        for address in (ada.email, "nobody@example.com", "nonsense", "x" * 900)
    ]
    assert {(a.status_code, a.content) for a in answers} == {(202, answers[0].content)}


async def test_a_new_password_by_mail(api: Api) -> None:
    ada = await api.person()
    await post(api, "/auth/password/forgot", {"email": ada.email})
    body = {"token": await link_for(api, ada.email), "password": "a much better one"}
    weak = await post(api, "/auth/password/reset", {**body, "password": "short"})
    assert [error["pointer"] for error in weak.json()["errors"]] == ["/password"]
    assert (await post(api, "/auth/password/reset", body)).status_code == 204
    assert await status_of(api, ada.access_token) == 401
    again = await post(api, "/auth/password/reset", body)
    assert again.status_code == 422
    assert again.json()["errors"][0]["code"] == "link_invalid"
    login = {"email": ada.email, "password": "a much better one"}
    assert (await post(api, "/auth/login", login)).status_code == 200


async def test_changing_the_password(api: Api) -> None:
    ada = await api.person()
    login = (await post(api, "/auth/login", {"email": ada.email, "password": PASSWORD})).json()
    body = {"current_password": PASSWORD, "new_password": "a much better one"}
    wrong = await ada.post("/auth/password/change", {**body, "current_password": "wrong"})
    assert wrong.json()["errors"][0]["pointer"] == "/current_password"
    assert (await ada.post("/auth/password/change", body)).status_code == 204
    assert await status_of(api, ada.access_token) == 200
    assert await status_of(api, login["access_token"]) == 401


async def test_accepting_an_invitation(open_api: OpenApi) -> None:
    api = await open_api()
    ada = await api.person()
    await api.team(ada)
    invited = await ada.made("~/members", {"email": "bob@example.com", "role": "viewer"})
    assert invited["placeholder"]
    body = {"email": "bob@example.com", "password": PASSWORD, "name": "Bob"}
    assert code(await post(api, "/auth/register", body)) == (409, "invitation_pending")
    token = await link_for(api, "bob@example.com")
    answer = await post(api, "/auth/register", {**body, "invitation": token})
    assert answer.status_code == 201
    assert answer.json()["user"]["id"] == invited["user_id"]
    seen = await api.client.get(
        f"{BASE}/workspaces/{ada.workspace}", headers=bearer(answer.json()["access_token"])
    )
    assert seen.json()["role"] == "viewer"


async def test_registration_can_be_closed(open_api: OpenApi) -> None:
    api = await open_api(REGISTRATION="closed")
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    assert code(await post(api, "/auth/register", body)) == (403, "registration_closed")


# --- API tokens --------------------------------------------------------------------------------


async def token_of(person: Person, **body: object) -> str:
    made = await person.made("/auth/tokens", {"name": "script", **body})
    token: str = made["token"]
    return token


async def test_a_personal_api_token(api: Api) -> None:
    ada = await api.person()
    made = await ada.made("/auth/tokens", {"name": "script"})
    assert made["scopes"] == ["read", "write"]
    assert made["expires_at"] is None
    listed = (await ada.get("/auth/tokens")).json()["items"]
    assert [(t["id"], "token" in t) for t in listed] == [(made["id"], False)]
    assert await status_of(api, made["token"]) == 200
    assert (await ada.delete(f"/auth/tokens/{made['id']}")).status_code == 204
    assert await status_of(api, made["token"]) == 401
    assert (await ada.delete(f"/auth/tokens/{made['id']}")).status_code == 404


async def test_a_token_that_may_only_read(api: Api) -> None:
    ada = await api.person()
    headers = bearer(await token_of(ada, scopes=["read"]))
    place = f"{BASE}/workspaces/{ada.workspace}/tasks"
    assert (await api.client.get(place, headers=headers)).status_code == 200
    refused = await api.client.post(place, json={"title": "x"}, headers=headers)
    assert code(refused) == (403, "scope_missing")
    patched = await api.client.patch(f"{BASE}/users/me", json={"name": "x"}, headers=headers)
    assert patched.status_code == 403


async def test_administration_takes_the_scope(api: Api) -> None:
    ada = await api.person()
    plain, full = await token_of(ada), await token_of(ada, scopes=["read", "admin"])
    for path in ("/admin/users", "/admin/stats", "/admin/audit"):
        refused = await api.client.get(BASE + path, headers=bearer(plain))
        assert refused.status_code == 403
        assert (await api.client.get(BASE + path, headers=bearer(full))).status_code == 200


TAKES_A_SESSION: list[tuple[str, str, object]] = [
    ("GET", "/auth/tokens", None),
    ("POST", "/auth/tokens", {"name": "more"}),
    ("GET", "/auth/sessions", None),
    ("DELETE", "/auth/sessions/01a2011d-c4e9-75ab-a676-e53516a7f244", None),
    ("DELETE", "/auth/tokens/01a2011d-c4e9-75ab-a676-e53516a7f244", None),
    ("POST", "/auth/logout", None),
    ("POST", "/auth/password/change", {"current_password": PASSWORD, "new_password": PASSWORD}),
    ("PATCH", "/users/me", {"email": "x@example.com", "current_password": PASSWORD}),
    ("DELETE", "/users/me", {"password": PASSWORD}),
]


async def test_what_takes_a_session(api: Api) -> None:
    ada = await api.person()
    headers = bearer(await token_of(ada))
    for method, path, body in TAKES_A_SESSION:
        answer = await api.client.request(method, BASE + path, json=body, headers=headers)
        assert code(answer) == (403, "session_required"), path


REFUSED_TOKENS: list[dict[str, object]] = [
    {"name": ""},
    {"scopes": []},
    {"scopes": ["root"]},
    {"scopes": "read"},
    {"expires_at": "2001-01-01T00:00:00Z"},
    {"expires_at": "0000-01-01T00:00:00Z"},
    {"expires_at": "10000-01-01T00:00:00Z"},
    {"expires_at": "0001-01-01T00:00:00+14:00"},
    {"expires_at": "9999-12-31T23:59:59-14:00"},
    {"expires_at": "2099-01-01T00:00:00"},
    {"expires_at": "tomorrow"},
    {"expires_at": 1},
    {"user_id": "x"},
]


async def test_tokens_that_are_not_made(api: Api) -> None:
    ada = await api.person()
    for change in REFUSED_TOKENS:
        answer = await ada.post("/auth/tokens", {"name": "x", **change})
        assert answer.status_code == 422, change
        assert answer.json()["errors"]
    assert (await ada.get("/auth/tokens")).json() == {"items": []}


async def test_an_expired_token(api: Api) -> None:
    ada = await api.person()
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    token = await token_of(ada, expires_at=until)
    # Asked before, so that the front knows it from memory.
    assert await status_of(api, token) == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2), tick=True):
        assert await status_of(api, token) == 401
