"""The queries of the store itself: the log and the streams."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import bindparam, func, select

from tidework.errors import Conflict, invalid
from tidework.log import (
    Commit,
    Committed,
    Entities,
    LoggedChange,
    Operation,
    Values,
    fold,
    step,
)
from tidework.store.protocol import Contended, UniqueConflict
from tidework.store.sql.schema import ENTITIES, changes, idempotency, streams
from tidework.store.sql.statement import Statement

_COLUMNS = (
    changes.c.stream_id,
    changes.c.seq,
    changes.c.ordinal,
    changes.c.actor_id,
    changes.c.at,
    changes.c.request_id,
    changes.c.entity,
    changes.c.entity_id,
    changes.c.op,
    changes.c.set,
    changes.c.was,
    changes.c.origin,
)

# The last seq of a page: whole commits only, `limit` changes or the first commit at least.
_last = (
    select(changes.c.seq)
    .where(
        changes.c.stream_id == bindparam("stream_id"),
        changes.c.seq > bindparam("since"),
        changes.c.seq <= bindparam("until"),
    )
    .order_by(changes.c.seq, changes.c.ordinal)
    .limit(bindparam("limit"))
    .subquery("page")
)

LOG = Statement(
    "log",
    select(*_COLUMNS)
    .where(
        changes.c.stream_id == bindparam("stream_id"),
        changes.c.seq > bindparam("since"),
        changes.c.seq <= select(func.max(_last.c.seq)).scalar_subquery(),
    )
    .order_by(changes.c.seq, changes.c.ordinal),
)

ENTITY_LOG = Statement(
    "entity_log",
    select(*_COLUMNS)
    .where(
        changes.c.stream_id == bindparam("stream_id"),
        changes.c.entity_id == bindparam("entity_id"),
        changes.c.seq > bindparam("since"),
    )
    .order_by(changes.c.seq, changes.c.ordinal)
    .limit(bindparam("limit")),
)

COMMIT_SEQ = Statement(
    "commit_seq",
    select(changes.c.seq)
    .where(
        changes.c.stream_id == bindparam("stream_id"),
        changes.c.seq > bindparam("since"),
        changes.c.commit_id == bindparam("commit_id"),
    )
    .order_by(changes.c.seq.desc())
    .limit(1),
)

STREAM = Statement(
    "stream",
    select(streams.c.kind, streams.c.seq, streams.c.last_number, streams.c.kept_since).where(
        streams.c.stream_id == bindparam("stream_id")
    ),
    shared=True,
)

REMEMBERED = Statement(
    "idempotency",
    select(
        idempotency.c.fingerprint,
        idempotency.c.stream_id,
        idempotency.c.seq,
        idempotency.c.status,
        idempotency.c.headers,
        idempotency.c.body,
        idempotency.c.expires_at,
    ).where(idempotency.c.scope == bindparam("scope"), idempotency.c.key == bindparam("key")),
)

STREAM_IDS = Statement(
    "stream_ids",
    select(streams.c.stream_id, streams.c.kind, streams.c.seq)
    .where(streams.c.stream_id > bindparam("after"))
    .order_by(streams.c.stream_id)
    .limit(bindparam("limit")),
    fan_out="doctor and rebuilds walk over every stream",
)

MAX_SEQ = 2**63 - 1


class Reader(Protocol):
    """The part of a store that these functions need."""

    async def fetch(self, statement: Statement, params: Mapping[str, Any]) -> list[Any]:
        """See `Store.fetch`."""
        ...


async def read_log(
    reader: Reader, stream_id: str, since: int, limit: int, until: int | None
) -> list[LoggedChange]:
    """`Store.log`, on any database."""
    last = MAX_SEQ if until is None else until
    params = {"stream_id": stream_id, "since": since, "until": last, "limit": limit}
    return [LoggedChange(*row) for row in await reader.fetch(LOG, params)]


def may_be_repeated(commit: Commit, constraint: str) -> bool:
    """Whether a unique conflict may mean that the command has happened before.

    A command that makes its stream meets its stream before its record.
    """
    return commit.idempotency is not None and constraint in ("idempotency_pkey", "streams_pkey")


async def recall(reader: Reader, commit: Commit, conflict: UniqueConflict) -> Committed:
    """What the command with the same idempotency key became the first time.

    Raises `Invalid` when the key now comes with another command, `Conflict` when its record names
    no commit, and `conflict` when that has nothing to do with the key.
    """
    key = commit.idempotency
    assert key is not None
    rows = await reader.fetch(REMEMBERED, {"scope": key.scope, "key": key.key})
    if not rows:
        if conflict.constraint != "idempotency_pkey":
            raise conflict
        raise Contended
    fingerprint, stream_id, seq = rows[0][:3]
    if fingerprint != key.fingerprint:
        raise invalid(
            "",
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request; use a new key.",
        )
    if stream_id is None or seq is None:
        raise Conflict(
            "This Idempotency-Key belongs to a request that changed nothing; use a new key.",
            code="idempotency_key_used",
        )
    return await read_commit(reader, stream_id, seq, replayed=True)


async def read_commit(
    reader: Reader, stream_id: str, seq: int, *, replayed: bool = False
) -> Committed:
    """A commit as it was answered when it happened, from the log."""
    logged = await read_log(reader, stream_id, seq - 1, 1, seq)
    state: Entities = {}
    updated = {change.id for change in logged if change.op == "update"}
    for entity_id in updated:
        params = {"stream_id": stream_id, "entity_id": entity_id, "since": 0, "limit": MAX_SEQ}
        rows = await reader.fetch(ENTITY_LOG, params)
        fold((LoggedChange(*row) for row in rows if row[1] < seq), state)
    after: list[Values] = []
    for change in logged:
        if change.id not in updated:
            # What was only created or deleted says all by itself.
            after.append(change.set)
            continue
        step(state, change)
        left = state.get((change.entity, change.id))
        after.append({} if left is None else left.fields)
    return Committed(stream_id, seq, logged, replayed=replayed, after=after)


def redaction(stream_id: str, entity: str, entity_id: str, values: Mapping[str, Any]) -> Operation:
    """`Store.redact` as an operation."""
    key = {"stream_id": stream_id, "id": entity_id}
    return Operation(str(ENTITIES[entity].name), "redact", key, dict(values))


def purging(stream_id: str) -> Operation:
    """`Store.purge` as an operation."""
    return Operation("streams", "purge", {"stream_id": stream_id})
