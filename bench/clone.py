"""Many accounts in seconds: a few made through the API, the others as their twins.

A twin has every row of the first one's streams, log and state alike, with the end of each id
replaced; so its log folds to its state as that of the first does, and `tidework doctor --replay`
agrees. Only statistics are left out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

import asyncpg
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from bench.tidework import DOMAIN, ISSUER, TOKEN_SECONDS, Account, Installation
from tidework.auth.access import AccessTokens
from tidework.auth.keys import KeySet
from tidework.store.sql.schema import metadata

# What there is one of, or what nobody's data is in.
_LEFT = frozenset({"installation", "audit", "idempotency"})
# Statistics, whose ids are derived: twins have none until they are counted again.
_COUNTED = "analytics_"
_MADE_HERE = "-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{4}"
_DIALECT = postgresql.dialect()


async def twins(url: str, count: int) -> None:
    """Give everything in the database `count` twins, in one transaction."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            for table in metadata.sorted_tables:
                if table.name not in _LEFT and not table.name.startswith(_COUNTED):
                    await connection.execute(insert(table, count))
    finally:
        await connection.close()


def insert(table: Table, count: int) -> str:
    """The statement that doubles a table's rows `count` times."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(_value(column) for column in table.columns)
    return (
        f'INSERT INTO "{table.name}" ({names}) SELECT {values} FROM "{table.name}" one'
        f" CROSS JOIN LATERAL (SELECT lpad(to_hex(n), 8, '0') AS mark, '-' || n || '@{DOMAIN}' AS"
        f" at FROM generate_series(1, {count}) n) twin"
    )


def _value(column: Column[object]) -> str:
    name = f'one."{column.name}"'
    kind = str(column.type.compile(_DIALECT))
    if kind == "UUID":
        return f"overlay({name}::text PLACING twin.mark FROM 29)::uuid"
    if kind == "JSONB":
        ids = f"'([0-9a-f]{{8}}-[0-9a-f]{{4}}{_MADE_HERE})[0-9a-f]{{8}}'"
        text = f"regexp_replace({name}::text, {ids}, '\\1' || twin.mark, 'g')"
        return f"replace({text}, '@{DOMAIN}', twin.at)::jsonb"
    if column.name == "email":
        return f"replace({name}, '@{DOMAIN}', twin.at)"
    return name


def twin_id(one: str, number: int) -> str:
    """The id that the twin of that number has in place of `one`."""
    return f"{one[:28]}{number:08x}"


def twin_accounts(installation: Installation, numbers: Iterable[int]) -> list[Account]:
    """The twins of the accounts, each logged in by the session that it has from the first one."""
    keys = KeySet.from_file(installation.folder / "signing-keys.json")
    tokens = AccessTokens(keys, ISSUER, TOKEN_SECONDS)
    made = []
    for number in numbers:
        for one in installation.accounts:
            said = claims(one.token)
            token = tokens.issue(twin_id(said["sub"], number), twin_id(said["sid"], number))
            tasks = [twin_id(task, number) for task in one.tasks]
            workspace = twin_id(one.workspace, number)
            made.append(Account(token, one.bodies, workspace, tasks, twin_of=one))
    return made


def claims(token: str) -> dict[str, str]:
    """What an access token says, unverified."""
    part = token.split(".")[1]
    found: dict[str, str] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found
