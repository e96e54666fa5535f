"""Notifications over HTTP, from the commit to the inbox, on both databases."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from tests.services.api import Api, Person

from tidework.composition import make_store
from tidework.notifications.choices import Choices
from tidework.notifications.unsubscribing import Unsubscribing

WITHIN_S = 20
NOBODY = "01a2011d-c4e9-75ab-a676-e53516a7f244"


async def inbox(person: Person, query: str = "", at_least: int = 1) -> dict[str, Any]:
    """The inbox, once so many are in it."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            answer = await person.get(f"/notifications{query}")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            if len(found["items"]) >= at_least:
                return found
            await asyncio.sleep(0.02)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_from_a_commit_to_an_inbox(api: Api) -> None:
    ada = await api.person(name="Ada")
    (bob,) = await api.team(ada, "editor")
    task = await ada.made("~/tasks", {"title": "Order the brass", "assignee_id": bob.id})
    page = await inbox(bob, at_least=2)
    assert [one["kind"] for one in page["items"]] == ["assigned", "added"]
    first = page["items"][0]
    assert (first["task_id"], first["actor_name"]) == (task["id"], "Ada")
    assert page["unread_count"] == 2
    assert (await ada.get("/notifications")).json()["unread_count"] == 0

    tag = (await bob.get("/notifications")).headers["etag"]
    same = await bob.get("/notifications", headers={"if-none-match": tag})
    assert (same.status_code, same.content) == (304, b"")

    read = await bob.post("/notifications/read", {"ids": [first["id"], NOBODY, "no id"]})
    assert (read.status_code, read.json()) == (200, {"unread_count": 1})
    unread = (await bob.get("/notifications?unread=true")).json()
    assert [one["kind"] for one in unread["items"]] == ["added"]
    shown = (await bob.get("/notifications")).json()["items"][0]
    assert shown["read_at"] is not None
    again = await bob.post("/notifications/read", {"ids": [first["id"]]})
    assert again.json() == {"unread_count": 1}
    assert (await bob.get("/notifications")).json()["items"][0] == shown

    # Somebody else's stay as they are.
    await ada.post("/notifications/read", {"ids": [unread["items"][0]["id"]]})
    assert (await bob.get("/notifications")).json()["unread_count"] == 1
    assert (await bob.post("/notifications/read", {"all": True})).json() == {"unread_count": 0}
    assert (await bob.get("/notifications?unread=true")).json()["items"] == []


async def test_pages(api: Api) -> None:
    ada = await api.person()
    (bob,) = await api.team(ada, "editor")
    # Of the same moment.
    tasks = [{"title": f"Task {n}", "assignee_id": bob.id} for n in range(5)]
    batch = {"operations": [{"op": "create", "data": task} for task in tasks]}
    assert (await ada.post("~/tasks/batch", batch)).status_code == 200
    whole = (await inbox(bob, at_least=6))["items"]
    paged: list[Any] = []
    cursor = ""
    while True:
        page = (await bob.get(f"/notifications?limit=2{cursor}")).json()
        assert len(page["items"]) <= 2
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == whole


async def test_what_is_refused(api: Api) -> None:
    ada = await api.person()
    for query in ("?limit=0", "?limit=101", "?unread=maybe", "?cursor=x", "?page=1", "?cursor=WyJ"):
        assert (await ada.get(f"/notifications{query}")).status_code == 422, query
    for body in ({}, {"ids": [], "all": False}, {"ids": [NOBODY], "all": True}, {"ids": [1]}, []):
        assert (await ada.post("/notifications/read", body)).status_code == 422, body
    for method, path in (
        ("GET", "/notifications"),
        ("POST", "/notifications/read"),
        ("GET", "/notifications/preferences"),
        ("PUT", "/notifications/preferences"),
    ):
        anonymous = await api.client.request(method, f"/api/v1{path}", json={})
        assert anonymous.status_code == 401, path


async def test_preferences(api: Api) -> None:
    ada = await api.person()
    usual = await ada.get("/notifications/preferences")
    assert usual.json()["kinds"]["mentioned"] == {
        "in_app": True, "email": True, "push": True, "sms": False, "chat": False,
    }  # fmt: skip
    assert usual.json()["quiet_hours"] is None
    body = {
        "kinds": {"mentioned": {"email": False}},
        "quiet_hours": {"start": "22:00", "end": "07:00"},
        "digest_at": "08:30",
        "bundle_minutes": 15,
    }
    tag = usual.headers["etag"]
    put = await ada.call("PUT", "/notifications/preferences", body, headers={"if-match": tag})
    assert put.status_code == 200, put.text
    assert put.json()["kinds"]["mentioned"]["email"] is False
    assert put.json()["kinds"]["assigned"]["email"] is True
    got = await ada.get("/notifications/preferences")
    assert (got.json(), got.headers["etag"]) == (put.json(), put.headers["etag"])
    late = await ada.call("PUT", "/notifications/preferences", {}, headers={"if-match": tag})
    assert code(late) == (412, "precondition_failed")
    # What is shown can be put back as it is.
    same = await ada.call("PUT", "/notifications/preferences", got.json())
    assert same.json() == got.json()
    cleared = await ada.call("PUT", "/notifications/preferences", {})
    assert cleared.json() == usual.json()


async def test_preferences_that_are_none(api: Api) -> None:
    ada = await api.person()
    for body in (
        {"kinds": {"nonsense": {"email": True}}},
        {"kinds": {"mentioned": {"pigeon": True}}},
        {"kinds": {"mentioned": {"email": "yes"}}},
        {"quiet_hours": {"start": "22:00"}},
        {"quiet_hours": {"start": "22:00", "end": "22:00"}},
        {"quiet_hours": {"start": "24:00", "end": "07:00"}},
        {"digest_at": "8:00"},
        {"digest_at": 8},
        {"bundle_minutes": -1},
        {"bundle_minutes": 61},
        {"time_zone": "UTC"},
    ):
        answer = await ada.call("PUT", "/notifications/preferences", body)
        assert answer.status_code == 422, (body, answer.text)
    assert (await ada.get("/notifications/preferences")).headers["etag"] == '"0"'


# --- leaving mails ---------------------------------------------------------------------------


async def address(api: Api, user_id: str, *kinds: str) -> str:
    """The address that a mail bears, below the server: made by another process."""
    store = make_store(api.settings)
    await store.start()
    try:
        made = Unsubscribing(store, Choices(store), api.settings.public_url)
        found = urlsplit(await made.address(user_id, kinds))
    finally:
        await store.close()
    return f"{found.path}?{found.query}"


async def test_leaving_with_one_click(api: Api) -> None:
    ada = await api.person()
    path = await address(api, ada.id, "commented", "digest")
    await ada.call("PUT", "/notifications/preferences", {"digest_at": "08:00"})
    page = await api.client.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "comments, the daily digest" in page.text
    # Looking changes nothing.
    before = (await ada.get("/notifications/preferences")).json()
    assert before["kinds"]["commented"]["email"] is True
    for _ in range(2):
        answer = await api.client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"unsubscribed": ["commented", "digest"]}
    after = (await ada.get("/notifications/preferences")).json()
    assert after["kinds"]["commented"] == {**before["kinds"]["commented"], "email": False}
    assert after["kinds"]["mentioned"] == before["kinds"]["mentioned"]
    assert after["digest_at"] is None


async def test_a_browser_is_shown_what_it_did_in_its_language(api: Api) -> None:
    ada = await api.person()
    path = await address(api, ada.id, "due_soon")
    for language, ask, said in (
        ("de-AT,de;q=0.9,en;q=0.5", "keine Mails mehr über: bald fällige", "Erledigt"),
        ("tlh, *;q=0.1", "no more mails about: tasks that are due soon", "Done."),
    ):
        headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": language}
        page = await api.client.get(path, headers=headers)
        assert ask in page.text
        assert "<form" in page.text
        done = await api.client.post(path, headers=headers)
        assert done.status_code == 200
        assert done.headers["content-type"] == "text/html; charset=utf-8"
        assert said in done.text
        assert "<form" not in done.text
    after = (await ada.get("/notifications/preferences")).json()
    assert after["kinds"]["due_soon"]["email"] is False


async def test_a_multipart_form_does_as_well(api: Api) -> None:
    ada = await api.person()
    path = await address(api, ada.id, "assigned")
    answer = await api.client.post(path, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200, answer.text


async def test_an_address_that_was_changed_is_refused(api: Api) -> None:
    ada, bob = await api.person(), await api.person()
    path = await address(api, ada.id, "assigned")
    other = await address(api, bob.id, "assigned")
    base, (token,) = path.partition("?")[0], parse_qs(urlsplit(path).query)["token"]
    (others,) = parse_qs(urlsplit(other).query)["token"]
    mixed = f"{others.partition('.')[0]}.{token.partition('.')[2]}"
    for wrong in (mixed, token[:-2], token + "A", "", ".", "x.y", "é", "a" * 3000):
        for call in (api.client.get, api.client.post):
            answer = await call(base, params={"token": wrong})
            assert answer.status_code == 422, (wrong, answer.text)
    assert (await api.client.post(base)).status_code == 422
    for person in (ada, bob):
        tag = (await person.get("/notifications/preferences")).headers["etag"]
        assert tag == '"0"'


async def test_an_address_of_somebody_who_is_gone(api: Api) -> None:
    await api.person()
    ada = await api.person()
    path = await address(api, ada.id, "assigned")
    assert (await ada.delete("/users/me", {"password": "correct horse battery staple"})).is_success
    assert code(await api.client.post(path)) == (404, "not_found")
