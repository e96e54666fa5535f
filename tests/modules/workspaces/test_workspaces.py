"""Workspaces and their members."""

import asyncio
import time
from email.header import decode_header, make_header
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from tests.modules.tasks.world import (
    NOBODY,
    code,
    items,
    logged,
    make,
    pointer,
    seq_of,
    workspace_of,
)
from tests.services.api import PASSWORD, Api

WORKSPACE = {"id", "name", "personal", "role", "created_at", "updated_at", "version"}
MEMBER = {
    "user_id", "name", "email", "role", "is_active", "placeholder", "created_at", "updated_at",
    "version",
}  # fmt: skip
WRONG_NAMES: tuple[Any, ...] = (
    None,
    7,
    [],
    "",
    " \n",
    "x" * 101,
    "\U0001f600" * 101,
    "a\x07b",
    "a\nb",
)


async def test_a_workspace_from_its_making_to_its_end(api: Api) -> None:
    ada = await api.person()
    answer = await ada.post("/workspaces", {"name": "  Apollo  "})
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == WORKSPACE
    assert (made["name"], made["personal"], made["role"], made["version"]) == (
        "Apollo",
        False,
        "owner",
        1,
    )
    assert made["created_at"] == made["updated_at"]
    assert answer.headers["location"] == f"/api/v1/workspaces/{made['id']}"
    assert answer.headers["etag"].removeprefix("W/") == '"1"'
    assert answer.headers["tidework-seq"] == "1"
    path = f"/workspaces/{made['id']}"
    assert (await ada.get(path)).json() == made
    assert (await ada.get(f"/workspaces/{made['id'].upper()}")).json() == made
    personal, listed = await items(ada, "/workspaces")
    assert (personal["id"], personal["personal"], listed) == (ada.workspace, True, made)
    renamed = await ada.patch(path, {"name": " Artemis "})
    assert renamed.json() == {
        **made,
        "name": "Artemis",
        "updated_at": renamed.json()["updated_at"],
        "version": 2,
    }
    for same in ({}, {"name": "Artemis "}):
        unchanged = await ada.patch(path, same)
        assert (unchanged.json(), unchanged.headers["tidework-seq"]) == (renamed.json(), "2")
    for name in WRONG_NAMES:
        assert pointer(await ada.post("/workspaces", {"name": name})) == "/name", name
        assert pointer(await ada.patch(path, {"name": name})) == "/name", name
    assert pointer(await ada.post("/workspaces", {})) == "/name"
    for field in ("id", "personal", "owner", "role"):
        assert pointer(await ada.post("/workspaces", {"name": "x", field: "x"})) == f"/{field}"
        assert pointer(await ada.patch(path, {field: "x"})) == f"/{field}"
    assert len(await items(ada, "/workspaces")) == 2
    # Two of the same name are two workspaces.
    assert (await ada.post("/workspaces", {"name": "Artemis"})).json()["id"] != made["id"]
    gone = await ada.delete(path)
    assert (gone.status_code, gone.headers["tidework-seq"]) == (204, "3")
    for method in ("GET", "PATCH", "DELETE"):
        answer = await ada.call(method, path, {"name": "x"} if method == "PATCH" else None)
        assert code(answer) == (404, "not_found")
    for missing in (NOBODY, "x", "personal%00", "..", "0", f"{made['id']}x"):
        assert code(await ada.get(f"/workspaces/{missing}/tasks")) == (404, "not_found"), missing
    assert made["id"] not in [one["id"] for one in await items(ada, "/workspaces")]


async def test_the_personal_workspace(api: Api) -> None:
    ada, eva = await api.person(), await api.person()
    named = (await ada.get("/workspaces/personal")).json()
    assert (named["id"], named["personal"], named["role"]) == (ada.workspace, True, "owner")
    # The word means somebody else to everybody, from memory too.
    await ada.made("/workspaces/personal/tasks", {"title": "Ada's"})
    await eva.made("/workspaces/personal/tasks", {"title": "Eva's"})
    for _ in range(2):
        for person, title in ((ada, "Ada's"), (eva, "Eva's")):
            for path in ("/workspaces/personal/tasks", "~/tasks"):
                assert [task["title"] for task in await items(person, path)] == [title]
            assert (await person.get("/workspaces/personal/tasks/1")).json()["title"] == title
    assert (await api.client.get("/api/v1/workspaces/personal")).status_code == 401
    before = await seq_of(ada)
    # It is for one person, and stays as long as the account.
    invited = await ada.post("~/members", {"email": eva.email, "role": "viewer"})
    assert code(invited) == (409, "personal")
    assert code(await ada.post("~/members", {"email": "new@example.com"})) == (409, "personal")
    assert code(await ada.delete("/workspaces/personal")) == (409, "personal")
    assert code(await ada.delete(f"~/members/{ada.id}")) == (409, "personal")
    assert code(await ada.patch(f"~/members/{ada.id}", {"role": "viewer"})) == (409, "last_owner")
    assert await seq_of(ada) == before
    assert (await ada.patch("~", {"name": "Mine"})).json()["name"] == "Mine"
    assert code(await eva.get(f"/workspaces/{ada.workspace}")) == (404, "not_found")
    # And it goes with it.
    erased = await eva.call("DELETE", "/users/me", {"password": PASSWORD})
    assert erased.status_code == 204
    assert (await eva.get("/workspaces/personal")).status_code == 401


async def test_members_come_change_and_go(api: Api) -> None:
    ada = await api.person(name="Ada")
    await api.team(ada)
    eva = await api.person(name="Eva")
    before = await seq_of(ada)
    answer = await ada.post("~/members", {"email": eva.email.upper(), "role": "commenter"})
    assert answer.status_code == 201
    member = answer.json()
    assert set(member) == MEMBER
    assert {name: member[name] for name in ("user_id", "name", "email", "role", "is_active", "placeholder")} == {
        "user_id": eva.id, "name": "Eva", "email": eva.email, "role": "commenter",
        "is_active": True, "placeholder": False,
    }  # fmt: skip
    assert member["created_at"] == member["updated_at"]
    assert member["version"] == before + 1
    place = f"/api/v1/workspaces/{ada.workspace}/members/{eva.id}"
    assert answer.headers["location"] == place
    first, second = await items(ada, "~/members")
    assert (first["user_id"], first["role"], second) == (ada.id, "owner", member)
    eva.workspace = ada.workspace
    assert await items(eva, "~/members") == [first, second]
    for role in ("owner", "viewer"):
        again = await ada.post("~/members", {"email": eva.email, "role": role})
        assert code(again) == (409, "member_exists")
    changed = await ada.patch(f"~/members/{eva.id}", {"role": "editor"})
    assert changed.json() == {
        **member,
        "role": "editor",
        "updated_at": changed.json()["updated_at"],
        "version": before + 2,
    }
    same = await ada.patch(f"~/members/{eva.id.upper()}", {"role": "editor"})
    assert (same.json(), same.headers["tidework-seq"]) == (changed.json(), str(before + 2))
    for body, where in (
        ({}, "/role"), ({"role": "admin"}, "/role"), ({"role": None}, "/role"),
        ({"role": "viewer", "email": "x"}, "/email"),
    ):  # fmt: skip
        assert pointer(await ada.patch(f"~/members/{eva.id}", body)) == where
    for body, where in (
        ({}, "/email"), ({"email": "x"}, "/email"), ({"email": None}, "/email"), ({"email": ""}, "/email"),
        ({"email": "a@b@c"}, "/email"), ({"email": f"{'x' * 300}@example.com"}, "/email"),
        ({"email": "new@example.com", "role": "boss"}, "/role"),
        ({"email": "new@example.com", "user_id": eva.id}, "/user_id"),
    ):  # fmt: skip
        assert pointer(await ada.post("~/members", body)) == where, body
    for missing in (NOBODY, "x", "1"):
        assert code(await ada.patch(f"~/members/{missing}", {"role": "viewer"})) == (
            404,
            "not_found",
        )
        assert code(await ada.delete(f"~/members/{missing}")) == (404, "not_found")
    assert await seq_of(ada) == before + 2
    # What is said of people follows their accounts.
    await eva.patch("/users/me", {"name": "Eve"})
    assert [one["name"] for one in await items(ada, "~/members")] == ["Ada", "Eve"]


async def test_removing_a_member_frees_their_tasks_in_one_commit(api: Api) -> None:
    ada, eva, ivo = await workspace_of(api, "editor", "viewer")
    mine = await make(ada, "1", "2", assignee_id=eva.id)
    (kept,) = await make(ada, "3", assignee_id=ivo.id)
    said = await eva.made(f"~/tasks/{kept['id']}/comments", {"body": "Stays"})
    before = await seq_of(ada)
    removed = await ada.delete(f"~/members/{eva.id}")
    assert removed.headers["tidework-seq"] == str(before + 1) == str(await seq_of(ada))
    changes = await logged(ada, before)
    assert {(one["entity"], one["op"], one["actor_id"]) for one in changes} == {
        ("task", "update", ada.id), ("member", "delete", ada.id),
    }  # fmt: skip
    assert len(changes) == 3
    for task in mine:
        found = (await ada.get(f"~/tasks/{task['id']}")).json()
        assert (found["assignee_id"], found["version"]) == (None, before + 1)
    assert (await ada.get(f"~/tasks/{kept['id']}")).json() == kept
    (comment,) = await items(ada, f"~/tasks/{kept['id']}/comments")
    assert comment == said
    assert (
        pointer(await ada.patch(f"~/tasks/{kept['id']}", {"assignee_id": eva.id})) == "/assignee_id"
    )
    # Whoever leaves by themselves is the one who did it.
    left = await ivo.delete(f"~/members/{ivo.id}")
    assert left.status_code == 204
    assert {one["actor_id"] for one in await logged(ada, before + 1)} == {ivo.id}
    assert (await ada.get(f"~/tasks/{kept['id']}")).json()["assignee_id"] is None


async def test_somebody_without_an_account_is_invited(api: Api) -> None:
    ada = await api.person(name="Ada")
    await api.team(ada)
    invited = await ada.made("~/members", {"email": "New@example.com"})
    assert (invited["role"], invited["placeholder"], invited["is_active"]) == (
        "editor",
        True,
        False,
    )
    task = await ada.made("~/tasks", {"title": "For later", "assignee_id": invited["user_id"]})
    assert task["assignee_id"] == invited["user_id"]
    await sent(api, "New@example.com")
    # Asked again, they are in already, and not written to a second time.
    again = await ada.post("~/members", {"email": "new@example.com", "role": "viewer"})
    assert code(again) == (409, "member_exists")
    assert letters(api).count("New@example.com") == 1
    await ada.patch(f"~/members/{invited['user_id']}", {"role": "viewer"})
    assert (await ada.delete(f"~/members/{invited['user_id']}")).status_code == 204
    assert (await ada.get(f"~/tasks/{task['id']}")).json()["assignee_id"] is None


async def sent(api: Api, address: str) -> None:
    """Wait until a mail to this address has left."""
    deadline = time.monotonic() + 30
    while address not in letters(api):
        assert time.monotonic() < deadline, f"no mail to {address}"
        await asyncio.sleep(0.02)


def letters(api: Api) -> list[str]:
    """Whom the mails that were sent are for."""
    found = []
    for path in sorted(Path(api.settings.mail_path).glob("*.eml")):
        mail = BytesParser().parsebytes(path.read_bytes(), headersonly=True)
        found.append(str(make_header(decode_header(mail["to"]))))
    return found


async def test_the_same_person_added_by_many_at_once(api: Api) -> None:
    ada, eva = await workspace_of(api, "owner")
    ivo = await api.person()
    answers = await asyncio.gather(
        *(
            person.post("~/members", {"email": ivo.email, "role": role})
            for person in (ada, eva)
            for role in ("viewer", "editor", "owner")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert len(await items(ada, "~/members")) == 3
    # Renamed, regraded and removed at once, each of it happens or says why not.
    answers = await asyncio.gather(
        *(
            person.patch("~", {"name": f"N{number}"})
            for number, person in enumerate((ada, eva) * 4)
        ),
        *(
            ada.patch(f"~/members/{ivo.id}", {"role": role})
            for role in ("viewer", "commenter", "editor")
        ),
        eva.delete(f"~/members/{ivo.id}"),
    )
    assert [answer.status_code for answer in answers[:8]] == [200] * 8
    assert {answer.status_code for answer in answers[8:11]} <= {200, 404}
    assert answers[11].status_code == 204
    assert len(await items(ada, "~/members")) == 2


async def test_administrators_see_workspaces_and_tasks_of_all(api: Api) -> None:
    admin = await api.person()
    (ada,) = await workspace_of(api)
    await make(ada, "Übung macht", "100% \\ sure_thing", "other", status="completed")
    await make(ada, "übrig")
    found, cursor = [], ""
    while True:
        page = (await admin.get(f"/admin/workspaces?limit=1{cursor}")).json()
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(found) == 3
    (team,) = [one for one in found if one["id"] == ada.workspace]
    assert (team["name"], team["members"], team["last_number"], team["personal"]) == (
        "Team",
        1,
        4,
        False,
    )
    for query, wanted in (
        ("q=Übung", ["Übung macht"]), ("q=MACHT", ["Übung macht"]), ("q=bung", ["Übung macht"]),
        ("q=100%25", ["100% \\ sure_thing"]), ("q=_", ["100% \\ sure_thing"]), ("q=%5C", ["100% \\ sure_thing"]),
        ("q=SURE_T", ["100% \\ sure_thing"]), ("status=pending", ["übrig"]), ("q=e&status=pending", []),
        ("status=completed,pending&limit=100", ["Übung macht", "100% \\ sure_thing", "other", "übrig"]),
    ):  # fmt: skip
        titles = [task["title"] for task in await items(admin, f"/admin/tasks?{query}")]
        assert sorted(titles) == sorted(wanted), query
    first = (await admin.get("/admin/tasks?limit=3")).json()
    rest = (await admin.get(f"/admin/tasks?limit=3&cursor={first['next_cursor']}")).json()
    assert len({task["id"] for task in first["items"] + rest["items"]}) == 4
    for path in ("/admin/tasks", "/admin/workspaces"):
        assert code(await ada.get(path)) == (403, "forbidden")
        for query in ("limit=0", "limit=x", "cursor=x", "cursor=WzFd", "colour=red"):
            assert pointer(await admin.get(f"{path}?{query}")).startswith("?"), query
    looks = [entry["action"] for entry in await items(admin, "/admin/audit")]
    assert {"tasks.list", "workspaces.list"} <= set(looks)
    await ada.delete("~")
    left = [one["id"] for one in await items(admin, "/admin/workspaces?limit=100")]
    assert ada.workspace not in left
    assert await items(admin, "/admin/tasks?q=other") == []


async def test_an_administrator_gives_an_owner_to_a_workspace_that_has_lost_its_own(
    api: Api,
) -> None:
    root, ada, bob = [await api.person() for _ in range(3)]
    await api.team(ada)
    await ada.made("~/members", {"email": bob.email, "role": "viewer"})
    bob.workspace = ada.workspace
    path = f"/admin/workspaces/{ada.workspace}"
    body = {"owner": bob.email.upper()}
    assert code(await bob.patch(path, body)) == (403, "forbidden")
    assert code(await root.patch(path, body)) == (409, "owned")
    assert code(await root.delete(f"/admin/users/{ada.id}")) == (409, "sole_owner")
    await root.patch(f"/admin/users/{ada.id}", {"is_active": False})
    shown = {one["id"]: one for one in await items(root, "/admin/workspaces")}
    assert (shown[ada.workspace]["owners"], shown[ada.workspace]["members"]) == (0, 2)
    assert code(await root.delete(f"/admin/users/{ada.id}")) == (409, "sole_owner")
    before = await seq_of(bob)
    invited = await bob.post("~/members", {"email": "new@example.com"})
    assert code(invited) == (403, "forbidden")
    for wrong in (ada.email, "nobody@example.com", "", "x"):
        assert pointer(await root.patch(path, {"owner": wrong})) == "/owner", wrong
    for wrong_body in ({}, {"owner": None}, {"owner": bob.email, "name": "Mine"}):
        assert (await root.patch(path, wrong_body)).status_code == 422
    assert code(await root.patch(f"/admin/workspaces/{NOBODY}", body)) == (404, "not_found")
    assert code(await root.patch("/admin/workspaces/x", body)) == (404, "not_found")
    assert await seq_of(bob) == before
    given = await root.patch(path, body)
    assert given.status_code == 200, given.text
    assert given.json() == shown[ada.workspace] | {"owners": 1, "seq": before + 1}
    assert given.headers["tidework-seq"] == str(before + 1)
    assert (await bob.get("~")).json()["role"] == "owner"
    (change,) = await logged(bob, before)
    assert (change["actor_id"], change["set"]) == (root.id, {"role": "owner"})
    newest = (await items(root, "/admin/audit"))[0]
    assert (newest["action"], newest["target_id"], newest["detail"]) == (
        "workspace.owner_given", ada.workspace, {"owner": bob.id},
    )  # fmt: skip
    assert code(await root.patch(path, {"owner": root.email})) == (409, "owned")
    assert code(await root.get(f"/workspaces/{ada.workspace}")) == (404, "not_found")
    assert (await root.delete(f"/admin/users/{ada.id}")).status_code == 204
    assert [one["user_id"] for one in await items(bob, "~/members")] == [bob.id]


async def test_an_owner_may_come_from_outside_and_a_personal_workspace_stays(api: Api) -> None:
    root, ada = await api.person(), await api.person()
    await api.team(ada)
    personal = (await ada.get("/users/me")).json()["personal_workspace_id"]
    await root.patch(f"/admin/users/{ada.id}", {"is_active": False})
    refused = await root.patch(f"/admin/workspaces/{personal}", {"owner": root.email})
    assert code(refused) == (409, "personal")
    given = await root.patch(f"/admin/workspaces/{ada.workspace}", {"owner": root.email})
    assert (given.json()["members"], given.json()["owners"]) == (2, 1)
    assert (await root.get(f"/workspaces/{ada.workspace}")).json()["role"] == "owner"
    mine = await items(root, "/workspaces")
    assert [one["id"] for one in mine if one["name"] == "Team"] == [ada.workspace]
