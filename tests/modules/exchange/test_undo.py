"""Taking imports back."""

import json

import pytest
from tests.modules.exchange.world import ROWS, Died, ended, imported, rows, sent, undone, work
from tests.modules.tasks.world import code, execute, items, logged, titles, workspace_of
from tests.modules.transfer.harness import issue
from tests.services.api import Api, OpenApi

LATER = "UPDATE jobs SET due_at = '2026-01-01T00:00:00.000000Z' WHERE state = 'waiting'"


async def test_everything_goes_and_the_same_file_brings_it_again(api: Api) -> None:
    (ada,) = await workspace_of(api)
    made = await imported(ada, query="name=boats.csv")
    assert len(await items(ada, "~/tasks")) == 3
    found = await undone(ada, made["id"])
    assert (found["state"], found["error"], found["left"]) == ("undone", None, [])
    for what in ("tasks", "labels", "projects"):
        assert await items(ada, f"~/{what}") == []
    assert code(await ada.post(f"~/imports/{made['id']}/undo")) == (409, "already_undone")
    assert [one["state"] for one in await items(ada, "~/imports")] == ["undone"]
    again = await imported(ada, query="name=boats.csv")
    assert again["written"]["tasks created"] == 3
    assert sorted(await titles(ada)) == ["One", "Three", "Two"]
    assert len(await items(ada, "~/labels")) == 2
    assert (await undone(ada, again["id"]))["state"] == "undone"


async def test_later_changes_stand_in_the_way_or_stay(api: Api) -> None:
    (ada,) = await workspace_of(api)
    made = await imported(ada, query="name=boats.csv")
    by_title = {task["title"]: task for task in await items(ada, "~/tasks")}
    await ada.patch(f"~/tasks/{by_title['Two']['id']}", {"title": "Kept"})
    before = await logged(ada)
    found = await undone(ada, made["id"])
    assert found["state"] == "done"
    assert found["error"].startswith("Undo: Later changes build on this one")
    assert await logged(ada) == before
    found = await undone(ada, made["id"], partial=True)
    assert (found["state"], found["error"]) == ("undone", None)
    assert await titles(ada) == ["Kept"]
    # What the task that stays is in stays as well; nothing else does.
    assert [one["name"] for one in await items(ada, "~/projects")] == ["Boats"]
    assert await items(ada, "~/labels") == []
    assert any(by_title["Two"]["id"] in line for line in found["left"])


async def test_what_goes_with_an_earlier_part_is_not_named_as_left(api: Api) -> None:
    (ada,) = await workspace_of(api)
    # Everything is made in the first commits, and handed on in later ones; neither of the two who
    # have it is a member when that is taken back.
    handed = ("2012-03-02T10:00:00.000+0000", "cy", [("assignee", "bob", "Bob", "cy", "Cy")])
    issues = [issue(f"A-{n}", histories=[handed], assignee={"name": "cy"}) for n in range(700)]
    body = "".join(json.dumps(one) + "\n" for one in issues).encode()
    made = await imported(ada, body, "format=jira", content_type="application/x-ndjson")
    assert made["written"]["commits"] > 1
    found = await undone(ada, made["id"])
    assert (found["state"], found["left"]) == ("undone", [])
    assert await items(ada, "~/tasks") == []


@pytest.mark.parametrize("use", ["comment", "label", "renamed label", "child"])
async def test_what_is_used_since_stays(api: Api, use: str) -> None:
    (ada,) = await workspace_of(api)
    made = await imported(ada, query="name=boats.csv")
    one = {task["title"]: task for task in await items(ada, "~/tasks")}["One"]
    tar = next(label for label in await items(ada, "~/labels") if label["name"] == "tar")
    if use == "comment":
        await ada.made(f"~/tasks/{one['id']}/comments", {"body": "Hm."})
    elif use == "label":
        await ada.made("~/tasks", {"title": "Mine", "label_ids": [tar["id"]]})
    elif use == "renamed label":
        await ada.patch(f"~/labels/{tar['id']}", {"name": "pitch"})
    else:
        await ada.made("~/tasks", {"title": "Mine", "parent_id": one["id"]})
    assert (await undone(ada, made["id"]))["error"].startswith("Undo: Later changes")
    assert len(await titles(ada)) in (3, 4)
    found = await undone(ada, made["id"], partial=True)
    assert found["state"] == "undone"
    left = {
        "comment": {"One"}, "label": {"Mine"}, "renamed label": set(), "child": {"One", "Mine"},
    }  # fmt: skip
    assert set(await titles(ada)) == left[use]
    names = {label["name"] for label in await items(ada, "~/labels")}
    assert names == {
        "comment": {"tar", "wood"}, "label": {"tar"}, "renamed label": {"pitch"},
        "child": {"tar", "wood"},
    }[use]  # fmt: skip


async def test_a_newer_import_is_undone_before_an_older_one(api: Api) -> None:
    (ada,) = await workspace_of(api)
    first = await imported(ada, query="name=boats.csv")
    second = await imported(ada, ROWS.replace(b"Two", b"Second"), "name=boats.csv")
    assert (await undone(ada, first["id"]))["state"] == "done"
    assert (await undone(ada, second["id"]))["state"] == "undone"
    assert sorted(await titles(ada)) == ["One", "Three", "Two"]
    assert (await undone(ada, first["id"]))["state"] == "undone"
    assert await titles(ada) == []


async def test_who_dies_undoing_is_gone_on_for(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    ada = await api.person()
    made = await sent(ada, rows(1_200))
    await work(api, ada)
    assert (await ada.post(f"~/imports/{made['id']}/undo")).status_code == 202
    assert code(await ada.post(f"~/imports/{made['id']}/undo")) == (409, "still_running")
    deaths = 0
    while True:
        try:
            await work(api, ada, dies_after=1)
        except Died:
            deaths += 1
            assert (await ada.get(f"~/imports/{made['id']}")).json()["state"] == "undoing"
            await execute(api, LATER)
        else:
            break
    assert deaths == 3
    assert (await ended(ada, made["id"]))["state"] == "undone"
    assert await titles(ada) == []


async def test_what_was_cancelled_is_undone(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    ada = await api.person()
    made = await sent(ada, rows(1_200))
    with pytest.raises(Died):
        await work(api, ada, dies_after=9)
    assert (await ada.delete(f"~/imports/{made['id']}")).status_code == 204
    assert len(await titles(ada, "limit=100")) == 100
    assert (await ada.post(f"~/imports/{made['id']}/undo")).status_code == 202
    await work(api, ada)
    assert (await ended(ada, made["id"]))["state"] == "undone"
    assert await titles(ada) == []
