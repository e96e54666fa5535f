"""Accounts over HTTP, through the whole application, on both databases."""

import httpx
from tests.services.api import PASSWORD, Api

NOBODY = "01a2011d-c4e9-75ab-a676-e53516a7f244"


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_ones_own_account(api: Api) -> None:
    ada = await api.person("Ada@example.com", "Ada")
    answer = await ada.get("/users/me")
    assert answer.json() == {
        "id": ada.id,
        "email": "Ada@example.com",
        "name": "Ada",
        "role": "admin",
        "is_active": True,
        "placeholder": False,
        "personal_workspace_id": ada.workspace,
        "created_at": answer.json()["created_at"],
        "updated_at": answer.json()["updated_at"],
        "time_zone": "UTC",
        "language": "en",
        "email_confirmed_at": None,
    }
    unchanged = await ada.get("/users/me", headers={"if-none-match": answer.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_changing_ones_name(api: Api) -> None:
    ada = await api.person()
    tag = (await ada.get("/users/me")).headers["etag"]
    changed = await ada.patch("/users/me", {"name": " Ada King "}, headers={"if-match": tag})
    assert changed.json()["name"] == "Ada King"
    assert changed.headers["etag"] != tag
    assert changed.headers["tidework-seq"] == "2"
    late = await ada.patch("/users/me", {"name": "Eve"}, headers={"if-match": tag})
    assert code(late) == (412, "precondition_failed")
    assert (await ada.get("/users/me")).json()["name"] == "Ada King"
    same = await ada.patch("/users/me", {})
    assert same.json()["name"] == "Ada King"


REFUSED_CHANGES: list[object] = [
    {"name": None},
    {"name": " "},
    {"name": "x" * 101},
    {"email": "nonsense", "current_password": PASSWORD},
    {"email": None},
    {"email": "new@example.com"},
    {"email": "new@example.com", "current_password": "wrong"},
    {"role": "admin"},
    {"id": NOBODY},
    [],
]


async def test_what_does_not_change(api: Api) -> None:
    ada = await api.person()
    before = (await ada.get("/users/me")).json()
    for body in REFUSED_CHANGES:
        assert (await ada.patch("/users/me", body)).status_code == 422, body
        assert (await ada.get("/users/me")).json() == before


async def test_another_address(api: Api) -> None:
    ada, bob = await api.person(), await api.person()
    body = {"email": "new@example.com", "current_password": PASSWORD}
    assert (await ada.patch("/users/me", body)).json()["email"] == "new@example.com"
    taken = await ada.patch("/users/me", {**body, "email": bob.email.upper()})
    assert code(taken) == (409, "email_taken")
    login = {"email": "new@example.com", "password": PASSWORD}
    assert (await api.client.post("/api/v1/auth/login", json=login)).status_code == 200


async def test_deleting_oneself(api: Api) -> None:
    root, ada = await api.person(), await api.person()
    wrong = await ada.delete("/users/me", {"password": "wrong"})
    assert wrong.json()["errors"][0]["pointer"] == "/password"
    assert (await ada.delete("/users/me")).status_code in (400, 422)
    await api.team(ada)
    await ada.made("~/members", {"email": root.email, "role": "editor"})
    refused = await ada.delete("/users/me", {"password": PASSWORD})
    assert code(refused) == (409, "sole_owner")
    assert '"Team"' in refused.json()["detail"]
    await ada.patch(f"~/members/{root.id}", {"role": "owner"})
    task = await ada.made("~/tasks", {"title": "Left behind", "assignee_id": ada.id})
    assert (await ada.delete("/users/me", {"password": PASSWORD})).status_code == 204
    assert (await ada.get("/users/me")).status_code == 401
    login = {"email": ada.email, "password": PASSWORD}
    assert (await api.client.post("/api/v1/auth/login", json=login)).status_code == 401
    left = await root.get(f"/workspaces/{ada.workspace}/tasks/{task['id']}")
    assert left.json()["assignee_id"] is None


async def test_the_only_administrator_stays(api: Api) -> None:
    root = await api.person()
    refused = await root.delete("/users/me", {"password": PASSWORD})
    assert code(refused) == (409, "last_admin")


# --- administration ----------------------------------------------------------------------------


ADMINISTRATION: list[tuple[str, str, object]] = [
    ("GET", "/admin/users", None),
    ("GET", "/admin/users/{id}", None),
    ("PATCH", "/admin/users/{id}", {"role": "admin"}),
    ("DELETE", "/admin/users/{id}", None),
    ("GET", "/admin/audit", None),
    ("GET", "/admin/stats", None),
]


async def test_administration_is_for_administrators(api: Api) -> None:
    root, ada = await api.person(), await api.person()
    for method, path, body in ADMINISTRATION:
        address = path.format(id=root.id)
        assert (await ada.call(method, address, body)).status_code == 403, path
        anonymous = await api.client.request(method, f"/api/v1{address}", json=body)
        assert anonymous.status_code == 401, path


async def test_a_deactivated_person_is_out_on_the_next_request(api: Api) -> None:
    root, ada = await api.person(), await api.person()
    assert (await ada.get("~/tasks")).status_code == 200
    answer = await root.patch(f"/admin/users/{ada.id}", {"is_active": False})
    assert answer.json()["is_active"] is False
    assert (await ada.get("~/tasks")).status_code == 401
    refresh = {"refresh_token": ada.refresh_token}
    assert (await api.client.post("/api/v1/auth/refresh", json=refresh)).status_code == 401
    await root.patch(f"/admin/users/{ada.id}", {"is_active": True})
    login = {"email": ada.email, "password": PASSWORD}
    assert (await api.client.post("/api/v1/auth/login", json=login)).status_code == 200


async def test_a_new_administrator_may_at_once(api: Api) -> None:
    root, ada = await api.person(), await api.person()
    assert (await ada.get("/admin/stats")).status_code == 403
    await root.patch(f"/admin/users/{ada.id}", {"role": "admin"})
    assert (await ada.get("/admin/stats")).status_code == 200
    await ada.patch(f"/admin/users/{root.id}", {"role": "user"})
    assert (await root.get("/admin/stats")).status_code == 403


async def test_oneself_and_nobody(api: Api) -> None:
    root = await api.person()
    mine = f"/admin/users/{root.id}"
    assert code(await root.patch(mine, {"role": "user"})) == (409, "own_account")
    assert code(await root.delete(mine)) == (409, "own_account")
    for place in (f"/admin/users/{NOBODY}", "/admin/users/nonsense", "/admin/users/%00"):
        assert (await root.get(place)).status_code == 404
        assert (await root.patch(place, {"role": "user"})).status_code == 404
        assert (await root.delete(place)).status_code == 404


async def test_what_administrators_do_not_change(api: Api) -> None:
    root, ada = await api.person(), await api.person()
    bodies: list[object] = [
        {"role": "owner"},
        {"role": None},
        {"is_active": "no"},
        {"email": "x@example.com"},
    ]
    for body in bodies:
        assert (await root.patch(f"/admin/users/{ada.id}", body)).status_code == 422, body


async def test_paging_through_accounts(api: Api) -> None:
    root = await api.person()
    others = [await api.person() for _ in range(4)]
    seen, query = [], "?limit=2"
    while True:
        page = (await root.get(f"/admin/users{query}")).json()
        seen += [user["id"] for user in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert seen == [root.id, *(person.id for person in others)]
    found = (await root.get(f"/admin/users?q={others[0].email}")).json()
    assert [user["id"] for user in found["items"]] == [others[0].id]


REFUSED_QUERIES = [
    "limit=0",
    "limit=-1",
    "limit=101",
    "limit=x",
    "limit=" + "9" * 400,
    "cursor=nonsense",
    "cursor=%00",
    "cursor=WyJ4Il0",
    "cursor=WzFd",
    "q=" + "x" * 201,
    "q=%00",
    "page=1",
]


async def test_a_query_that_is_none(api: Api) -> None:
    root = await api.person()
    for path in ("/admin/users", "/admin/audit"):
        for query in REFUSED_QUERIES:
            answer = await root.get(f"{path}?{query}")
            assert answer.status_code == 422, query
            pointers = [error["pointer"] for error in answer.json()["errors"]]
            assert pointers == [f"?{query.partition('=')[0]}"]


async def test_the_audit(api: Api) -> None:
    root, ada = await api.person(), await api.person()
    await root.get(f"/admin/users/{ada.id}")
    done = await root.patch(f"/admin/users/{ada.id}", {"role": "admin"})
    await root.patch(f"/admin/users/{ada.id}", {"role": "user"})
    await root.delete(f"/admin/users/{ada.id}")
    page = (await root.get("/admin/audit?limit=2")).json()
    assert len(page["items"]) == 2
    rest = (await root.get(f"/admin/audit?cursor={page['next_cursor']}")).json()
    entries = [*page["items"], *rest["items"]]
    assert [e["action"] for e in entries] == [
        "user.deleted",
        "user.updated",
        "user.updated",
        "user.viewed",
    ]
    assert {e["actor_id"] for e in entries} == {root.id}
    assert {e["target_id"] for e in entries} == {ada.id}
    assert entries[2]["detail"] == {"role": ["user", "admin"]}
    assert entries[2]["request_id"] == done.headers["x-request-id"]


async def test_statistics(api: Api) -> None:
    root, _ = await api.person(), await api.person()
    await root.made("~/tasks", {"title": "One"})
    stats = (await root.get("/admin/stats")).json()
    assert stats["users"]["total"] == 2
    assert stats["workspaces"] == 2
    assert stats["tasks_by_status"] == {
        "pending": 1,
        "in_progress": 0,
        "completed": 0,
        "cancelled": 0,
    }
    assert stats["sessions"] == 2


async def test_a_time_zone_and_a_language_of_ones_own(api: Api) -> None:
    ada = await api.person()
    changed = await ada.patch("/users/me", {"time_zone": " Europe/Berlin ", "language": "de"})
    assert (changed.json()["time_zone"], changed.json()["language"]) == ("Europe/Berlin", "de")
    assert (await ada.get("/users/me")).json() == changed.json()
    for wrong in (
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "localtime"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "posix/UTC"},
        {"time_zone": None},
        {"time_zone": "x" * 65},
        {"language": "xx"},
        {"language": None},
    ):
        refused = await ada.patch("/users/me", wrong)
        assert refused.status_code == 422, wrong
        assert (await ada.get("/users/me")).json() == changed.json()
