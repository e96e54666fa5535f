"""Indexes over a part of a table are used: what is looked for time and again costs what there is of
it, not what the table holds."""

import pytest
from tests.services.stores import Database

from tidework.bus import jobs, relay, wakeups_sqlite
from tidework.notifications.queries import UNREAD_COUNT
from tidework.store.sql.statement import Statement


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (relay._PENDING, "streams_pending"),
        (jobs._DUE, "jobs_due"),
        (jobs._WAITING, "jobs_due"),
        (UNREAD_COUNT, "notifications_unread"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_the_index_is_used(database: Database, statement: Statement, index: str) -> None:
    compiled = statement.compiled(database.dialect)
    if database.dialect == "sqlite":
        (rows,) = database.execute(f"EXPLAIN QUERY PLAN {compiled.text.replace('?', '1')}")
    else:
        nothing = ", ".join("NULL" for _ in compiled.names)
        *_, rows = database.execute(
            # The pages that tests before have left empty would count.
            "VACUUM streams, jobs, notifications",
            f"PREPARE question AS {compiled.text}",
            "SET plan_cache_mode = force_generic_plan",
            # Of an empty table it would be the cheapest way.
            "SET enable_seqscan = off",
            f"EXPLAIN EXECUTE question ({nothing})",
        )
    assert index in str(rows)


def test_what_has_just_been_written_is_found_without_reading_the_log(
    sqlite_database: Database,
) -> None:
    text = wakeups_sqlite._MOVED.compiled("sqlite").text
    (rows,) = sqlite_database.execute(f"EXPLAIN QUERY PLAN {text.replace('?', '1')}")
    assert "SEARCH changes USING INTEGER PRIMARY KEY (rowid>?)" in str(rows)
