"""Reading and writing single rows: texts compiled from the schema once per shape."""

from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import JSON, Boolean, Table, bindparam, delete, insert, update
from sqlalchemy.dialects.sqlite import insert as upsert

from tidework.log import Values
from tidework.store.sql.schema import DERIVED, metadata
from tidework.store.sql.statement import DIALECTS

_encoder = msgspec.json.Encoder()
decode_json = msgspec.json.decode


def encode_json(value: Any) -> str:
    """`value` as JSON text."""
    return _encoder.encode(value).decode()


class Shape:
    """A compiled write: its text and which values, in which order, it takes."""

    __slots__ = ("is_insert", "names", "text")

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self.text = text
        self.names = names
        self.is_insert = text.startswith("INSERT")


def _compile(element: Any) -> Shape:
    compiled = element.compile(dialect=DIALECTS["sqlite"])
    return Shape(str(compiled), tuple(compiled.positiontup))


@lru_cache(maxsize=512)
def insert_shape(table: str, columns: tuple[str, ...]) -> Shape:
    """Insert a row of these columns."""
    target = metadata.tables[table]
    return _compile(insert(target).values({name: bindparam(name) for name in columns}))


@lru_cache(maxsize=128)
def keep_shape(table: str, columns: tuple[str, ...]) -> Shape:
    """Insert a row of these columns where there is none with its primary key."""
    target = metadata.tables[table]
    statement = upsert(target).values({name: bindparam(name) for name in columns})
    return _compile(statement.on_conflict_do_nothing(index_elements=list(target.primary_key)))


@lru_cache(maxsize=128)
def upsert_shape(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> Shape:
    """Insert a row of these columns, or set those that are not in `key` where there is one."""
    target = metadata.tables[table]
    statement = upsert(target).values({name: bindparam(name) for name in columns})
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    if changed:
        return _compile(statement.on_conflict_do_update(index_elements=key, set_=changed))
    return _compile(statement.on_conflict_do_nothing(index_elements=key))


@lru_cache(maxsize=512)
def update_shape(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> Shape:
    """Set these columns where the key columns match; key values are named `key_<column>`."""
    target = metadata.tables[table]
    statement = update(target).values({name: bindparam(name) for name in columns})
    return _compile(statement.where(*_matches(target, key)))


@lru_cache(maxsize=128)
def delete_shape(table: str, key: tuple[str, ...]) -> Shape:
    """Delete the rows whose key columns match; key values are named `key_<column>`."""
    target = metadata.tables[table]
    return _compile(delete(target).where(*_matches(target, key)))


@lru_cache(maxsize=16)
def expire_shape(table: str) -> Shape:
    """Delete the rows whose `expires_at` lies before the given one."""
    target = metadata.tables[table]
    return _compile(delete(target).where(target.c.expires_at < bindparam("expires_at")))


@lru_cache(maxsize=64)
def select_text(table: str) -> str:
    """Every column of the entities that are listed as `(stream_id, id), ...` in place of its braces."""
    columns = ", ".join(f'{table}."{column.name}"' for column in metadata.tables[table].columns)
    return (
        f"SELECT {columns} FROM (VALUES {{}}) AS place CROSS JOIN {table}"
        f" ON {table}.stream_id = place.column1 AND {table}.id = place.column2"
    )


def _matches(table: Table, key: tuple[str, ...]) -> list[Any]:
    return [table.c[name] == bindparam(f"key_{name}") for name in key]


class Columns:
    """How a table's values are kept in a database that knows only text and numbers."""

    __slots__ = ("_booleans", "_json", "fields", "names", "touched")

    def __init__(self, table: Table) -> None:
        self.names = tuple(c.name for c in table.columns)
        self.fields = tuple(name for name in self.names if name not in DERIVED)
        self.touched = "updated_at" in self.names
        self._json = tuple(c.name for c in table.columns if isinstance(c.type, JSON))
        self._booleans = tuple(c.name for c in table.columns if isinstance(c.type, Boolean))

    def store(self, values: Values) -> Values:
        """A copy of `values` with JSON columns as text."""
        stored = dict(values)
        for name in self._json:
            if stored.get(name) is not None:
                stored[name] = encode_json(stored[name])
        return stored

    def load(self, row: tuple[Any, ...]) -> Values:
        """A whole row as JSON values by column name."""
        values = dict(zip(self.names, row, strict=True))
        for name in self._json:
            if values[name] is not None:
                values[name] = decode_json(values[name])
        for name in self._booleans:
            values[name] = bool(values[name])
        return values


@lru_cache(maxsize=64)
def columns_of(table: str) -> Columns:
    """The columns of a table of the schema."""
    return Columns(metadata.tables[table])
