"""Saved filters over HTTP: one's own, named once, and gone with their account."""

import asyncio
from typing import Any

from tests.modules.tasks.world import NOBODY, code, open_store, pointer
from tests.services.api import PASSWORD, Api, Person

from tidework.log import fold
from tidework.store.verify import verify_stream

PLACE = "/users/me/filters"
QUERY = "status=pending&assignee=me&sort=-due_at"


async def names(person: Person) -> list[str]:
    return [one["name"] for one in (await person.get(PLACE)).json()["items"]]


async def saved(person: Person, name: str, **more: Any) -> dict[str, Any]:
    return await person.made(PLACE, {"name": name, "query": QUERY, **more})


async def test_a_filter_is_saved_changed_and_removed(api: Api) -> None:
    ada = await api.person()
    answer = await ada.post(
        PLACE, {"name": "  Mine, soon ", "query": QUERY, "workspace_id": ada.workspace.upper()}
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made == {
        "id": made["id"], "name": "Mine, soon", "workspace_id": ada.workspace, "query": QUERY,
        "created_at": made["created_at"], "updated_at": made["created_at"],
        "version": made["version"],
    }  # fmt: skip
    place = f"{PLACE}/{made['id']}"
    assert answer.headers["location"] == f"/api/v1{place}"
    assert answer.headers["etag"] == f'"{made["version"]}"'
    assert (await ada.get(PLACE)).json() == {"items": [made]}
    changed = (await ada.patch(place, {"query": "", "workspace_id": None})).json()
    assert (changed["name"], changed["query"], changed["workspace_id"]) == ("Mine, soon", "", None)
    assert changed["version"] > made["version"]
    assert (await ada.get(PLACE)).json() == {"items": [changed]}
    same = await ada.patch(place, {"name": "Mine, soon"})
    assert same.json() == changed
    renamed = (await ada.patch(place, {"name": "MINE, SOON"})).json()
    assert (renamed["name"], renamed["query"]) == ("MINE, SOON", "")
    assert (await ada.delete(place)).status_code == 204
    assert (await ada.get(PLACE)).json() == {"items": []}
    assert code(await ada.delete(place)) == (404, "not_found")
    assert code(await ada.patch(place, {"name": "x"})) == (404, "not_found")


async def test_names_differ_in_more_than_case(api: Api) -> None:
    ada, ben = await api.person(), await api.person()
    first = await saved(ada, "Straße")
    second = await saved(ada, "apollo", workspace_id=ada.workspace)
    for name in ("STRASSE", "straße", " Straße "):
        answer = await ada.post(PLACE, {"name": name, "query": ""})
        assert code(answer) == (409, "name_taken")
    answer = await ada.patch(f"{PLACE}/{second['id']}", {"name": "strasse"})
    assert code(answer) == (409, "name_taken")
    assert await names(ada) == ["apollo", "Straße"]
    await saved(ben, "straße")
    assert (await ada.delete(f"{PLACE}/{first['id']}")).status_code == 204
    await saved(ada, "strasse")


async def test_nobody_else_s(api: Api) -> None:
    ada, ben = await api.person(), await api.person()
    made = await saved(ada, "Mine")
    place = f"{PLACE}/{made['id']}"
    assert await names(ben) == []
    assert code(await ben.patch(place, {"name": "x"})) == (404, "not_found")
    assert code(await ben.delete(place)) == (404, "not_found")
    for method, path in (("GET", PLACE), ("POST", PLACE), ("PATCH", place), ("DELETE", place)):
        assert (await api.client.request(method, f"/api/v1{path}")).status_code == 401
    assert await names(ada) == ["Mine"]


async def test_an_older_version_is_refused(api: Api) -> None:
    ada = await api.person()
    made = await saved(ada, "Mine")
    place = f"{PLACE}/{made['id']}"
    stale = {"headers": {"if-match": f'"{made["version"]}"'}}
    assert (await ada.patch(place, {"query": "a=1"}, **stale)).status_code == 200
    assert code(await ada.patch(place, {"query": "a=2"}, **stale)) == (412, "precondition_failed")
    assert code(await ada.delete(place, **stale)) == (412, "precondition_failed")


async def test_what_cannot_be_saved(api: Api) -> None:
    ada = await api.person()
    made = await saved(ada, "Mine")
    for method, path in (("POST", PLACE), ("PATCH", f"{PLACE}/{made['id']}")):
        usual: dict[str, Any] = {"name": "Other", "query": QUERY}
        wrong: list[tuple[str, Any]] = [
            ("name", ""), ("name", "   "), ("name", "x" * 101), ("name", "a\nb"), ("name", 5),
            ("name", None), ("query", "x" * 2001), ("query", None), ("query", {"status": "x"}),
            ("query", "a\0b"), ("workspace_id", "personal"), ("more", 1),
        ]  # fmt: skip
        for field, value in wrong:
            answer = await ada.call(method, path, {**usual, field: value})
            assert pointer(answer) == f"/{field}", (field, value)
    assert (await ada.post(PLACE, {"name": "Other"})).status_code == 422
    assert code(await ada.patch(f"{PLACE}/nothing", {})) == (404, "not_found")
    assert code(await ada.patch(f"{PLACE}/{NOBODY}", {})) == (404, "not_found")
    await saved(ada, "x" * 100, query="é" * 2000)
    assert await names(ada) == ["Mine", "x" * 100]


async def test_a_hundred_are_enough(api: Api) -> None:
    ada = await api.person()
    for n in range(98):
        await saved(ada, f"Filter {n}")
    # Whoever comes at once, there is room for two.
    answers = await asyncio.gather(
        *(ada.post(PLACE, {"name": f"Late {n}", "query": ""}) for n in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409, 409]
    assert {code(one)[1] for one in answers if one.status_code == 409} == {"too_many_filters"}
    assert len(await names(ada)) == 100


async def test_the_same_request_again_saves_one(api: Api) -> None:
    ada = await api.person()
    body, key = {"name": "Mine", "query": QUERY}, {"idempotency-key": "k1"}
    first = await ada.post(PLACE, body, headers=key)
    again = await ada.post(PLACE, body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content


async def test_a_filter_outlives_its_workspace(api: Api) -> None:
    ada = await api.person()
    team = await ada.made("/workspaces", {"name": "Team"})
    made = await saved(ada, "Team's", workspace_id=team["id"])
    assert (await ada.delete(f"/workspaces/{team['id']}")).status_code == 204
    assert (await ada.get(PLACE)).json() == {"items": [made]}
    place = f"{PLACE}/{made['id']}"
    assert (await ada.patch(place, {"workspace_id": None})).json()["workspace_id"] is None


async def test_they_are_erased_with_the_account_log_and_all(api: Api) -> None:
    await api.person()
    ada = await api.person()
    await saved(ada, "Doctor Bovary", query="q=illness")
    other = await saved(ada, "Lovers", query="q=leon")
    await ada.patch(f"{PLACE}/{other['id']}", {"name": "Rodolphe"})
    assert (await ada.delete(f"{PLACE}/{other['id']}")).status_code == 204
    token = await ada.made("/auth/tokens", {"name": "Emma's laptop"})
    await ada.delete(f"/auth/tokens/{token['id']}")
    store = await open_store(api.settings)
    try:
        written = ("Bovary", "bovary", "illness", "Lovers", "leon", "Rodolphe", "Emma")
        before = repr(await store.log(ada.id))
        assert all(word in before for word in written)
        assert (await ada.delete("/users/me", {"password": PASSWORD})).status_code == 204
        log = await store.log(ada.id)
        assert [word for word in written if word in repr(log)] == []
        assert not [key for key in fold(log) if key[0] == "saved_filter"]
        assert await verify_stream(store, ada.id) == []
    finally:
        await store.close()


async def test_the_log_leads_to_what_is_stored(api: Api) -> None:
    ada = await api.person()
    made = await saved(ada, "Mine", workspace_id=ada.workspace)
    await ada.patch(f"{PLACE}/{made['id']}", {"name": "Still mine", "workspace_id": None})
    await saved(ada, "Other")
    store = await open_store(api.settings)
    try:
        assert await verify_stream(store, ada.id) == []
        state = fold(await store.log(ada.id))
        kept = {e.fields["name"] for (kind, _), e in state.items() if kind == "saved_filter"}
        assert kept == {"Still mine", "Other"}
    finally:
        await store.close()
