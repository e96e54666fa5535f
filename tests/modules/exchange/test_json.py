"""Files of whole workspaces: each import makes a workspace of its own."""

import asyncio
from typing import Any

from tests.modules.exchange.world import ended, imported, sent
from tests.modules.tasks.world import code, items, make, titles, workspace_of
from tests.services.api import Api, OpenApi, Person

JSON = {"content_type": "application/json"}


async def exported(api: Api, person: Person, form: str = "json") -> bytes:
    answer = await person.post("~/exports", {"format": form})
    assert answer.status_code == 202, answer.text
    found = await ended(person, answer.json()["id"], "exports")
    assert (found["state"], found["error"]) == ("done", None)
    answer = await api.client.get(found["download_url"])
    assert answer.status_code == 200
    return answer.content


async def brought(person: Person, body: bytes) -> Any:
    return await imported(person, body, "format=json", **JSON)


async def test_a_workspace_comes_back_as_another_one(api: Api) -> None:
    ada, bob = await workspace_of(api, "editor")
    await make(ada, "One", assignee_id=bob.id)
    body = await exported(api, ada)
    found = await brought(ada, body)
    assert (found["state"], found["error"]) == ("done", None)
    new = found["workspace_id"]
    assert new != ada.workspace
    (task,) = await items(ada, f"/workspaces/{new}/tasks")
    assert (task["title"], task["assignee_id"]) == ("One", bob.id)
    again = await brought(ada, body)
    assert (again["workspace_id"], again["written"]) == (new, {})
    assert code(await ada.post(f"~/imports/{found['id']}/undo")) == (409, "founding")


async def test_who_is_no_member_here_is_none_there(api: Api) -> None:
    ada, bob = await workspace_of(api, "owner")
    await make(ada, "One", assignee_id=bob.id)
    body = await exported(api, ada)
    eve = await api.person("eve@example.com")
    found = await brought(eve, body)
    members = {
        m["user_id"] for m in await items(eve, f"/workspaces/{found['workspace_id']}/members")
    }
    assert eve.id in members
    assert not members & {ada.id, bob.id}
    assert (await ada.get(f"/workspaces/{found['workspace_id']}/tasks")).status_code == 404
    # Nobody else's import of the file leads there.
    other = await brought(ada, body)
    assert other["workspace_id"] != found["workspace_id"]


async def test_who_was_taken_out_of_it_does_not_come_back_by_the_file(api: Api) -> None:
    ada, bob = await workspace_of(api, "owner")
    body = await exported(api, ada)
    new = (await brought(ada, body))["workspace_id"]
    answer = await bob.delete(f"/workspaces/{new}/members/{ada.id}")
    assert answer.status_code == 204, answer.text
    assert (await brought(ada, body))["state"] == "done"
    assert (await ada.get(f"/workspaces/{new}/tasks")).status_code == 404


async def test_looking_says_what_it_holds_and_makes_nothing(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await make(ada, "One")
    body = await exported(api, ada)
    before = await items(ada, "/workspaces")
    found = await imported(ada, body, "format=json&dry_run=true", **JSON)
    assert (found["state"], found["written"]) == ("done", {})
    assert found["found"]["commits"] >= 2
    assert await items(ada, "/workspaces") == before


async def test_what_is_cancelled_leaves_no_workspace(open_api: OpenApi) -> None:
    api = await open_api()
    ada = await api.person()
    for start in range(0, 4_000, 400):
        await make(ada, *(f"Task {n}" for n in range(start, start + 400)))
    body = await exported(api, ada)
    before = await items(ada, "/workspaces")
    made = await sent(ada, body, "format=json", **JSON)
    async with asyncio.timeout(30):
        while (await ada.get(f"~/imports/{made['id']}")).json()["state"] == "waiting":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    answer = await ada.delete(f"~/imports/{made['id']}")
    assert answer.status_code in (204, 409)
    if answer.status_code == 204:
        assert (await ended(ada, made["id"]))["state"] == "cancelled"
        assert await items(ada, "/workspaces") == before
    assert len(await titles(ada, "limit=100")) == 100
