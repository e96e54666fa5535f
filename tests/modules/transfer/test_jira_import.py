"""Importing small files written by hand: what contradicts, what is hostile, what comes again."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.modules.transfer.harness import (
    MemoryPeople,
    View,
    assert_log_is_state,
    issue,
    whole_log,
    write_ndjson,
)

from tidework.errors import TideworkError, Unavailable
from tidework.log import Change, Commit
from tidework.store.protocol import Store
from tidework.times import now
from tidework.transfer import ImportReport, JiraOptions, import_jira, load_mapping

DAY = "2012-03-0{}T10:00:00.000+0000"
AT = "2012-03-0{}T10:00:00.000000Z"


def status(before: str, after: str) -> tuple[str, Any, str, Any, str]:
    return ("status", None, before, None, after)


async def run(
    store: Store, people: MemoryPeople, path: Path | list[Path], **options: Any
) -> ImportReport:
    assert people.workspace_id is not None
    paths = path if isinstance(path, list) else [path]
    chosen = JiraOptions(actor_id=people.owner, **options)
    report = await import_jira(store, people.workspace_id, paths, people, chosen)
    await assert_log_is_state(store, people.workspace_id)
    return report


async def edit(store: Store, people: MemoryPeople, task_id: str, **fields: Any) -> None:
    assert people.workspace_id is not None
    change = Change("task", task_id, "update", fields)
    await store.append(
        Commit(stream_id=people.workspace_id, actor_id=people.owner, at=now(), changes=[change])
    )


def counts(report: ImportReport) -> dict[str, int]:
    return {kind: finding.count for kind, finding in report.findings.items()}


async def seq(store: Store, people: MemoryPeople) -> int:
    assert people.workspace_id is not None
    return (await store.seqs([people.workspace_id]))[people.workspace_id]


async def history(store: Store, people: MemoryPeople, title: str) -> list[Any]:
    """Who changed which fields of a task to what, and when."""
    assert people.workspace_id is not None
    task_id = (await View.of(store, people)).task(title)["id"]
    return [
        (people.accounts[c.actor_id].name if c.actor_id else None, c.at, c.set)
        for c in await whole_log(store, people.workspace_id)
        if c.id == task_id
    ]


async def test_a_history_is_replayed_with_who_and_when(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    one = issue(
        "A-1",
        status={"name": "Closed"}, resolution={"name": "Fixed"}, assignee={"name": "bob"},
        resolutiondate=DAY.format(4), duedate="2012-04-01", labels=["ui"],
        components=[{"name": "Web"}],
        histories=[
            (DAY.format(2), "ann", [("assignee", None, None, "bob", "Bob")]),
            (DAY.format(3), "bob", [status("Open", "In Progress"), ("Rank", "", "", "", "up")]),
            (DAY.format(4), "bob", [status("In Progress", "Closed"),
                                    ("resolution", None, None, "1", "Fixed")]),
            (DAY.format(5), "ann", [("Component", None, None, "7", "Web"),
                                    ("labels", None, "", None, "ui")]),
        ],
        comments=[(DAY.format(3), "cy", "Done soon")],
    )  # fmt: skip
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", [one]))

    entries = await history(store, people, "Summary of A-1")
    assert [(who, at) for who, at, _ in entries] == [
        ("rita", AT.format(1)),
        ("ann", AT.format(2)),
        ("bob", AT.format(3)),
        ("bob", AT.format(4)),
        ("ann", AT.format(5)),
    ]
    created = entries[0][2]
    assert (created["status"], created["assignee_id"]) == ("pending", None)
    assert entries[2][2] == {"status": "in_progress"}
    assert entries[3][2] == {"status": "completed", "completed_at": AT.format(4)}
    view = await View.of(store, people)
    task = view.task("Summary of A-1")
    assert task["labels"] == ["component: Web", "type: Bug", "ui"]
    assert (task["assignee"], task["created_by"]) == ("bob", "rita")
    assert task["due_at"] == "2012-04-01T12:00:00.000000Z"
    assert view.comments("Summary of A-1") == [(AT.format(3), "cy", "Done soon")]
    # Whoever is assigned is a member; whoever only wrote is not.
    roles = {people.accounts[i].name: m["role"] for i, m in view.state["member"].items()}
    assert roles == {"Owner": "owner", "bob": "editor"}
    assert counts(report) == {"not taken over: changelog of Rank": 1}


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [
        ("Fixed", "completed"), ("Done", "completed"), (None, "completed"),
        ("Won't Fix", "cancelled"), ("Duplicate", "cancelled"), ("Incomplete", "cancelled"),
        ("Cannot Reproduce", "cancelled"), ("Won\u2019t Do", "cancelled"),
    ],
)  # fmt: skip
async def test_what_closed_means_depends_on_the_resolution(
    store: Store, people: MemoryPeople, tmp_path: Path, resolution: str | None, expected: str
) -> None:
    named = None if resolution is None else {"name": resolution}
    one = issue("A-1", status={"name": "Closed"}, resolution=named)
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", [one]))
    task = (await View.of(store, people)).task("Summary of A-1")
    assert task["status"] == expected
    assert (task["completed_at"] is None) == (expected == "cancelled")


async def test_contradictions_are_counted_and_the_fields_are_right_in_the_end(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    one = issue(
        "A-1",
        status={"name": "Open"}, priority={"name": "Minor"}, components=[{"name": "Web"}],
        histories=[
            (DAY.format(2), "ann", [status("Open", "In Progress")]),
            (DAY.format(3), "ann", [status("Reopened", "Closed")]),
            (DAY.format(4), "ann", [("priority", None, "Major", None, "Blocker")]),
            (DAY.format(5), "ann", [("Component", None, None, "9", "Core")]),
            (DAY.format(6), "ann", [("Component", "8", "Old", None, None),
                                    ("duedate", None, None, None, "not a day")]),
        ],
    )  # fmt: skip
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", [one]))

    task = (await View.of(store, people)).task("Summary of A-1")
    assert (task["status"], task["priority"]) == ("pending", "low")
    assert task["labels"] == ["component: Web", "type: Bug"]
    assert counts(report) == {
        "from_status": 1, "end_status": 1, "end_priority": 1, "end_components": 1, "date": 1,
    }  # fmt: skip
    assert report.findings["from_status"].examples == [
        "A-1, entry 101: status was 'In Progress', not 'Reopened'"
    ]
    assert report.written["corrections"] == 1
    who, at, fields = (await history(store, people, "Summary of A-1"))[-1]
    assert (who, at) == ("Owner", AT.format(9))
    assert set(fields) == {"status", "priority", "label_ids", "completed_at"}


async def test_entries_are_replayed_by_time(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    entries = [
        (DAY.format(2), "ann", [status("Open", "In Progress")]),
        (DAY.format(4), "ann", [status("Reopened", "Closed")]),
        (DAY.format(3), "ann", [status("In Progress", "Reopened")]),
    ]
    mixed = issue("A-1", status={"name": "Closed"}, histories=entries)
    # Newer versions of Jira give the last entry first; that is no contradiction.
    backwards = issue(
        "A-2", status={"name": "Closed"}, histories=[entries[1], entries[2], entries[0]]
    )
    early = issue(
        "A-3", status={"name": "Closed"},
        histories=[("2012-02-01T10:00:00.000+0000", "ann", [status("Open", "Closed")])],
    )  # fmt: skip
    path = write_ndjson(tmp_path / "a.ndjson", [mixed, backwards, early])
    report = await run(store, people, path)
    assert counts(report) == {"order": 1, "early": 1}
    for title in ("Summary of A-1", "Summary of A-2"):
        found = [fields["status"] for _, _, fields in await history(store, people, title)]
        assert found == ["pending", "in_progress", "pending", "completed"]
    assert [at for _, at, _ in await history(store, people, "Summary of A-3")] == [
        AT.format(1), "2012-02-01T10:00:00.000000Z",
    ]  # fmt: skip


async def test_parents_may_come_later_and_circles_are_cut(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    issues = [
        issue("A-1", parent={"key": "A-2"}),
        issue("A-2", parent={"key": "A-3"}),
        issue("A-3"),
        issue("A-4", parent={"key": "A-5"}),
        issue("A-5", parent={"key": "A-4"}),
        issue("A-6", parent={"key": "A-6"}),
        issue("A-7", parent={"key": "GONE-1"}),
    ]
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", issues))
    view = await View.of(store, people)
    parents = {f"A-{n}": view.task(f"Summary of A-{n}")["parent"] for n in range(1, 8)}
    assert parents == {
        "A-1": "Summary of A-2", "A-2": "Summary of A-3", "A-3": None,
        "A-4": "Summary of A-5", "A-5": None, "A-6": None, "A-7": None,
    }  # fmt: skip
    assert counts(report) == {"parent_circle": 2, "parent_outside": 1}
    # No commit leaves a task with a parent that is not there yet.
    assert people.workspace_id is not None
    made = [c for c in await whole_log(store, people.workspace_id) if c.entity == "task"]
    there: set[str] = set()
    for change in made:
        assert change.set.get("parent_id") in {None, *there}
        there.add(change.id)


def link(kind: str, direction: str, key: str) -> dict[str, Any]:
    return {"type": {"name": kind}, f"{direction}Issue": {"key": key}}


async def test_links_point_the_right_way(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    issues = [
        issue("A-1", issuelinks=[
            link("Dependency", "outward", "A-2"), link("Duplicate", "outward", "A-3"),
            link("Related", "outward", "A-4"), link("Related", "inward", "A-4"),
            link("Blocks", "inward", "A-5"), link("Sorcery", "outward", "A-5"),
            link("Related", "outward", "GONE-9"), link("Related", "outward", "A-1"),
        ]),
        issue("A-2", issuelinks=[link("Dependency", "inward", "A-1")]),
        issue("A-3", issuelinks=[link("Duplicate", "inward", "A-1")]),
        issue("A-4"),
        issue("A-5"),
    ]  # fmt: skip
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", issues))
    named = [(a[-3:], kind, b[-3:]) for a, kind, b in (await View.of(store, people)).relations()]
    assert named == [
        ("A-1", "duplicates", "A-3"),
        ("A-1", "relates_to", "A-4"),
        ("A-1", "relates_to", "A-5"),
        ("A-2", "blocks", "A-1"),
        ("A-5", "blocks", "A-1"),
    ]
    assert counts(report) == {
        "link_type": 1, "link_outside": 1, "link_self": 1, "link_one_sided": 3,
    }  # fmt: skip


async def test_blocks_make_no_circle(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    issues = [
        issue(f"A-{n}", issuelinks=[link("Blocks", "outward", f"A-{n % 3 + 1}")]) for n in (1, 2, 3)
    ]
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", issues))
    assert len((await View.of(store, people)).relations()) == 2
    assert report.findings["link_circle"].examples == ["A-3 blocks A-1"]
    again = await run(store, people, tmp_path / "a.ndjson")
    assert again.written == {}


async def test_links_have_a_past(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    made = ("Link", None, None, "A-2", "This issue depends on A-2")
    taken = ("Link", "A-2", "This issue depends on A-2", None, None)
    mirrored = ("Link", None, None, "A-1", "This issue is depended on by A-1")
    issues = [
        issue("A-1", histories=[(DAY.format(2), "ann", [made]), (DAY.format(3), "bob", [taken])]),
        issue("A-2", histories=[(DAY.format(2), "ann", [mirrored])]),
    ]
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", issues))
    assert people.workspace_id is not None
    changes = [
        (c.op, c.at, people.accounts[str(c.actor_id)].name)
        for c in await whole_log(store, people.workspace_id)
        if c.entity == "relation"
    ]
    assert changes == [("create", AT.format(2), "ann"), ("delete", AT.format(3), "bob")]
    assert counts(report) == {}


async def test_moved_issues_are_known_by_their_old_keys(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    moved = issue(
        "NEW-1", project={"key": "NEW", "name": "New home"},
        histories=[(DAY.format(2), "ann", [
            ("Project", "1", "Old home", "2", "New home"), ("Key", None, "OLD-7", None, "NEW-1"),
        ])],
    )  # fmt: skip
    child = issue("A-1", parent={"key": "OLD-7"}, issuelinks=[link("Blocks", "outward", "OLD-7")])
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", [child, moved]))
    view = await View.of(store, people)
    assert view.task("Summary of A-1")["parent"] == "Summary of NEW-1"
    assert view.relations() == [("Summary of A-1", "blocks", "Summary of NEW-1")]
    projects = [fields.get("project_id") for _, _, fields in
                await history(store, people, "Summary of NEW-1")]  # fmt: skip
    assert [view.state["project"][p]["name"] for p in projects] == ["OLD", "New home"]
    assert counts(report) == {"link_one_sided": 1}


async def test_long_and_odd_texts(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    long = "word " * 60
    issues = [
        issue("A-1", summary=long, description="rest"),
        issue("A-2", summary="tab\tnew\nline \x07bell"),
        issue("A-3", summary="  "),
        issue("A-4", summary="nul", description="a\x00b \ud83d c"),
        issue("A-5", summary="crlf", description="one\r\ntwo\r\n"),
        issue("A-6", summary="huge", description="x" * 70_000),
    ]
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", issues))
    view = await View.of(store, people)
    (cut,) = [t for t in view.state["task"].values() if t["title"].startswith("word")]
    assert len(cut["title"]) <= 200
    assert cut["title"].endswith("word…")
    assert cut["description"] == f"{long.strip()}\n\nrest"
    assert view.task("tab new line  bell")["description"] == "Text"
    assert view.task("A-3")["number"] == 3
    assert view.task("nul")["description"] == "a\ufffdb \ufffd c"
    assert view.task("crlf")["description"] == "one\r\ntwo\r\n"
    assert len(view.task("huge")["description"]) == 65_536
    assert counts(report) == {
        "long_title": 1, "empty_title": 1, "replaced_characters": 1, "long_text": 1,
    }  # fmt: skip


async def test_an_address_of_many_is_nobodys(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    def person(name: str, email: str) -> dict[str, str]:
        return {"name": name, "displayName": name.title(), "emailAddress": email}

    one = issue("A-1", reporter=person("ann", "a@example.org"), assignee=person("bob", "x@x.org"),
                creator=person("cy", "X@x.org"))  # fmt: skip
    path = write_ndjson(tmp_path / "a.ndjson", [one])
    options = JiraOptions(actor_id=people.owner, people={"bob": "bob@b.org"})
    assert people.workspace_id is not None
    report = await import_jira(store, people.workspace_id, [path], people, options)
    by_name = {account.name: account.email for account in people.accounts.values()}
    assert by_name == {
        "Owner": "owner@example.org", "Ann": "a@example.org", "Bob": "bob@b.org", "Cy": None,
    }  # fmt: skip
    assert counts(report) == {"shared_email": 1}


async def test_restricted_comments_stay_where_they_are(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    one = issue("A-1", comments=[(DAY.format(2), "ann", "all"), (DAY.format(3), "ann", "few")])
    one["comments"][1]["visibility"] = {"type": "role", "value": "Developers"}
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", [one]))
    view = await View.of(store, people)
    assert [body for _, _, body in view.comments("Summary of A-1")] == ["all"]
    assert counts(report) == {"restricted_comment": 1}


async def test_the_mapping_can_be_set(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    rules = tmp_path / "map.toml"
    rules.write_text(
        'due_time = "17:00"\n[status]\nopen = "in_progress"\n[priority]\nmajor = "urgent"\n'
        '[label]\ntype = ""\ncomponent = "C/{}"\n[link]\nblocks = "ignore"\n'
    )
    one = issue("A-1", duedate="2012-05-01", components=[{"name": "Web"}],
                issuelinks=[link("Blocks", "outward", "A-2")])  # fmt: skip
    seen: list[Any] = []

    async def announce(rows: Any) -> None:
        seen.extend(rows)

    assert people.workspace_id is not None
    await import_jira(
        store, people.workspace_id,
        [write_ndjson(tmp_path / "a.ndjson", [one, issue("A-2")])], people,
        JiraOptions(actor_id=people.owner, rules=load_mapping(rules)), announce=announce,
    )  # fmt: skip
    view = await View.of(store, people)
    task = view.task("Summary of A-1")
    assert (task["status"], task["priority"], task["labels"]) == (
        "in_progress",
        "urgent",
        ["C/Web"],
    )
    assert task["due_at"] == "2012-05-01T17:00:00.000000Z"
    assert view.relations() == []
    assert ("status", "Open / unresolved", 2, "in_progress") in [
        (row.field, row.value, row.count, row.becomes) for row in seen
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[status", "is not TOML"),
        ("[colour]", "'colour' is not known"),
        ('[status]\nOpen = "later"', "'Open' becomes one of pending, in_progress"),
        ('[label]\ntype = "x"', "type is a text with {}"),
        ('due_time = "25:00"', "due_time is a time of day"),
        ('status = "x"', "is a table of lines like"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(TideworkError) as raised:
        load_mapping(path)
    assert message in raised.value.detail


BAD_LINES = [
    ('{"key": "A-2", "fields"', "it is not JSON"),
    ("not json", "it is not JSON"),
    ("[]", "the record is a list, not an object"),
    ('{"key": "A-2"}', "fields is missing"),
    ("[" * 100_000, "it is nested too deeply"),
]


@pytest.mark.parametrize(("line", "message"), BAD_LINES)
async def test_a_bad_line_stops_everything_or_is_listed(
    store: Store, people: MemoryPeople, tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "a.ndjson"
    good = json.dumps(issue("A-1"))
    path.write_text(f"{good}\n\n{line}\n{json.dumps(issue('A-3'))}\n")
    before = await seq(store, people)
    with pytest.raises(TideworkError) as raised:
        await run(store, people, path)
    assert raised.value.detail.startswith(f"a.ndjson, line 3: {message}")
    assert raised.value.detail.endswith("--skip-bad-lines to leave such lines out.")
    assert await seq(store, people) == before

    report = await run(store, people, path, skip_bad_lines=True)
    assert report.written["tasks created"] == 2
    assert report.findings["bad_records"].examples[0].startswith(f"a.ndjson, line 3: {message}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"summary": None}, "fields.summary is missing"),
        ({"summary": ["x"]}, "fields.summary is a list, not text"),
        ({"created": None}, "fields.created is not a time that can be kept: None"),
        ({"created": "0000-01-01T00:00:00.000+0000"}, "fields.created is not a time"),
        ({"created": "9999-12-31T23:00:00.000-1400"}, "fields.created is not a time"),
        ({"created": "10000-01-01"}, "fields.created is not a time"),
        ({"created": 10**30}, "fields.created is not a time"),
        ({"duedate": "2012-02-30"}, "fields.duedate is not a date"),
        ({"status": None}, "fields.status is missing"),
        ({"status": "Open"}, "fields.status is text, not an object"),
        ({"labels": "x"}, "fields.labels is text, not a list"),
        ({"components": [5]}, "fields.components is a number, not an object"),
        ({"issuelinks": [{"type": {}}]}, "fields.issuelinks[0].type.name is missing"),
        ({"assignee": 5}, "fields.assignee is a number, not an object"),
    ],
)
async def test_wrong_shapes_name_their_place(
    store: Store, people: MemoryPeople, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = write_ndjson(tmp_path / "a.ndjson", [issue("A-1", **change)])
    with pytest.raises(TideworkError) as raised:
        await run(store, people, path)
    assert f"a.ndjson, line 1: {message}" in raised.value.detail


async def test_odd_offsets_are_kept_as_moments(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    issues = [
        issue("A-1", created="2012-03-01T10:00:00.000+1400"),
        issue("A-2", created="2012-03-01T10:00:00.000-1200"),
        issue("A-3", created=1330596000000),
        issue("A-4", created="2012-03-01T10:00:00"),
    ]
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", issues))
    view = await View.of(store, people)
    assert [view.task(f"Summary of A-{n}")["created_at"][:16] for n in (1, 2, 3, 4)] == [
        "2012-02-29T20:00", "2012-03-01T22:00", "2012-03-01T10:00", "2012-03-01T10:00",
    ]  # fmt: skip


# --- Once more, and newer -----------------------------------------------------------------


async def test_a_newer_file_adds_only_what_is_new(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    first = [(DAY.format(2), "ann", [status("Open", "In Progress")])]
    comment = (DAY.format(2), "ann", "first")
    old = issue("A-1", status={"name": "In Progress"}, histories=first, comments=[comment])
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", [old, issue("A-2")]))
    task_id = (await View.of(store, people)).task("Summary of A-1")["id"]
    # Meanwhile, here:
    await edit(store, people, task_id, title="Ours", priority="urgent")

    new = issue(
        "A-1", status={"name": "Closed"}, resolution={"name": "Fixed"}, priority={"name": "Minor"},
        description="Newer", updated="2012-04-01T10:00:00.000+0000",
        histories=[*first, (DAY.format(6), "bob", [
            status("In Progress", "Closed"), ("resolution", None, None, "1", "Fixed"),
            ("priority", None, "Major", None, "Minor"),
        ])],
        comments=[comment, (DAY.format(7), "bob", "second")],
    )  # fmt: skip
    path = write_ndjson(tmp_path / "b.ndjson", [new, issue("A-2"), issue("A-3")])
    report = await run(store, people, path)

    assert report.unchanged == 1
    assert report.written == {
        "tasks created": 1, "tasks updated": 2, "comments created": 1, "corrections": 1,
        "commits": 1,
    }  # fmt: skip
    entries = await history(store, people, "Ours")
    assert entries[-2][:2] == ("bob", AT.format(6))
    assert set(entries[-2][2]) == {"status", "priority", "completed_at"}
    assert entries[-1] == ("Owner", "2012-04-01T10:00:00.000000Z", {"description": "Newer"})
    task = (await View.of(store, people)).task("Ours")
    assert (task["status"], task["priority"], task["description"]) == ("completed", "low", "Newer")
    assert report.findings["overwritten"].examples == ["A-1: priority"]

    before = await seq(store, people)
    assert (await run(store, people, path)).written == {}
    assert await seq(store, people) == before


async def test_edited_comments_and_rewritten_changelogs(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    entry = (DAY.format(2), "ann", [status("Open", "In Progress")])
    comments = [(DAY.format(2), "ann", "one"), (DAY.format(3), "ann", "two")]
    old = issue("A-1", status={"name": "In Progress"}, histories=[entry], comments=comments)
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", [old]))

    other = (DAY.format(3), "bob", [status("Open", "Closed")])
    new = issue("A-1", status={"name": "Closed"}, histories=[other],
                comments=[(DAY.format(2), "ann", "one, edited")])  # fmt: skip
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", [new]))
    assert counts(report) == {"rewritten": 1, "comment_gone": 1}
    view = await View.of(store, people)
    assert view.task("Summary of A-1")["status"] == "completed"
    assert [c[2] for c in view.comments("Summary of A-1")] == ["one, edited", "two"]


async def test_what_was_removed_here_stays_removed(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", [issue("A-1"), issue("A-2")]))
    assert people.workspace_id is not None
    gone = (await View.of(store, people)).task("Summary of A-1")["id"]
    await store.append(
        Commit(stream_id=people.workspace_id, actor_id=people.owner, at=now(),
               changes=[Change("task", gone, "delete")])
    )  # fmt: skip
    issues = [
        issue("A-1", description="new"),
        issue("A-2", parent={"key": "A-1"}, issuelinks=[link("Blocks", "outward", "A-1")]),
    ]
    path = write_ndjson(tmp_path / "b.ndjson", issues)
    report = await run(store, people, path)
    assert counts(report) == {
        "removed": 1, "parent_outside": 1, "link_outside": 1,
    }  # fmt: skip
    before = await seq(store, people)
    await run(store, people, path)
    assert await seq(store, people) == before


async def test_a_new_parent_makes_no_circle_with_what_is_here(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", [issue("A-1"), issue("A-2")]))
    view = await View.of(store, people)
    one, two = (view.task(f"Summary of A-{n}")["id"] for n in (1, 2))
    await edit(store, people, one, parent_id=two)
    path = write_ndjson(tmp_path / "b.ndjson", [issue("A-2", parent={"key": "A-1"})])
    report = await run(store, people, path)
    assert counts(report) == {"parent_circle": 1}
    assert (await View.of(store, people)).task("Summary of A-2")["parent"] is None


async def test_labels_that_were_renamed_here_are_still_found(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    await run(store, people, write_ndjson(tmp_path / "a.ndjson", [issue("A-1")]))
    assert people.workspace_id is not None
    (label,) = (await View.of(store, people)).state["label"]
    fields = {"name": "Defect", "name_key": "defect"}
    await store.append(
        Commit(stream_id=people.workspace_id, actor_id=people.owner, at=now(),
               changes=[Change("label", label, "update", fields)])
    )  # fmt: skip
    await run(store, people, write_ndjson(tmp_path / "b.ndjson", [issue("A-2")]))
    assert (await View.of(store, people)).task("Summary of A-2")["labels"] == ["Defect"]


async def test_the_same_issue_twice(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    issues = [
        issue("A-1"), issue("A-1"), issue("A-2", summary="older"),
        issue("A-2", summary="newer", updated="2012-06-01T10:00:00.000+0000"),
    ]  # fmt: skip
    report = await run(store, people, write_ndjson(tmp_path / "a.ndjson", issues))
    assert counts(report) == {"repeated": 1, "twice": 1}
    assert (await View.of(store, people)).task("newer")["number"] == 2


async def test_a_disk_that_fills_up_says_how_to_go_on(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    path = write_ndjson(tmp_path / "a.ndjson", [issue("A-1")])

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def append(self, commit: Commit) -> Any:
            if any(change.entity == "task" for change in commit.changes):
                raise Unavailable("The disk is full; nothing was changed.", code="storage_full")
            return await store.append(commit)

    assert people.workspace_id is not None
    with pytest.raises(Unavailable) as raised:
        await import_jira(
            Full(),
            people.workspace_id,
            [path],
            people,
            JiraOptions(actor_id=people.owner),  # type: ignore[arg-type]
        )
    assert raised.value.detail == (
        "The disk is full; nothing was changed. What was imported so far stays; run the same "
        "command again to go on."
    )
