"""Writes outside of the log on SQLite: what an operation is in statements."""

import sqlite3

from tidework.log import Operation, Values
from tidework.store.protocol import Contended
from tidework.store.sql.rows import (
    Shape,
    columns_of,
    decode_json,
    delete_shape,
    encode_json,
    expire_shape,
    insert_shape,
    keep_shape,
    update_shape,
    upsert_shape,
)
from tidework.store.sql.schema_parts import metadata

_LOG_OF = 'SELECT seq, ordinal, "set", was FROM changes WHERE stream_id = ? AND entity_id = ?'
_REWRITE_LOG = (
    'UPDATE changes SET "set" = ?, was = ? WHERE stream_id = ? AND seq = ? AND ordinal = ?'
)
_STREAM_TABLES = [table.name for table in metadata.sorted_tables if table.info.get("stream")]
_RELAYED = "UPDATE streams SET relayed = ?, pending = seq > ? WHERE stream_id = ?"
_ONE_ROW = frozenset({"insert", "upsert", "keep", "update", "delete"})


def may_wait(operation: Operation) -> bool:
    """Whether it is one statement on one row whose outcome nobody has to look at."""
    return operation.rows is None and operation.op in _ONE_ROW


def statement(operation: Operation) -> tuple[Shape, Values]:
    """The statement, and its values, of an operation on one row."""
    table, columns = operation.table, columns_of(operation.table)
    key = {f"key_{name}": value for name, value in operation.key.items()}
    row = columns.store(operation.set)
    if operation.op in ("update", "redact"):
        return update_shape(table, tuple(row), tuple(operation.key)), row | key
    if operation.op == "delete":
        return delete_shape(table, tuple(operation.key)), key
    row |= operation.key
    names = tuple(row)
    if operation.op == "upsert":
        return upsert_shape(table, names, tuple(operation.key)), row
    return (keep_shape if operation.op == "keep" else insert_shape)(table, names), row


def operate(connection: sqlite3.Connection, operation: Operation) -> None:
    """Carry an operation out. Raises `Contended` when it touches another number of rows than it must."""
    if operation.op == "purge":
        key = {"key_stream_id": operation.key["stream_id"]}
        for table in _STREAM_TABLES:
            _run(connection, delete_shape(table, ("stream_id",)), key)
        return
    if operation.op == "expire":
        _run(connection, expire_shape(operation.table), operation.set)
        return
    if operation.op == "relayed":
        seq = operation.set["relayed"]
        connection.execute(_RELAYED, (seq, seq, operation.key["stream_id"]))
        return
    if operation.op == "redact":
        _redact_log(connection, operation)
    done = _run(connection, *statement(operation))
    if operation.rows is not None and done.rowcount != operation.rows:
        raise Contended


def _redact_log(connection: sqlite3.Connection, operation: Operation) -> None:
    stream, values = operation.key["stream_id"], operation.set
    found = connection.execute(_LOG_OF, (stream, operation.key["id"])).fetchall()
    for seq, ordinal, *texts in found:
        fields = [decode_json(text) for text in texts]
        rewritten = [
            encode_json({name: values.get(name, value) for name, value in part.items()})
            for part in fields
        ]
        connection.execute(_REWRITE_LOG, (*rewritten, stream, seq, ordinal))


def _run(connection: sqlite3.Connection, shape: Shape, values: Values) -> sqlite3.Cursor:
    return connection.execute(shape.text, [values[name] for name in shape.names])
