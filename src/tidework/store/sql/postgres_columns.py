"""How the columns of a table and the JSON values of changes become each other in PostgreSQL."""

from typing import Any

from sqlalchemy import JSON, Boolean, Column, Table
from sqlalchemy.dialects.postgresql import TIMESTAMP

from tidework.store.sql.schema import DERIVED
from tidework.store.sql.statement import DIALECTS

TIME_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
_INDENT = "\n            "
_POSTGRESQL = DIALECTS["postgresql"]


def _is_time(column: Column[Any]) -> bool:
    kind = column.type.dialect_impl(_POSTGRESQL)
    return isinstance(kind, TIMESTAMP) or getattr(kind, "timezone", False)


def _as_json(column: Column[Any]) -> str:
    name = f't."{column.name}"'
    if _is_time(column):
        return f"to_char({name} AT TIME ZONE 'UTC', '{TIME_FORMAT}')"
    return name


def from_json(column: Column[Any]) -> str:
    """The column's value, from the object `c`."""
    name, source = column.name, "c"
    if isinstance(column.type, JSON):
        value = f"({source}->'{name}')"
        return f"nullif({value}, 'null')" if column.nullable else value
    kind = column.type.compile(dialect=_POSTGRESQL)
    if isinstance(column.type, Boolean):
        kind = "boolean"
    return f"({source}->>'{name}')::{kind.split(' COLLATE')[0]}"


def object_of(table: Table) -> str:
    """The object of all fields, and the version, of the row `t`."""
    pairs = [f"'{c.name}', {_as_json(c)}" for c in table.columns if c.name not in DERIVED]
    return f"jsonb_build_object({(',' + _INDENT).join(pairs)}, 'version', t.version)"
