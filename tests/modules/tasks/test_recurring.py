"""Tasks that come again: completing one makes the next, in the same commit and once."""

import asyncio
from typing import Any

from tests.modules.tasks.world import (
    batch,
    items,
    make,
    pointer,
    seq_of,
    workspace_of,
)
from tests.services.api import Api, Person

WEEKLY = {"rule": "FREQ=WEEKLY;BYDAY=MO", "time_zone": "Europe/Berlin"}
FAR = "2090-03-20T08:00:00.000000Z"
"""A Monday, 09:00 in Berlin in winter."""
NEXT = "2090-03-27T07:00:00.000000Z"
"""The Monday after it, 09:00 in summer."""


async def recurring(person: Person, **fields: Any) -> dict[str, Any]:
    values = {"title": "Water the plants", "due_at": FAR, "recurrence": WEEKLY, **fields}
    return await person.made("~/tasks", values)


async def patched(person: Person, task: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await person.patch(f"~/tasks/{task['id']}", fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def others(person: Person, *known: dict[str, Any]) -> list[Any]:
    ids = {task["id"] for task in known}
    return [task for task in await items(person, "~/tasks?sort=number") if task["id"] not in ids]


async def test_completing_makes_the_next_one_in_the_same_commit(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    project = await ada.made("~/projects", {"name": "House"})
    label = await ada.made("~/labels", {"name": "green"})
    (parent,) = await make(ada, "Everything")
    task = await recurring(
        ada,
        description="All of them.",
        priority="high",
        assignee_id=eva.id,
        project_id=project["id"],
        parent_id=parent["id"],
        label_ids=[label["id"]],
    )
    assert task["recurrence"] == {**WEEKLY, "from": "due", "time": None}
    assert task["previous_id"] is None
    before = await seq_of(ada)
    done = await patched(eva, task, status="completed")
    assert await seq_of(ada) == before + 1 == done["version"]
    assert (done["status"], done["recurrence"]) == ("completed", None)
    assert done["completed_at"] == done["updated_at"]
    (found,) = await others(ada, task, parent)
    same = (
        "title",
        "description",
        "priority",
        "assignee_id",
        "project_id",
        "parent_id",
        "label_ids",
    )
    assert {name: found[name] for name in same} == {name: task[name] for name in same}
    assert found["due_at"] == NEXT
    assert found["recurrence"] == task["recurrence"]
    assert (found["status"], found["completed_at"]) == ("pending", None)
    assert (found["previous_id"], found["created_by"]) == (task["id"], eva.id)
    assert (found["number"], found["version"]) == (task["number"] + 1, done["version"])
    assert found["position"] > task["position"]


async def test_completing_twice_makes_one(api: Api) -> None:
    ada = await api.person()
    task = await recurring(ada)
    for _ in range(3):
        await patched(ada, task, status="completed")
        await patched(ada, task, status="completed")
        await patched(ada, task, status="in_progress")
    assert len(await others(ada, task)) == 1


async def test_completing_by_many_at_once_makes_one(api: Api) -> None:
    ada = await api.person()
    task = await recurring(ada)
    body = {"status": "completed"}
    answers = await asyncio.gather(*[ada.patch(f"~/tasks/{task['id']}", body) for _ in range(12)])
    assert {answer.status_code for answer in answers} == {200}
    (found,) = await others(ada, task)
    assert found["due_at"] == NEXT


async def test_a_retry_with_its_key_makes_one(api: Api) -> None:
    ada = await api.person()
    task = await recurring(ada)
    body = {"operations": [
        {"op": "update", "id": task["id"], "data": {"status": "completed"}},
        {"op": "create", "data": {"title": "Something else"}},
    ]}  # fmt: skip
    key = {"headers": {"Idempotency-Key": "water-once"}}
    first = await ada.post("~/tasks/batch", body, **key)
    again = await ada.post("~/tasks/batch", body, **key)
    assert first.status_code == 200
    assert again.content == first.content
    assert first.json()["results"][1]["task"]["title"] == "Something else"
    assert len(await others(ada, task)) == 2


async def test_undo_takes_the_completion_and_the_next_one_back(api: Api) -> None:
    ada = await api.person()
    task = await recurring(ada)
    done = await patched(ada, task, status="completed")
    answer = await ada.post("~/undo", {"seq": done["version"]})
    assert answer.status_code == 200, answer.text
    (found,) = await items(ada, "~/tasks")
    assert {**found, "version": 0, "updated_at": ""} == {**task, "version": 0, "updated_at": ""}
    await patched(ada, task, status="completed")
    (found,) = await others(ada, task)
    await patched(ada, found, title="Water the cactus")
    answer = await ada.post("~/undo", {"seq": found["version"]})
    assert answer.json()["code"] == "later_changes"


async def test_in_a_batch_each_completion_makes_its_next(api: Api) -> None:
    ada = await api.person()
    one, two = await recurring(ada), await recurring(ada, title="Feed the cat")
    gone, plain = await recurring(ada, title="Gone"), (await make(ada, "Once"))[0]
    complete = {"status": "completed"}
    new = "01a2011d-c4e9-75ab-a676-e53516a7f244"
    made = {"title": "New", "due_at": FAR, "recurrence": WEEKLY}
    results = await batch(
        ada,
        {"op": "update", "id": one["id"], "data": complete},
        {"op": "create", "id": new, "data": made},
        {"op": "update", "id": one["id"], "data": {"status": "pending"}},
        {"op": "update", "id": one["id"], "data": {**complete, "title": "Water them all"}},
        {"op": "update", "id": two["id"], "data": complete},
        {"op": "update", "id": gone["id"], "data": complete},
        {"op": "delete", "id": gone["id"]},
        {"op": "update", "id": plain["id"], "data": complete},
        {"op": "update", "id": new, "data": complete},
    )
    assert [result["status"] for result in results] == [200, 201, 200, 200, 200, 200, 204, 200, 200]
    assert results[1]["task"]["title"] == "New"
    found = await others(ada, one, two, gone, plain, results[1]["task"])
    assert [(task["title"], task["previous_id"]) for task in found] == [
        ("Water them all", one["id"]), ("Feed the cat", two["id"]), ("New", new),
    ]  # fmt: skip
    assert [task["due_at"] for task in found] == [NEXT] * 3


async def test_the_series_ends_with_its_count(api: Api) -> None:
    ada = await api.person()
    task = await recurring(ada, recurrence={**WEEKLY, "rule": "FREQ=WEEKLY;COUNT=2"})
    await patched(ada, task, status="completed")
    (last,) = await others(ada, task)
    assert last["recurrence"]["rule"] == "FREQ=WEEKLY;COUNT=1"
    done = await patched(ada, last, status="completed")
    assert done["recurrence"] == last["recurrence"]
    assert await others(ada, task, last) == []


async def test_cancelling_or_removing_makes_no_next(api: Api) -> None:
    ada = await api.person()
    one, two = await recurring(ada), await recurring(ada)
    assert (await patched(ada, one, status="cancelled"))["recurrence"] == one["recurrence"]
    await ada.delete(f"~/tasks/{two['id']}")
    assert await others(ada, one) == []
    # A cancelled one that is completed after all goes on.
    await patched(ada, one, status="completed")
    assert len(await others(ada, one)) == 1


async def test_completed_late_what_has_passed_is_left_out(api: Api) -> None:
    ada = await api.person()
    daily = {"rule": "FREQ=DAILY", "time_zone": "UTC"}
    task = await recurring(ada, due_at="2001-01-01T10:00:00Z", recurrence=daily)
    done = await patched(ada, task, status="completed")
    (found,) = await others(ada, task)
    assert done["completed_at"] < found["due_at"]
    assert found["due_at"][11:] == "10:00:00.000000Z"
    once = await recurring(
        ada, due_at="2001-01-01T10:00:00Z", recurrence={**daily, "from": "completion"}
    )
    await patched(ada, once, status="completed")
    (_, other) = await others(ada, task, once)
    assert other["due_at"] >= found["due_at"]


async def test_a_recurrence_is_patched_by_parts(api: Api) -> None:
    ada = await api.person()
    task = await recurring(ada)
    full = {**WEEKLY, "from": "due", "time": None}
    steps: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = [
        ({"time_zone": "Asia/Kathmandu"}, {**full, "time_zone": "Asia/Kathmandu"}),
        ({"time_zone": None}, {**full, "time_zone": "UTC"}),
        ({"rule": "rrule:freq=daily;interval=02"}, {**full, "rule": "FREQ=DAILY;INTERVAL=02", "time_zone": "UTC"}),
        ({**full, "from": "completion", "time": "08:30"}, {**full, "from": "completion", "time": "08:30:00"}),
        ({"from": None, "time": None}, full),
        (None, None),
        (full, full),
    ]  # fmt: skip
    for sent, expected in steps:
        assert (await patched(ada, task, recurrence=sent))["recurrence"] == expected
    entry = (await items(ada, f"~/tasks/{task['id']}/history"))[1]
    assert entry["changes"]["recurrence"]["before"] == full
    seq = await seq_of(ada)
    await patched(ada, task, recurrence=full)
    assert await seq_of(ada) == seq


async def test_the_zone_is_that_of_the_account_unless_it_is_named(api: Api) -> None:
    ada = await api.person()
    answer = await ada.patch("/users/me", {"time_zone": "America/New_York"})
    assert answer.status_code == 200, answer.text
    task = await recurring(ada, recurrence={"rule": "FREQ=DAILY"})
    assert task["recurrence"]["time_zone"] == "America/New_York"


async def test_a_due_date_that_is_moved_brings_its_time_of_day(api: Api) -> None:
    ada = await api.person()
    task = await recurring(ada, recurrence={**WEEKLY, "time": "21:00"})
    assert task["recurrence"]["time"] == "21:00:00"
    moved = await patched(ada, task, due_at="2090-03-20T11:00:00Z")
    assert moved["recurrence"]["time"] is None
    await patched(ada, task, status="completed")
    (found,) = await others(ada, task)
    assert found["due_at"] == "2090-03-27T10:00:00.000000Z"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"recurrence": {"time_zone": "UTC"}}, "/recurrence/rule"),
    ({"recurrence": {"rule": "FREQ=SECONDLY"}}, "/recurrence/rule"),
    ({"recurrence": {"rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}}, "/recurrence/rule"),
    ({"recurrence": {"rule": "FREQ=DAILY;COUNT=9999999999"}}, "/recurrence/rule"),
    ({"recurrence": {"rule": ""}}, "/recurrence/rule"),
    ({"recurrence": {"rule": "FREQ=DAILY;" * 100}}, "/recurrence/rule"),
    ({"recurrence": {"rule": "FREQ=DAILY", "time_zone": "Mars/Olympus"}}, "/recurrence/time_zone"),
    ({"recurrence": {"rule": "FREQ=DAILY", "time_zone": "localtime"}}, "/recurrence/time_zone"),
    ({"recurrence": {"rule": "FREQ=DAILY", "time_zone": "../../etc/passwd"}}, "/recurrence/time_zone"),
    ({"recurrence": {"rule": "FREQ=DAILY", "time_zone": "Europe"}}, "/recurrence/time_zone"),
    ({"recurrence": {"rule": "FREQ=DAILY", "from": "birth"}}, "/recurrence/from"),
    ({"recurrence": {"rule": "FREQ=DAILY", "time": "24:00"}}, "/recurrence/time"),
    ({"recurrence": {"rule": "FREQ=DAILY;BYHOUR=9", "time": "10:00"}}, "/recurrence/time"),
    ({"recurrence": {"rule": "FREQ=DAILY", "count": 3}}, "/recurrence/count"),
    ({"recurrence": WEEKLY, "due_at": None}, "/recurrence"),
    ({"recurrence": WEEKLY, "due_at": "1969-12-31T00:00:00Z"}, "/due_at"),
    ({"recurrence": WEEKLY, "due_at": "9999-12-31T23:59:59Z"}, "/due_at"),
]  # fmt: skip


async def test_what_cannot_recur_is_refused(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "T", due_at=FAR)
    for body, where in REFUSED:
        answer = await ada.post("~/tasks", {"title": "T", "due_at": FAR, **body})
        assert pointer(answer) == where, answer.text
        answer = await ada.patch(f"~/tasks/{task['id']}", body)
        assert pointer(answer) == where, answer.text
        create = {"op": "create", "data": {"title": "T", "due_at": FAR, **body}}
        answer = await ada.post("~/tasks/batch", {"operations": [create]})
        assert pointer(answer) == f"/operations/0/data{where}", answer.text


async def test_a_task_that_recurs_keeps_a_due_date(api: Api) -> None:
    ada = await api.person()
    task = await recurring(ada)
    answer = await ada.patch(f"~/tasks/{task['id']}", {"due_at": None})
    assert pointer(answer) == "/recurrence"
    found = await patched(ada, task, due_at=None, recurrence=None)
    assert (found["due_at"], found["recurrence"]) == (None, None)


async def test_without_a_due_date_after_an_undo_the_series_ends(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "T")
    dated = await patched(ada, task, due_at=FAR)
    await patched(ada, task, recurrence=WEEKLY)
    answer = await ada.post("~/undo", {"seq": dated["version"]})
    assert answer.status_code == 200, answer.text
    done = await patched(ada, task, status="completed")
    assert done["status"] == "completed"
    assert await others(ada, task) == []
