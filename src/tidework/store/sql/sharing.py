"""The text of one query that asks what a statement asks, for many callers at once."""

import re
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Select, literal_column, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.visitors import replacement_traverse

# How PostgreSQL's dialect writes a parameter.
_PARAMETER = re.compile(r"\$(\d+)::([A-Z]+)\b")


def for_many_on_sqlite(query: Select[Any], names: Sequence[str], dialect: Dialect) -> str:
    """The only parameter is the JSON list of the questions, each a list of the values of `names`; a
    row begins with its question's place, counted from 0.

    For queries that are a plain join: SQLite has no LATERAL.
    """

    def value(element: Any, **_: Any) -> Any:
        if not isinstance(element, BindParameter):
            return None
        place = names.index(element.key)
        return literal_column(f"json_extract(asked.value, '$[{place}]')", element.type)

    inner = cast(Select[Any], replacement_traverse(query, {}, value))
    rows = inner.with_only_columns(literal_column("asked.key"), *inner.selected_columns)
    return str(rows.select_from(text("json_each(?) AS asked")).compile(dialect=dialect))


def for_many_on_postgresql(query: str, parameters: int) -> str:
    """A parameter is the list of its values in the questions; a row begins with its question's place,
    counted from 1.
    """
    types: dict[int, str] = {}

    def value(found: re.Match[str]) -> str:
        types[int(found[1])] = found[2]
        return f"asked.value_{found[1]}"

    inner = _PARAMETER.sub(value, query)
    places = range(1, parameters + 1)
    return (
        f"SELECT asked.place, found.* FROM unnest({', '.join(f'${i}::{types[i]}[]' for i in places)})"
        f" WITH ORDINALITY AS asked ({', '.join(f'value_{i}' for i in places)}, place)"
        f" CROSS JOIN LATERAL (\n{inner}\n) AS found"
    )
