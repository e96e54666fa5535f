"""The people of a source as accounts here."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tidework.log import Operation
from tidework.store.protocol import Store
from tidework.transfer.marks import Marks
from tidework.transfer.sources import BadSource
from tidework.transfer.spool import Spool

_CHUNK = 200


class Described(Protocol):
    """What an export says about an account."""

    @property
    def name(self) -> str: ...

    @property
    def email(self) -> str | None: ...


class People(Protocol):
    """Accounts, as an import needs them; supplied by whoever composes the application."""

    async def resolve(self, name: str, display: str | None, email: str | None) -> str:
        """The account of somebody: the one with this e-mail, else an inactive placeholder.

        `name` is what the source calls them, `display` how they want to be called.
        """
        ...

    async def ensure_members(self, user_ids: Sequence[str]) -> None:
        """Make accounts members of the workspace (role editor) that are not members yet."""
        ...


class Directory(Protocol):
    """Names of accounts, for an export."""

    async def describe(self, user_ids: Sequence[str]) -> Mapping[str, Described]:
        """Name and e-mail by account; accounts that no longer exist are left out."""
        ...


def load_people(path: Path) -> dict[str, str]:
    """E-mail by name, from a file with a `name,email` a line (CSV; a header is allowed).

    Raises `BadSource`, which names the line.
    """
    found: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                cells = [cell.strip() for cell in row]
                if not any(cells) or (number == 1 and "@" not in row[-1]):
                    continue
                if len(cells) != 2 or not cells[0] or "@" not in cells[1]:
                    raise BadSource(f"{path.name}, line {number}: write it as name,e-mail.")
                if found.setdefault(cells[0], cells[1]) != cells[1]:
                    raise BadSource(
                        f"{path.name}, line {number}: {cells[0]!r} has another address above."
                    )
    except OSError as error:
        raise BadSource(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSource(f"{path} is not a CSV file in UTF-8: {error}.") from error
    return found


async def resolve_people(
    store: Store,
    marks: Marks,
    spool: Spool,
    people: People,
    mapped: Mapping[str, str],
    advance: Callable[[int], None],
) -> None:
    """Find or make the account of everybody in the spool, and note it there.

    `mapped` is e-mail by name (any alias). Who has been resolved by an earlier run keeps the account
    unless `mapped` names another one.
    """
    by_person: dict[str, str] = {}
    for alias, email in mapped.items():
        person = spool.one("SELECT id FROM people WHERE alias = ?", (alias,))
        if person is not None:
            by_person[person] = email
    rows = spool.execute(
        "SELECT DISTINCT p.id, p.display, p.email FROM people JOIN persons p ON p.id = people.id"
        " ORDER BY p.id"
    ).fetchall()
    operations: list[Operation] = []
    for person, display, email in rows:
        mark = marks.get(f"person/{person}")
        if mark is not None and person not in by_person:
            user_id = mark[0]
        else:
            user_id = await people.resolve(person, display, by_person.get(person, email))
            if mark is None or mark[0] != user_id:
                operations.append(marks.put(f"person/{person}", user_id))
        spool.execute("UPDATE persons SET user_id = ? WHERE id = ?", (user_id, person))
        advance(1)
        if len(operations) >= _CHUNK:
            await _write(store, marks, operations)
            operations = []
    if operations:
        await _write(store, marks, operations)


async def _write(store: Store, marks: Marks, operations: list[Operation]) -> None:
    await store.operate(operations)
    marks.remember(operations)
