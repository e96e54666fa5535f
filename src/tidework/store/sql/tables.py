"""Constructs that the databases spell differently."""

from typing import Any, cast
from unicodedata import normalize

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Integer,
    String,
    Text,
    bindparam,
    literal_column,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement

from tidework.store.sql.terms import spaced

_UUID = String(36).with_variant(UUID(as_uuid=False), "postgresql")
_UUIDS = ARRAY(_UUID)
_TEXTS = ARRAY(Text())
_NUMBERS = ARRAY(BigInteger())


class AnyOf(ColumnElement[bool]):
    """`column` is one of a list parameter's values: one text, however long the list."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        kind: ARRAY[Any] = _UUIDS
        if isinstance(column.type, Text):
            kind = _TEXTS
        elif isinstance(column.type, Integer):
            kind = _NUMBERS
        self.values = bindparam(name, type_=kind)

    def get_children(self, **_: Any) -> Any:
        """The parts, for whoever walks over a query."""
        return (self.column, self.values)

    def self_group(self, against: Any = None) -> "AnyOf":
        """Itself: it is a condition already and needs no `= 1` around it."""
        return self


class HasAny(AnyOf):
    """The JSON list in `column` has one of a list parameter's values."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, name)
        self.values = bindparam(name, type_=_TEXTS)


class Matches(ColumnElement[bool]):
    """A task of the parameter `stream_id` matches a full-text query, made by `search_text`."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, name: str) -> None:
        self.query = bindparam(name, type_=Text())
        self.stream = bindparam("stream_id", type_=_UUID)

    def get_children(self, **_: Any) -> Any:
        """The parts, for whoever walks over a query."""
        return (self.query, self.stream)

    def self_group(self, against: Any = None) -> "Matches":
        """Itself: it is a condition already and needs no `= 1` around it."""
        return self


class Day(ColumnElement[str]):
    """The UTC day of a time, as `YYYY-MM-DD`."""

    inherit_cache = False
    type = Text()

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column

    def get_children(self, **_: Any) -> Any:
        """The parts, for whoever walks over a query."""
        return (self.column,)


def any_of(column: ColumnElement[Any], name: str) -> AnyOf:
    """`column` is one of the values of the list parameter `name`."""
    return AnyOf(column, name)


@compiles(AnyOf, "postgresql")
def _any_postgresql(element: AnyOf, compiler: SQLCompiler, **kw: Any) -> str:
    return (
        f"{compiler.process(element.column, **kw)} = ANY ({compiler.process(element.values, **kw)})"
    )


@compiles(AnyOf)
def _any_default(element: AnyOf, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.column, **kw)
    return f"{column} IN (SELECT value FROM json_each({compiler.process(element.values, **kw)}))"


@compiles(HasAny, "postgresql")
def _has_postgresql(element: HasAny, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} ?| {compiler.process(element.values, **kw)}"


@compiles(HasAny)
def _has_default(element: HasAny, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.column, **kw)
    values = compiler.process(element.values, **kw)
    return (
        f"EXISTS (SELECT 1 FROM json_each({column}) had JOIN json_each({values}) wanted"
        " ON had.value = wanted.value)"
    )


@compiles(Matches, "postgresql")
def _matches_postgresql(element: Matches, compiler: SQLCompiler, **kw: Any) -> str:
    stream, query = compiler.process(element.stream, **kw), compiler.process(element.query, **kw)
    return f"tasks.search @@ tidework_query({stream}, {query})"


@compiles(Matches)
def _matches_default(element: Matches, compiler: SQLCompiler, **kw: Any) -> str:
    query = compiler.process(element.query, **kw)
    return f"tasks.row IN (SELECT rowid FROM tasks_search WHERE tasks_search MATCH {query})"


@compiles(Day, "postgresql")
def _day_postgresql(element: Day, compiler: SQLCompiler, **kw: Any) -> str:
    return f"to_char({compiler.process(element.column, **kw)} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


@compiles(Day)
def _day_default(element: Day, compiler: SQLCompiler, **kw: Any) -> str:
    return f"substr({compiler.process(element.column, **kw)}, 1, 10)"


def literally(value: str) -> ColumnElement[str]:
    """A constant in the text of a query, not beside it.

    An index over a part of a table (`WHERE state = 'waiting'`) is used only for a condition in its
    own words: of a parameter neither database can tell whether it names that part.
    """
    return literal_column(f"'{value}'", Text())


def holds(column: ColumnElement[bool]) -> ColumnElement[Any]:
    """That a boolean column is true, in the words of an index over its part of the table."""
    return literal_column(f"{cast(Any, column).table.name}.{cast(Any, column).name}", Integer())


def search_text(dialect: str, stream_id: str, words: list[str]) -> str:
    """The parameter of `Matches`: every word must begin a word of the title or description.

    `words` are letters and digits only, so that nothing in them is query syntax. Texts are kept as
    they are given, composed (NFC) or decomposed (NFD), so a word is looked for in both forms.
    PostgreSQL makes small letters of those that its locale knows, one by one; a word is looked for
    as it is given, in lower case, and as it was kept.
    """
    forms = [sorted({normalize("NFC", word), normalize("NFD", word)}) for word in words]
    if dialect == "postgresql":
        forms = [
            sorted({*either, *map(str.lower, either), *map(spaced, either)}) for either in forms
        ]
        return " & ".join(_either(" | ", [f"'{one}':*" for one in either]) for either in forms)
    terms = " AND ".join(_either(" OR ", [f'"{one}"*' for one in either]) for either in forms)
    return f'stream : "{stream_id.replace("-", "")}" AND {{title description}} : ({terms})'


def _either(operator: str, terms: list[str]) -> str:
    return f"({operator.join(terms)})"
