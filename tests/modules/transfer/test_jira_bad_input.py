"""Issues that are broken, odd or hostile."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.modules.transfer.harness import (
    MemoryPeople,
    View,
    issue,
    write_ndjson,
)
from tests.modules.transfer.jira_harness import (
    counts,
    run,
    seq,
)

from tidework.errors import TideworkError, Unavailable
from tidework.log import Commit
from tidework.store.protocol import Store
from tidework.transfer import JiraOptions, import_jira, load_mapping


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
        "The disk is full. What was imported before stays; run the same command again to go on."
    )
