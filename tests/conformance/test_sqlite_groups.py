"""SQLite writes a group of commits in few statements; what comes of it is what came of one by one."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.commits import CREATED, commit, label_fields, task_fields, workspace_fields

from tidework.errors import TideworkError
from tidework.log import Change, Commit, Committed, Expect, IdempotencyKey, Operation
from tidework.store.committer import Item, Outcome
from tidework.store.sql.sqlite_connection import connect
from tidework.store.sql.sqlite_header import header_of
from tidework.store.sql.sqlite_writer import SqliteWriter

STREAMS = [f"00000000-0000-7000-8000-00000000000{n}" for n in range(3)]
IDS = [f"00000000-0000-7000-8000-0000000000a{n}" for n in range(3)]
TABLES = ("streams", "changes", "workspaces", "tasks", "labels", "idempotency", "inbox")
LONG_AGO, LATER = "2000-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"


def begun(stream: str) -> Commit:
    return commit(
        stream,
        Change("workspace", stream, "create", workspace_fields()),
        creates="workspace",
        at=CREATED,
    )


ids = st.sampled_from(IDS)
titles = st.sampled_from(["Mend", "the boat", "ü\u0301", "half \ud800", "nul \0"])
numbers = st.sampled_from([None, 3, 2**63])
changes = st.one_of(
    st.builds(
        lambda id, title, number: Change(
            "task", id, "create", task_fields(title=title, number=number)
        ),
        ids, titles, numbers,
    ),
    st.builds(lambda id, title: Change("task", id, "update", {"title": title}), ids, titles),
    st.builds(lambda id: Change("task", id, "delete"), ids),
    st.builds(
        lambda id, name: Change("label", id, "create", label_fields(name)),
        ids, st.sampled_from(["Tide", "tide", "Ebb"]),
    ),
    st.builds(lambda id: Change("label", id, "delete"), ids),
)  # fmt: skip
expects = st.one_of(
    st.builds(lambda id: Expect("task", id, absent=True), ids),
    st.builds(
        lambda id, version: Expect(
            "task", id, {"version": [version]}, error=TideworkError("moved", code="moved")
        ),
        ids, st.integers(1, 4),
    ),
)  # fmt: skip
keys = st.builds(
    IdempotencyKey,
    scope=st.just("me"),
    key=st.sampled_from(["once", "twice"]),
    fingerprint=st.just("f"),
    expires_at=st.sampled_from([LONG_AGO, LATER]),
)
PLACE = {"stream_id": STREAMS[0], "consumer": "tests"}
operations = st.one_of(
    st.builds(lambda seq: Operation("inbox", "upsert", PLACE, {"seq": seq}), st.integers(0, 9)),
    st.builds(lambda seq: Operation("inbox", "insert", PLACE, {"seq": seq}), st.integers(0, 9)),
    st.builds(
        lambda seq: Operation("inbox", "update", PLACE, {"seq": seq}, rows=1), st.integers(0, 9)
    ),
    st.just(Operation("inbox", "delete", PLACE)),
)
commits = st.builds(
    lambda stream, made, **options: commit(stream, *made, at=CREATED, **options),
    st.sampled_from(STREAMS),
    st.lists(changes, min_size=1, max_size=3),
    creates=st.sampled_from([None, None, None, "workspace"]),
    base_seq=st.sampled_from([None, None, 1, 2]),
    expects=st.lists(expects, max_size=1),
    operations=st.lists(operations, max_size=1),
    idempotency=st.one_of(st.none(), keys),
)
items = st.one_of(commits, commits, commits, st.lists(operations, min_size=1, max_size=2))


class File:
    """A database of its own, and a writer."""

    def __init__(self, path: Path, migrated: Path) -> None:
        shutil.copyfile(migrated, path)
        self.connection = connect(path)
        self.writer = SqliteWriter(self.connection, header_of(path))
        for stream in STREAMS[:2]:
            self.writer.write([begun(stream)])

    def rows(self) -> dict[str, list[Any]]:
        found = {}
        for table in TABLES:
            cursor = self.connection.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            kept = [i for i, name in enumerate(names) if name not in ("row", "commit_id")]
            found[table] = sorted(repr([row[i] for i in kept]) for row in cursor)
        found["search"] = sorted(
            self.connection.execute(
                "SELECT t.id FROM tasks_search s JOIN tasks t ON t.row = s.rowid"
                " WHERE tasks_search MATCH 'title : mend'"
            )
        )
        return found


@contextmanager
def files(folder: Path, migrated: Path) -> Iterator[tuple[File, File, File]]:
    made = tuple(File(folder / f"{n}.db", migrated) for n in range(3))
    yield made  # type: ignore[misc]
    for file in made:
        file.writer.close()


def shown(outcome: Outcome) -> object:
    if isinstance(outcome, Committed):
        return outcome.seq, outcome.changes, outcome.after
    if isinstance(outcome, BaseException):
        return type(outcome), str(outcome)
    return outcome


def one_by_one(file: File, group: Sequence[tuple[int, Item]]) -> dict[int, object]:
    return {place: shown(file.writer.write([item])[0]) for place, item in group}


@settings(max_examples=max(60, settings().max_examples // 2))
@given(group=st.lists(items, min_size=2, max_size=8))
def test_what_is_written_together_is_what_is_written_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, group: list[Item]
) -> None:
    folder = tmp_path_factory.mktemp("group")
    placed = list(enumerate(group))
    # Commits keep their order; what is no commit may come after them.
    commits_first = sorted(placed, key=lambda pair: not isinstance(pair[1], Commit))
    with files(folder, migrated_file) as (together, in_order, reordered):
        outcomes = {place: shown(o) for place, o in enumerate(together.writer.write(group))}
        found = (outcomes, together.rows())
        expected = (one_by_one(in_order, placed), in_order.rows())
        if found != expected:
            assert found == (one_by_one(reordered, commits_first), reordered.rows())
    shutil.rmtree(folder)


def test_a_group_is_a_few_statements(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copyfile(migrated_file, tmp_path / "t.db")
    connection = connect(tmp_path / "t.db")
    writer = SqliteWriter(connection, header_of(tmp_path / "t.db"))
    writer.write([begun(STREAMS[0])])
    # A set, as what a trigger does is told under the text of the statement that set it off.
    statements: set[str] = set()
    connection.set_trace_callback(statements.add)
    created = [
        commit(STREAMS[0], Change("task", f"{n:036}", "create", task_fields())) for n in range(32)
    ]
    outcomes = writer.write(created)
    connection.set_trace_callback(None)
    assert [outcome.seq for outcome in outcomes if isinstance(outcome, Committed)] == [
        *range(2, 34)
    ]
    assert len(statements) < len(created), statements
    writer.close()


def test_commits_of_a_stream_keep_their_order(tmp_path: Path, migrated_file: Path) -> None:
    file = File(tmp_path / "t.db", migrated_file)
    # The first one's entity changes twice, so that it cannot wait for the second.
    changes = [[Change("task", IDS[0], "create", task_fields())] for _ in range(2)]
    changes[0].append(Change("task", IDS[0], "update", {"title": "Mended"}))
    changes[1] = [Change("task", IDS[1], "create", task_fields())]
    group = [commit(STREAMS[0], *made, base_seq=n + 1) for n, made in enumerate(changes)]
    outcomes = file.writer.write(group)
    file.writer.close()
    assert [o.seq for o in outcomes if isinstance(o, Committed)] == [2, 3]


def test_a_key_is_remembered_within_a_group(tmp_path: Path, migrated_file: Path) -> None:
    file = File(tmp_path / "t.db", migrated_file)
    key = IdempotencyKey(scope="me", key="once", fingerprint="f", expires_at=LATER)
    twice = [
        commit(STREAMS[0], Change("task", id, "create", task_fields()), idempotency=key)
        for id in IDS[:2]
    ]
    outcomes = file.writer.write(twice)
    file.writer.close()
    assert isinstance(outcomes[0], Committed)
    assert "idempotency_pkey" in repr(outcomes[1])


def test_one_that_cannot_be_written_does_not_take_the_others_with_it(
    tmp_path: Path, migrated_file: Path
) -> None:
    file = File(tmp_path / "t.db", migrated_file)
    same = [Change("label", id, "create", label_fields("Tide")) for id in IDS[:2]]
    outcomes = file.writer.write([commit(STREAMS[0], change) for change in same])
    file.writer.close()
    assert isinstance(outcomes[0], Committed)
    assert "labels_name" in repr(outcomes[1])


def test_a_file_that_may_not_be_written_fails_all(tmp_path: Path, migrated_file: Path) -> None:
    file = File(tmp_path / "t.db", migrated_file)
    file.connection.execute("PRAGMA query_only=1")
    outcomes = file.writer.write([begun(STREAMS[2]), begun(STREAMS[2])])
    assert [getattr(outcome, "code", None) for outcome in outcomes] == ["storage_unwritable"] * 2
    assert not file.connection.in_transaction
    file.writer.close()
