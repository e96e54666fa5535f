"""The plan that a database would follow for a query, without running it and without any values."""

import asyncio
import re
import sqlite3
from pathlib import Path

import asyncpg

from tidework.store.sql.pool import AWAY, away, connect
from tidework.store.sql.servers import Primary
from tidework.store.sql.sqlite_connection import connect as open_file
from tidework.store.sql.sqlite_connection import failure
from tidework.store.sql.statement import Statement

_PLACEHOLDER = re.compile(r"\$(\d+)")
_NAME = "tidework_explained"


async def explain_postgresql(url: str, statement: Statement) -> str:
    """The plan for any values, on a connection of its own. Raises `Unavailable`."""
    text = statement.compiled("postgresql").text
    count = max((int(number) for number in _PLACEHOLDER.findall(text)), default=0)
    call = f"({', '.join(['NULL'] * count)})" if count else ""
    primary = Primary(url)
    try:
        connection = await connect(
            primary.connect, name="tidework-explain", settings={"statement_timeout": "5000"}
        )
    finally:
        primary.close()
    try:
        # Read-only from here on: as a setting of the connection it would keep out every server,
        # where the address wishes for one that takes writes.
        async with connection.transaction(readonly=True):
            # A plan for given values would show them.
            await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            await connection.execute(f"PREPARE {_NAME} AS {text}")
            rows = await connection.fetch(f"EXPLAIN EXECUTE {_NAME}{call}")
            await connection.execute(f"DEALLOCATE {_NAME}")
    except (*AWAY, asyncpg.OperatorInterventionError) as error:
        raise away(error) from error
    finally:
        connection.terminate()
    return "\n".join(row[0] for row in rows)


async def explain_sqlite(path: Path, statement: Statement) -> str:
    """See `explain_postgresql`."""
    return await asyncio.to_thread(_explain_sqlite, path, statement)


def _explain_sqlite(path: Path, statement: Statement) -> str:
    compiled = statement.compiled("sqlite")
    connection = open_file(path, read_only=True)
    try:
        rows = connection.execute(
            f"EXPLAIN QUERY PLAN {compiled.text}", [None] * len(compiled.names)
        ).fetchall()
    except sqlite3.Error as error:
        raise failure(error) from error
    finally:
        connection.close()
    depths = {0: -1}
    lines = []
    for number, parent, _, detail in rows:
        depths[number] = depths.get(parent, -1) + 1
        lines.append("  " * depths[number] + detail)
    return "\n".join(lines)
