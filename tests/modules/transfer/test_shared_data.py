"""The whole of the shared files, on each store."""

from collections import Counter
from typing import Any

import pytest
from tests.modules.transfer.conftest import people_with_workspace
from tests.modules.transfer.harness import (
    SHARED,
    View,
    assert_log_is_state,
    read_shared,
    whole_log,
)

from tidework.store.protocol import Store
from tidework.transfer import CsvOptions, JiraOptions, default_mapping, import_csv, import_jira
from tidework.transfer.csv_read import Table
from tidework.transfer.marks import MARKS
from tidework.transfer.report import ImportReport
from tidework.transfer.sources import Source
from tidework.transfer.text import moment

JIRA = "jira-duraspace.ndjson.xz"
pytestmark = [
    pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not beside the repository"),
    pytest.mark.slow,
]


async def _marks(store: Store, workspace_id: str, source: str) -> dict[str, str]:
    params: dict[str, Any] = {
        "stream_id": workspace_id, "source": source, "after": "", "limit": 100_000,
    }  # fmt: skip
    return {row[0]: row[1] for row in await store.fetch(MARKS, params)}


async def test_every_issue_ends_as_its_fields_say(any_store: Store) -> None:
    people = await people_with_workspace(any_store)
    workspace = people.workspace_id
    assert workspace is not None
    options = JiraOptions(actor_id=people.owner)

    report = await import_jira(any_store, workspace, [SHARED / JIRA], people, options)

    assert report.found["issues"] == 3036
    assert report.found["changelog entries"] == 15_140
    assert report.written["tasks created"] == 3036
    assert report.written["comments created"] == 5990
    view = await View.of(any_store, people)
    marks = await _marks(any_store, workspace, "jira")
    issues = {issue["key"]: issue for issue in read_shared(JIRA)}
    tasks = {key: view.by_id(marks[f"issue/{key}"]) for key in issues}
    titles = {key: task["title"] for key, task in tasks.items()}
    for key, issue in issues.items():
        expected = _expected(issue, titles)
        # Labels that differ in case only are one label.
        found = tasks[key] | {"labels": sorted({n.casefold() for n in tasks[key]["labels"]})}
        assert {name: found[name] for name in expected} == expected, key
    assert {task["id"] for task in tasks.values()} == set(view.state["task"])
    _assert_comments(issues, marks, view)
    assert sorted(view.relations()) == sorted(_expected_links(issues, titles))
    await assert_log_is_state(any_store, workspace)

    seq = (await any_store.seqs([workspace]))[workspace]
    again = await import_jira(any_store, workspace, [SHARED / JIRA], people, options)
    assert (again.written, again.unchanged) == ({}, 3036)
    assert (await any_store.seqs([workspace]))[workspace] == seq


def _expected(issue: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
    fields = issue["fields"]
    rules = default_mapping()
    summary, description = fields["summary"].strip(), fields["description"] or ""
    if len(summary) > 200:
        description = f"{summary}\n\n{description}" if description else summary
        summary = summary[:199].rstrip() + "…"
    resolution = (fields["resolution"] or {}).get("name")
    labels = {f"type: {fields['issuetype']['name']}", *fields["labels"]}
    labels |= {f"component: {' '.join(c['name'].split())}" for c in fields["components"]}
    labels |= {f"version: {' '.join(v['name'].split())}" for v in fields["fixVersions"]}
    status = rules.status_of(fields["status"]["name"], None, resolution)
    return {
        "title": summary,
        "description": description,
        "status": status,
        "priority": rules.priority_of(fields["priority"]["name"]),
        "due_at": f"{fields['duedate']}T12:00:00.000000Z" if fields["duedate"] else None,
        "labels": sorted({label.casefold() for label in labels}),
        "project": fields["project"]["name"],
        "parent": titles.get((fields["parent"] or {}).get("key")),
        "assignee": (fields["assignee"] or {}).get("name"),
        "created_by": fields["reporter"]["name"],
        "created_at": moment(fields["created"], ""),
        "completed_at": moment(fields["resolutiondate"], "") if status == "completed" else None,
    }


def _assert_comments(issues: dict[str, Any], marks: dict[str, str], view: View) -> None:
    expected = Counter(
        (marks[f"issue/{key}"], moment(c["created"], ""), c["author"]["name"], c["body"])
        for key, issue in issues.items()
        for c in issue["comments"]
    )
    names = {mark: id_ for mark, id_ in marks.items() if mark.startswith("person/")}
    by_user = {id_: mark.removeprefix("person/") for mark, id_ in names.items()}
    found = Counter(
        (c["task_id"], c["created_at"], by_user[c["author_id"]], c["body"])
        for c in view.state["comment"].values()
    )
    assert found == expected


def _expected_links(issues: dict[str, Any], titles: dict[str, str]) -> set[tuple[str, str, str]]:
    found = set()
    for key, issue in issues.items():
        for link in issue["fields"]["issuelinks"]:
            outward = "outwardIssue" in link
            other = link["outwardIssue" if outward else "inwardIssue"]["key"]
            if other not in issues:
                continue
            one, two = (titles[key], titles[other]) if outward else (titles[other], titles[key])
            kind = link["type"]["name"]
            if kind == "Dependency":
                found.add((two, "blocks", one))
            elif kind == "Duplicate":
                found.add((one, "duplicates", two))
            else:
                found.add((min(one, two), "relates_to", max(one, two)))
    return found


async def test_the_changelog_is_replayed_with_its_authors_and_times(store: Store) -> None:
    people = await people_with_workspace(store)
    workspace = people.workspace_id
    assert workspace is not None
    options = JiraOptions(actor_id=people.owner)
    report = await import_jira(store, workspace, [SHARED / JIRA], people, options)
    _assert_contradictions_are_counted(report)
    marks = await _marks(store, workspace, "jira")
    names = {id_: account.name for id_, account in people.accounts.items()}
    log: dict[str, list[Any]] = {}
    for change in await whole_log(store, workspace):
        log.setdefault(change.id, []).append(change)

    for issue in read_shared(JIRA):
        changes = log[marks[f"issue/{issue['key']}"]]
        assert changes[0].op == "create"
        assert changes[0].at == moment(issue["fields"]["created"], "")
        assert names[changes[0].actor_id] == issue["fields"]["creator"]["name"]
        written = [
            (names[c.actor_id], c.at, c.was["status"], c.set["status"])
            for c in changes[1:]
            if "status" in c.set
        ]
        entries = {
            (h["author"]["name"], moment(h["created"], "")) for h in issue["changelog"]["histories"]
        }
        corrections = [c for c in changes[1:] if c.actor_id == people.owner]
        assert {entry[:2] for entry in written} <= entries | {("Owner", c.at) for c in corrections}
        moved = sum(
            item["field"] == "status"
            for h in issue["changelog"]["histories"]
            for item in h["items"]
        )
        assert len(written) <= moved + len(corrections) + _resolutions(issue)


def _resolutions(issue: dict[str, Any]) -> int:
    return sum(
        item["field"] == "resolution"
        for h in issue["changelog"]["histories"]
        for item in h["items"]
    )


def _assert_contradictions_are_counted(report: ImportReport) -> None:
    counts = {kind: finding.count for kind, finding in report.findings.items()}
    assert counts["end_assignee"] == 12
    assert counts["end_resolution"] == 1
    assert counts["from_resolution"] == 8
    assert counts["parent_outside"] == 8
    assert counts["long_title"] == 4
    assert counts["not taken over: environment"] == 147
    assert all(len(f.examples) == f.count for f in report.findings.values())


@pytest.mark.parametrize(("name", "count"), [("mesos", 1680), ("usergrid", 482)])
async def test_storypoints(store: Store, name: str, count: int) -> None:
    people = await people_with_workspace(store)
    workspace = people.workspace_id
    assert workspace is not None
    path = SHARED / f"storypoints-{name}.csv.xz"
    options = CsvOptions(actor_id=people.owner)

    report = await import_csv(store, workspace, [path], people, options)

    assert report.written["tasks created"] == count
    view = await View.of(store, people)
    marks = await _marks(store, workspace, f"csv:storypoints-{name}")
    table = Table(Source(path), ImportReport())
    for row in table.rows():
        key, title, description, points = row.values
        task = view.by_id(marks[f"key/{key}"])
        assert (task["title"], task["description"]) == (title.strip(), description)
        assert task["labels"] == [f"points: {points}"]
    await assert_log_is_state(store, workspace)
    again = await import_csv(store, workspace, [path], people, options)
    assert (again.written, again.unchanged) == ({}, count)


async def test_a_cut_file_writes_nothing(store: Store, tmp_path: Any) -> None:
    people = await people_with_workspace(store)
    workspace = people.workspace_id
    assert workspace is not None
    cut = tmp_path / "cut.ndjson.xz"
    whole = (SHARED / JIRA).read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    before = (await store.seqs([workspace]))[workspace]
    with pytest.raises(
        Exception, match=r"cut\.ndjson\.xz is cut off after line \d+\. Nothing was imported; fetch"
    ):
        await import_jira(store, workspace, [cut], people, JiraOptions(actor_id=people.owner))
    assert (await store.seqs([workspace]))[workspace] == before

    options = JiraOptions(actor_id=people.owner, skip_bad_lines=True)
    report = await import_jira(store, workspace, [cut], people, options)
    assert 500 < report.written["tasks created"] < 3036
    assert report.findings["cut_off"].count == 1

    rest = await import_jira(
        store, workspace, [SHARED / JIRA], people, JiraOptions(actor_id=people.owner)
    )
    assert report.written["tasks created"] + rest.written["tasks created"] == 3036
    await assert_log_is_state(store, workspace)
