"""What a list has read answers for its tasks: just as they would be answered for, and never longer
than it is true."""

import dataclasses
from typing import Any

import pytest
from tests.services.api import Api, OpenApi, Person
from tests.services.runs import Run

from tidework.http.answer import Answer
from tidework.http.front import Front
from tidework.http.kept import Kept
from tidework.http.listed import Listed, item_in
from tidework.tasks.schemas import TaskOut

HOSTILE = (
    '{"id":"%s","version":7}, "items":[{"id":"%s","title":"x","version":1}],\\\\"\\"version\\":3}\n'
    '\u2028 \U0001f30a {"id":"'
)


def front_of(api: Api) -> Front:
    found: Front = api.app._edge._front
    return found


def on(other: Api, person: Person) -> Person:
    return dataclasses.replace(person, api=other)


class Loads:
    """Counts what the front has to ask the routes for."""

    def __init__(self, api: Api) -> None:
        self._bodies = front_of(api).bodies
        self._before = self._bodies.misses

    def count(self) -> int:
        before, self._before = self._before, self._bodies.misses
        return self._before - before


async def many_kinds(ada: Person) -> list[dict[str, Any]]:
    """Tasks with every field, and with texts that look like other tasks."""
    label = await ada.made("~/labels", {"name": "l"})
    project = await ada.made("~/projects", {"name": "p"})
    first = await ada.made("~/tasks", {"title": "first"})
    due = {"due_at": "2031-02-03T04:05:06.789+02:00"}
    text = HOSTILE % (first["id"], first["id"])
    bodies: list[dict[str, Any]] = [
        {"title": text[:100], "description": text * 20},
        {"title": "all", "label_ids": [label["id"]], "project_id": project["id"], **due},
        {"title": "child", "parent_id": first["id"], "assignee_id": ada.id, "priority": "urgent"},
        {"title": "again", "recurrence": {"rule": "FREQ=DAILY", "time_zone": "UTC"}, **due},
        {"title": '"version":9}', "description": '{"id":"'},
    ]
    made = [first, *[await ada.made("~/tasks", body) for body in bodies]]
    again = made[4]["id"]
    await ada.patch(f"~/tasks/{again}", {"status": "completed"})
    await ada.patch(f"~/tasks/{made[0]['id']}", {"description": text})
    found: list[dict[str, Any]] = (await ada.get("~/tasks?limit=100")).json()["items"]
    return found


async def test_an_item_is_answered_with_just_as_if_it_had_been_asked_for_alone(
    open_api: OpenApi,
) -> None:
    here, there = await open_api(), await open_api()
    ada = await here.person()
    items = await many_kinds(ada)
    assert len(items) == 7
    loads = Loads(here)
    for query in ("", "?limit=100", "?sort=-title&page=1&total=true", "?q=version"):
        assert (await ada.get(f"~/tasks{query}")).status_code == 200
        loads.count()
        for item in items:
            path = f"~/tasks/{item['id']}"
            for headers in ({}, {"accept-encoding": "gzip"}, {"if-none-match": "*"}):
                listed = await ada.get(path, headers=headers)
                alone = await on(there, ada).get(path, headers=headers)
                assert listed.status_code == alone.status_code
                assert listed.content == alone.content
                volatile = ("x-request-id", "tidework-took")
                first, second = dict(listed.headers), dict(alone.headers)
                assert [first.pop(name, "") for name in volatile]
                assert [second.pop(name, "") for name in volatile]
                assert first == second
        assert loads.count() == 0, query


async def test_a_list_answers_for_its_tasks_without_a_query(api: Api) -> None:
    """Until another commit is about them, whatever else has happened in the workspace."""
    ada = await api.person()
    tasks = [await ada.made("~/tasks", {"title": f"{n}"}) for n in range(5)]
    paths = [f"~/tasks/{task['id']}" for task in tasks]
    loads = Loads(api)
    await ada.get("~/tasks")
    assert loads.count() == 1
    assert (await ada.get(paths[0])).json()["title"] == "0"
    await ada.made("~/tasks", {"title": "more"})
    assert (await ada.get(paths[1])).json()["title"] == "1"
    assert loads.count() == 0
    await ada.patch(paths[2], {"title": "changed"})
    assert (await ada.get(paths[3])).json()["title"] == "3"
    assert loads.count() == 0
    assert (await ada.get(paths[2])).json()["title"] == "changed"
    assert loads.count() == 1
    # A later list knows better than what is kept of the task.
    await ada.patch(paths[0], {"title": "changed"})
    await ada.get("~/tasks?sort=-number")
    loads.count()
    assert (await ada.get(paths[0])).json()["title"] == "changed"
    assert loads.count() == 0
    # What is asked for otherwise, or is not on it, is.
    await ada.get(f"~/tasks/{tasks[4]['number']}")
    await ada.get(paths[4].upper().replace("~/TASKS", "~/tasks"))
    assert loads.count() == 2
    assert (await ada.get(f"{paths[4]}?x=1")).status_code == 422
    missing = f"{paths[4][:-4]}0000"
    assert (await ada.get(missing)).status_code == 404


async def test_nothing_on_a_list_is_believed_once_its_task_has_changed(open_api: OpenApi) -> None:
    """Changed, or left by its label, its project, its parent, on another copy; undone; removed."""
    here, there = await open_api(), await open_api()
    ada = await here.person()
    away = on(there, ada)
    label = await ada.made("~/labels", {"name": "l"})
    project = await ada.made("~/projects", {"name": "p"})
    parent = await ada.made("~/tasks", {"title": "parent"})
    fields = {"label_ids": [label["id"]], "project_id": project["id"], "parent_id": parent["id"]}
    task = await ada.made("~/tasks", {"title": "t", **fields})
    path = f"~/tasks/{task['id']}"

    async def looked() -> dict[str, Any] | None:
        items = (await ada.get("~/tasks")).json()["items"]
        found: dict[str, dict[str, Any]] = {item["id"]: item for item in items}
        return found.get(task["id"])

    async def is_noticed(before: dict[str, Any] | None, written: Any) -> None:
        assert written.status_code in (200, 204), written.text
        found, alone = await ada.get(path), await away.get(path)
        assert found.status_code == alone.status_code
        if found.status_code == 200:
            assert found.content == alone.content
            assert found.json() != before
        else:
            assert before is not None

    for gone in (f"labels/{label['id']}", f"projects/{project['id']}", f"tasks/{parent['id']}"):
        before = await looked()
        removed = await away.delete(f"~/{gone}")
        await is_noticed(before, removed)
        before = await looked()
        undo = {"seq": int(removed.headers["tidework-seq"])}
        await is_noticed(before, await away.post("~/undo", undo))
    for who, title in ((ada, "here"), (away, "there")):
        before = await looked()
        await is_noticed(before, await who.patch(path, {"title": title}))
        before = await looked()
        removed = await who.delete(path)
        await is_noticed(before, removed)
        undo = {"seq": int(removed.headers["tidework-seq"])}
        assert (await away.post("~/undo", undo)).status_code == 200


async def test_a_list_opens_nothing_to_those_who_may_not_see_it(api: Api) -> None:
    ada, eve = await api.person(), await api.person()
    (ben,) = await api.team(ada, "viewer")
    task = await ada.made("~/tasks", {"title": "x"})
    path = f"~/tasks/{task['id']}"
    await ada.get("~/tasks")
    eve.workspace = ada.workspace
    assert (await eve.get(path)).status_code == 404
    assert (await ben.get(path)).status_code == 200
    await ada.get("~/tasks")
    await ada.delete(f"~/members/{ben.id}")
    await ada.get("~/tasks")
    assert (await ben.get(path)).status_code == 404
    # Nor is it looked for in another workspace, whoever asks.
    assert (await ada.get(f"/workspaces/{(await ada.made('/workspaces', {'name': 'w'}))['id']}"
                          f"/tasks/{task['id']}")).status_code == 404  # fmt: skip


async def test_what_another_history_left_on_a_list_is_not_believed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "now"})
    await ada.get("~/tasks")
    front = front_of(api)
    key = (ada.workspace, "", b"tasks?")
    entry = front.bodies.latest(key)
    assert entry is not None
    lost = entry[1]
    lost.answer.body = lost.answer.body.replace(b"now", b"was")
    assert (await ada.get(f"~/tasks/{task['id']}")).json()["title"] == "was"
    front.bodies._entries.drop((ada.workspace, "", f"tasks/{task['id']}?".encode()))
    store: Any = front._store
    monkeypatch.setattr(type(store._store), "history", store.history + 1)
    assert (await ada.get(f"~/tasks/{task['id']}")).json()["title"] == "now"


async def test_random_looks_at_two_copies_agree(open_api: OpenApi, run: Run) -> None:
    """Each answer is what a copy that remembers nothing gives at the same moment."""
    copies = [await open_api(), await open_api()]
    fresh = await open_api(CACHE_BYTES="0")
    ada = await copies[0].person()
    both, judge, dice = [on(copy, ada) for copy in copies], on(fresh, ada), run.dice()
    tasks = [(await ada.made("~/tasks", {"title": f"{n}"}))["id"] for n in range(6)]
    lists = ["", "?sort=-number&limit=3", "?status=pending", "?sort=title&limit=4"]
    last = 0
    for turn in range(run.pick(150, 2000)):
        who, path = dice.choice(both), f"~/tasks/{dice.choice(tasks)}"
        act = dice.random()
        if act < 0.15:
            done = await who.patch(path, {"title": f"{turn}"})
            last = int(done.headers.get("tidework-seq", last))
        elif act < 0.2:
            done = await who.delete(path)
            last = int(done.headers.get("tidework-seq", last))
        elif act < 0.25 and last:
            await who.post("~/undo", {"seq": last})
        elif act < 0.5:
            await who.get(f"~/tasks{dice.choice(lists)}")
        else:
            one, other = await who.get(path), await judge.get(path)
            seen = (one.status_code, one.headers.get("etag"), one.json().get("title"))
            assert seen == (other.status_code, other.headers.get("etag"), other.json().get("title"))
            assert one.status_code == 404 or one.content == other.content, turn


# --- memory --------------------------------------------------------------------------------------


async def test_lists_that_are_remembered_are_few(api: Api) -> None:
    ada = await api.person()
    await ada.made("~/tasks", {"title": "x"})
    listed: Listed = front_of(api)._listed
    for limit in range(1, 30):
        await ada.get(f"~/tasks?limit={limit}")
    await ada.get("~/tasks?" + "&".join(["status=pending"] * 60))
    keys = listed._lists.get(ada.workspace)
    assert keys is not None
    assert [key[2] for key in keys] == [f"tasks?limit={n}".encode() for n in (29, 28, 27, 26)]


async def test_nothing_is_remembered_without_a_cache(open_api: OpenApi) -> None:
    api = await open_api(CACHE_BYTES="0")
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "x"})
    await ada.get("~/tasks")
    assert len(front_of(api)._listed._lists) == 0
    assert (await ada.get(f"~/tasks/{task['id']}")).json() == task


def test_ids_of_a_list_count_as_memory() -> None:
    kept = Kept(Answer(200, [], b"[]"), "", None, ("w", "", b"tasks?"))
    before = kept.size
    kept.hold(("tasks", ["x" * 36] * 20))
    assert kept.size >= before + 20 * (36 + 49)
    assert kept.has("tasks", "x" * 36)
    assert not kept.has("tasks", "y" * 36)
    assert not kept.has("labels", "x" * 36)


# --- texts ---------------------------------------------------------------------------------------


def test_only_a_whole_item_is_taken_from_a_list() -> None:
    body = b'{"items":[{"id":"a","n":{"x":1},"version":3},{"id":"b","version":4}],"next":null}'
    assert item_in(body, "a") == b'{"id":"a","n":{"x":1},"version":3}'
    assert item_in(body, "b") == b'{"id":"b","version":4}'
    assert item_in(body, "c") is None
    for cut in range(len(body)):
        assert item_in(body[:cut], "b") in (None, b'{"id":"b","version":4}')
    assert item_in(b'{"items":[{"id":"a","version":3,"more":{}}]}', "a") is None
    assert item_in(b'{"items":[{"id":"a"},{"id":"b","version":4}]}', "a") is None


def test_a_tasks_fields_are_in_the_order_that_lists_rely_on() -> None:
    names = TaskOut.__struct_fields__
    assert (names[0], names[-1]) == ("id", "version")
