"""Imports over HTTP: looking first, importing, again, whose they are, ends of every kind."""

import asyncio
import json
import lzma
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.modules.exchange.world import (
    CSV,
    ROWS,
    Died,
    ended,
    imported,
    rows,
    sent,
    work,
)
from tests.modules.tasks.world import code, execute, items, logged, pointer, titles, workspace_of
from tests.modules.transfer.harness import SHARED
from tests.services.api import Api, OpenApi, Person

LATER = "UPDATE jobs SET due_at = '2026-01-01T00:00:00.000000Z' WHERE state = 'waiting'"

# Reading a file is the same for both databases. What is written is tried on both in other tests here,
# and in `transfer`.
ANY_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def team_of_ada(api: Api) -> list[Person]:
    ada = await api.person("ada@example.com", "Ada")
    return [ada, *await api.team(ada)]


async def test_a_file_becomes_tasks(api: Api) -> None:
    (ada,) = await team_of_ada(api)
    found = await imported(ada, query="name=boats.csv")
    assert (found["state"], found["error"], found["progress"]) == ("done", None, 1.0)
    assert (found["format"], found["name"], found["size"]) == ("csv", "boats.csv", len(ROWS))
    assert found["found"] == {"rows": 3, "people": 2}
    assert found["written"]["tasks created"] == 3
    assert found["workspace_id"] == ada.workspace
    tasks = {task["title"]: task for task in await items(ada, "~/tasks")}
    assert {t: tasks[t]["status"] for t in tasks} == {
        "One": "completed", "Two": "pending", "Three": "in_progress",
    }  # fmt: skip
    assert tasks["One"]["assignee_id"] == ada.id
    assert sorted(label["name"] for label in await items(ada, "~/labels")) == ["tar", "wood"]
    origins = {one["entity"] for one in await logged(ada)}
    assert {"task", "label", "project"} <= origins


async def test_the_same_file_again_changes_nothing_a_newer_one_what_is_new(api: Api) -> None:
    (ada,) = await team_of_ada(api)
    await imported(ada, query="name=boats.csv")
    before = await logged(ada)
    again = await imported(ada, query="name=boats.csv")
    assert (again["state"], again["written"], again["unchanged"]) == ("done", {}, 3)
    assert await logged(ada) == before
    newer = await imported(
        ada, ROWS.replace(b"Two", b"Second") + b"A-4,Four,,,,\n", "name=boats.csv"
    )
    assert (newer["written"]["tasks created"], newer["written"]["tasks updated"]) == (1, 1)
    assert sorted(await titles(ada)) == ["Four", "One", "Second", "Three"]


async def test_looking_says_what_is_wrong_and_writes_nothing(api: Api) -> None:
    (ada,) = await workspace_of(api)
    body = b"Key,Summary,Due,Nonsense\nA-1,One,2026-12-01,x\nA-2,,,\nA-3,Three,soon,\n"
    before = await logged(ada)
    found = await imported(ada, body, "dry_run=true&name=t.csv")
    assert (found["state"], found["dry_run"], found["written"]) == ("done", True, {})
    assert found["columns"] == ["Key", "Summary", "Due", "Nonsense"]
    assert {row["value"]: row["becomes"] for row in found["mapping"]} == {
        "Key": "key", "Summary": "title", "Due": "due_at",
    }  # fmt: skip
    (problem,) = found["problems"]
    assert (problem["kind"], problem["count"]) == ("bad_records", 2)
    assert problem["examples"][0] == "t.csv, line 3: its title is empty"
    assert await logged(ada) == before
    # The same file, without sending it again: as it stands it cannot be imported, in part it can.
    assert (await ada.post(f"~/imports/{found['id']}/start")).status_code == 202
    refused = await ended(ada, found["id"])
    assert refused["state"] == "failed"
    assert "t.csv, line 3: its title is empty" in refused["error"]
    assert "--" not in refused["error"]
    assert await logged(ada) == before
    answer = await ada.post(f"~/imports/{found['id']}/start", {"skip_bad_lines": True})
    assert answer.status_code == 202
    assert (await ended(ada, found["id"]))["state"] == "done"
    assert await titles(ada) == ["One"]
    assert code(await ada.post(f"~/imports/{found['id']}/start")) == (409, "ended")


async def test_columns_can_be_named_when_the_header_does_not_tell(api: Api) -> None:
    (ada,) = await workspace_of(api)
    found = await imported(ada, b"Nr;Was\n1;Hallo\n", "dry_run=true")
    assert found["state"] == "failed"
    assert (found["columns"], found["mapping"]) == (["Nr", "Was"], [])
    assert "no column is the title" in found["error"]
    answer = await ada.post(f"~/imports/{found['id']}/start", {"columns": {"title": "Was"}})
    assert answer.status_code == 202
    assert (await ended(ada, found["id"]))["state"] == "done"
    assert (await imported(ada, b"Nr;Was\n1;Ciao\n", "column=title%3DWas"))["state"] == "done"
    assert sorted(await titles(ada)) == ["Ciao", "Hallo"]


async def test_nobody_is_found_by_an_address_who_is_no_member(api: Api) -> None:
    (ada,) = await team_of_ada(api)
    eve = await api.person("eve@example.com", "Eve")
    body = b"title,assignee,reporter\nOne,eve@example.com,eve@example.com\nTwo,new@example.com,\n"
    assert (await imported(ada, body))["state"] == "done"
    members = {m["user_id"]: m for m in await items(ada, "~/members")}
    assert eve.id not in members
    assert len(members) == 3
    strangers = [m for m in members.values() if m["user_id"] != ada.id]
    assert all(not m["is_active"] and m["placeholder"] for m in strangers)
    assert not {m["email"] for m in strangers} & {"eve@example.com", "new@example.com"}
    assert all(task["created_by"] != eve.id for task in await items(ada, "~/tasks"))
    # The address is still free for whom it belongs to, and another workspace has its own people.
    await api.person("new@example.com", "New")
    other = await api.person()
    await imported(other, body)
    theirs = {m["user_id"] for m in await items(other, "~/members")}
    assert not theirs & members.keys()


async def test_only_owners_import_and_are_asked_before_the_file_is_taken(api: Api) -> None:
    owner, editor, viewer = await workspace_of(api, "editor", "viewer")
    stranger = await api.person()
    stranger.workspace = owner.workspace

    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        taken += 1
        yield b"title\n"

    # Who waits to be asked for the file is not asked for it.
    headers = CSV | {"expect": "100-continue"}
    for person, expected in ((editor, 403), (viewer, 403), (stranger, 404)):
        answer = await person.call("POST", "~/imports", content=body(), headers=headers)
        assert answer.status_code == expected
        assert (await person.get("~/imports")).status_code == expected
    address = f"/api/v1/workspaces/{owner.workspace}/imports"
    answer = await api.client.post(address, content=body(), headers=headers)
    assert answer.status_code == 401
    assert taken == 0
    found = await imported(owner, b"title\nOne\n")
    assert (await editor.get(f"~/imports/{found['id']}")).status_code == 403
    assert [one["id"] for one in await items(owner, "~/imports")] == [found["id"]]


@ANY_DATABASE
async def test_what_is_no_import_is_refused_in_words(open_api: OpenApi) -> None:
    api = await open_api(MAX_IMPORT_BYTES="1000")
    ada = await api.person()

    async def post(content: Any, query: str = "", **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await ada.call("POST", f"~/imports?{query}", content=content, headers=CSV | given)

    async def pieces() -> Any:
        for _ in range(11):
            yield b"x" * 100

    assert code(await post(b"x" * 1001)) == (413, "too_large")
    assert code(await post(pieces())) == (413, "too_large")
    assert code(await post(b"")) == (400, "empty_body")
    assert code(await post(b"x", content_type="text/html")) == (415, "unsupported_media_type")
    assert code(await post(b"x", content_encoding="gzip")) == (415, "unsupported_media_type")
    assert pointer(await post(b"x", content_type="application/json")) == "?format"
    assert pointer(await post(b"x", "format=xml")) == "?format"
    assert pointer(await post(b"x", "delimiter=ab")) == "?delimiter"
    assert pointer(await post(b"x", "column=title")) == "?column"
    assert pointer(await post(b"x", "column=title%3DA&column=title%3DB")) == "?column"
    assert pointer(await post(b"x", "dry_run=yes")) == "?dry_run"
    assert pointer(await post(b"x", "sources=a")) == "?sources"
    assert pointer(await post(b"x", f"source={'a' * 101}")) == "?source"
    assert await items(ada, "~/imports") == []
    assert not any((Path(api.settings.files_path) / ".spool").glob("*"))
    unknown = "01a2011d-c4e9-75ab-a676-e53516a7f244"
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/undo")):
        answer = await ada.call(method, f"~/imports/{unknown}{path}")
        assert code(answer) == (404, "not_found")


HOSTILE = {
    "ten thousand columns": (b",".join(b"c%d" % n for n in range(10_000)) + b"\n1\n", "csv"),
    "no rows": (b"title\n", "csv"),
    "no header": (b"\n\n", "csv"),
    "one column twice": (b"title,title\na,b\n", "csv"),
    "a quote without end": (b'title\n"never closed\n' + b"x\n" * 100, "csv"),
    "binary": (bytes(range(256)) * 100, "csv"),
    "nested without end": (b"[" * 200_000, "jira"),
    "nested object": (b'{"key":' * 100_000 + b"1" + b"}" * 100_000, "jira"),
    "no issues": (b"[]", "jira"),
    "not json": (b"title\nOne\n", "jira"),
    "numbers": (b"1\n2\n3\n", "jira"),
    "no export": (b'{"format": "other"}', "json"),
    "an empty export": (b"{}", "json"),
    "nested export": (b'{"format":' * 100_000, "json"),
}


@ANY_DATABASE
async def test_what_breaks_off_is_refused_or_taken_as_far_as_it_goes(api: Api) -> None:
    (ada,) = await workspace_of(api)
    body = lzma.compress(b"title\n" + b"".join(b"Task %d\n" % n for n in range(20_000)))[:-500]
    found = await imported(ada, body)
    assert found["state"] == "failed"
    assert "is cut off after line" in found["error"]
    assert await titles(ada) == []
    look = await imported(ada, body, "dry_run=true")
    assert (look["state"], look["problems"][0]["kind"]) == ("done", "cut_off")


@ANY_DATABASE
@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files_fail_in_words_and_write_nothing(api: Api, name: str) -> None:
    (ada,) = await workspace_of(api)
    before = await logged(ada)
    body, form = HOSTILE[name]
    for look in ("true", "false"):
        found = await imported(ada, body, f"format={form}&dry_run={look}&name=f")
        assert found["state"] == "failed", found
        assert 10 < len(found["error"]) <= 1_000
        assert "--" not in found["error"]
        assert "tidework export" not in found["error"]
    assert await logged(ada) == before


@ANY_DATABASE
@pytest.mark.parametrize(
    "body",
    [
        "title\nTäsk\n".encode("cp1252"),
        b"\xff\xfe" + "title\nTäsk\n".encode("utf-16-le"),
        b"\xef\xbb\xbf" + "title\nTäsk\n".encode(),
        lzma.compress("title\nTäsk\n".encode()),
    ],
    ids=["cp1252", "utf-16", "marked", "xz"],
)
async def test_encodings_and_packings_are_found_out(api: Api, body: bytes) -> None:
    (ada,) = await workspace_of(api)
    found = await imported(ada, body)
    assert found["state"] == "done"
    assert await titles(ada) == ["Täsk"]


async def test_nul_characters_and_formulas_are_only_text(api: Api) -> None:
    (ada,) = await workspace_of(api)
    found = await imported(ada, b"title\n=1+1\nnul\0here\n<script>alert(1)</script>\n")
    assert found["state"] == "done"
    assert found["problems"][0]["kind"] == "replaced_characters"
    assert sorted(await titles(ada)) == ["<script>alert(1)</script>", "=1+1", "nul\ufffdhere"]


@ANY_DATABASE
async def test_what_unpacks_to_gigabytes_is_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = lzma.compress(b"title\n" + b"0" * 200_000_000, preset=0)
    (ada,) = await workspace_of(api)
    found = await imported(ada, bomb)
    assert found["state"] == "failed"
    assert "longer than 4 MiB" in found["error"]
    many = lzma.compress(b"title\n" + b"a\n" * 150_000)
    found = await imported(ada, many)
    assert found["state"] == "failed"
    assert "more than 100,000 issues or rows" in found["error"]
    people = b"title,assignee\n" + b"".join(b"a,p%d\n" % n for n in range(5_001))
    found = await imported(ada, people)
    assert found["state"] == "failed"
    assert "5,001 people occur" in found["error"]
    assert len(await items(ada, "~/members")) == 1


async def test_a_worker_that_dies_anywhere_doubles_nothing(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    ada = await api.person()
    made = await sent(ada, rows(1_200))
    deaths = 0
    while True:
        try:
            await work(api, ada, dies_after=1)
        except Died:
            deaths += 1
            found = (await ada.get(f"~/imports/{made['id']}")).json()
            assert found["state"] == "running"
            await execute(api, LATER)
        else:
            break
    # Seven people become members, and three commits have the tasks.
    assert deaths == 10
    found = (await ada.get(f"~/imports/{made['id']}")).json()
    assert found["state"] == "done"
    created = [c for c in await logged(ada) if (c["entity"], c["op"]) == ("task", "create")]
    assert len(created) == len({c["set"]["title"] for c in created}) == 1_200


async def test_two_imports_at_once_write_each_task_once(api: Api) -> None:
    (ada,) = await workspace_of(api)
    both = [await sent(ada, rows(1_500), "name=a.csv") for _ in range(2)]
    found = await asyncio.gather(*(ended(ada, one["id"]) for one in both))
    assert [one["state"] for one in found] == ["done", "done"]
    created = [c for c in await logged(ada) if (c["entity"], c["op"]) == ("task", "create")]
    assert len(created) == 1_500


async def test_only_a_few_are_on_their_way_at_once(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    ada = await api.person()
    made = [await sent(ada, b"title\nx\n") for _ in range(3)]
    answer = await ada.call("POST", "~/imports", content=b"title\nx\n", headers=CSV)
    assert code(answer) == (409, "too_many_imports")
    assert code(await ada.post(f"~/imports/{made[0]['id']}/undo")) == (409, "still_running")
    assert code(await ada.post(f"~/imports/{made[0]['id']}/start")) == (409, "still_running")
    assert (await ada.delete(f"~/imports/{made[0]['id']}")).status_code == 204
    await sent(ada, b"title\nx\n")


async def test_what_is_cancelled_writes_no_more(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    ada = await api.person()
    made = await sent(ada, b"title\n" + b"".join(b"t %d\n" % n for n in range(3_000)))
    calls = 0

    async def cancel() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            assert (await ada.delete(f"~/imports/{made['id']}")).status_code == 204

    await work(api, ada, meanwhile=cancel)
    found = (await ada.get(f"~/imports/{made['id']}")).json()
    assert found["state"] == "cancelled"
    created = [c for c in await logged(ada) if (c["entity"], c["op"]) == ("task", "create")]
    assert len(created) == 1_000
    assert code(await ada.delete(f"~/imports/{made['id']}")) == (409, "ended")
    assert code(await ada.post(f"~/imports/{made['id']}/start")) == (409, "ended")
    await execute(api, LATER)
    assert await work(api, ada) == 0


async def test_who_is_no_owner_any_more_imports_no_further(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    first = await api.person()
    (owner,) = await api.team(first, "owner")
    made = await sent(owner, b"title\n" + b"".join(b"t %d\n" % n for n in range(1_500)))
    calls = 0

    async def demote() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            answer = await first.patch(f"~/members/{owner.id}", {"role": "editor"})
            assert answer.status_code == 200

    await work(api, owner, meanwhile=demote)
    found = (await first.get(f"~/imports/{made['id']}")).json()
    assert found["state"] == "failed"
    assert "lost the role" in found["error"]
    created = [c for c in await logged(first) if (c["entity"], c["op"]) == ("task", "create")]
    assert len(created) == 500


async def test_a_repeated_request_is_one_import(api: Api) -> None:
    (ada,) = await workspace_of(api)
    made = [await sent(ada, ROWS, idempotency_key="k1") for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]
    await ended(ada, made[0]["id"])
    answer = await ada.call(
        "POST", "~/imports?", content=b"title\nx\n", headers=CSV | {"idempotency-key": "k1"}
    )
    assert code(answer) == (422, "invalid")
    assert len(await items(ada, "~/imports")) == 1


async def test_files_do_not_pile_up(open_api: OpenApi) -> None:
    api = await open_api(FILES="folder")
    ada = await api.person()

    def kept() -> int:
        return sum(path.is_file() for path in Path(api.settings.files_path).rglob("*"))

    for _ in range(6):
        assert (await imported(ada, ROWS, "dry_run=true"))["state"] == "done"
    assert kept() == 3
    done = await imported(ada, ROWS)
    assert kept() == 2
    assert done["state"] == "done"
    (latest,) = [one for one in await items(ada, "~/imports") if one["dry_run"]][:1]
    assert (await ada.delete(f"~/imports/{latest['id']}")).status_code == 204
    assert kept() == 1


@ANY_DATABASE
@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not beside the repository")
async def test_a_real_export_of_jira(api: Api) -> None:
    (ada,) = await workspace_of(api)
    body = (SHARED / "jira-duraspace.ndjson.xz").read_bytes()
    query = "format=jira&name=duraspace.ndjson.xz"
    found = await imported(ada, body, query, content_type="application/x-xz")
    assert (found["state"], found["error"]) == ("done", None)
    assert found["found"]["issues"] == 3036
    assert found["written"]["tasks created"] == 3036
    assert found["written"]["comments created"] == 5990
    assert len(json.dumps(found)) < 100_000
    answer = await ada.get("~/tasks?total=true&limit=1")
    assert answer.json()["total"] == 3036
    again = await imported(ada, body, query, content_type="application/x-xz")
    assert (again["written"], again["unchanged"]) == ({}, 3036)
    back = await ada.post(f"~/imports/{found['id']}/undo")
    assert back.status_code == 202
    assert (await ended(ada, found["id"]))["state"] == "undone"
    assert (await ada.get("~/tasks?total=true&limit=1")).json()["total"] == 0
    assert await items(ada, "~/labels") == []
