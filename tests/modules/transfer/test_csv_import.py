"""CSV files as people's programs write them."""

import lzma
from pathlib import Path
from typing import Any

import pytest
from tests.modules.transfer.harness import MemoryPeople, View, assert_log_is_state

from tidework.errors import TideworkError
from tidework.log import Change, Commit
from tidework.store.protocol import Store
from tidework.times import now
from tidework.transfer import CsvOptions, ImportReport, import_csv, load_people


async def run(store: Store, people: MemoryPeople, path: Path, **options: Any) -> ImportReport:
    assert people.workspace_id is not None
    chosen = CsvOptions(actor_id=people.owner, **options)
    report = await import_csv(store, people.workspace_id, [path], people, chosen)
    await assert_log_is_state(store, people.workspace_id)
    return report


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


async def seq(store: Store, people: MemoryPeople) -> int:
    assert people.workspace_id is not None
    return (await store.seqs([people.workspace_id]))[people.workspace_id]


FULL = (
    "Issue Key;Summary;Description;Status;Priority;Due Date;Labels;Labels;Assignee;Project;"
    "Story Points;Created;Issue Type\n"
    'X-1;"First; with ""quotes""";"two\nlines";In Progress;High;2024-05-01;ui;api;ann@example.org;'
    "Web;5.0;2024-01-02T03:04:05+02:00;Bug\n"
    "X-2;Second;;Done;;;;;bob;;;;\n"
)


async def test_a_row_is_a_task(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", FULL)
    report = await run(store, people, path)
    view = await View.of(store, people)
    first = view.task('First; with "quotes"')
    assert first["description"] == "two\nlines"
    assert (first["status"], first["priority"]) == ("in_progress", "high")
    assert first["due_at"] == "2024-05-01T12:00:00.000000Z"
    assert first["labels"] == ["api", "points: 5", "type: Bug", "ui"]
    assert (first["assignee"], first["project"]) == ("ann@example.org", "Web")
    assert first["created_at"] == "2024-01-02T01:04:05.000000Z"
    second = view.task("Second")
    assert (second["status"], second["priority"], second["assignee"]) == (
        "completed", "medium", "bob",
    )  # fmt: skip
    assert second["completed_at"] == second["created_at"]
    assert report.written["tasks created"] == 2
    assert len(view.state["member"]) == 3

    before = await seq(store, people)
    assert (await run(store, people, path)).unchanged == 2
    assert await seq(store, people) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comma", "title,points\nä,1\nb,2\n".encode()),
        ("semicolon", "title;points\nä;1\nb;2\n".encode()),
        ("tab", "title\tpoints\nä\t1\nb\t2\n".encode()),
        ("bar", "title|points\nä|1\nb|2".encode()),
        ("mark", "\ufefftitle,points\nä,1\nb,2\n".encode()),
        ("crlf", "title,points\r\nä,1\r\n\r\n,\r\nb,2\r\n".encode()),
        ("quoted", '"title","points"\n"ä","1"\n"b","2"\n'.encode()),
        ("utf-16", "title,points\nä,1\nb,2\n".encode("utf-16")),
        ("utf-16-be", "\ufefftitle,points\nä,1\nb,2\n".encode("utf-16-be")),
        ("cp1252", "title,points\nä,1\nb,2\n".encode("cp1252")),
        ("xz", lzma.compress("title,points\nä,1\nb,2\n".encode())),
    ],
)
async def test_dialects(
    store: Store, people: MemoryPeople, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    report = await run(store, people, path)
    view = await View.of(store, people)
    assert view.task("ä")["labels"] == ["points: 1"]
    assert view.task("b")["labels"] == ["points: 2"]
    assert ("not_utf8" in report.findings) == (name == "cp1252")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("title,x\n\n ,\n", "There is no row below the header of a.csv; nothing was imported."),
        ("Title,x,title\na,1,b\n", "a.csv has 2 columns 'Title', and it is not known which"),
        ("title,due,due\na,,\n", "has 2 columns 'due', and it is not known which is the due_at"),
        ("a,b\n1,2\n", "no column is the title; say which: --column title=COLUMN. There are: a, b"),
        ("title,x\na,b\nc\n", "line 3: it has 1 fewer values than the header"),
        ("title,x\na,b,c\n", "line 2: it has 1 more values than the header"),
        ('title,x\n"a\nb",1\n"c,2\n', "the row that begins on line 4 has no end"),
        ('title,x\n"a\nb",1\n ,2\n', "line 4: its title is empty"),
        ("title,due\na,2024-02-30\n", "line 2: its due date is not a date"),
        ("title,due\na,soon\n", "line 2: its due date is not a time"),
        ("title,created\na,0000-01-01\n", "line 2: its creation date is not a time"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_written(
    store: Store, people: MemoryPeople, tmp_path: Path, text: str, message: str
) -> None:
    path = write(tmp_path / "a.csv", text)
    before = await seq(store, people)
    with pytest.raises(TideworkError) as raised:
        await run(store, people, path)
    assert message in raised.value.detail
    assert await seq(store, people) == before


async def test_bad_rows_can_be_listed_instead(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", 'title,x\na,1\n"b\nc",2\nd\n ,3\ne,5\n')
    report = await run(store, people, path, skip_bad_lines=True)
    assert report.findings["bad_records"].examples == [
        "a.csv, line 5: it has 1 fewer values than the header",
        "a.csv, line 6: its title is empty",
    ]
    titles = {task["title"] for task in (await View.of(store, people)).state["task"].values()}
    assert titles == {"a", "b c", "e"}


async def test_columns_can_be_named(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Nr,Was,Title\n7,do it,not this\n")
    await run(store, people, path, columns={"title": "was", "key": "Nr", "description": "Title"})
    task = (await View.of(store, people)).task("do it")
    assert task["description"] == "not this"
    for columns, message in (
        ({"title": "Wann"}, "has no column 'Wann'. There are: Nr, Was, Title."),
        ({"colour": "Was"}, "there is no such field. There are: key, title,"),
    ):
        with pytest.raises(TideworkError) as raised:
            await run(store, people, path, columns=columns)
        assert message in raised.value.detail


async def test_the_same_key_and_the_same_row_twice(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    keyed = write(tmp_path / "a.csv", "key,title\n1,a\n1,a\n2,b\n2,c\n")
    report = await run(store, people, keyed)
    assert {k: f.count for k, f in report.findings.items()} == {"repeated": 1, "twice": 1}
    # Without keys two rows are two tasks, however alike.
    plain = write(tmp_path / "b.csv", "title\nx\nx\n")
    await run(store, people, plain)
    titles = [task["title"] for task in (await View.of(store, people)).state["task"].values()]
    assert sorted(titles) == ["a", "b", "x", "x"]
    assert (await run(store, people, plain)).unchanged == 2


async def test_a_newer_file_changes_what_differs_in_it(
    store: Store, people: MemoryPeople, tmp_path: Path
) -> None:
    header = "key,title,description,status,points\n"
    path = write(tmp_path / "a.csv", header + "1,a,old,open,1\n2,b,,open,1\n")
    await run(store, people, path)
    view = await View.of(store, people)
    assert people.workspace_id is not None
    change = Change(
        "task", view.task("a")["id"], "update", {"title": "ours", "status": "cancelled"}
    )
    await store.append(
        Commit(stream_id=people.workspace_id, actor_id=people.owner, at=now(), changes=[change])
    )
    write(path, header + "1,a,new,done,1\n2,b,,open,1\n3,c,,open,2\n")
    report = await run(store, people, path)
    task = (await View.of(store, people)).task("ours")
    assert (task["description"], task["status"]) == ("new", "completed")
    assert task["completed_at"] is not None
    assert report.written == {"tasks created": 1, "tasks updated": 1, "labels created": 1,
                              "commits": 1}  # fmt: skip
    assert report.unchanged == 1
    assert report.findings["overwritten"].examples == ["1: status"]


async def test_long_texts(store: Store, people: MemoryPeople, tmp_path: Path) -> None:
    long = "word " * 50
    path = write(tmp_path / "a.csv", f"title,description\n{long},rest\nhuge,{'x' * 70_000}\n")
    report = await run(store, people, path)
    view = await View.of(store, people)
    (cut,) = [t for t in view.state["task"].values() if t["title"].endswith("…")]
    assert cut["description"] == f"{long.strip()}\n\nrest"
    assert len(view.task("huge")["description"]) == 65_536
    assert {k: f.count for k, f in report.findings.items()} == {"long_title": 1, "long_text": 1}


def test_people_files(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", '\ufeffname,email\nann,ann@x.org\n\n"B, C",bc@x.org\n')
    assert load_people(path) == {"ann": "ann@x.org", "B, C": "bc@x.org"}
    for text, message in (
        ("ann,ann@x.org\nbob\n", r"p\.csv, line 2: write it as name,e-mail"),
        ("ann,ann@x.org\nbob,nowhere\n", r"p\.csv, line 2"),
    ):
        with pytest.raises(TideworkError, match=message):
            load_people(write(path, text))
    with pytest.raises(TideworkError, match="cannot be read"):
        load_people(tmp_path / "none")
