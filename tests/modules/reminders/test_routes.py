"""Reminders over HTTP: only one's own, in bounds, once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.modules.tasks.world import code, make, pointer, workspace_of
from tests.services.api import Api, Person

WITHIN_S = 20


def soon(**more: Any) -> str:
    return (datetime.now(UTC) + timedelta(**more)).isoformat()


async def told(person: Person, at_least: int) -> list[dict[str, Any]]:
    """The reminders in an inbox, once there are so many."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            page = (await person.get("/notifications")).json()
            found = [one for one in page["items"] if one["kind"] == "reminder"]
            if len(found) >= at_least:
                return found
            await asyncio.sleep(0.05)


async def test_reminders_are_ones_own(api: Api) -> None:
    ada, eva, vic = await workspace_of(api, "editor", "viewer")
    (task,) = await make(ada, "Call Grace", due_at=soon(days=3))
    place = f"~/tasks/{task['id']}/reminders"
    answer = await vic.post(place, {"offset_minutes": 60})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made == {
        "id": made["id"], "workspace_id": ada.workspace, "task_id": task["id"], "at": None,
        "offset_minutes": 60, "created_at": made["created_at"], "version": made["version"],
    }  # fmt: skip
    by_number = f"~/tasks/{task['number']}/reminders"
    at = soon(days=1)
    other = await vic.made(by_number, {"at": at})
    assert other["at"][:19] == at[:19]
    assert (await vic.get(by_number)).json() == {"items": [made, other]}
    assert (await vic.get("/reminders")).json() == {"items": [made, other], "next_cursor": None}
    page = (await vic.get("/reminders?limit=1")).json()
    assert page["items"] == [made]
    assert (await vic.get(f"/reminders?limit=1&cursor={page['next_cursor']}")).json()["items"] == [
        other
    ]
    for person in (ada, eva):
        assert (await person.get(place)).json() == {"items": []}
        assert (await person.get("/reminders")).json()["items"] == []
        assert code(await person.delete(f"{place}/{made['id']}")) == (404, "not_found")
    assert (await vic.delete(f"{place}/{made['id']}")).status_code == 204
    assert code(await vic.delete(f"{place}/{made['id']}")) == (404, "not_found")
    assert code(await vic.delete(f"{place}/nothing")) == (404, "not_found")
    assert (await vic.get("/reminders")).json()["items"] == [other]
    await ada.delete(f"/workspaces/{ada.workspace}/members/{vic.id}")
    assert (await vic.get("/reminders")).json()["items"] == []


async def test_what_is_no_reminder(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "T")
    place = f"~/tasks/{task['id']}/reminders"
    cases: list[tuple[Any, str]] = [
        ({}, ""),
        ({"at": soon(days=1), "offset_minutes": 5}, ""),
        ({"at": soon(days=-1)}, "/at"),
        ({"at": "2030-01-01T00:00:00"}, "/at"),
        ({"at": "9999-12-31T23:59:59-23:00"}, "/at"),
        ({"offset_minutes": -1}, "/offset_minutes"),
        ({"offset_minutes": 525_601}, "/offset_minutes"),
        ({"offset_minutes": 1.5}, "/offset_minutes"),
        ({"offset_minutes": 5, "user_id": ada.id}, "/user_id"),
    ]
    for body, where in cases:
        assert pointer(await ada.post(place, body)) == where, body
    assert code(await ada.post("~/tasks/999/reminders", {"offset_minutes": 5}))[0] == 404
    for _ in range(20):
        await ada.made(place, {"offset_minutes": 525_600})
    assert code(await ada.post(place, {"offset_minutes": 5})) == (409, "too_many_reminders")
    stranger = await api.person()
    foreign = f"/workspaces/{ada.workspace}/tasks/{task['id']}/reminders"
    assert (await stranger.get(foreign)).status_code == 404
    assert (await stranger.post(foreign, {"offset_minutes": 5})).status_code == 404


async def test_a_retry_with_its_key_makes_one(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "T")
    place = f"~/tasks/{task['id']}/reminders"
    key = {"headers": {"Idempotency-Key": "remind-once"}}
    first = await ada.post(place, {"offset_minutes": 5}, **key)
    again = await ada.post(place, {"offset_minutes": 5}, **key)
    assert (first.status_code, again.content) == (201, first.content)
    assert len((await ada.get("/reminders")).json()["items"]) == 1


async def test_from_a_reminder_to_the_inbox(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "Call Grace", due_at=soon(minutes=30))
    place = f"~/tasks/{task['id']}/reminders"
    await ada.made(place, {"at": soon(seconds=1)})
    # Its time has passed, and the due date lies ahead: at once.
    await ada.made(place, {"offset_minutes": 60})
    found = await told(ada, 2)
    assert {(one["task_id"], one["data"]["title"]) for one in found} == {(task["id"], "Call Grace")}
