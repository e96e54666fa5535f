"""Commits on SQLite: what one item is in statements, inside of a transaction that is open."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy.sql.schema import ColumnCollectionConstraint

from tidework.log import Change, Commit, Committed, Expect, LoggedChange, Operation, Values
from tidework.store.committer import Item, Outcome
from tidework.store.protocol import Contended, StreamMissing, UniqueConflict
from tidework.store.sql.acceptable import loggable, refused_value, unacceptable
from tidework.store.sql.positions import position_of
from tidework.store.sql.rows import (
    Shape,
    columns_of,
    decode_json,
    delete_shape,
    encode_json,
    expire_shape,
    insert_shape,
    keep_shape,
    select_shape,
    update_shape,
    upsert_shape,
)
from tidework.store.sql.schema import ENTITIES
from tidework.store.sql.schema_parts import metadata
from tidework.store.sql.sqlite_connection import is_defect
from tidework.times import now

_UNIQUE = "UNIQUE constraint failed: "
_CONSTRAINTS = {
    ", ".join(f"{table.name}.{column.name}" for column in constraint.columns): str(constraint.name)
    for table in metadata.tables.values()
    for constraint in table.constraints
    if isinstance(constraint, ColumnCollectionConstraint)
}

_LOG = (
    "INSERT INTO changes (stream_id, seq, ordinal, commit_id, actor_id, at, request_id, entity,"
    ' entity_id, op, "set", was, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
)
_LOG_OF = 'SELECT seq, ordinal, "set", was FROM changes WHERE stream_id = ? AND entity_id = ?'
_REWRITE_LOG = (
    'UPDATE changes SET "set" = ?, was = ? WHERE stream_id = ? AND seq = ? AND ordinal = ?'
)
_STREAM_TABLES = [table.name for table in metadata.sorted_tables if table.info.get("stream")]
_REMEMBER = (
    "INSERT INTO idempotency (scope, key, fingerprint, stream_id, seq, expires_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (scope, key) DO UPDATE SET"
    " fingerprint = excluded.fingerprint, stream_id = excluded.stream_id, seq = excluded.seq,"
    " status = NULL, headers = NULL, body = NULL, expires_at = excluded.expires_at"
    " WHERE idempotency.expires_at < ?"
)

_RELAYED = "UPDATE streams SET relayed = ?, pending = seq > ? WHERE stream_id = ?"


class Refused(Exception):
    """One item cannot be written; `outcome` is what its caller gets."""

    def __init__(self, outcome: BaseException) -> None:
        super().__init__()
        self.outcome = outcome


class Items:
    """Writes commits and operations through a connection whose transaction is open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def write(self, item: Item) -> Outcome:
        """Write one item. Raises `Refused` for what is wrong with the item, sqlite3.Error for all else."""
        try:
            if isinstance(item, Commit):
                return self._commit(item)
            self._operate(item)
        except sqlite3.Error as error:
            if is_defect(error) or isinstance(error, sqlite3.DataError):
                raise Refused(_translated(error)) from error
            # The disk, a lock: SQLite may have rolled everything back by itself.
            raise
        except Exception as error:
            raise Refused(unacceptable(error) or error) from error
        return None

    def _operate(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            self._operation(operation)

    def _commit(self, commit: Commit) -> Committed:
        stream = commit.stream_id
        if commit.creates:
            self._create_stream(stream, commit.creates)
        found = self._execute(
            "SELECT seq, last_number FROM streams WHERE stream_id = ?", (stream,)
        ).fetchone()
        if found is None:
            raise StreamMissing("There is no such stream; it may have been removed.")
        seq, last_number = found[0] + 1, found[1]
        if commit.idempotency is not None:
            # First: a repeated command must meet its own record, not what it did the first time.
            self._remember(commit, seq)
        if commit.base_seq is not None and commit.base_seq != found[0]:
            raise Contended
        for expect in commit.expects:
            self._check(stream, expect)
        logged, after = [], []
        for ordinal, wanted in enumerate(commit.changes):
            change = wanted
            if change.op == "create" and change.entity == "task":
                change, last_number = numbered(change, last_number)
            entry, left = self._apply(commit, seq, ordinal, change)
            logged.append(entry)
            after.append(left)
        self._execute(
            "UPDATE streams SET seq = ?, last_number = ?, pending = 1 WHERE stream_id = ?",
            (seq, last_number, stream),
        )
        self._operate(commit.operations)
        return Committed(stream, seq, logged, after=after)

    def _create_stream(self, stream: str, kind: str) -> None:
        done = self._execute(
            "INSERT INTO streams (stream_id, kind, seq, last_number, kept_since, pending, relayed)"
            " VALUES (?, ?, 0, 0, 0, 1, 0) ON CONFLICT DO NOTHING",
            (stream, kind),
        )
        if done.rowcount != 1:
            raise UniqueConflict("streams_pkey")

    def _remember(self, commit: Commit, seq: int) -> None:
        key = commit.idempotency
        assert key is not None
        values = (key.scope, key.key, key.fingerprint, commit.stream_id, seq, key.expires_at)
        if self._execute(_REMEMBER, (*values, now())).rowcount != 1:
            raise UniqueConflict("idempotency_pkey")

    def _row(self, stream: str, entity: str, entity_id: str) -> Values | None:
        table = ENTITIES[entity].name
        shape = select_shape(table)
        row = self._execute(shape.text, (stream, entity_id)).fetchone()
        return None if row is None else columns_of(table).load(row)

    def _check(self, stream: str, expect: Expect) -> None:
        row = self._row(stream, expect.entity, expect.id)
        if expect.absent:
            holds = row is None
        else:
            holds = row is not None and all(
                row[name] in allowed for name, allowed in expect.fields.items()
            )
        if not holds:
            raise expect.error or Contended()

    def _apply(
        self, commit: Commit, seq: int, ordinal: int, change: Change
    ) -> tuple[LoggedChange, Values]:
        stream, table = commit.stream_id, ENTITIES[change.entity].name
        actor, at = commit.author_of(ordinal)
        columns = columns_of(table)
        was: Values = {}
        after = {} if change.op == "delete" else change.set
        if change.op != "create":
            before = self._row(stream, change.entity, change.id)
            if before is None:
                raise Contended
            names = columns.fields if change.op == "delete" else tuple(change.set)
            was = {name: before[name] for name in names}
            if change.op == "update":
                after = {name: before[name] for name in columns.fields} | change.set
        derived: Values = {"version": seq}
        if columns.touched:
            derived["updated_at"] = at
        key = {"key_stream_id": stream, "key_id": change.id}
        if change.op == "create":
            row = columns.store(change.set) | derived | {"stream_id": stream, "id": change.id}
            self._run(insert_shape(table, tuple(row)), row)
        elif change.op == "update":
            row = columns.store(change.set) | derived
            self._run(update_shape(table, tuple(row), ("stream_id", "id")), row | key)
        else:
            self._run(delete_shape(table, ("stream_id", "id")), key)
        texts = (loggable(change.set), encode_json(was))
        place = (stream, seq, ordinal, commit.id, actor, at, commit.request_id)
        self._execute(_LOG, (*place, change.entity, change.id, change.op, *texts, commit.origin))
        entry = LoggedChange(
            stream, seq, ordinal, actor, at, commit.request_id,
            change.entity, change.id, change.op, change.set, was, commit.origin,
        )  # fmt: skip
        return entry, after

    def _operation(self, operation: Operation) -> None:
        if operation.op == "purge":
            for table in _STREAM_TABLES:
                self._run(
                    delete_shape(table, ("stream_id",)),
                    {"key_stream_id": operation.key["stream_id"]},
                )
            return
        if operation.op == "expire":
            self._run(expire_shape(operation.table), operation.set)
            return
        if operation.op == "relayed":
            seq = operation.set["relayed"]
            self._execute(_RELAYED, (seq, seq, operation.key["stream_id"]))
            return
        if operation.op == "redact":
            self._redact_log(operation)
        columns = columns_of(operation.table)
        key = {f"key_{name}": value for name, value in operation.key.items()}
        row = columns.store(operation.set)
        if operation.op in ("insert", "upsert", "keep"):
            row |= operation.key
            if operation.op == "upsert":
                shape = upsert_shape(operation.table, tuple(row), tuple(operation.key))
            elif operation.op == "keep":
                shape = keep_shape(operation.table, tuple(row))
            else:
                shape = insert_shape(operation.table, tuple(row))
            done = self._run(shape, row)
        elif operation.op in ("update", "redact"):
            shape = update_shape(operation.table, tuple(row), tuple(operation.key))
            done = self._run(shape, row | key)
        else:
            done = self._run(delete_shape(operation.table, tuple(operation.key)), key)
        if operation.rows is not None and done.rowcount != operation.rows:
            raise Contended

    def _redact_log(self, operation: Operation) -> None:
        stream, values = operation.key["stream_id"], operation.set
        found = self._execute(_LOG_OF, (stream, operation.key["id"])).fetchall()
        for seq, ordinal, *texts in found:
            fields = [decode_json(text) for text in texts]
            rewritten = [
                encode_json({name: values.get(name, value) for name, value in part.items()})
                for part in fields
            ]
            self._execute(_REWRITE_LOG, (*rewritten, stream, seq, ordinal))

    def _run(self, shape: Shape, values: Values) -> sqlite3.Cursor:
        return self._execute(shape.text, [values[name] for name in shape.names])


def numbered(change: Change, last_number: int) -> tuple[Change, int]:
    """A created task with the number and the position that it left out, and the last number now."""
    number: Any = change.set.get("number")
    if number is None:
        number = last_number + 1
    filled = {**change.set, "number": number}
    if filled.get("position") is None:
        filled["position"] = position_of(number)
    return Change(change.entity, change.id, change.op, filled), max(last_number, number)


def _translated(error: sqlite3.Error) -> Exception:
    text = str(error)
    if text.startswith(_UNIQUE):
        columns = text.removeprefix(_UNIQUE)
        return UniqueConflict(_CONSTRAINTS.get(columns, columns))
    if isinstance(error, sqlite3.DataError):
        return refused_value()
    return error
