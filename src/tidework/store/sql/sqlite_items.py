"""Commits on SQLite: what they are in statements, inside of a transaction that is open.

The transaction has the only write lock from its beginning, so that what it reads stays true: commits
can be decided one after the other from rows that were read together, and be written together.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.sql.schema import ColumnCollectionConstraint

from tidework.log import (
    Change,
    Commit,
    Committed,
    Expect,
    IdempotencyKey,
    LoggedChange,
    Operation,
    Values,
)
from tidework.store.committer import Item, Outcome
from tidework.store.protocol import Contended, StreamMissing, UniqueConflict
from tidework.store.sql.acceptable import loggable, refused_value, unacceptable
from tidework.store.sql.positions import position_of
from tidework.store.sql.rows import (
    Shape,
    columns_of,
    delete_shape,
    encode_json,
    insert_shape,
    select_text,
    update_shape,
)
from tidework.store.sql.schema import ENTITIES
from tidework.store.sql.schema_parts import metadata
from tidework.store.sql.sqlite_connection import is_defect
from tidework.store.sql.sqlite_operations import may_wait, operate, statement
from tidework.store.sql.sqlite_writes import Writes, portions
from tidework.times import now

_UNIQUE = "UNIQUE constraint failed: "
_CONSTRAINTS = {
    ", ".join(f"{table.name}.{column.name}" for column in constraint.columns): str(constraint.name)
    for table in metadata.tables.values()
    for constraint in table.constraints
    if isinstance(constraint, ColumnCollectionConstraint)
}

_LOG = insert_shape("changes", tuple(column.name for column in metadata.tables["changes"].columns))
_SEQS = (
    "SELECT stream_id, seq, last_number FROM streams"
    " WHERE stream_id IN (SELECT value FROM json_each(?))"
)
_MOVE = (
    "UPDATE streams SET seq = moved.column2, last_number = moved.column3, pending = 1"
    " FROM (VALUES {}) AS moved WHERE stream_id = moved.column1"
)
_BEGIN = Shape(
    "INSERT INTO streams (stream_id, kind, seq, last_number, kept_since, pending, relayed)"
    " VALUES (?, ?, 0, 0, 0, 1, 0)",
    ("stream_id", "kind"),
)
_KEY = "SELECT expires_at FROM idempotency WHERE scope = ? AND key = ?"
_REMEMBER = Shape(
    "INSERT INTO idempotency (scope, key, fingerprint, stream_id, seq, expires_at)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (scope, key) DO UPDATE SET"
    " fingerprint = excluded.fingerprint, stream_id = excluded.stream_id, seq = excluded.seq,"
    " status = NULL, headers = NULL, body = NULL, expires_at = excluded.expires_at",
    ("scope", "key", "fingerprint", "stream_id", "seq", "expires_at"),
)

Place = tuple[str, str, str]
"""Entity, stream and id of a row."""


class Refused(Exception):
    """One item cannot be written; `outcome` is what its caller gets."""

    def __init__(self, outcome: BaseException) -> None:
        super().__init__()
        self.outcome = outcome


class Items:
    """Writes commits and operations through a connection whose transaction is open.

    What has been decided may wait to be written: `flush` comes before the transaction's end, and
    `forget` whenever something was rolled back.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute
        self.forget()

    def forget(self) -> None:
        """Know nothing: another transaction begins, or part of this one was rolled back."""
        self._writes = Writes(self._connection)
        self._streams: dict[str, tuple[int, int] | None] = {}
        self._moved: dict[str, tuple[int, int]] = {}
        self._rows: dict[Place, Values | None] = {}
        self._changed: set[Place] = set()
        self._remembered: dict[tuple[str, str], str] = {}

    def expect(self, group: Sequence[Commit]) -> None:
        """Read together what the commits of a group will ask for."""
        if not group:
            return
        self._streams = dict.fromkeys(commit.stream_id for commit in group)
        for stream, seq, number in self._execute(_SEQS, (encode_json(list(self._streams)),)):
            self._streams[stream] = (seq, number)
        self._rows = dict.fromkeys(place for commit in group for place in _asked(commit))
        entities: dict[str, list[str]] = {}
        for entity, stream, entity_id in self._rows:
            entities.setdefault(entity, []).extend((stream, entity_id))
        for entity, ids in entities.items():
            self._read(entity, ids)

    def wait(self, commit: Commit) -> Committed:
        """Decide a commit that `waits`; nothing is written yet. Raises `Refused` for what is wrong
        with it, and what `flush` raises, which is not its own.
        """
        if not self._changed.isdisjoint(_asked(commit)):
            self.flush()
        writes, changed = Writes(self._connection), set[Place]()
        try:
            rows = [statement(operation) for operation in commit.operations]
            committed = self._commit(commit, writes, changed)
        except Exception as error:
            raise _refusal(error) from error
        for operation, row in zip(commit.operations, rows, strict=True):
            writes.add(operation.table, *row)
        self._writes.take(writes)
        self._changed |= changed
        return committed

    def write(self, item: Item) -> Outcome:
        """Write one item. Raises `Refused` for what is wrong with it, sqlite3.Error for all else."""
        committed: Outcome = None
        try:
            if isinstance(item, Commit):
                committed = self._commit(item, self._writes, self._changed)
                self.flush()
            self._operate(item.operations if isinstance(item, Commit) else item)
        except Exception as error:
            raise _refusal(error) from error
        return committed

    def _operate(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            if may_wait(operation):
                self._writes.add(operation.table, *statement(operation))
            else:
                # Whatever comes before it, it may count on.
                self._writes.flush()
                operate(self._connection, operation)
        self._writes.flush()

    def flush(self) -> None:
        """Write what waits. Raises what SQLite, or the binding of a value, fails with."""
        self._writes.flush()
        moved = [(stream, *at) for stream, at in self._moved.items()]
        for part in portions(moved):
            values = [value for row in part for value in row]
            self._execute(_MOVE.format(", ".join(["(?, ?, ?)"] * len(part))), values)
        self._moved.clear()
        for place in self._changed:
            self._rows.pop(place, None)
        self._changed.clear()

    def _commit(self, commit: Commit, writes: Writes, changed: set[Place]) -> Committed:
        stream = commit.stream_id
        found = self._stream(stream)
        if commit.creates:
            if found is not None:
                raise UniqueConflict("streams_pkey")
            found = (0, 0)
            writes.add("streams", _BEGIN, {"stream_id": stream, "kind": commit.creates})
        if found is None:
            raise StreamMissing("There is no such stream; it may have been removed.")
        seq, last_number = found[0] + 1, found[1]
        key = commit.idempotency
        if key is not None:
            # First: a repeated command must meet its own record, not what it did the first time.
            self._check_key(key)
            record: Values = {"scope": key.scope, "key": key.key, "fingerprint": key.fingerprint}
            record |= {"stream_id": stream, "seq": seq, "expires_at": key.expires_at}
            writes.add("idempotency", _REMEMBER, record)
        if commit.base_seq is not None and commit.base_seq != found[0]:
            raise Contended
        for expect in commit.expects:
            self._check(stream, expect)
        logged, after = [], []
        for ordinal, wanted in enumerate(commit.changes):
            change = wanted
            if change.op == "create" and change.entity == "task":
                change, last_number = numbered(change, last_number)
            entry, left = self._apply(commit, seq, ordinal, change, writes)
            changed.add((change.entity, stream, change.id))
            logged.append(entry)
            after.append(left)
        self._streams[stream] = self._moved[stream] = (seq, last_number)
        if key is not None:
            self._remembered[key.scope, key.key] = key.expires_at
        return Committed(stream, seq, logged, after=after)

    def _stream(self, stream: str) -> tuple[int, int] | None:
        """The stream's seq and last number, None where there is no such stream."""
        if stream not in self._streams:
            found = self._execute(_SEQS, (encode_json([stream]),)).fetchone()
            self._streams[stream] = None if found is None else (found[1], found[2])
        return self._streams[stream]

    def _check_key(self, key: IdempotencyKey) -> None:
        until = self._remembered.get((key.scope, key.key))
        if until is None:
            found = self._execute(_KEY, (key.scope, key.key)).fetchone()
            until = found[0] if found else ""
        if until >= now():
            raise UniqueConflict("idempotency_pkey")

    def _read(self, entity: str, ids: Sequence[str]) -> None:
        """Read the rows of an entity, their streams and ids given one after the other."""
        columns, text = columns_of(ENTITIES[entity].name), select_text(ENTITIES[entity].name)
        for part in portions(list(zip(ids[::2], ids[1::2], strict=True))):
            places = [value for place in part for value in place]
            for row in self._execute(text.format(", ".join(["(?, ?)"] * len(part))), places):
                values = columns.load(row)
                self._rows[entity, values["stream_id"], values["id"]] = values

    def _row(self, place: Place) -> Values | None:
        if place in self._changed:
            self.flush()
        if place not in self._rows:
            self._rows[place] = None
            self._read(place[0], place[1:])
        return self._rows[place]

    def _check(self, stream: str, expect: Expect) -> None:
        row = self._row((expect.entity, stream, expect.id))
        if expect.absent:
            holds = row is None
        else:
            holds = row is not None and all(
                row[name] in allowed for name, allowed in expect.fields.items()
            )
        if not holds:
            raise expect.error or Contended()

    def _apply(
        self, commit: Commit, seq: int, ordinal: int, change: Change, writes: Writes
    ) -> tuple[LoggedChange, Values]:
        stream, table = commit.stream_id, ENTITIES[change.entity].name
        actor, at = commit.author_of(ordinal)
        columns = columns_of(table)
        was: Values = {}
        after = {} if change.op == "delete" else change.set
        if change.op != "create":
            before = self._row((change.entity, stream, change.id))
            if before is None:
                raise Contended
            names = columns.fields if change.op == "delete" else tuple(change.set)
            was = {name: before[name] for name in names}
            if change.op == "update":
                after = {name: before[name] for name in columns.fields} | change.set
        row = columns.store(change.set)
        row["version"] = seq
        if columns.touched:
            row["updated_at"] = at
        if change.op == "create":
            row |= {"stream_id": stream, "id": change.id}
            writes.add(table, insert_shape(table, tuple(row)), row)
        else:
            key = {"key_stream_id": stream, "key_id": change.id}
            if change.op == "update":
                writes.add(table, update_shape(table, tuple(row), ("stream_id", "id")), row | key)
            else:
                writes.add(table, delete_shape(table, ("stream_id", "id")), key)
        entry = LoggedChange(
            stream, seq, ordinal, actor, at, commit.request_id,
            change.entity, change.id, change.op, change.set, was, commit.origin,
        )  # fmt: skip
        log: Values = {
            "stream_id": stream, "seq": seq, "ordinal": ordinal, "commit_id": commit.id,
            "actor_id": actor, "at": at, "request_id": commit.request_id,
            "entity": change.entity, "entity_id": change.id, "op": change.op,
            "set": loggable(change.set), "was": encode_json(was), "origin": commit.origin,
        }  # fmt: skip
        writes.add("changes", _LOG, log)
        return entry, after


def waits(item: Item) -> bool:
    """Whether an item is a commit that can be decided now and be written with others."""
    if not isinstance(item, Commit) or not all(map(may_wait, item.operations)):
        return False
    # What changes twice has to be read in between.
    return len({(change.entity, change.id) for change in item.changes}) == len(item.changes)


def removes_streams(item: Item) -> bool:
    """Whether streams are gone, or may be, once the item has been written."""
    operations = item.operations if isinstance(item, Commit) else item
    return any(operation.op == "purge" for operation in operations)


def _asked(commit: Commit) -> Iterable[Place]:
    """The rows that a commit's decision rests on."""
    stream = commit.stream_id
    for expect in commit.expects:
        yield expect.entity, stream, expect.id
    for change in commit.changes:
        if change.op != "create":
            yield change.entity, stream, change.id


def numbered(change: Change, last_number: int) -> tuple[Change, int]:
    """A created task with the number and the position that it left out, and the last number now."""
    number: Any = change.set.get("number")
    if number is None:
        number = last_number + 1
    filled = {**change.set, "number": number}
    if filled.get("position") is None:
        filled["position"] = position_of(number)
    return Change(change.entity, change.id, change.op, filled), max(last_number, number)


def _refusal(error: Exception) -> Exception:
    """`Refused` for what is an item's own fault, else the error of the database."""
    if not isinstance(error, sqlite3.Error):
        return Refused(unacceptable(error) or error)
    # Otherwise the disk, a lock: SQLite may have rolled everything back by itself.
    return Refused(_translated(error)) if is_own_fault(error) else error


def is_own_fault(error: sqlite3.Error) -> bool:
    """Whether what was to be written is at fault, and not the file or the machine."""
    return is_defect(error) or isinstance(error, sqlite3.DataError)


def _translated(error: sqlite3.Error) -> Exception:
    text = str(error)
    if text.startswith(_UNIQUE):
        columns = text.removeprefix(_UNIQUE)
        return UniqueConflict(_CONSTRAINTS.get(columns, columns))
    if isinstance(error, sqlite3.DataError):
        return refused_value()
    return error
