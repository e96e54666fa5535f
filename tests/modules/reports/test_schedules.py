"""Reports that are made time and again: when, for whom, how often, and when no more."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.modules.tasks.world import NOBODY, code, execute, items, make, pointer, workspace_of
from tests.services.api import Api, Person

from tidework.ids import new_id
from tidework.reports.schedules import next_time
from tidework.reports.schemas import ScheduleRule, Weekday

DEADLINE_S = 60
DAILY = {"every": "day", "at": "08:00", "time_zone": "Europe/Berlin"}
TASKS = {"kind": "tasks", "format": "csv"}
LONG_AGO = "2026-01-01T00:00:00.000000Z"


def rule(at: str, zone: str, weekday: Weekday | None = None) -> ScheduleRule:
    if weekday is None:
        return ScheduleRule("day", at, zone)
    return ScheduleRule("week", at, zone, weekday)


@pytest.mark.parametrize(
    ("wanted", "after", "expected"),
    [
        (rule("08:00", "UTC"), "2026-11-22T07:59:59", "2026-11-22T08:00:00"),
        (rule("08:00", "UTC"), "2026-11-22T08:00:00", "2026-11-23T08:00:00"),
        (rule("08:00", "Europe/Berlin"), "2026-11-22T06:00:00", "2026-11-22T07:00:00"),
        # The clock goes forward on 29 March 2026: the same wall time, an hour earlier in UTC.
        (rule("08:00", "Europe/Berlin"), "2026-03-28T08:00:00", "2026-03-29T06:00:00"),
        (rule("02:30", "Europe/Berlin"), "2026-03-28T12:00:00", "2026-03-29T01:30:00"),
        (rule("02:30", "Europe/Berlin"), "2026-10-24T12:00:00", "2026-10-25T00:30:00"),
        (rule("08:00", "UTC", "monday"), "2026-11-22T12:00:00", "2026-11-23T08:00:00"),
        (rule("08:00", "UTC", "sunday"), "2026-11-22T08:00:00", "2026-11-29T08:00:00"),
        # Monday in Auckland begins on Sunday in UTC.
        (rule("01:00", "Pacific/Auckland", "monday"), "2026-11-22T00:00:00", "2026-11-22T12:00:00"),
    ],
)
def test_when_it_is_due_next(wanted: ScheduleRule, after: str, expected: str) -> None:
    assert next_time(wanted, f"{after}.000000Z") == f"{expected}.000000Z"


async def scheduled(person: Person, **more: Any) -> dict[str, Any]:
    return await person.made("~/report-schedules", {"report": TASKS, "rule": DAILY, **more})


async def due(api: Api, schedule: dict[str, Any]) -> None:
    """Let a schedule be due, as if its time had come."""
    await execute(api, f"UPDATE jobs SET due_at = '{LONG_AGO}' WHERE id = '{schedule['id']}'")


async def told(person: Person, count: int = 1) -> list[dict[str, Any]]:
    """What somebody has been told of reports, once it is so many."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = [
                one
                for one in (await person.get("/notifications")).json()["items"]
                if one["kind"] == "report_ready"
            ]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


async def test_each_recipient_is_sent_a_link_of_their_own(api: Api) -> None:
    ada, eva, vic = await workspace_of(api, "editor", "viewer")
    await make(ada, "a", "b")
    schedule = await scheduled(eva, recipients=[ada.id, vic.id])
    assert schedule["next_at"] > datetime.now(UTC).isoformat()
    await due(api, schedule)
    urls = [(await told(one))[0]["data"]["url"] for one in (ada, vic)]
    assert urls[0] != urls[1]
    for url in urls:
        answer = await api.client.get(url)
        assert answer.status_code == 200
        assert len(answer.text.splitlines()) == 3
    (report,) = await items(eva, "~/reports")
    assert report["schedule_id"] == schedule["id"]
    assert datetime.fromisoformat(report["expires_at"]) > datetime.now(UTC) + timedelta(days=6)
    again = (await eva.get(f"~/report-schedules/{schedule['id']}")).json()
    assert again["next_at"] > datetime.now(UTC).isoformat()
    # One person's leaving ends their own link alone.
    await ada.delete(f"~/members/{vic.id}")
    assert [(await api.client.get(url)).status_code for url in urls] == [200, 404]


async def test_who_has_left_is_told_nothing(api: Api) -> None:
    ada, eva, vic = await workspace_of(api, "editor", "viewer")
    schedule = await scheduled(eva, recipients=[ada.id, vic.id])
    await ada.delete(f"~/members/{vic.id}")
    await due(api, schedule)
    await told(ada)
    answer = await vic.get("/notifications")
    assert "report_ready" not in [one["kind"] for one in answer.json()["items"]]


async def test_it_ends_when_its_maker_leaves(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    schedule = await scheduled(eva, recipients=[ada.id])
    await ada.delete(f"~/members/{eva.id}")
    await due(api, schedule)
    async with asyncio.timeout(DEADLINE_S):
        while True:
            (found,) = await items(ada, "~/report-schedules")
            if found["next_at"] is None:
                break
            await asyncio.sleep(0.05)
    assert [one["kind"] for one in (await ada.get("/notifications")).json()["items"]] == []


async def test_what_was_missed_comes_once(api: Api) -> None:
    ada, _ = await workspace_of(api, "viewer")
    schedule = await scheduled(ada)
    for count in (1, 2):
        await due(api, schedule)
        assert len(await told(ada, count)) == count
    assert len(await items(ada, "~/reports")) == 2


async def test_removing_ends_it(api: Api) -> None:
    ada, eva, bob, vic = await workspace_of(api, "editor", "editor", "viewer")
    schedule = await scheduled(eva)
    path = f"~/report-schedules/{schedule['id']}"
    assert code(await bob.delete(path)) == (403, "forbidden")
    assert code(await vic.delete(path)) == (403, "forbidden")
    assert (await eva.delete(path)).status_code == 204
    assert code(await eva.delete(path)) == (404, "not_found")
    other = await scheduled(eva)
    assert (await ada.delete(f"~/report-schedules/{other['id']}")).status_code == 204
    assert await items(ada, "~/report-schedules") == []


async def test_what_is_wrong_is_refused(api: Api) -> None:
    ada, vic = await workspace_of(api, "viewer")
    for body, place in (
        ({"rule": {**DAILY, "at": "24:00"}}, "/rule/at"),
        ({"rule": {**DAILY, "time_zone": "Mars/Olympus"}}, "/rule/time_zone"),
        ({"rule": {**DAILY, "time_zone": "../../etc/passwd"}}, "/rule/time_zone"),
        ({"rule": {**DAILY, "weekday": "monday"}}, "/rule/weekday"),
        ({"rule": {**DAILY, "every": "week"}}, "/rule/weekday"),
        ({"recipients": [NOBODY]}, "/recipients/0"),
        ({"report": {**TASKS, "filter": {"status": "x"}}}, "/report/filter/status"),
        ({"report": {**TASKS, "filter": {"assignee": "x"}}}, "/report/filter/assignee"),
        ({"report": {**TASKS, "last_days": 1, "to": "2026-01-01"}}, "/report/last_days"),
    ):
        answer = await ada.post("~/report-schedules", {"report": TASKS, "rule": DAILY, **body})
        assert pointer(answer) == place, body
    body = {"report": TASKS, "rule": DAILY}
    assert code(await vic.post("~/report-schedules", body)) == (403, "forbidden")


async def test_a_repeated_request_makes_one(api: Api) -> None:
    (ada,) = await workspace_of(api)
    key = {"idempotency-key": new_id()}
    body = {"report": TASKS, "rule": DAILY}
    made = [(await ada.post("~/report-schedules", body, headers=key)).json() for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]
    assert len(await items(ada, "~/report-schedules")) == 1
