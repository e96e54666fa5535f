"""Copies of a workspace: the snapshot that begins one, and the changes that keep it current."""

import asyncio
import base64
import json
from typing import Any

from tests.modules.tasks.world import (
    NOBODY,
    batch,
    code,
    items,
    logged,
    make,
    pointer,
    workspace_of,
)
from tests.services.api import Api, Person

ENTITIES = ("tasks", "members", "projects", "labels", "relations")


async def snapshot(person: Person, query: str = "") -> dict[str, Any]:
    answer = await person.get(f"~/snapshot?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def pages(person: Person, what: str, limit: int) -> list[dict[str, Any]]:
    found = []
    cursor = ""
    while True:
        answer = await person.get(f"~/{what}?limit={limit}{cursor}")
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        if found[-1]["next_cursor"] is None:
            return found
        cursor = f"&cursor={found[-1]['next_cursor']}"


async def furnished(api: Api) -> tuple[Person, Person]:
    """A workspace with something of everything."""
    ada, eva = await workspace_of(api, "viewer")
    project = await ada.made("~/projects", {"name": "Zoo", "description": "Big", "archived": True})
    await ada.made("~/projects", {"name": "apollo", "color": "#3b82f6"})
    labels = [await ada.made("~/labels", {"name": name}) for name in ("soon", "Later")]
    parent = await ada.made(
        "~/tasks",
        {
            "title": "Every week",
            "description": "At *length*",
            "project_id": project["id"],
            "assignee_id": eva.id,
            "label_ids": [label["id"] for label in labels],
            "due_at": "2026-12-01T09:00:00+01:00",
            "recurrence": {"rule": "FREQ=WEEKLY", "time_zone": "Europe/Berlin"},
        },
    )
    child = await ada.made("~/tasks", {"title": "Part", "parent_id": parent["id"]})
    await ada.made(
        f"~/tasks/{child['id']}/relations", {"kind": "blocked_by", "task_id": parent["id"]}
    )
    await ada.made(
        f"~/tasks/{child['id']}/relations", {"kind": "relates_to", "task_id": parent["id"]}
    )
    await ada.patch(f"~/tasks/{child['id']}", {"status": "completed"})
    return ada, eva


async def test_a_snapshot_says_what_the_lists_say(api: Api) -> None:
    ada, eva = await furnished(api)
    for person in (ada, eva):
        found = await snapshot(person)
        tasks = await items(person, "~/tasks?sort=-number")
        assert [task.pop("description") != "" for task in tasks] == [False, True]
        assert [task.pop("has_description") for task in found["tasks"]] == [False, True]
        assert found["tasks"] == tasks
        assert found["workspace"] == (await person.get("~")).json()
        assert found["members"] == await items(person, "~/members")
        assert found["projects"] == await items(person, "~/projects")
        assert [project["name"] for project in found["projects"]] == ["apollo", "Zoo"]
        assert found["labels"] == await items(person, "~/labels")
        changes = (await person.get("~/changes?limit=1000")).json()
        assert found["seq"] == changes["seq"]
        assert found["next_cursor"] is None
        logged = [change for change in changes["changes"] if change["entity"] == "relation"]
        assert {one["kind"] for one in found["relations"]} == {"blocks", "relates_to"}
        assert sorted(found["relations"], key=lambda one: one["version"]) == [
            {"id": change["id"], **change["set"], "version": change["seq"]} for change in logged
        ]


async def test_pages_go_from_new_to_old_and_only_the_first_has_all_else(api: Api) -> None:
    ada, _ = await furnished(api)
    await make(ada, *(f"Task {n}" for n in range(5)))
    first, *later = await pages(ada, "snapshot", 3)
    assert [task["number"] for page in (first, *later) for task in page["tasks"]] == [
        7, 6, 5, 4, 3, 2, 1,
    ]  # fmt: skip
    assert len(later) == 2
    assert all(name in first for name in ENTITIES)
    assert all(set(page) == {"seq", "tasks", "next_cursor"} for page in later)


async def test_a_page_that_is_full_and_the_last_has_no_cursor(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await make(ada, "One", "Two")
    assert (await snapshot(ada, "limit=2"))["next_cursor"] is None
    assert (await snapshot(ada, "limit=1"))["next_cursor"] is not None


async def test_an_empty_workspace_has_a_snapshot(api: Api) -> None:
    ada = await api.person()
    found = await snapshot(ada)
    assert (found["workspace"]["personal"], found["tasks"]) == (True, [])
    assert [member["user_id"] for member in found["members"]] == [ada.id]
    assert found["seq"] > 0


def put(copy: dict[str, Any], page: dict[str, Any]) -> None:
    """What a client takes over from a page of a snapshot."""
    for name in ENTITIES:
        for entity in page.get(name, ()):
            key = entity.get("id") or entity["user_id"]
            copy[f"{name[:-1]} {key}"] = entity


async def follow(person: Person, copy: dict[str, Any], since: int) -> None:
    """Apply the changes since a seq; what a page had newer is left as it is."""
    while True:
        page = (await person.get(f"~/changes?limit=1&since={since}")).json()
        for change in page["changes"]:
            key = f"{change['entity']} {change['id']}"
            present = copy.get(key)
            if present is not None and change["seq"] < present["version"]:
                continue
            if change["op"] == "delete":
                copy.pop(key, None)
            elif present is not None or change["op"] == "create":
                copy[key] = (present or {}) | change["set"] | {"version": change["seq"]}
        since = page["seq"]
        if not page["more"]:
            return


async def test_pages_read_while_others_write_lead_to_the_same_copy(api: Api) -> None:
    """Whatever happens between two pages, to what has been read and to what comes."""
    ada, eva = await furnished(api)
    tasks = await make(ada, *(f"Task {n}" for n in range(8)))
    copy: dict[str, Any] = {}
    first = await snapshot(ada, "limit=3")
    put(copy, first)
    for number in (2, 10, 5):
        await ada.patch(f"~/tasks/{number}", {"title": f"Changed {number}"})
    await ada.patch("~/tasks/4", {"title": "Changed, then gone"})
    twice = ({"title": "Once"}, {"title": "Twice", "priority": "low"})
    await batch(ada, *({"op": "update", "id": n, "data": data} for data in twice for n in (3, 10)))
    await batch(ada, *({"op": "delete", "id": n} for n in (9, 4)))
    await ada.made("~/projects", {"name": "New"})
    await ada.delete(f"~/members/{eva.id}")
    await make(ada, "Later")
    page = first
    while page["next_cursor"] is not None:
        page = await snapshot(ada, f"limit=3&cursor={page['next_cursor']}")
        put(copy, page)
        await ada.patch(f"~/tasks/{page['tasks'][-1]['number']}", {"priority": "urgent"})
    await follow(ada, copy, first["seq"])
    whole: dict[str, Any] = {}
    for page in await pages(ada, "snapshot", 100):
        put(whole, page)
    assert len(tasks) == 8
    assert {key: entity["version"] for key, entity in copy.items() if "workspace" not in key} == {
        key: entity["version"] for key, entity in whole.items()
    }
    for key, entity in whole.items():
        for name in ("title", "name", "priority", "project_id", "assignee_id", "kind"):
            assert copy[key].get(name) == entity.get(name) or "member" in key, (key, name)


def folded(changes: list[dict[str, Any]], until: int) -> dict[str, int]:
    """What a log leads to at a seq: every entity's version."""
    state: dict[str, int] = {}
    for change in changes:
        key = f"{change['entity']} {change['id']}"
        if change["seq"] > until:
            break
        if change["op"] == "delete":
            del state[key]
        else:
            state[key] = change["seq"]
    return state


async def test_a_first_page_is_of_one_moment(api: Api) -> None:
    """Whoever writes meanwhile: it is what the log leads to at its seq, no more and no less."""
    ada, _ = await furnished(api)
    seen: list[dict[str, Any]] = []

    async def write() -> None:
        for n in range(10):
            await ada.made("~/projects", {"name": f"Project {n}"})
            task, other = await make(ada, f"Task {n}", f"Other {n}")
            path = f"~/tasks/{task['id']}"
            await ada.made(f"{path}/relations", {"kind": "blocks", "task_id": other["id"]})
            await ada.delete(path if n % 2 else f"~/tasks/{other['id']}")

    writing = asyncio.create_task(write())
    async with asyncio.timeout(60):
        while not writing.done():
            seen.append(await snapshot(ada))
            # An answer from memory lets nobody else have a turn.
            await asyncio.sleep(0)
    await writing
    changes = await logged(ada)
    assert len({page["seq"] for page in seen}) > 5
    for page in seen:
        copy: dict[str, Any] = {}
        put(copy, page)
        copy[f"workspace {ada.workspace}"] = page["workspace"]
        versions = {key: entity["version"] for key, entity in copy.items()}
        assert versions == folded(changes, page["seq"])


async def test_a_later_page_is_kept_while_nothing_is_written(api: Api) -> None:
    ada, _ = await furnished(api)
    first = await snapshot(ada, "limit=1")
    path = f"~/snapshot?limit=1&cursor={first['next_cursor']}"
    tag = (await ada.get(path)).headers["etag"]
    again = await ada.get(path, headers={"if-none-match": tag})
    assert again.status_code == 304
    await ada.patch("~/tasks/1", {"title": "Changed"})
    again = await ada.get(path, headers={"if-none-match": tag})
    assert again.json()["tasks"][0]["title"] == "Changed"


async def test_a_new_name_shows_although_the_workspace_has_not_moved(api: Api) -> None:
    ada, eva = await furnished(api)
    before = await ada.get("~/snapshot")
    assert (await eva.patch("/users/me", {"name": "Eva Nova"})).status_code == 200
    after = await ada.get("~/snapshot", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["members"][1]["name"] == "Eva Nova"
    assert after.json()["seq"] == before.json()["seq"]


async def test_descriptions_come_newest_first_and_only_where_there_are_any(api: Api) -> None:
    ada, eva = await workspace_of(api, "viewer")
    for n in range(1, 6):
        await ada.made("~/tasks", {"title": "A", "description": f"Text {n}" if n % 2 else ""})
    found = await pages(eva, "texts", 2)
    assert [[item["description"] for item in page["items"]] for page in found] == [
        ["Text 5", "Text 3"], ["Text 1"],
    ]  # fmt: skip
    (task,) = await items(eva, "~/tasks?sort=-number&limit=1")
    assert found[0]["items"][0] == {
        "id": task["id"], "version": task["version"], "description": "Text 5",
    }  # fmt: skip
    assert found[0]["seq"] == task["version"]


async def test_a_page_of_descriptions_ends_after_a_million_characters(api: Api) -> None:
    ada = await api.person()
    text = "é" * 65_536
    await batch(
        ada, *({"op": "create", "data": {"title": "A", "description": text}} for _ in range(20))
    )
    await batch(ada, *({"op": "create", "data": {"title": "A"}} for _ in range(3)))
    found = await pages(ada, "texts", 100)
    assert [len(page["items"]) for page in found] == [16, 4]
    seen = [item["id"] for page in found for item in page["items"]]
    assert len(set(seen)) == 20


async def test_no_descriptions_are_an_empty_page(api: Api) -> None:
    ada = await api.person()
    found = (await ada.get("~/texts")).json()
    assert (found["items"], found["next_cursor"]) == ([], None)
    assert found["seq"] > 0


async def test_strangers_and_nonsense_are_refused(api: Api) -> None:
    ada, _ = await furnished(api)
    stranger = await api.person()
    for what in ("snapshot", "texts"):
        path = f"/workspaces/{ada.workspace}/{what}"
        assert code(await stranger.get(path)) == (404, "not_found")
        assert code(await ada.get(f"/workspaces/{NOBODY}/{what}")) == (404, "not_found")
        assert (await api.client.get(f"/api/v1{path}")).status_code == 401
        assert pointer(await ada.get(f"~/{what}?limit=0")) == "?limit"
        assert pointer(await ada.get(f"~/{what}?limit=5001")) == "?limit"
        assert pointer(await ada.get(f"~/{what}?since=5")) == "?since"
        for values in ([], ["1"], [1, 2], [2**63], [1.5], [None], [5], {"a": 1}):
            wrong = base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()
            assert pointer(await ada.get(f"~/{what}?cursor={wrong}")) == "?cursor"
