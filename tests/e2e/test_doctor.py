"""`tidework doctor` on databases that are not whole."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Command
from tests.e2e.refusal import done_well
from tests.services.stores import Database

from tidework.ids import new_id

RESTORE = "docs/operations/backup.md"
NOW = "2026-01-01T00:00:00.000000Z"


@contextmanager
def opened(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The database, to damage it."""
    with closing(sqlite3.connect(data_dir / "tidework.db", isolation_level=None)) as connection:
        yield connection


def looked(tidework: Command, *options: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """The failed checks by their names."""
    done = tidework("doctor", "--json", *options, env=env)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["ok"] else 1)
    return {check["name"]: check for check in found["checks"] if not check["ok"]}


def add_task(connection: sqlite3.Connection, title: str) -> None:
    names = [
        row[1]
        for row in connection.execute("PRAGMA table_info(tasks)")
        if row[3] and row[1] != "row"
    ]
    values: dict[str, Any] = dict.fromkeys(names, "") | {
        "stream_id": new_id(), "id": new_id(), "number": 1, "title": title, "version": 1,
        "label_ids": "[]", "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    connection.execute(
        f"INSERT INTO tasks ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        list(values.values()),
    )


@pytest.mark.parametrize("options", [[], ["--replay"]])
@pytest.mark.parametrize("name", ["sessions", "jobs", "tasks_due", "tasks_search_data"])
@pytest.mark.usefixtures("robin")
def test_damaged_pages_are_found(
    tidework: Command, data_dir: Path, name: str, options: list[str]
) -> None:
    with opened(data_dir) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [name])
        [(size,)] = connection.execute("PRAGMA page_size")
    with (data_dir / "tidework.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))
    failed = looked(tidework, *options)
    assert RESTORE in failed["database pages"]["detail"]
    assert any("btreeInitPage" in one for one in failed["database pages"]["findings"])
    assert ("search index" in failed) == (name == "tasks_search_data" and bool(options))


@pytest.mark.parametrize(
    ("fault", "missing"),
    [
        ("DROP TABLE reports", "table reports"),
        ("DROP TABLE emails", "table emails"),
        ("DROP TABLE streams", "table streams"),
        ("DROP INDEX tasks_due", "index tasks_due"),
        ("DROP TABLE tasks_search", "table tasks_search"),
        ("DROP TRIGGER tasks_search_update", "trigger tasks_search_update"),
    ],
)
@pytest.mark.usefixtures("robin")
def test_what_the_schema_lacks_is_named(
    tidework: Command, data_dir: Path, fault: str, missing: str
) -> None:
    with opened(data_dir) as connection:
        connection.execute(fault)
    for options in ([], ["--replay"]):
        schema = looked(tidework, *options)["database schema"]
        assert f"{missing} is missing" in schema["findings"]
        assert RESTORE in schema["detail"]


@pytest.mark.parametrize(
    "fault",
    [
        "INSERT INTO tasks_search (tasks_search) VALUES ('delete-all')",
        "UPDATE tasks SET title = 'Mend the nets' WHERE title = 'Mend the net'",
        "DELETE FROM tasks WHERE title = 'Mend the net'",
    ],
)
@pytest.mark.usefixtures("robin")
def test_a_search_index_of_other_tasks_is_found(
    tidework: Command, data_dir: Path, fault: str
) -> None:
    with opened(data_dir) as connection:
        for title in ("Mend the net", "Tar the boat", "Gone"):
            add_task(connection, title)
        connection.execute("DELETE FROM tasks WHERE title = 'Gone'")
        connection.execute("UPDATE tasks SET title = 'Tar both boats' WHERE title = 'Tar the boat'")
        assert "search index" not in looked(tidework, "--replay")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(fault)
        for _, sql in kept:
            connection.execute(sql)
    failed = looked(tidework, "--replay")
    assert RESTORE in failed["search index"]["detail"]
    assert "database pages" not in failed


@pytest.mark.usefixtures("robin")
def test_looking_keeps_nobody_from_writing(tidework: Command, data_dir: Path) -> None:
    with opened(data_dir) as connection:
        connection.execute("BEGIN IMMEDIATE")
        add_task(connection, "Not committed yet")
        assert looked(tidework, "--replay") == {}


@pytest.mark.usefixtures("robin")
def test_a_log_that_goes_on_too_far_ends_no_other_check(tidework: Command, data_dir: Path) -> None:
    done_well(tidework("analytics", "rebuild"))
    with opened(data_dir) as connection:
        [(stream,)] = connection.execute("SELECT stream_id FROM streams WHERE kind = 'workspace'")
        connection.execute(
            "INSERT OR REPLACE INTO inbox (stream_id, consumer, seq) VALUES (?, 'analytics', 1)",
            [stream],
        )
        connection.execute("UPDATE changes SET seq = seq + 1000 WHERE stream_id = ?", [stream])
        connection.execute("DELETE FROM user_workspaces")
    failed = looked(tidework, "--replay")
    assert set(failed) == {"workspace look-up", "replay", "statistics"}
    assert (
        f"workspace {stream}: log: the log has seq 1001, the stream is at 1"
        in (failed["replay"]["findings"])
    )
    assert failed["statistics"]["findings"] == [
        f"workspace {stream}: the log does not lead to seq 1"
    ]


def test_what_the_schema_of_postgresql_lacks_is_named(
    tidework: Command, postgres_copy: Database
) -> None:
    env = {"TIDEWORK_DATABASE_URL": postgres_copy.address}
    assert "database schema" not in looked(tidework, env=env)
    postgres_copy.execute("DROP INDEX tasks_due", "DROP TABLE reports")
    findings = looked(tidework, env=env)["database schema"]["findings"]
    assert {"tasks_due is missing", "reports is missing"} <= set(findings)
