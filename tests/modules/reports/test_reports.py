"""Reports from asking to fetching: each form, links and their end, cancelling, dying."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.modules.reports.world import (
    asked,
    csv_rows,
    ended,
    fetched,
    made,
    pdf_text,
    sheet,
)
from tests.modules.tasks.test_bulk import fill
from tests.modules.tasks.world import (
    NOBODY,
    code,
    execute,
    items,
    make,
    open_store,
    pointer,
    workspace_of,
)
from tests.services.api import Api, OpenApi, Person

from tidework.analytics.service import AnalyticsService
from tidework.bus.followups import Followups
from tidework.bus.jobs import Jobs
from tidework.files.folder import FolderFiles
from tidework.files.protocol import Files
from tidework.ids import new_id
from tidework.reports.making import Maker
from tidework.reports.sources import Sources
from tidework.users.service import UserService

FORMS = ("csv", "xlsx", "json", "pdf")
TODAY = datetime.now(UTC).date()


async def stocked(api: Api) -> Person:
    """A workspace with tasks that try each form."""
    (ada,) = await workspace_of(api)
    project = (await ada.made("~/projects", {"name": "Boats"}))["id"]
    labels = [(await ada.made("~/labels", {"name": name}))["id"] for name in ("wood", "tar")]
    await make(
        ada,
        "=1+1",
        project_id=project,
        label_ids=labels,
        assignee_id=ada.id,
        due_at="2026-11-22T09:30:00Z",
        description="two\nlines",
    )
    await make(ada, "Grüße, 世界 and שלום", status="completed")
    return ada


async def test_tasks_as_csv(api: Api) -> None:
    ada = await stocked(api)
    report = await made(ada, kind="tasks", format="csv")
    rows = csv_rows(await fetched(api, report))
    assert [row["title"] for row in rows] == ["'=1+1", "Grüße, 世界 and שלום"]
    assert (rows[0]["project"], rows[0]["labels"], rows[0]["assignee"]) == (
        "Boats",
        "tar, wood",
        "Somebody",
    )
    assert (rows[0]["number"], rows[0]["due_at"]) == ("1", "2026-11-22T09:30:00.000000Z")
    assert report["rows"] == 2
    assert report["name"] == f"Team-tasks-{TODAY}.csv"


async def test_tasks_as_a_workbook_in_which_texts_are_texts(api: Api) -> None:
    ada = await stocked(api)
    rows = sheet(await fetched(api, await made(ada, kind="tasks", format="xlsx")), "tasks")
    assert [row["title"] for row in rows] == ["=1+1", "Grüße, 世界 and שלום"]
    assert rows[0]["due_at"] == datetime(2026, 11, 22, 9, 30)  # noqa: DTZ001
    assert rows[0]["description"] == "two\nlines"


async def test_tasks_as_json(api: Api) -> None:
    ada = await stocked(api)
    found = json.loads(await fetched(api, await made(ada, kind="tasks", format="json")))
    assert [task["labels"] for task in found["tasks"]] == [["tar", "wood"], []]
    assert found["kind"] == "tasks"


async def test_tasks_as_pdf(api: Api) -> None:
    ada = await stocked(api)
    content = await fetched(api, await made(ada, kind="tasks", format="pdf"))
    text = pdf_text(content)
    assert content.startswith(b"%PDF")
    assert "=1+1" in text
    assert "Grüße" in text
    assert "Team: tasks" in text


async def test_filters_and_days_choose(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await make(ada, "a", status="completed")
    await make(ada, "b", assignee_id=ada.id)
    await fill(api, ada, 3, created_at="2020-03-01T12:00:00.000000Z")
    for spec, titles in (
        ({"filter": {"status": "completed"}}, ["a"]),
        ({"filter": {"assignee": "me"}}, ["b"]),
        ({"filter": {"q": "!!"}}, []),
        ({"from": "2020-03-01", "to": "2020-03-01"}, ["Task 0", "Task 1", "Task 2"]),
        ({"to": "2020-02-29"}, []),
        ({"last_days": 2}, ["a", "b"]),
    ):
        report = await made(ada, kind="tasks", format="csv", **spec)
        rows = csv_rows(await fetched(api, report))
        assert [row["title"] for row in rows] == titles, spec


async def test_a_summary_counts_in_every_form(api: Api) -> None:
    ada = await stocked(api)
    found = json.loads(await fetched(api, await made(ada, kind="summary", format="json")))
    assert (found["facts"]["created"], found["facts"]["completed"]) == ("2", "1")
    assert (len(found["days"]), found["days"][-1]["day"]) == (30, str(TODAY))
    assert (found["days"][-1]["scope"], found["days"][-1]["done"]) == (2, 1)
    assert [one["name"] for one in found["projects"]] == ["Boats", "(none)"]
    rows = csv_rows(await fetched(api, await made(ada, kind="summary", format="csv")))
    assert (len(rows), rows[-1]["created"]) == (30, "2")
    book = await fetched(api, await made(ada, kind="summary", format="xlsx", last_days=3))
    assert [row["created"] for row in sheet(book, "days")] == [0, 0, 2]
    assert [row["name"] for row in sheet(book, "labels")] == ["tar", "wood", "(none)"]
    text = pdf_text(await fetched(api, await made(ada, kind="summary", format="pdf")))
    for word in ("Throughput per day", "Burn-up", "Cumulative flow", "Boats", "Somebody"):
        assert word in text


async def test_nothing_makes_an_empty_report(api: Api) -> None:
    (ada,) = await workspace_of(api)
    for form in FORMS:
        for kind in ("tasks", "summary"):
            report = await made(ada, kind=kind, format=form)
            assert await fetched(api, report)


async def test_a_link_needs_no_login_and_says_what_it_gives(api: Api) -> None:
    ada = await stocked(api)
    report = await made(ada, kind="tasks", format="csv")
    answer = await api.client.get(report["download_url"])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith(
        f'attachment; filename="Team-tasks-{TODAY}.csv"'
    )
    assert answer.headers["cache-control"] == "private, no-store"
    head = await api.client.head(report["download_url"])
    assert (head.status_code, head.content) == (200, b"")


async def test_a_wrong_link_leads_nowhere(api: Api) -> None:
    ada = await stocked(api)
    report = await made(ada, kind="tasks", format="csv")
    url = report["download_url"]
    last = "A" if url[-3] != "A" else "B"
    for wrong in (
        url[:-3] + last + url[-2:],
        url.split("?")[0],
        f"{url.split('?')[0]}?token=",
        f"{url.split('?')[0]}?token=%00%ff",
        f"{url.split('?')[0]}?token={'A' * 5000}",
    ):
        answer = await api.client.get(wrong)
        assert answer.status_code in (400, 404, 422), wrong
        assert answer.json()["code"] != "internal"


async def test_links_end_when_they_expire(api: Api) -> None:
    ada = await stocked(api)
    report = await made(ada, kind="tasks", format="csv")
    expires = datetime.fromisoformat(report["expires_at"])
    assert timedelta(hours=23) < expires - datetime.now(UTC) <= timedelta(hours=24)
    await execute(api, "UPDATE reports SET expires_at = '2026-01-01T00:00:00.000000Z'")
    assert code(await api.client.get(report["download_url"])) == (404, "not_found")


async def test_links_end_when_their_person_leaves(api: Api) -> None:
    ada, eva = await workspace_of(api, "viewer")
    await make(ada, "a")
    report = await made(eva, kind="tasks", format="csv")
    await fetched(api, report)
    await ada.delete(f"~/members/{eva.id}")
    assert code(await api.client.get(report["download_url"])) == (404, "not_found")


async def test_links_end_with_the_report_and_its_file(api: Api) -> None:
    ada = await stocked(api)
    report = await made(ada, kind="tasks", format="csv")
    assert (await ada.delete(f"~/reports/{report['id']}")).status_code == 204
    assert code(await api.client.get(report["download_url"])) == (404, "not_found")
    assert code(await ada.get(f"~/reports/{report['id']}")) == (404, "not_found")
    assert await items(ada, "~/reports") == []
    folder = api.settings.files_path
    assert [file for file in folder.rglob("*") if file.is_file()] == []


async def test_reports_are_those_of_whoever_asked(api: Api) -> None:
    ada, eva = await workspace_of(api, "editor")
    report = await asked(ada, kind="tasks", format="csv")
    assert code(await eva.get(f"~/reports/{report['id']}")) == (404, "not_found")
    assert code(await eva.delete(f"~/reports/{report['id']}")) == (404, "not_found")
    assert await items(eva, "~/reports") == []
    assert [one["id"] for one in await items(ada, "~/reports")] == [report["id"]]


async def test_what_cannot_be_made_is_refused_at_once(api: Api) -> None:
    (ada,) = await workspace_of(api)
    for spec, place in (
        ({"kind": "tasks", "format": "doc"}, "/format"),
        ({"kind": "all", "format": "csv"}, "/kind"),
        ({"kind": "tasks", "format": "csv", "filter": {"status": "open"}}, "/filter/status"),
        ({"kind": "tasks", "format": "csv", "from": "2026-02-30"}, "/from"),
        ({"kind": "tasks", "format": "csv", "from": "2026-02-02", "to": "2026-02-01"}, "/from"),
        ({"kind": "tasks", "format": "csv", "to": "2026-02-01", "last_days": 3}, "/last_days"),
        ({"kind": "summary", "format": "csv", "filter": {"q": "x"}}, "/filter/q"),
        ({"kind": "summary", "format": "csv", "from": "0001-01-01"}, "/from"),
        (
            {"kind": "summary", "format": "csv", "filter": {"label": [NOBODY, ada.id]}},
            "/filter/label",
        ),
    ):
        assert pointer(await ada.post("~/reports", spec)) == place, spec


async def test_a_repeated_request_begins_nothing_new(api: Api) -> None:
    ada = await stocked(api)
    key = {"idempotency-key": new_id()}
    body = {"kind": "tasks", "format": "csv"}
    first = await ada.post("~/reports", body, headers=key)
    await execute(api, "DELETE FROM idempotency")
    again = await ada.post("~/reports", body, headers=key)
    assert first.json()["id"] == again.json()["id"]
    assert len(await items(ada, "~/reports")) == 1


async def test_not_too_many_at_once(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    (ada,) = await workspace_of(api)
    first = await asked(ada, kind="tasks", format="csv")
    for _ in range(9):
        await asked(ada, kind="tasks", format="csv")
    answer = await ada.post("~/reports", {"kind": "tasks", "format": "csv"})
    assert code(answer) == (409, "too_many_reports")
    await ada.delete(f"~/reports/{first['id']}")
    await asked(ada, kind="tasks", format="csv")


async def test_a_file_that_would_be_too_large_is_not_made(open_api: OpenApi) -> None:
    api = await open_api(MAX_REPORT_BYTES="64 KiB")
    (ada,) = await workspace_of(api)
    await fill(api, ada, 1_000)
    report = await ended(ada, (await asked(ada, kind="tasks", format="csv"))["id"], "failed")
    assert "larger than" in report["error"]
    assert report["download_url"] is None
    folder = api.settings.files_path
    assert [file for file in folder.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("form", FORMS)
async def test_many_tasks(api: Api, form: str) -> None:
    (ada,) = await workspace_of(api)
    await fill(api, ada, 1_200)
    report = await made(ada, kind="tasks", format=form)
    assert report["rows"] == 1_200
    content = await fetched(api, report)
    if form == "csv":
        assert [row["number"] for row in csv_rows(content)] == [str(n) for n in range(1, 1201)]
    if form == "xlsx":
        assert len(sheet(content, "tasks")) == 1_200


async def test_while_one_is_made_others_are_answered(api: Api) -> None:
    (ada,) = await workspace_of(api)
    await fill(api, ada, 1_500)
    report = await asked(ada, kind="tasks", format="pdf")
    answers = 0
    async with asyncio.timeout(60):
        while True:
            found: dict[str, Any] = (await ada.get(f"~/reports/{report['id']}")).json()
            if found["state"] == "done":
                break
            answer = await ada.get("~/tasks?limit=1")
            assert answer.status_code == 200
            answers += 1
            await asyncio.sleep(0.01)
    assert answers > 1


class Died(BaseException):
    """As if the process had ended."""


class DyingFiles(FolderFiles):
    """The process dies when its file is there, before anybody knows of it."""

    async def put(self, stream_id: str, file_id: str, source: Path, expires_at: str) -> None:
        await super().put(stream_id, file_id, source, expires_at)
        raise Died


async def work(api: Api, files: Files) -> int:
    """Make what is due, in a process of its own as it were."""
    store = await open_store(api.settings)
    users = UserService(store, Followups(store))
    sources = Sources(store, users, AnalyticsService(store))
    maker = Maker(store, users, files, sources, max_bytes=1 << 20, public_url="http://x")
    jobs = Jobs(store)
    maker.register(jobs)
    try:
        return await jobs.run_due()
    finally:
        maker.close()
        await store.close()


async def test_who_dies_making_one_leaves_it_to_the_next(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off", FILES="folder")
    ada = await stocked(api)
    report = await asked(ada, kind="tasks", format="csv")
    with pytest.raises(Died):
        await work(api, DyingFiles(api.settings.files_path))
    found = (await ada.get(f"~/reports/{report['id']}")).json()
    assert (found["state"], found["download_url"]) == ("running", None)
    await execute(api, "UPDATE jobs SET due_at = '2026-01-01T00:00:00.000000Z'")
    assert await work(api, FolderFiles(api.settings.files_path)) == 1
    found = (await ada.get(f"~/reports/{report['id']}")).json()
    assert found["state"] == "done"
    assert len(csv_rows(await fetched(api, found))) == 2


async def test_who_is_no_member_any_more_gets_none(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off", FILES="folder")
    ada, eva = await workspace_of(api, "viewer")
    report = await asked(eva, kind="tasks", format="csv")
    await ada.delete(f"~/members/{eva.id}")
    await work(api, FolderFiles(api.settings.files_path))
    await ada.made("~/members", {"email": eva.email, "role": "viewer"})
    found = (await eva.get(f"~/reports/{report['id']}")).json()
    assert found["state"] == "failed"
    assert "no longer a member" in found["error"]


async def test_what_is_cancelled_is_not_made(open_api: OpenApi) -> None:
    api = await open_api(BACKGROUND="off")
    ada = await stocked(api)
    report = await asked(ada, kind="tasks", format="csv")
    await ada.delete(f"~/reports/{report['id']}")
    assert await work(api, FolderFiles(api.settings.files_path)) == 0
