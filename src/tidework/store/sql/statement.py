"""Queries: defined in SQLAlchemy Core, compiled to text once per shape, run by a thin driver.

A module's `queries.py` makes its statements at import, or, where filters come and go, once per set
of filters behind an `lru_cache`. A statement refuses to be made when it reads a stream's table
without naming the stream.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement, Select, operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter
from sqlalchemy.sql.selectable import Alias, CompoundSelect, FromClause
from sqlalchemy.types import JSON, Boolean, TypeEngine

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": asyncpg.dialect(),
}


class StreamlessQuery(ValueError):
    """A query on a stream's table that does not name the stream."""


class Statement:
    """A query with a name.

    `name` is what metrics call it. `heavy` says that it may take long enough to be kept off the
    event loop. `fan_out` is the reason why a query may read many streams; such queries are the
    exception (an admin's view, rebuilds, a relay).
    """

    __slots__ = ("_compiled", "element", "fan_out", "heavy", "name")

    def __init__(
        self,
        name: str,
        element: Select[Any] | CompoundSelect[Any],
        *,
        heavy: bool = False,
        fan_out: str | None = None,
    ) -> None:
        self.name = name
        self.element = element
        self.heavy = heavy
        self.fan_out = fan_out
        self._compiled: dict[str, Compiled] = {}
        if fan_out is None:
            check_streams(name, element)

    def compiled(self, dialect: str) -> "Compiled":
        """The text for a dialect; compiled at the first call, from memory afterwards."""
        found = self._compiled.get(dialect)
        if found is None:
            found = self._compiled[dialect] = Compiled(self.element, dialect)
        return found


class Compiled:
    """A statement's text for one dialect.

    `names` are its parameters in the order of the text's placeholders; `constants` those with a
    value of their own; `json` and `booleans` the positions of result columns which a driver without
    those types must decode.
    """

    __slots__ = ("booleans", "constants", "json", "names", "text")

    def __init__(self, element: ClauseElement, dialect: str) -> None:
        compiled = element.compile(dialect=DIALECTS[dialect])
        self.text = str(compiled)
        names = compiled.positiontup  # type: ignore[attr-defined]
        self.names: tuple[str, ...] = tuple(names if names is not None else ())
        self.constants: dict[str, Any] = {
            name: value for name, value in compiled.params.items() if value is not None
        }
        self.json, self.booleans = _decoded_columns(element)

    def arguments(self, params: dict[str, Any] | Any) -> list[Any]:
        """The values in the order of the placeholders. Raises KeyError for one that is missing."""
        constants = self.constants
        return [
            params[name] if name in params or name not in constants else constants[name]
            for name in self.names
        ]


def _decoded_columns(element: ClauseElement) -> tuple[tuple[int, ...], tuple[int, ...]]:
    selected: Sequence[Any] = getattr(element, "selected_columns", ())
    types: list[TypeEngine[Any]] = [column.type for column in selected]
    json = tuple(i for i, kind in enumerate(types) if isinstance(kind, JSON))
    booleans = tuple(i for i, kind in enumerate(types) if isinstance(kind, Boolean))
    return json, booleans


def check_streams(name: str, element: ClauseElement) -> None:
    """Raise `StreamlessQuery` unless every stream's table in the query is held to named streams.

    Held means: `stream_id` is compared for equality with a parameter, with a list parameter, or
    with the `stream_id` of another table that is held.
    """
    held: set[str] = set()
    used: dict[str, FromClause] = {}
    links: list[tuple[str, str]] = []
    for part in visitors.iterate(element):
        if isinstance(part, Table | Alias):
            key = _stream_key(part)
            if key is not None:
                used[key] = part
        elif isinstance(part, BinaryExpression):
            _note(part, held, links)
    # An alias is used in place of its table.
    for part in list(used.values()):
        if isinstance(part, Alias) and isinstance(part.element, Table):
            used.pop(part.element.name, None)
    for _ in links:
        for left, right in links:
            if left in held or right in held:
                held.update((left, right))
    loose = sorted(set(used) - held)
    if loose:
        raise StreamlessQuery(
            f"query {name!r} reads {', '.join(loose)} without naming the stream: compare "
            "stream_id with a parameter, or say with fan_out= why it reads many streams"
        )


def _stream_key(part: FromClause) -> str | None:
    table = part.element if isinstance(part, Alias) else part
    if not isinstance(table, Table) or not table.info.get("stream"):
        return None
    return part.name if isinstance(part, Alias) else table.name


def _note(part: BinaryExpression[Any], held: set[str], links: list[tuple[str, str]]) -> None:
    keys = [_column_key(side) for side in (part.left, part.right)]
    if keys[0] and keys[1]:
        if part.operator is operators.eq:
            links.append((keys[0], keys[1]))
    elif part.operator in (operators.eq, any_op):
        for key, other in zip(keys, (part.right, part.left), strict=True):
            if key and any(isinstance(x, BindParameter) for x in _leaves(other)):
                held.add(key)


def any_op(a: Any, b: Any) -> Any:
    """The operator of `tables.any_of`; never called."""
    raise NotImplementedError


def _column_key(side: Any) -> str | None:
    if not isinstance(side, Column) or side.key != "stream_id":
        return None
    return getattr(side.table, "name", None)


def _leaves(side: Any) -> Iterator[Any]:
    return visitors.iterate(side)
