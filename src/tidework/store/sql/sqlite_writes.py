"""Rows that wait to be written on SQLite, so that many go out in few statements.

Between two statements the writer's thread gives Python's lock away and waits to get it back, which
on a busy event loop costs more than the statement.
"""

import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

from tidework.log import Values
from tidework.store.sql.rows import Shape

_MOST = 32
_VALUES = " VALUES "
T = TypeVar("T")


class Writes:
    """Collects writes, and executes them in the order of their asking within each table.

    Between tables there is no order: none refers to another.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tables: dict[str, list[tuple[Shape, list[Any]]]] = {}

    def add(self, table: str, shape: Shape, values: Values) -> None:
        """Have `shape` executed with `values` at the next `flush`."""
        self._join(table, shape, [[values[name] for name in shape.names]])

    def take(self, other: "Writes") -> None:
        """Move what `other` has collected behind what is here."""
        for table, theirs in other._tables.items():
            for shape, rows in theirs:
                self._join(table, shape, rows)
        other._tables = {}

    def _join(self, table: str, shape: Shape, rows: list[Any]) -> None:
        runs = self._tables.setdefault(table, [])
        if runs and runs[-1][0] is shape:
            runs[-1][1].extend(rows)
        else:
            runs.append((shape, rows))

    def flush(self) -> None:
        """Execute what waits. Raises what SQLite, or the binding of a value, fails with."""
        tables, self._tables = self._tables, {}
        for runs in tables.values():
            for shape, rows in runs:
                if shape.is_insert:
                    self._insert(shape.text, rows)
                else:
                    self._connection.executemany(shape.text, rows)

    def _insert(self, text: str, rows: list[Any]) -> None:
        for part in portions(rows):
            values = [value for row in part for value in row]
            self._connection.execute(_several(text, len(part)), values)


def portions(rows: list[T]) -> Iterator[list[T]]:
    """The rows in portions of few different sizes, each the size of a statement that is prepared once."""
    begin, size = 0, _MOST
    while begin < len(rows):
        while begin + size > len(rows):
            size //= 2
        yield rows[begin : begin + size]
        begin += size


@lru_cache(maxsize=512)
def _several(text: str, count: int) -> str:
    """An INSERT of one row as one of `count` rows, which meet what is there one after the other."""
    head, _, rest = text.partition(_VALUES)
    row, end, conflict = rest.partition(")")
    return f"{head}{_VALUES}{', '.join([row + end] * count)}{conflict}"
