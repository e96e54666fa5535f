"""Queries: defined in SQLAlchemy Core, compiled to text once per shape, run by a thin driver.

A module's `queries.py` makes its statements at import, or, where filters come and go, once per set
of filters behind an `lru_cache`. A statement that reads a stream's table without naming the stream
has no text: it cannot be run.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement, Select
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.types import JSON, Boolean, TypeEngine

from tidework.store.sql.scope import StreamlessQuery, check_streams
from tidework.store.sql.sharing import for_many_on_postgresql, for_many_on_sqlite

__all__ = [
    "DIALECTS",
    "Compiled",
    "Statement",
    "StreamlessQuery",
    "check_streams",
]

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": asyncpg.dialect(),  # type: ignore[no-untyped-call]
}


class Statement:
    """A query with a name.

    `name` is what metrics call it. `heavy` says that it may take long enough to be kept off the
    event loop. `fan_out` is the reason why a query may read many streams; such queries are the
    exception (an admin's view, rebuilds, a relay). One that is `shared` may be asked for many
    callers in one query: it must be a plain join, be quick, and have a row at most.
    """

    __slots__ = ("_compiled", "element", "fan_out", "heavy", "name", "shared")

    def __init__(
        self,
        name: str,
        element: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]],
        *,
        heavy: bool = False,
        fan_out: str | None = None,
        shared: bool = False,
    ) -> None:
        self.name = name
        self.element = element
        self.heavy = heavy
        self.fan_out = fan_out
        self.shared = shared
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, dialect: str) -> "Compiled":
        """The text for a dialect; compiled at the first call, from memory afterwards.

        Raises `StreamlessQuery` when it reads a stream's table without naming the stream.
        """
        found = self._compiled.get(dialect)
        if found is None:
            # Here, since most commands run few of all the statements that they import.
            if self.fan_out is None:
                check_streams(self.name, self.element)
            found = self._compiled[dialect] = Compiled(self.element, dialect)
        return found


class Compiled:
    """A statement's text for one dialect.

    `names` are its parameters in the order of the text's placeholders; `constants` those with a
    value of their own; `json` and `booleans` the positions of result columns which a driver without
    those types must decode.
    """

    __slots__ = ("_dialect", "_element", "_many", "booleans", "constants", "json", "names", "text")

    def __init__(self, element: ClauseElement, dialect: str) -> None:
        compiled = element.compile(dialect=DIALECTS[dialect])
        self.text = str(compiled)
        self._dialect = dialect
        self._element = element
        self._many: str | None = None
        names = compiled.positiontup  # type: ignore[attr-defined]
        self.names: tuple[str, ...] = tuple(names if names is not None else ())
        self.constants: dict[str, Any] = {
            name: value for name, value in compiled.params.items() if value is not None
        }
        self.json, self.booleans = _decoded_columns(element)

    def arguments(self, params: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the placeholders. Raises KeyError for one that is missing."""
        constants = self.constants
        return [
            params[name] if name in params or name not in constants else constants[name]
            for name in self.names
        ]

    def many(self) -> str:
        """The text that answers many questions, each from the same snapshot.

        See `sharing` for its parameters and rows.
        """
        if self._many is None:
            if self._dialect == "sqlite":
                select = cast("Select[Any]", self._element)
                self._many = for_many_on_sqlite(select, self.names, DIALECTS["sqlite"])
            else:
                self._many = for_many_on_postgresql(self.text, len(self.names))
        return self._many


def _decoded_columns(element: ClauseElement) -> tuple[tuple[int, ...], tuple[int, ...]]:
    selected: Sequence[Any] = getattr(element, "selected_columns", ())
    types: list[TypeEngine[Any]] = [column.type for column in selected]
    json = tuple(i for i, kind in enumerate(types) if isinstance(kind, JSON))
    booleans = tuple(i for i, kind in enumerate(types) if isinstance(kind, Boolean))
    return json, booleans
