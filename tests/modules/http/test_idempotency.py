"""`Idempotency-Key`: whatever happens in between, a command happens once and is answered alike."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.services.api import PASSWORD, Api, OpenApi, Person

from tidework.http.front import Front
from tidework.log import Operation

ONCE = {"idempotency-key": "0b6ad51c-6c43-4a44-9d23-6f6d4b6c5a11"}
SAME = ("content-type", "content-length", "etag", "location", "tidework-seq", "cache-control")


def front_of(api: Api) -> Front:
    found: Front = api.app._edge._front
    return found


async def rewrite(api: Api, scope: str, values: dict[str, Any], key: str | None = None) -> None:
    """Change the record of a key in the database."""
    digest = hashlib.sha256(b"key\0" + (key or ONCE["idempotency-key"]).encode()).hexdigest()
    place = {"scope": scope, "key": digest}
    change = Operation("idempotency", "update", place, values, rows=1)
    await front_of(api)._store.operate([change])


async def crash(api: Api, scope: str) -> None:
    """Leave of the record what a process leaves that dies between its commit and its answer."""
    await rewrite(api, scope, {"status": None, "body": None})


def assert_replayed(first: httpx.Response, again: httpx.Response) -> None:
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in SAME:
        assert again.headers.get(name) == first.headers.get(name), name
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


async def commands(ada: Person, ben: Person) -> list[tuple[str, str, Any]]:
    """A POST of every kind that writes to the workspace or the account of `ada`."""
    tasks = [await ada.made("~/tasks", {"title": str(n)}) for n in range(4)]
    one, two = tasks[0]["id"], tasks[1]["id"]
    relation = {"kind": "blocks", "task_id": two}
    batch = [
        {"op": "create", "data": {"title": "in a batch"}},
        {"op": "update", "id": one, "data": {"priority": "high"}},
        {"op": "delete", "id": tasks[2]["id"]},
    ]
    return [
        ("task", "~/tasks", {"title": "x", "position": {"before": one}}),
        ("batch", "~/tasks/batch", {"operations": batch}),
        ("comment", f"~/tasks/{one}/comments", {"body": "Hello"}),
        ("relation", f"~/tasks/{one}/relations", relation),
        ("undo", "~/undo", {"seq": tasks[3]["version"]}),
        ("project", "~/projects", {"name": "P"}),
        ("label", "~/labels", {"name": "L"}),
        ("member", "~/members", {"email": ben.email, "role": "viewer"}),
        ("invitation", "~/members", {"email": "nobody@example.com"}),
        ("workspace", "/workspaces", {"name": "W"}),
        ("token", "/auth/tokens", {"name": "T"}),
        ("password", "/auth/password/change",
         {"current_password": PASSWORD, "new_password": "another long password"}),
    ]  # fmt: skip


async def state(ada: Person) -> list[Any]:
    """All that the commands could have changed twice."""
    paths = ("~/changes?limit=1000", "/workspaces", "/auth/tokens", "~/members", "/auth/sessions")
    return [(await ada.get(path)).json() for path in paths]


async def test_every_post_happens_once_and_is_answered_alike(api: Api) -> None:
    ada, ben = await api.person(), await api.person()
    await api.team(ada)
    for name, path, body in await commands(ada, ben):
        key = {"idempotency-key": name}
        first = await ada.post(path, body, headers=key)
        assert first.status_code < 300, (name, first.text)
        after = await state(ada)
        for _ in range(2):
            assert_replayed(first, await ada.post(path, body, headers=key))
        assert await state(ada) == after, name


async def test_every_post_happens_once_when_its_answer_was_lost(api: Api) -> None:
    ada, ben = await api.person(), await api.person()
    await api.team(ada)
    for name, path, body in await commands(ada, ben):
        if name == "password":
            continue
        key = {"idempotency-key": name}
        first = await ada.post(path, body, headers=key)
        assert first.status_code < 300, (name, first.text)
        after = await state(ada)
        await rewrite(api, ada.id, {"status": None, "body": None}, name)
        again = await ada.post(path, body, headers=key)
        if name == "token":
            # Its secret is nowhere, and never will be.
            assert (again.status_code, again.json()["code"]) == (409, "token_exists")
            assert await state(ada) == after
            continue
        assert again.status_code == first.status_code, (name, again.text)
        assert again.json() == first.json(), name
        assert await state(ada) == after, name
        assert again.headers.get("tidework-seq") == first.headers.get("tidework-seq"), name
        assert again.headers.get("location") == first.headers.get("location"), name
        assert again.headers.get("etag") == first.headers.get("etag"), name
        assert_replayed(again, await ada.post(path, body, headers=key))


async def test_registering_logging_in_and_refreshing(api: Api) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    call = api.client.post
    first = await call("/api/v1/auth/register", json=body, headers=ONCE)
    assert first.status_code == 201
    assert_replayed(first, await call("/api/v1/auth/register", json=body, headers=ONCE))
    await crash(api, "address 127.0.0.1")
    again = await call("/api/v1/auth/register", json=body, headers=ONCE)
    assert again.status_code == 201
    assert again.json()["user"] == first.json()["user"]
    own = {"authorization": f"Bearer {again.json()['access_token']}"}
    assert (await api.client.get("/api/v1/users/me", headers=own)).status_code == 200
    assert len((await api.client.get("/api/v1/admin/users", headers=own)).json()["items"]) == 1

    login = {"email": body["email"], "password": PASSWORD}
    key = {"idempotency-key": "log-in"}
    first = await call("/api/v1/auth/login", json=login, headers=key)
    sessions = (await api.client.get("/api/v1/auth/sessions", headers=own)).json()
    assert_replayed(first, await call("/api/v1/auth/login", json=login, headers=key))
    assert (await api.client.get("/api/v1/auth/sessions", headers=own)).json() == sessions
    wrong = login | {"password": "not the password"}
    for _ in range(2):
        answer = await call("/api/v1/auth/login", json=wrong, headers={"idempotency-key": "w"})
        assert answer.status_code == 401
        assert "idempotency-replayed" not in answer.headers

    token = {"refresh_token": first.json()["refresh_token"]}
    key = {"idempotency-key": "refresh"}
    first = await call("/api/v1/auth/refresh", json=token, headers=key)
    assert first.status_code == 200
    assert_replayed(first, await call("/api/v1/auth/refresh", json=token, headers=key))


async def test_another_request_may_not_use_the_key(api: Api) -> None:
    ada, ben = await api.person(), await api.person()
    assert (await ada.post("~/tasks", {"title": "a"}, headers=ONCE)).status_code == 201
    for path, body in (
        ("~/tasks", {"title": "b"}),
        ("~/labels", {"title": "a"}),
    ):
        refused = await ada.post(path, body, headers=ONCE)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
        assert refused.json()["errors"][0]["code"] == "idempotency_key_reused"
    # Somebody else's key is another one, as is that of another address.
    assert (await ben.post("~/tasks", {"title": "b"}, headers=ONCE)).status_code == 201
    login = {"email": ada.email, "password": PASSWORD}
    assert (await api.client.post("/api/v1/auth/login", json=login, headers=ONCE)).is_success
    titles = [t["title"] for t in (await ada.get("~/tasks")).json()["items"]]
    assert titles == ["a"]


async def test_keys_of_the_anonymous_are_kept_by_address(open_api: OpenApi) -> None:
    here, there = await open_api("192.0.2.1"), await open_api("192.0.2.2")
    statuses = []
    for api, email in ((here, "a"), (there, "b"), (here, "c")):
        body = {"email": f"{email}@example.com", "password": PASSWORD, "name": "N"}
        answer = await api.client.post("/api/v1/auth/register", json=body, headers=ONCE)
        statuses.append(answer.status_code)
    assert statuses == [201, 201, 422]


async def test_while_the_first_is_running_the_second_waits_outside(api: Api) -> None:
    ada = await api.person()
    answers = await asyncio.gather(
        *(ada.post("~/tasks", {"title": "x"}, headers=ONCE) for _ in range(5))
    )
    # One that comes after the first has been answered, on a slow machine, is told its answer.
    statuses = {answer.status_code for answer in answers}
    assert statuses == {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"idempotency_running"}
    again = await ada.post("~/tasks", {"title": "x"}, headers=ONCE)
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await ada.get("~/tasks")).json()["items"]) == 1


async def test_two_servers_do_it_once(open_api: OpenApi) -> None:
    here, there = await open_api(), await open_api()
    ada = await here.person()
    other = Person(there, *[getattr(ada, n) for n in Person.__dataclass_fields__ if n != "api"])
    for turn in range(10):
        key = {"idempotency-key": f"turn-{turn}"}
        body = {"title": f"turn {turn}"}
        answers = await asyncio.gather(
            *(who.post("~/tasks", body, headers=key) for who in (ada, other, ada, other))
        )
        made = [a for a in answers if a.status_code == 201]
        assert {a.status_code for a in answers} <= {201, 409}
        assert len({a.content for a in made}) == 1
    assert len((await ada.get("~/tasks?limit=100")).json()["items"]) == 10


async def test_after_a_day_the_key_is_free(api: Api) -> None:
    ada = await api.person()
    first = await ada.post("~/tasks", {"title": "x"}, headers=ONCE)
    await rewrite(api, ada.id, {"expires_at": "2026-01-01T00:00:00.000000Z"})
    other = await ada.post("~/tasks", {"title": "y"}, headers=ONCE)
    assert other.status_code == 201
    assert other.json()["id"] != first.json()["id"]
    assert_replayed(other, await ada.post("~/tasks", {"title": "y"}, headers=ONCE))


async def test_keys_that_are_none(api: Api) -> None:
    ada = await api.person()
    for key in ("", " ", "x" * 256, "a b", "ä"):
        answer = await ada.post(
            "~/tasks", {"title": "x"}, headers={"idempotency-key": key.encode()}
        )
        assert answer.status_code == 400, key
    # A GET, or any other method, has no use for one.
    assert (await ada.get("~/tasks", headers=ONCE)).status_code == 200


async def test_rights_are_asked_again(api: Api) -> None:
    ada = await api.person()
    (ben,) = await api.team(ada, "editor")
    assert (await ben.post("~/tasks", {"title": "x"}, headers=ONCE)).status_code == 201
    await ada.patch(f"~/members/{ben.id}", {"role": "viewer"})
    assert (await ben.post("~/tasks", {"title": "x"}, headers=ONCE)).status_code == 403
    await ada.delete(f"~/members/{ben.id}")
    assert (await ben.post("~/tasks", {"title": "x"}, headers=ONCE)).status_code == 404
    await ada.made("~/members", {"email": ben.email, "role": "editor"})
    again = await ben.post("~/tasks", {"title": "x"}, headers=ONCE)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")


async def test_which_refusals_are_kept(api: Api) -> None:
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "x"})
    await ada.made("~/labels", {"name": "L"})
    kept = [
        ("~/tasks", {"title": " "}),
        ("~/tasks", {"title": "x", "nonsense": 1}),
        ("~/labels", {"name": "L"}),
    ]
    for path, body in kept:
        key = {"idempotency-key": str(body)}
        first = await ada.post(path, body, headers={k: v.replace(" ", "") for k, v in key.items()})
        assert first.status_code in (409, 422)
        again = await ada.post(path, body, headers={k: v.replace(" ", "") for k, v in key.items()})
        assert_replayed(first, again)
    missing = f"~/tasks/{task['number'] + 1}/comments"
    first = await ada.post(missing, {"body": "x"}, headers=ONCE)
    assert first.status_code == 404
    await ada.made("~/tasks", {"title": "now it is there"})
    assert (await ada.post(missing, {"body": "x"}, headers=ONCE)).status_code == 201


def everything_in(folder: Path) -> bytes:
    """The database and its log."""
    return b"".join(path.read_bytes() for path in folder.glob("tidework.db*"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_that_was_sent_or_answered_can_be_read_from_the_database(
    api: Api, tmp_path: Path
) -> None:
    key = "key-that-nobody-should-find"
    own = {"idempotency-key": key}
    body = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
    made = (await api.client.post("/api/v1/auth/register", json=body, headers=own)).json()
    own["authorization"] = f"Bearer {made['access_token']}"
    token = await api.client.post("/api/v1/auth/tokens", json={"name": "T"}, headers=own)
    assert token.status_code == 201
    secrets = [key, PASSWORD, made["access_token"], made["refresh_token"], token.json()["token"]]
    content = everything_in(tmp_path)
    assert b"ada@example.com" in content
    for secret in secrets:
        assert secret.encode() not in content
    # What is stored beside must not let anybody try passwords out, either.
    plain = b"POST /api/v1/auth/register?\0"
    for tried in (plain + httpx.Request("POST", "http://x", json=body).content, PASSWORD.encode()):
        assert hashlib.sha256(tried).hexdigest().encode() not in content
