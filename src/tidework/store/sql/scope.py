"""Whether a query keeps to the streams that it names.

Looks at one SELECT at a time: each stream's table that it reads, alone, aliased or joined, must be
held to streams by that SELECT's own conditions. What a query inside or beside it holds does not help.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.sql import ClauseElement, Select, operators, visitors
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ColumnClause,
    Grouping,
)
from sqlalchemy.sql.selectable import AliasedReturnsRows, FromClause, Join, Lateral, SelectBase

from tidework.store.sql.tables import AnyOf

Links = list[tuple[FromClause, FromClause]]


class StreamlessQuery(ValueError):
    """A query on a stream's table that does not name the stream."""


_HOLDING = (operators.eq, operators.in_op)


def check_streams(name: str, element: ClauseElement) -> None:
    """Raise `StreamlessQuery` unless every stream's table in the query is held to named streams.

    Held means: `stream_id` is compared for equality with a parameter or a list parameter, or with
    the `stream_id` of another table that is held, in a condition that always applies: in WHERE or
    in a join's ON, not under an OR or a NOT.
    """
    loose = sorted(set(_loose(element, frozenset(), frozenset())))
    if loose:
        raise StreamlessQuery(
            f"query {name!r} reads {', '.join(loose)} without naming the stream: compare "
            "stream_id with a parameter, or say with fan_out= why it reads many streams"
        )


def _loose(
    element: Any, around: frozenset[FromClause], held_around: frozenset[FromClause]
) -> Iterator[str]:
    """The names of the tables that nothing holds.

    `around` are the tables of the query that this one stands in and may refer to, `held_around`
    those of them that are held.
    """
    if not isinstance(element, Select):
        for part in _parts(element):
            yield from _loose(part, around, held_around)
        return
    # To find them is most of the work: SQLAlchemy compiles the query for it.
    froms = element.get_final_froms()
    sources = [leaf for source in _own(element, froms, around) for leaf in _leaves(source)]
    # A table read anew is another one than that of the same name around it.
    held = _held(element, froms, held_around - set(sources))
    for source in sources:
        label = _stream_table(source)
        if label is not None and source not in held:
            yield label
    inside = around | set(sources)
    for part in _parts(element):
        if isinstance(part, Lateral | SelectBase):
            yield from _loose(part, inside, held)
        elif isinstance(part, AliasedReturnsRows):
            # What stands in FROM does not see its neighbours, unless it is LATERAL.
            yield from _loose(part.element, frozenset(), frozenset())


def _parts(element: Any) -> Iterator[Any]:
    """The outermost queries and sources inside an element."""
    for child in element.get_children():
        if isinstance(child, SelectBase | FromClause) and not isinstance(child, Join):
            yield child
        else:
            yield from _parts(child)


def _own(
    select: Select[Any], froms: Sequence[FromClause], around: frozenset[FromClause]
) -> list[FromClause]:
    """The sources of a SELECT, without those of the query around it that it refers to."""
    explicit = getattr(select, "_correlate", ()) or ()
    sources = [source for source in froms if source not in explicit or source not in around]
    if getattr(select, "_auto_correlate", True) and len(sources) > 1:
        sources = [source for source in sources if source not in around]
    return sources


def _leaves(source: FromClause) -> Iterator[FromClause]:
    """The sources that a join is made of; any other source is its own leaf."""
    if isinstance(source, Join):
        yield from _leaves(source.left)
        yield from _leaves(source.right)
    else:
        yield source


def _stream_table(source: FromClause) -> str | None:
    """How to call a source that is a stream's table, None for any other."""
    table: Any = source
    while isinstance(table, AliasedReturnsRows):
        table = table.element
    if not isinstance(table, Table) or not table.info.get("stream"):
        return None
    return table.name if table is source else f"{table.name} AS {getattr(source, 'name', '?')}"


def _held(
    select: Select[Any], froms: Sequence[FromClause], held_around: frozenset[FromClause]
) -> frozenset[FromClause]:
    held = set(held_around)
    links: Links = []
    if select.whereclause is not None:
        _note(select.whereclause, None, held, links)
    for source in froms:
        _note_joins(source, held, links)
    while True:
        more = {right for left, right in links if left in held and right not in held}
        if not more:
            return frozenset(held)
        held |= more


def _note_joins(source: FromClause, held: set[FromClause], links: Links) -> None:
    if not isinstance(source, Join):
        return
    _note_joins(source.left, held, links)
    _note_joins(source.right, held, links)
    if source.onclause is not None and not source.full:
        # An outer join keeps every row of its left side, whatever ON says.
        only = frozenset(_leaves(source.right)) if source.isouter else None
        _note(source.onclause, only, held, links)


def _note(
    condition: Any, only: frozenset[FromClause] | None, held: set[FromClause], links: Links
) -> None:
    """Note what a condition holds; `only` restricts it to some of the sources."""
    if isinstance(condition, Grouping):
        _note(condition.element, only, held, links)
    elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for part in condition.clauses:
            _note(part, only, held, links)
    elif isinstance(condition, AnyOf):
        table = _stream_of(condition.column)
        if table is not None and (only is None or table in only):
            held.add(table)
    elif isinstance(condition, BinaryExpression) and condition.operator in _HOLDING:
        _note_pair(condition, condition.left, condition.right, only, held, links)
        _note_pair(condition, condition.right, condition.left, only, held, links)


def _note_pair(
    condition: BinaryExpression[Any],
    side: Any,
    other: Any,
    only: frozenset[FromClause] | None,
    held: set[FromClause],
    links: Links,
) -> None:
    table = _stream_of(side)
    if table is None or (only is not None and table not in only):
        return
    neighbour = _stream_of(other)
    if neighbour is None:
        if _named(other):
            held.add(table)
    elif condition.operator is operators.eq:
        if isinstance(neighbour, AliasedReturnsRows) and _stream_table(neighbour) is None:
            # A query of its own, which has been looked at by itself.
            held.add(table)
        links.append((neighbour, table))


def _stream_of(side: Any) -> FromClause | None:
    """The source whose rows' stream this column says."""
    if not isinstance(side, ColumnClause) or side.table is None:
        return None
    for column in side.base_columns:
        if column.key == "stream_id" and isinstance(column, Column):
            table: Any = column.table
            if isinstance(table, Table) and table.info.get("stream"):
                source: FromClause = side.table
                return source
    return None


def _named(side: Any) -> bool:
    """Whether a value is made of parameters alone."""
    parts = list(visitors.iterate(side))
    return any(isinstance(part, BindParameter) for part in parts) and not any(
        isinstance(part, ColumnClause | SelectBase) for part in parts
    )
