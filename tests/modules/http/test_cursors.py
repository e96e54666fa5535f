"""Cursors are good for the list that they were made for, and for no other."""

from typing import Any

import pytest
from tests.services.api import Api, Person


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def refused(answer: Any) -> None:
    found = (answer.status_code, [one["code"] for one in answer.json().get("errors", ())])
    assert found == (422, ["invalid_cursor"]), answer.text


async def cursor_of(person: Person, path: str) -> str:
    answer = await person.get(f"{path}{'&' if '?' in path else '?'}limit=1")
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["next_cursor"]
    assert found, path
    return found


async def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    ada = await api.person()
    await api.person()
    await ada.made("/workspaces", {"name": "Other"})
    mine = ada.workspace
    theirs = (await ada.made("/workspaces", {"name": "Team"}))["id"]
    tasks: dict[str, list[str]] = {mine: [], theirs: []}
    for place, made in tasks.items():
        ada.workspace = place
        for title in ("one word", "two word"):
            task = await ada.made("~/tasks", {"title": title})
            made.append(task["id"])
            for body in ("a", "b"):
                await ada.made(f"~/tasks/{task['id']}/comments", {"body": body})
            await ada.patch(f"~/tasks/{task['id']}", {"title": f"{title}!"})
    there = f"/workspaces/{theirs}"
    ada.workspace = mine
    first, second = tasks[mine]
    alike = (
        [f"~/tasks{query}" for query in (
            "", "?sort=-created_at", "?sort=title", "?q=word", "?q=wor", "?status=pending",
            "?status=pending,completed",
        )] + [f"{there}/tasks", f"{there}/tasks?q=word"],
        [f"~/tasks/{first}/comments", f"~/tasks/{second}/comments",
         f"{there}/tasks/{tasks[theirs][0]}/comments"],
        [f"~/tasks/{first}/history", f"~/tasks/{second}/history"],
        ["~/snapshot", f"{there}/snapshot"],
        ["/admin/users", "/admin/users?q=example", "/admin/tasks", "/admin/tasks?q=word",
         "/admin/tasks?status=pending", "/admin/workspaces", "/admin/audit"],
    )  # fmt: skip
    for paths in alike:
        cursors = {path: await cursor_of(ada, path) for path in paths}
        for made_for, cursor in cursors.items():
            for path in paths:
                joined = f"{path}{'&' if '?' in path else '?'}cursor={cursor}&limit=5"
                answer = await ada.get(joined)
                if path == made_for:
                    assert answer.status_code == 200, (made_for, path)
                else:
                    refused(answer)


async def test_a_garbled_cursor_is_refused(api: Api) -> None:
    ada = await api.person()
    for title in ("one", "two"):
        await ada.made("~/tasks", {"title": title})
    cursor = await cursor_of(ada, "~/tasks")
    for at in range(0, len(cursor), 7):
        other = "B" if cursor[at] == "A" else "A"
        refused(await ada.get(f"~/tasks?cursor={cursor[:at]}{other}{cursor[at + 1 :]}"))
    assert (await ada.get(f"~/tasks?limit=7&cursor={cursor}")).status_code == 200
