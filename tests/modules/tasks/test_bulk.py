"""One change to all tasks that match: which those are, what it comes to, stopping it, undoing it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from tests.modules.tasks.world import (
    NOBODY,
    code,
    execute,
    items,
    logged,
    make,
    open_store,
    pointer,
    seq_of,
    workspace_of,
)
from tests.services.api import Api, OpenApi, Person
from tests.services.commits import commit, new_task

from tidework.bus.jobs import Jobs
from tidework.ids import new_id
from tidework.log import Commit
from tidework.store.protocol import Store
from tidework.store.sql.schema import fields_of, tasks
from tidework.store.sql.statement import Statement
from tidework.tasks.bulk_job import BulkRuns
from tidework.tasks.bulk_undo import BulkUndo

MANY = 5_000
Meddle = Callable[[], Awaitable[None]]
DEADLINE_S = 60


async def begin(person: Person, wanted: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    """A change in bulk that has been accepted."""
    answer = await person.post("~/tasks/bulk", {"filter": wanted, "action": action})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"].endswith(f"/bulk/{found['id']}")
    return found


async def ended(person: Person, run_id: str, *states: str) -> dict[str, Any]:
    """The change in bulk when it is in one of these states, `done` by default."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            answer = await person.get(f"~/bulk/{run_id}")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            if found["state"] in (states or ("done",)):
                return found
            assert found["state"] in ("waiting", "running", "undoing"), found
            await asyncio.sleep(0.02)


async def done(person: Person, wanted: dict[str, Any], **action: Any) -> dict[str, Any]:
    """A change in bulk that has come to its end."""
    return await ended(person, (await begin(person, wanted, action))["id"])


async def undone(person: Person, run_id: str, **options: Any) -> dict[str, Any]:
    """The same, taken back."""
    answer = await person.post(f"~/bulk/{run_id}/undo", options)
    assert answer.status_code == 202, answer.text
    return await ended(person, run_id, "undone")


class Died(BaseException):
    """As if the process had ended."""


class Dying:
    """A store whose process dies after so many commits, 0 for never.

    `meanwhile` happens before the first, after whatever it rests on has been read.
    """

    def __init__(self, store: Store, commits: int, meanwhile: Meddle | None) -> None:
        self._store = store
        self._left = commits
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, wanted: Commit) -> Any:
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile()
        done = await self._store.append(wanted)
        self._left -= 1
        if self._left == 0:
            raise Died
        return done


async def work(
    api: Api, *, dies_after: int = 0, later: bool = False, meanwhile: Meddle | None = None
) -> int:
    """Do what is due, in a process of its own as it were; how many jobs that were.

    `later` is when the claims of those that died have ended. Raises `Died`.
    """
    if later:
        await execute(api, "UPDATE jobs SET due_at = '2026-01-01T00:00:00.000000Z'")
    store: Any = await open_store(api.settings)
    try:
        jobs = Jobs(store)
        wanted: Any = Dying(store, dies_after, meanwhile)
        BulkRuns(wanted).register(jobs)
        BulkUndo(wanted).register(jobs)
        return await jobs.run_due()
    finally:
        await store.close()


async def fill(api: Api, person: Person, count: int, **fields: Any) -> None:
    """Many tasks, by commits of 500."""
    store = await open_store(api.settings)
    try:
        for start in range(0, count, 500):
            numbers = range(start, min(start + 500, count))
            made = [new_task(title=f"Task {number}", **fields) for number in numbers]
            await store.append(commit(person.workspace, *made))
    finally:
        await store.close()


async def state(person: Person) -> list[dict[str, Any]]:
    """All tasks, without versions and times of change."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await person.get(f"~/tasks?limit=100&sort=number{cursor}")).json()
        found += [
            {name: value for name, value in task.items() if name not in ("version", "updated_at")}
            for task in page["items"]
        ]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


_STORED = Statement(
    "stored_tasks",
    select(*(tasks.c[name] for name in fields_of("task")))
    .where(tasks.c.stream_id == bindparam("stream_id"))
    .order_by(tasks.c.number),
)


async def stored(api: Api, person: Person) -> list[dict[str, Any]]:
    """All tasks, by their fields, read at once."""
    store = await open_store(api.settings)
    try:
        rows = await store.fetch(_STORED, {"stream_id": person.workspace})
    finally:
        await store.close()
    return [dict(zip(fields_of("task"), row, strict=True)) for row in rows]


async def test_all_that_match_are_changed_and_no_other(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await make(ada, "a", "b", status="in_progress")
    await make(ada, "c", priority="high")
    run = await done(ada, {"status": "in_progress"}, set={"status": "completed", "priority": "low"})
    assert (run["matched"], run["changed"], run["progress"]) == (2, 2, 1)
    assert [(one["title"], one["status"], one["priority"]) for one in await state(ada)] == [
        ("a", "completed", "low"),
        ("b", "completed", "low"),
        ("c", "pending", "high"),
    ]


async def test_what_matches_is_settled_at_the_start(api: Api) -> None:
    # Its own change takes tasks out of the filter, part after part; a new one that matches comes late.
    (ada,) = await workspace_of(api)
    await fill(api, ada, 600, status="pending")
    run = await begin(ada, {"status": ["pending"]}, {"set": {"status": "cancelled"}})
    await make(ada, "late")
    assert (await ended(ada, run["id"]))["changed"] == 600
    assert [one["title"] for one in await items(ada, "~/tasks?status=pending")] == ["late"]


async def test_a_dry_run_says_how_many_and_does_nothing(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await make(ada, "a", "b")
    body = {"filter": {"q": "a"}, "action": {"delete": True}, "dry_run": True}
    answer = await ada.post("~/tasks/bulk", body)
    assert answer.status_code == 200
    assert (answer.json()["matched"], answer.json()["state"], answer.json()["id"]) == (
        1,
        "dry_run",
        None,
    )
    assert len(await state(ada)) == 2
    assert await items(ada, "~/bulk") == []


async def test_filters_are_those_of_the_list(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    project = (await ada.made("~/projects", {"name": "P"}))["id"]
    await make(ada, "mine", assignee_id=ada.id, due_at="2026-01-01T00:00:00Z")
    await make(ada, "hers", assignee_id=eva.id, project_id=project)
    await make(ada, "done", status="completed", due_at="2026-01-02T00:00:00Z")
    for wanted, query in (
        ({"assignee": "me"}, "assignee=me"),
        ({"assignee": ["none", eva.id]}, f"assignee=none,{eva.id}"),
        ({"project": project}, f"project={project}"),
        ({"overdue": True}, "overdue=true"),
        ({"overdue": False}, "overdue=false"),
        ({"due_before": "2026-01-02"}, "due_before=2026-01-02"),
        ({"status": "completed", "q": "DONE"}, "status=completed&q=DONE"),
        ({"q": "!!"}, "q=!!"),
        ({}, ""),
    ):
        body = {"filter": wanted, "action": {"delete": True}, "dry_run": True}
        answer = await ada.post("~/tasks/bulk", body)
        listed = (await ada.get(f"~/tasks?total=true&{query}")).json()["total"]
        assert answer.json()["matched"] == listed, query


async def test_labels_are_added_and_taken_away(api: Api) -> None:
    (ada,) = await workspace_of(api)
    ids = [(await ada.made("~/labels", {"name": name}))["id"] for name in "xyz"]
    await make(ada, "a", label_ids=[ids[0]])
    await make(ada, "b", label_ids=[ids[1]])
    before = await state(ada)
    run = await done(ada, {}, add_labels=[ids[2]], remove_labels=[ids[0]])
    assert [one["label_ids"] for one in await state(ada)] == [[ids[2]], [ids[1], ids[2]]]
    assert run["changed"] == 2
    await undone(ada, run["id"])
    assert await state(ada) == before


async def test_what_cannot_be_changed_is_named_and_the_rest_is(api: Api) -> None:
    (ada,) = await workspace_of(api)
    (top,) = await make(ada, "top")
    await make(ada, "below")
    run = await done(ada, {}, set={"parent_id": top["id"]})
    assert (run["matched"], run["changed"], run["failed_count"]) == (2, 1, 1)
    assert [(one["id"], one["code"]) for one in run["failed"]] == [(top["id"], "cycle")]
    assert (await state(ada))[1]["parent_id"] == top["id"]


async def test_what_could_never_be_done_is_refused_at_once(api: Api) -> None:
    ada, viewer = await workspace_of(api, "viewer")
    label = (await ada.made("~/labels", {"name": "x"}))["id"]
    for action, place in (
        ({}, "/action"),
        ({"set": {}}, "/action"),
        ({"delete": False}, "/action"),
        ({"delete": True, "set": {"title": "x"}}, "/action/delete"),
        ({"set": {"title": "  "}}, "/action/set/title"),
        ({"set": {"project_id": NOBODY}}, "/action/set/project_id"),
        ({"set": {"assignee_id": NOBODY}}, "/action/set/assignee_id"),
        ({"add_labels": [label, NOBODY]}, "/action/add_labels/1"),
        ({"set": {"label_ids": [label]}, "add_labels": [label]}, "/action/set/label_ids"),
        ({"add_labels": [label], "remove_labels": [label]}, "/action/remove_labels"),
        ({"set": {"position": "a1"}}, "/action/set/position"),
    ):
        assert pointer(await ada.post("~/tasks/bulk", {"filter": {}, "action": action})) == place
    for wanted, place in (
        ({"status": "open"}, "/filter/status"),
        ({"assignee": "somebody"}, "/filter/assignee"),
        ({"due_before": "soon"}, "/filter/due_before"),
        ({"limit": 5}, "/filter/limit"),
        ({"q": "a\u0000"}, "/filter/q"),
    ):
        answer = await ada.post("~/tasks/bulk", {"filter": wanted, "action": {"delete": True}})
        assert pointer(answer) == place
    body = {"filter": {}, "action": {"delete": True}}
    assert code(await viewer.post("~/tasks/bulk", body)) == (403, "forbidden")
    assert code(await ada.get(f"~/bulk/{NOBODY}")) == (404, "not_found")


async def test_removing_and_undoing_brings_everything_back(api: Api) -> None:
    (ada,) = await workspace_of(api)
    tasks = await make(ada, "a", "b", "c", "d")
    await ada.patch(f"~/tasks/{tasks[1]['id']}", {"parent_id": tasks[0]["id"]})
    await ada.patch(f"~/tasks/{tasks[3]['id']}", {"parent_id": tasks[1]["id"]})
    await ada.made(f"~/tasks/{tasks[0]['id']}/comments", {"body": "said"})
    await ada.made(
        f"~/tasks/{tasks[0]['id']}/relations", {"kind": "blocks", "task_id": tasks[2]["id"]}
    )
    before = await state(ada)
    run = await done(ada, {}, delete=True)
    assert (await state(ada), run["changed"]) == ([], 4)
    await undone(ada, run["id"])
    assert await state(ada) == before
    assert len(await items(ada, f"~/tasks/{tasks[0]['id']}/comments")) == 1
    assert len(await items(ada, f"~/tasks/{tasks[2]['id']}/relations")) == 1


async def test_many_tasks_are_changed_in_parts_and_undone_as_one(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    (ada,) = await workspace_of(api)
    await fill(api, ada, MANY)
    before = await stored(api, ada)
    run = await begin(ada, {}, {"set": {"status": "completed", "priority": "urgent"}})
    await work(api)
    assert (await ended(ada, run["id"]))["changed"] == MANY
    assert {row["status"] for row in await stored(api, ada)} == {"completed"}
    assert (await ada.post(f"~/bulk/{run['id']}/undo")).status_code == 202
    await work(api)
    again = await ended(ada, run["id"], "undone")
    assert (again["left_count"], again["progress"]) == (0, 1)
    assert await stored(api, ada) == before
    assert code(await ada.post(f"~/bulk/{run['id']}/undo")) == (409, "already_undone")


async def test_undo_stands_back_from_later_changes_or_leaves_them(api: Api) -> None:
    (ada,) = await workspace_of(api)
    tasks = await make(ada, "a", "b")
    run = await done(ada, {}, set={"priority": "urgent"})
    await ada.patch(f"~/tasks/{tasks[0]['id']}", {"priority": "low"})
    answer = await ada.post(f"~/bulk/{run['id']}/undo")
    assert answer.status_code == 202
    found = await ended(ada, run["id"])
    assert "Later changes" in found["error"]
    assert [one["priority"] for one in await state(ada)] == ["low", "urgent"]
    found = await undone(ada, run["id"], partial=True)
    assert [(one["id"], one["code"]) for one in found["left"]] == [
        (tasks[0]["id"], "later_changes")
    ]
    assert [one["priority"] for one in await state(ada)] == ["low", "medium"]


async def test_other_fields_may_have_changed_since(api: Api) -> None:
    (ada,) = await workspace_of(api)
    (task,) = await make(ada, "a")
    run = await done(ada, {}, set={"priority": "urgent"})
    await ada.patch(f"~/tasks/{task['id']}", {"title": "b"})
    await undone(ada, run["id"])
    assert [(one["title"], one["priority"]) for one in await state(ada)] == [("b", "medium")]


async def test_what_comes_back_leaves_out_what_is_gone(api: Api) -> None:
    (ada,) = await workspace_of(api)
    project = (await ada.made("~/projects", {"name": "P"}))["id"]
    label = (await ada.made("~/labels", {"name": "x"}))["id"]
    (task,) = await make(ada, "a", project_id=project, label_ids=[label])
    run = await done(ada, {}, delete=True)
    await ada.delete(f"~/projects/{project}")
    await ada.delete(f"~/labels/{label}")
    found = await undone(ada, run["id"], partial=True)
    assert [(one["id"], one["code"]) for one in found["left"]] == [(task["id"], "reference_gone")]
    (back,) = await state(ada)
    assert (back["title"], back["project_id"], back["label_ids"]) == ("a", None, [])


async def test_a_repeated_request_begins_nothing_new(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await make(ada, "a")
    body = {"filter": {}, "action": {"set": {"title": "b"}}}
    key = {"idempotency-key": new_id()}
    first = await ada.post("~/tasks/bulk", body, headers=key)
    # As if the answer had been lost before it was kept.
    await execute(api, "DELETE FROM idempotency")
    again = await ada.post("~/tasks/bulk", body, headers=key)
    assert first.json()["id"] == again.json()["id"]
    assert len(await items(ada, "~/bulk")) == 1


async def test_who_loses_the_role_changes_nothing_more(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    ada, eva = await workspace_of(api, "editor")
    await make(ada, "a")
    run = await begin(eva, {}, {"delete": True})
    await ada.patch(f"~/members/{eva.id}", {"role": "viewer"})
    await work(api)
    found = (await ada.get(f"~/bulk/{run['id']}")).json()
    assert found["state"] == "failed"
    assert "lost the role" in found["error"]
    assert len(await state(ada)) == 1


async def test_what_is_cancelled_stops_where_it_is_and_can_be_undone(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    (ada,) = await workspace_of(api)
    await fill(api, ada, 600)
    before = await state(ada)
    run = await begin(ada, {}, {"set": {"priority": "urgent"}})
    with pytest.raises(Died):
        await work(api, dies_after=1)
    assert (await ada.delete(f"~/bulk/{run['id']}")).status_code == 204
    found = (await ada.get(f"~/bulk/{run['id']}")).json()
    assert found["state"] == "cancelled"
    assert 0 < found["changed"] < 600
    assert await work(api, later=True) == 0
    assert code(await ada.delete(f"~/bulk/{run['id']}")) == (409, "ended")
    assert (await ada.post(f"~/bulk/{run['id']}/undo")).status_code == 202
    assert code(await ada.post(f"~/bulk/{run['id']}/undo")) == (409, "still_running")
    await work(api)
    assert await state(ada) == before


@pytest.mark.parametrize("undoing", [False, True])
async def test_a_process_that_dies_anywhere_does_nothing_twice(
    open_api: OpenApi, undoing: bool
) -> None:
    # It dies after each of its commits in turn, before it can note anything.
    api = await open_api(BACKGROUND="off")
    (ada,) = await workspace_of(api)
    await fill(api, ada, 900)
    before = await stored(api, ada)
    run = await begin(ada, {}, {"set": {"status": "completed"}})
    if undoing:
        await work(api)
        assert (await ada.post(f"~/bulk/{run['id']}/undo")).status_code == 202
    since = await seq_of(ada)
    deaths = 0
    while True:
        try:
            await work(api, dies_after=1, later=deaths > 0)
        except Died:
            deaths += 1
        else:
            break
    assert deaths == 4
    found = (await ada.get(f"~/bulk/{run['id']}")).json()
    assert found["state"] == ("undone" if undoing else "done")
    assert found["changed"] == 900
    changes = [one for one in await logged(ada, since) if "status" in one["set"]]
    changes = [one for one in changes if one["op"] == "update"]
    assert len(changes) == len({one["id"] for one in changes}) == 900
    if undoing:
        assert await stored(api, ada) == before


async def test_each_task_is_changed_by_one_commit_only(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await fill(api, ada, 1_000)
    run = await done(ada, {}, set={"priority": "high"})
    changes = [one for one in await logged(ada) if one["set"].get("priority") == "high"]
    assert (len(changes), run["changed"]) == (1_000, 1_000)
    assert len({one["id"] for one in changes}) == 1_000
    assert {one["actor_id"] for one in changes} == {ada.id}


async def test_labels_that_others_give_meanwhile_stay(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    (ada,) = await workspace_of(api)
    ours, theirs = [
        (await ada.made("~/labels", {"name": name}))["id"] for name in ("ours", "theirs")
    ]
    (task,) = await make(ada, "a")
    await begin(ada, {}, {"add_labels": [ours]})

    async def meddle() -> None:
        await ada.patch(f"~/tasks/{task['id']}", {"label_ids": [theirs]})

    await work(api, meanwhile=meddle)
    assert [one["label_ids"] for one in await state(ada)] == [[theirs, ours]]


async def test_what_completing_makes_goes_with_its_undoing(api: Api) -> None:
    (ada,) = await workspace_of(api)
    daily = {"rule": "FREQ=DAILY", "time_zone": "Europe/Berlin"}
    await make(ada, "a", "b", due_at="2026-11-22T09:00:00Z", recurrence=daily)
    before = await state(ada)
    run = await done(ada, {}, set={"status": "completed"})
    assert (run["changed"], len(await state(ada))) == (2, 4)
    await undone(ada, run["id"])
    assert await state(ada) == before


async def test_what_completing_has_made_stays_when_it_is_used(api: Api) -> None:
    (ada,) = await workspace_of(api)
    daily = {"rule": "FREQ=DAILY", "time_zone": "Europe/Berlin"}
    await make(ada, "a", due_at="2026-11-22T09:00:00Z", recurrence=daily)
    run = await done(ada, {}, set={"status": "completed"})
    following = (await state(ada))[1]
    await ada.made(f"~/tasks/{following['id']}/comments", {"body": "begun"})
    assert (await ada.post(f"~/bulk/{run['id']}/undo")).status_code == 202
    assert "Later changes" in (await ended(ada, run["id"]))["error"]
    found = await undone(ada, run["id"], partial=True)
    assert following["id"] in [one["id"] for one in found["left"]]
    assert [one["status"] for one in await state(ada)] == ["pending", "pending"]
