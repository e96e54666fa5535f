"""Exports over HTTP: each form, whose they are, links and their end."""

import csv
import io
import json
from typing import Any

import pytest
from icalendar import Calendar
from tests.modules.exchange.world import ended
from tests.modules.tasks.world import code, items, make, pointer, workspace_of
from tests.services.api import Api, OpenApi, Person


async def exported(person: Person, form: str) -> dict[str, Any]:
    """An export that has ended."""
    answer = await person.post("~/exports", {"format": form})
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert answer.headers["location"].endswith(f"/exports/{made['id']}")
    return await ended(person, made["id"], "exports")


async def fetched(api: Api, export: dict[str, Any]) -> bytes:
    answer = await api.client.get(export["download_url"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-length"] == str(export["size"])
    assert export["name"] in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.content


async def test_each_form_has_the_tasks(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await make(ada, "=1+1", "Grüße")
    table = list(
        csv.DictReader(io.StringIO((await fetched(api, await exported(ada, "csv"))).decode()))
    )
    assert [row["title"] for row in table] == ["'=1+1", "Grüße"]
    calendar = Calendar.from_ical(await fetched(api, await exported(ada, "ics")))
    assert [str(todo["summary"]) for todo in calendar.walk("VTODO")] == ["=1+1", "Grüße"]
    whole = json.loads(await fetched(api, await exported(ada, "json")))
    assert [task["title"] for task in whole["state"]["task"]].sort() == ["=1+1", "Grüße"].sort()
    assert len(await items(ada, "~/exports")) == 3


@pytest.mark.parametrize("form", ["csv", "ics", "json"])
async def test_nothing_is_exported_too(api: Api, form: str) -> None:
    (ada,) = await workspace_of(api)
    assert (await exported(ada, form))["state"] == "done"


async def test_what_nobody_may_know_is_for_owners(api: Api) -> None:
    owner, viewer = await workspace_of(api, "viewer")
    assert code(await viewer.post("~/exports", {"format": "json"})) == (403, "forbidden")
    assert pointer(await owner.post("~/exports", {"format": "xml"})) == "/format"
    mine = await exported(viewer, "csv")
    assert mine["state"] == "done"
    assert await items(owner, "~/exports") == []
    assert (await owner.get(f"~/exports/{mine['id']}")).status_code == 404
    assert (await owner.delete(f"~/exports/{mine['id']}")).status_code == 404
    assert (await owner.get(f"~/reports/{mine['id']}")).status_code == 404
    stranger = await api.person()
    stranger.workspace = owner.workspace
    assert (await stranger.post("~/exports", {"format": "csv"})).status_code == 404


async def test_addresses_of_those_who_have_left_are_not_in_it(api: Api) -> None:
    owner, editor = await workspace_of(api, "editor")
    await make(editor, "One")
    assert (await owner.delete(f"~/members/{editor.id}")).status_code == 204
    for form in ("csv", "json"):
        body = await fetched(api, await exported(owner, form))
        assert editor.email.encode() not in body


async def test_a_link_ends_with_its_person_and_its_export(api: Api) -> None:
    owner, viewer = await workspace_of(api, "viewer")
    mine, theirs = await exported(owner, "csv"), await exported(viewer, "csv")
    for one in (mine, theirs):
        await fetched(api, one)
    assert (await owner.delete(f"~/members/{viewer.id}")).status_code == 204
    assert (await api.client.get(theirs["download_url"])).status_code == 404
    assert (await owner.delete(f"~/exports/{mine['id']}")).status_code == 204
    assert (await api.client.get(mine["download_url"])).status_code == 404
    head, _, token = mine["download_url"].partition("token=")
    assert (await api.client.get(f"{head}token={token[:-2]}AA")).status_code == 404


async def test_what_is_too_large_fails_in_words(open_api: OpenApi) -> None:
    api = await open_api(MAX_REPORT_BYTES="2000")
    ada = await api.person()
    await make(ada, *(f"Task {n}" for n in range(100)))
    found = await exported(ada, "csv")
    assert found["state"] == "failed"
    assert "larger than" in found["error"]
    assert found["download_url"] is None


async def test_only_a_few_are_on_their_way_at_once(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    ada = await api.person()
    made = [(await ada.post("~/exports", {"format": "csv"})).json()["id"] for _ in range(5)]
    assert code(await ada.post("~/exports", {"format": "csv"})) == (409, "too_many_exports")
    assert (await ada.delete(f"~/exports/{made[0]}")).status_code == 204
    assert (await ada.post("~/exports", {"format": "csv"})).status_code == 202
