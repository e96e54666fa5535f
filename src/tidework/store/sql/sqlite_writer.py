"""Commits on SQLite: one writer, a group of commits in one transaction.

Runs in the store's writer thread. A command in another process may write the same file: the
transaction takes the write lock at its beginning and waits for it.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.log import Change, Commit, Committed, Expect, LoggedChange, Operation, Values
from tidework.store.protocol import Contended, StreamMissing, UniqueConflict
from tidework.store.sql.positions import position_of
from tidework.store.sql.rows import (
    Shape,
    columns_of,
    delete_shape,
    encode_json,
    insert_shape,
    select_shape,
    update_shape,
)
from tidework.store.sql.schema import ENTITIES, metadata
from tidework.times import now

Item = Commit | Sequence[Operation]
Outcome = Committed | BaseException | None

_CONSTRAINTS = {
    ", ".join(f"{table.name}.{column.name}" for column in constraint.columns): str(constraint.name)
    for table in metadata.tables.values()
    for constraint in table.constraints
    if hasattr(constraint, "columns")
}

_LOG = (
    "INSERT INTO changes (stream_id, seq, ordinal, commit_id, actor_id, at, request_id, entity,"
    ' entity_id, op, "set", was) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
)
_REMEMBER = (
    "INSERT INTO idempotency (scope, key, fingerprint, stream_id, seq, expires_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (scope, key) DO UPDATE SET"
    " fingerprint = excluded.fingerprint, stream_id = excluded.stream_id, seq = excluded.seq,"
    " status = NULL, headers = NULL, body = NULL, expires_at = excluded.expires_at"
    " WHERE idempotency.expires_at < ?"
)


class SqliteWriter:
    """The one connection of a process that writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    def write(self, group: Sequence[Item]) -> list[Outcome]:
        """Write every item of the group, each all or nothing, in one transaction.

        Returns an outcome for each: what it became, or the error that it failed with.
        """
        try:
            self._execute("BEGIN IMMEDIATE")
            outcomes = [self._guarded(item) for item in group]
            self._execute("COMMIT")
        except sqlite3.Error as error:
            self._rollback()
            return [_unavailable(error)] * len(group)
        except BaseException:
            self._rollback()
            raise
        return outcomes

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def _guarded(self, item: Item) -> Outcome:
        self._execute("SAVEPOINT item")
        try:
            outcome = self._commit(item) if isinstance(item, Commit) else self._operate(item)
        except Exception as error:
            if not self._connection.in_transaction:
                # A full disk makes SQLite roll back by itself: nobody in the group is written.
                raise
            self._execute("ROLLBACK TO item")
            outcome = _translated(error)
        self._execute("RELEASE item")
        return outcome

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
        for ordinal, change in enumerate(commit.changes):
            if change.op == "create" and change.entity == "task":
                change, last_number = numbered(change, last_number)
            entry, left = self._apply(commit, seq, ordinal, change)
            logged.append(entry)
            after.append(left)
        self._execute(
            "UPDATE streams SET seq = ?, last_number = ? WHERE stream_id = ?",
            (seq, last_number, stream),
        )
        self._operate(commit.operations)
        return Committed(stream, seq, logged, after=after)

    def _create_stream(self, stream: str, kind: str) -> None:
        done = self._execute(
            "INSERT INTO streams (stream_id, kind, seq, last_number, kept_since)"
            " VALUES (?, ?, 0, 0, 0) ON CONFLICT DO NOTHING",
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
        texts = (encode_json(change.set), encode_json(was))
        place = (stream, seq, ordinal, commit.id, actor, at, commit.request_id)
        self._execute(_LOG, (*place, change.entity, change.id, change.op, *texts))
        entry = LoggedChange(
            stream, seq, ordinal, actor, at, commit.request_id,
            change.entity, change.id, change.op, change.set, was,
        )  # fmt: skip
        return entry, after

    def _operation(self, operation: Operation) -> None:
        columns = columns_of(operation.table)
        key = {f"key_{name}": value for name, value in operation.key.items()}
        row = columns.store(operation.set)
        if operation.op in ("insert", "upsert"):
            row |= operation.key
            shape = insert_shape(operation.table, tuple(row))
            text = shape.text
            if operation.op == "upsert":
                text = text.replace("INSERT INTO", "INSERT OR REPLACE INTO", 1)
            done = self._execute(text, [row[name] for name in shape.names])
        elif operation.op == "update":
            shape = update_shape(operation.table, tuple(row), tuple(operation.key))
            done = self._run(shape, row | key)
        else:
            done = self._run(delete_shape(operation.table, tuple(operation.key)), key)
        if operation.rows is not None and done.rowcount != operation.rows:
            raise Contended

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


def _translated(error: Exception) -> Exception:
    if isinstance(error, sqlite3.IntegrityError):
        columns = str(error).removeprefix("UNIQUE constraint failed: ")
        return UniqueConflict(_CONSTRAINTS.get(columns, columns))
    if isinstance(error, sqlite3.OperationalError):
        return _unavailable(error)
    return error


def _unavailable(error: sqlite3.Error) -> Unavailable:
    text = str(error)
    if "full" in text:
        return Unavailable(
            "The disk is full; nothing was changed. Free some space and try again.",
            code="storage_full",
            retry_after=30,
        )
    if "I/O" in text:
        return OutcomeUnknown("The disk failed while writing; look up whether it happened.")
    if "locked" in text or "busy" in text:
        return Unavailable("Another process kept the data locked; try again.", code="busy")
    if "readonly" in text:
        return Unavailable("The data folder cannot be written to; nothing was changed.")
    return Unavailable(f"The database refused the change: {text}.", code="database")
