"""What leaves a workspace: JSON that comes back byte for byte, CSV and iCalendar that are harmless."""

import csv
import io
import json
import lzma
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import func, select
from tests.modules.transfer.harness import (
    MemoryPeople,
    assert_log_is_state,
    issue,
    state_of,
    write_ndjson,
)

from tidework.errors import NotFound, TideworkError
from tidework.ids import new_id
from tidework.log import Change, Commit
from tidework.spreadsheets import harmless
from tidework.store.protocol import Store
from tidework.store.sql.schema import streams, user_workspaces
from tidework.store.sql.statement import Statement
from tidework.tasks.api import local_time
from tidework.times import now
from tidework.transfer import (
    JiraOptions,
    JsonOptions,
    export_csv,
    export_ics,
    export_json,
    import_jira,
    import_json,
)

DAY = "2012-03-0{}T10:00:00.000+0000"
ISSUES = [
    issue(
        "A-1", assignee={"name": "bob"}, duedate="2012-04-01", labels=["ui", "b, c"],
        description="Grüße\n=1+1\r\n" + "long " * 60, parent={"key": "A-2"},
        issuelinks=[{"type": {"name": "Blocks"}, "outwardIssue": {"key": "A-2"}}],
        histories=[(DAY.format(2), "ann", [("priority", None, "Minor", None, "Major")])],
        comments=[(DAY.format(3), "cy", "a comment")],
    ),
    issue("A-2", summary="=HYPERLINK(1)", status={"name": "Closed"}),
]  # fmt: skip


@pytest.fixture
async def filled(store: Store, people: MemoryPeople, tmp_path: Path) -> MemoryPeople:
    """A workspace with imported and with own work, some of it removed again."""
    await import_jira(
        store, _id(people), [write_ndjson(tmp_path / "a.ndjson", ISSUES)], people,
        JiraOptions(actor_id=people.owner),
    )  # fmt: skip
    at, label, gone = now(), new_id(), new_id()
    task: dict[str, Any] = {
        "number": None, "project_id": None, "parent_id": None, "title": "gone", "description": "",
        "status": "pending", "priority": "low", "due_at": None, "assignee_id": people.owner,
        "label_ids": [label], "position": None, "created_by": people.owner, "created_at": at,
        "completed_at": None, "recurrence": None, "previous_id": None,
    }  # fmt: skip
    recurs = {
        "rule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=8;UNTIL=20301231", "time_zone": "Europe/Berlin",
        "from": "due", "time": None,
    }  # fmt: skip
    due = "2026-03-23T07:00:00.000000Z"
    more = {"title": "stays", "due_at": due, "recurrence": recurs, "previous_id": gone}
    named = {"name": "own", "name_key": "own", "color": "#112233", "created_at": at}
    # A webhook belongs to this installation alone, and leaves a gap.
    hook = {
        "url": "https://hooks.example.com/", "description": "", "events": ["*"], "is_active": True,
        "disabled_reason": None, "rotated_at": None, "created_by": people.owner, "created_at": at,
    }  # fmt: skip
    for changes in (
        [Change("label", label, "create", named), Change("task", gone, "create", task)],
        [Change("webhook", new_id(), "create", hook)],
        [Change("task", gone, "update", {"status": "in_progress"})],
        [Change("task", gone, "delete")],
        [Change("task", new_id(), "create", task | more)],
    ):
        await store.append(
            Commit(stream_id=_id(people), actor_id=people.owner, at=at, changes=changes,
                   request_id="req-1")
        )  # fmt: skip
    return people


def _id(people: MemoryPeople) -> str:
    assert people.workspace_id is not None
    return people.workspace_id


async def exported(store: Store, people: MemoryPeople, workspace: str, path: Path) -> bytes:
    parts: list[bytes] = []
    await export_json(store, workspace, people, parts.append)
    return _put(path, b"".join(parts))


def _put(path: Path, data: bytes) -> bytes:
    path.write_bytes(data)
    return data


async def test_export_import_export_gives_the_same_bytes(
    store: Store, filled: MemoryPeople, tmp_path: Path
) -> None:
    first = await exported(store, filled, _id(filled), tmp_path / "one.json")
    document = json.loads(first)
    assert document["format"] == "tidework"
    assert len(document["state"]["task"]) == 3
    assert [c["seq"] for c in document["commits"]] == list(range(1, document["seq"] + 1))

    report = await import_json(store, tmp_path / "one.json", filled, filled)
    assert report.workspace_id is not None
    assert report.workspace_id != _id(filled)
    await assert_log_is_state(store, report.workspace_id)
    again = await exported(store, filled, report.workspace_id, tmp_path / "two.json")
    assert again == first

    # The same file again is the same workspace, unless a copy is asked for.
    seqs = await store.seqs([report.workspace_id])
    repeated = await import_json(store, tmp_path / "two.json", filled, filled)
    assert (repeated.workspace_id, repeated.written) == (report.workspace_id, {})
    assert await store.seqs([report.workspace_id]) == seqs
    copy = await import_json(
        store, tmp_path / "one.json", filled, filled, JsonOptions(copy="second")
    )
    assert copy.workspace_id not in (None, report.workspace_id)


async def test_it_travels_to_another_installation(
    any_store: Store, store: Store, filled: MemoryPeople, tmp_path: Path
) -> None:
    first = await exported(store, filled, _id(filled), tmp_path / "one.json")
    packed = tmp_path / "one.json.xz"
    packed.write_bytes(lzma.compress(first))
    there = MemoryPeople(any_store)
    # Known there by the same address and another name.
    owner = there.add("Somebody Else", "OWNER@example.org")
    report = await import_json(any_store, packed, there, there)
    assert report.workspace_id is not None
    assert await exported(any_store, there, report.workspace_id, tmp_path / "two.json") == first
    state = await state_of(any_store, report.workspace_id)
    assert state["member"][owner]["role"] == "owner"
    # An import that was begun here goes on there.
    there.workspace_id = report.workspace_id
    path = write_ndjson(tmp_path / "b.ndjson", [*ISSUES, issue("A-3")])
    more = await import_jira(
        any_store, report.workspace_id, [path], there, JiraOptions(actor_id=owner)
    )
    assert (more.unchanged, more.written["tasks created"]) == (2, 1)


async def test_it_is_in_nobodys_list_until_it_is_complete(
    store: Store, filled: MemoryPeople, tmp_path: Path
) -> None:
    await exported(store, filled, _id(filled), tmp_path / "one.json")

    class Cut:
        left = 2

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def append(self, commit: Commit) -> Any:
            self.left -= 1
            if self.left < 0:
                raise TideworkError("cut")
            return await store.append(commit)

    with pytest.raises(TideworkError, match="cut"):
        await import_json(Cut(), tmp_path / "one.json", filled, filled)  # type: ignore[arg-type]
    assert await _lists(store) == 1
    await import_json(store, tmp_path / "one.json", filled, filled)
    assert await _lists(store) == 3


async def _lists(store: Store) -> int:
    rows = await store.fetch(Statement("lists", select(user_workspaces.c.user_id)), {})
    return len(rows)


async def test_a_file_that_another_program_wrote_again(
    store: Store, filled: MemoryPeople, tmp_path: Path
) -> None:
    first = await exported(store, filled, _id(filled), tmp_path / "one.json")
    (tmp_path / "two.json").write_text(json.dumps(json.loads(first), indent=2))
    report = await import_json(store, tmp_path / "two.json", filled, filled)
    assert report.workspace_id is not None
    assert await exported(store, filled, report.workspace_id, tmp_path / "three.json") == first


def _spoil(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    node: Any = document
    for part in parents:
        node = node[int(part)] if part.lstrip("-").isdigit() else node[part]
    if isinstance(node, list):
        node[int(last)] = value
    else:
        node[last] = value


SPOILED = [
    ("format", "jira", "is not an export of Tidework"),
    ("version", 9, "version 9 of the format"),
    ("seq", 2, "the log ends at seq"),
    ("people.0.id", "boss", "person 'boss' is not p1"),
    ("people.0.id", "p2", "there twice"),
    ("commits.0.seq", 2, "commit 2 does not follow 0"),
    ("commits.1.changes.0.actor", "p99", "p99 is not among the people"),
    ("commits.1.changes.0.at", "yesterday", "its time is not as we write them"),
    ("commits.1.changes.0.entity", "account", "'account' is not part of a workspace"),
    ("commits.0.changes.0.entity", "label", "does not begin with the workspace"),
    ("commits.0.changes.0.op", "drop", "does not begin with the workspace"),
    ("commits.0.changes.0.set.name", None, "name cannot be 'None'"),
    ("commits.0.changes.0.set.name", "x" * 500, "name cannot be"),
    ("commits.0.changes.0.set.surprise", 1, "surprise should not, or should, be there"),
    ("commits.0.changes.1.set.role", "god", "role cannot be 'god'"),
    ("commits.-1.changes.0.set.title", "x" * 201, "title cannot be"),
    ("commits.-1.changes.0.set.title", "a\0b", "title cannot be"),
    ("commits.-1.changes.0.set.number", -1, "number cannot be '-1'"),
    ("commits.-1.changes.0.set.number", True, "number cannot be 'True'"),
    ("commits.-1.changes.0.set.status", "later", "status cannot be 'later'"),
    ("commits.-1.changes.0.set.label_ids", ["x"], "label_ids cannot be"),
    ("commits.-1.changes.0.set.due_at", "2012-02-30T00:00:00.000000Z", "due_at cannot be"),
    ("commits.-1.changes.0.set.recurrence", ["x"], "recurrence cannot be"),
    ("commits.-1.changes.0.set.recurrence.rule", "FREQ=SECONDLY", "recurrence cannot be"),
    ("commits.-1.changes.0.set.recurrence.from", "birth", "recurrence cannot be"),
    ("commits.-1.changes.0.set.recurrence.time", "25:00", "recurrence cannot be"),
    ("commits.-1.changes.0.set.recurrence.more", 1, "recurrence cannot be"),
    ("commits.-1.changes.0.set.previous_id", "x", "previous_id cannot be"),
    ("commits.-1.changes.0.id", "1", "task '1' cannot be there"),
    ("commits.-1.changes.0.op", "update", "it does not exist"),
    ("state.task.0.title", "forged", "is not what its log leads to"),
    ("state.task", [], "its state is not what its log leads to"),
    ("marks.0.entity_id", "nobody", "cannot be there"),
]


@pytest.mark.parametrize(("path", "value", "message"), SPOILED)
async def test_a_spoiled_file_is_refused_whole(
    store: Store, filled: MemoryPeople, tmp_path: Path, path: str, value: Any, message: str
) -> None:
    document = json.loads(await exported(store, filled, _id(filled), tmp_path / "one.json"))
    _spoil(document, path, value)
    spoiled = tmp_path / "spoiled.json"
    spoiled.write_text(json.dumps(document))
    before = await _streams(store)
    with pytest.raises(TideworkError) as raised:
        await import_json(store, spoiled, filled, filled)
    assert message in raised.value.detail
    assert await _streams(store) == before


async def test_a_dangling_reference_is_refused(
    store: Store, filled: MemoryPeople, tmp_path: Path
) -> None:
    document = json.loads(await exported(store, filled, _id(filled), tmp_path / "one.json"))
    change = document["commits"][-1]["changes"][0]
    (shown,) = [t for t in document["state"]["task"] if t["id"] == change["id"]]
    change["set"]["project_id"] = shown["project_id"] = new_id()
    spoiled = tmp_path / "spoiled.json"
    spoiled.write_text(json.dumps(document))
    with pytest.raises(TideworkError, match=r"refers to project .* which is not there"):
        await import_json(store, spoiled, filled, filled)


async def test_a_file_cut_anywhere_is_refused(
    store: Store, filled: MemoryPeople, tmp_path: Path
) -> None:
    whole = await exported(store, filled, _id(filled), tmp_path / "one.json")
    before = await _streams(store)
    cut = tmp_path / "cut.json"
    for part in range(1, 60):
        cut.write_bytes(whole[: len(whole) * part // 60])
        with pytest.raises(TideworkError, match=r"cut\.json"):
            await import_json(store, cut, filled, filled)
    assert await _streams(store) == before


async def _streams(store: Store) -> int:
    statement = Statement("streams", select(func.count()).select_from(streams), fan_out="test")
    rows = await store.fetch(statement, {})
    return int(rows[0][0])


async def test_an_unknown_workspace(store: Store, people: MemoryPeople) -> None:
    for export in (export_json, export_csv, export_ics):
        with pytest.raises(NotFound):
            await export(store, new_id(), people, lambda _: None)


async def test_csv_has_names_and_no_formulas(store: Store, filled: MemoryPeople) -> None:
    parts: list[bytes] = []
    await export_csv(store, _id(filled), filled, parts.append)
    rows = list(csv.DictReader(io.StringIO(b"".join(parts).decode(), newline="")))
    assert [row["number"] for row in rows] == ["1", "2", "4"]
    parent, child, _ = rows
    assert parent["title"] == "'=HYPERLINK(1)"
    assert parent["status"] == "completed"
    assert child["parent"] == "1"
    assert child["assignee"] == "bob"
    assert child["labels"] == "b, c, type: Bug, ui"
    assert child["project"] == "Project"
    assert child["description"] == ISSUES[0]["fields"]["description"]
    assert rows[2]["assignee"] == "owner@example.org"
    assert rows[2]["recurrence"].startswith("FREQ=WEEKLY;BYDAY=MO")
    assert (rows[2]["time_zone"], rows[1]["recurrence"]) == ("Europe/Berlin", "")


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\n=1", "\uff1d1"]
)
def test_formulas_are_disarmed(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1-1", "'=1", "text"])
def test_other_texts_stay(text: str) -> None:
    assert harmless(text) == text


async def test_calendars_have_a_todo_for_each_task(store: Store, filled: MemoryPeople) -> None:
    parts: list[bytes] = []
    await export_ics(store, _id(filled), filled, parts.append)
    data = b"".join(parts)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    todos = {str(todo["SUMMARY"]): todo for todo in Calendar.from_ical(data).walk("VTODO")}
    assert len(todos) == 3
    one, other = todos["Summary of A-1"], todos["=HYPERLINK(1)"]
    assert one["DUE"].dt.isoformat() == "2012-04-01T12:00:00+00:00"
    assert (str(one["STATUS"]), int(one["PRIORITY"])) == ("NEEDS-ACTION", 5)
    assert str(one["RELATED-TO"]) == str(other["UID"])
    assert set(one["CATEGORIES"].cats) == {"b, c", "type: Bug", "ui", "Project"}
    assert str(one["DESCRIPTION"]).startswith("Grüße\n=1+1\nlong")
    assert str(other["STATUS"]) == "COMPLETED"
    assert_recurs(data)
    parts.clear()
    await export_ics(store, _id(filled), filled, parts.append, due_only=True)
    assert len(Calendar.from_ical(b"".join(parts)).walk("VTODO")) == 2


def assert_recurs(data: bytes) -> None:
    """A calendar says how a task recurs, in a zone that it defines, by the letter of RFC 5545."""
    calendar = Calendar.from_ical(data)
    (todo,) = [todo for todo in calendar.walk("VTODO") if str(todo["SUMMARY"]) == "stays"]
    (rule,) = [line for line in data.replace(b"\r\n ", b"").split(b"\r\n") if b"UNTIL" in line]
    assert set(rule.decode().removeprefix("RRULE:").split(";")) == {
        "FREQ=WEEKLY", "BYDAY=MO", "BYHOUR=8", "BYMINUTE=0", "BYSECOND=0", "UNTIL=20301231T225959Z",
    }  # fmt: skip
    start = todo["DTSTART"].dt
    assert (start.isoformat(), str(todo["DTSTART"].params["TZID"])) == (
        "2026-03-23T08:00:00+01:00", "Europe/Berlin",
    )  # fmt: skip
    assert todo["DUE"].dt - start == timedelta(seconds=1)
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]


@pytest.mark.parametrize(
    ("due", "kept", "shown"),
    [
        ("2027-03-28T01:30:00Z", "02:30:00", "02:30"),
        ("2027-03-28T01:30:00Z", "09:00:00", "03:30"),
        ("2027-03-29T00:30:00Z", None, "02:30"),
    ],
)
def test_a_time_that_the_clocks_skip_is_told_as_the_series_has_it(
    due: str, kept: str | None, shown: str
) -> None:
    found = local_time({"time_zone": "Europe/Berlin", "time": kept}, due)
    assert f"{found:%H:%M}" == shown
    assert found.astimezone(UTC) == datetime.fromisoformat(due)
