"""Importing once more: the same, newer, or after changes here."""

from pathlib import Path

from tests.modules.transfer.harness import (
    MemoryPeople,
    View,
    issue,
    write_ndjson,
)
from tests.modules.transfer.jira_harness import (
    AT,
    DAY,
    counts,
    edit,
    history,
    link,
    run,
    seq,
    status,
)

from tidework.log import Change, Commit
from tidework.store.protocol import Store
from tidework.times import now


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
