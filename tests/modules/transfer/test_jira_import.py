"""Importing issues written by hand: histories, parents, links, people; and what contradicts."""

from pathlib import Path
from typing import Any

import pytest
from tests.modules.transfer.harness import (
    MemoryPeople,
    View,
    issue,
    whole_log,
    write_ndjson,
)
from tests.modules.transfer.jira_harness import AT, DAY, counts, history, link, run, status

from tidework.store.protocol import Store
from tidework.transfer import JiraOptions, import_jira, load_mapping


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
